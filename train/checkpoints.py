"""Checkpoints that survive `kill -9`, kept by the number of their step, and what an unfinished run has reached."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aj.whole import UNFINISHED, unfinished

KEPT = 2
COMPLETE = "complete"
"""The file that marks a checkpoint as complete."""
STAGES = ("sft", "dpo", "grpo")
"""Folders of a run in the making, in the order in which they are trained."""
STARTED = "started.json"
"""The file in such a folder that tells what is trained there."""


def checkpoint_at(folder: Path, step: int) -> Path:
    return folder / f"checkpoint-{step}"


def mark_complete(folder: Path, step: int, best: int | None = None) -> None:
    """Mark a checkpoint that was written, and remove those before the newest two, but for the best one.

    transformers 5.19 goes by modification time: when a machine's clock was set back, the newest went.
    """
    (checkpoint_at(folder, step) / COMPLETE).touch()
    for path in sorted(_complete(folder), key=step_of)[:-KEPT]:
        if step_of(path) != best:
            shutil.rmtree(path)


def last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint; incomplete ones are removed."""
    for path in folder.glob("checkpoint-*"):
        if not (path / COMPLETE).exists():
            shutil.rmtree(path)
    return _newest(folder)


def unfinished_runs(runs: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Hash, what was told when it started, and what it has reached, of every run that was begun in `runs`."""
    for path in sorted(runs.glob(f"{UNFINISHED}*/{STARTED}")):
        run = path.parent.name.removeprefix(UNFINISHED)
        if not (runs / run).exists():  # or it is about to be tidied up
            yield run, json.loads(path.read_text(encoding="utf-8")), reached(runs / run)


def reached(run: Path) -> str:
    """How far a run has come that is not finished: "SFT step 80", or "not begun"."""
    folder = unfinished(run)
    for stage in reversed(STAGES):
        if (folder / f"{stage}-adapter").exists():
            return f"{stage.upper()} done"
        if newest := _newest(folder / stage):
            return f"{stage.upper()} step {step_of(newest)}"
    return "begun" if folder.exists() else "not begun"


def _newest(folder: Path) -> Path | None:
    return max(_complete(folder), key=step_of, default=None)


def _complete(folder: Path) -> Iterator[Path]:
    return (path.parent for path in folder.glob(f"checkpoint-*/{COMPLETE}"))


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.split("-")[1])
