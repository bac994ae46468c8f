"""Training in a separate process: its 8 GB are freed before the server starts, and it dies with its parent."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from aj.children import die_with_parent
from aj.errors import TrainError
from train.processes import launched


def refuse_launcher(command: str) -> None:
    """Raises TrainError if a launcher has started `command`: each of its processes would train every run by itself."""
    if launched() > 1:
        raise TrainError(
            f"{command} starts its own processes, and a launcher has started it {launched()} times; run it without the "
            "launcher, or launch `aj train` without --sweep for each run."
        )


def train_in_child(
    recipe: Path, data: Path, contract: str, overrides: Sequence[str] = (), processes: int | None = None
) -> Path:
    """Run `aj train` as a child process and return the run's folder.

    Raises:
        TrainError: the child failed, and has printed its own message.
    """
    command = [sys.executable, "-m", "loop.commands.main", "train", str(recipe), *overrides]
    command += ["--data", str(data), "--contract", contract]
    if processes:
        command += ["--processes", str(processes)]
    # After `kill -9` of the loop, a child that kept training would keep the run's lock, and 8 GB.
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    output, _ = child.communicate()
    if child.returncode:
        raise TrainError("Training did not finish, for the reason above; run the same command again to resume.")
    return Path(output.strip().splitlines()[-1])
