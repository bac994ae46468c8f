"""Training in a separate process: its 8 GB are freed before the server starts, and it dies with its parent."""

import ctypes
import signal
import subprocess
import sys
from pathlib import Path

from aj.errors import TrainError

_PR_SET_PDEATHSIG = 1  # prctl(2), Linux


def train_in_child(recipe: Path, data: Path, contract: str) -> Path:
    """Run `aj train` as a child process and return the run's folder.

    Raises:
        TrainError: the child failed, and has printed its own message.
    """
    command = [sys.executable, "-m", "loop.commands.main", "train", str(recipe), "--data", str(data)]
    command += ["--contract", contract]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=_die_with_parent)
    output, _ = child.communicate()
    if child.returncode:
        raise TrainError("Training did not finish, for the reason above; run the same command again to resume.")
    return Path(output.strip().splitlines()[-1])


def _die_with_parent() -> None:
    # After `kill -9` of the loop, a child that kept training would keep the run's lock, and 8 GB.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
