"""A stage's metrics.jsonl: one line a step, appended, with every step there once whatever interrupted it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aj.curves import HELD_OUT, draw, to_svg
from aj.errors import TrainError
from aj.files import write_jsonl, write_text
from train.checkpoints import STAGES

METRICS = "metrics.jsonl"
CURVES = "curves.svg"


def read_metrics(stage: Path) -> list[dict[str, Any]]:
    """The whole lines of a stage's metrics; none if it has not begun."""
    path = stage / METRICS
    if not path.exists():
        return []
    # What follows the last line break was cut off.
    whole, _, _ = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def run_metrics(staging: Path) -> list[dict[str, Any]]:
    """Those of all stages that a run in the making has begun."""
    return [line for stage in STAGES for line in read_metrics(staging / stage)]


def held_out(lines: Iterable[Mapping[str, Any]], stage: str, step: int) -> dict[str, float]:
    """The held-out loss of each kind of token at a step, in nats a token; empty if none was measured there."""
    split = ((str(line["stage"]).partition(HELD_OUT), line) for line in lines if line["step"] == step)
    return {kind: line["loss"] for (name, between, kind), line in split if between and name == stage}


def write_curves(lines: Sequence[dict[str, Any]], folder: Path) -> None:
    """Draw a run's metrics as `curves.svg`."""
    write_text(folder / CURVES, to_svg(draw(lines)))


class Metrics:
    def __init__(self, folder: Path, stage: str) -> None:
        self.folder, self.path, self.stage = folder, folder / METRICS, stage
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []
        """Told the stage and the line, once it is written."""

    def resume(self, step: int) -> list[dict[str, Any]]:
        """Forget what came after `step`, which is trained again, or was cut off; return the stage's own lines."""
        kept = [line for line in read_metrics(self.folder) if line["step"] <= step] if step else []
        write_jsonl(self.path, kept)
        return [line for line in kept if line["stage"] == self.stage]

    def append(self, line: dict[str, Any], stage: str | None = None) -> None:
        """Raises TrainError if the file cannot be written."""
        stage = stage or self.stage
        text = json.dumps({"stage": stage, **line}, ensure_ascii=False) + "\n"
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise TrainError(
                f"{self.path} cannot be written ({error.strerror}); fix that, then run again to resume."
            ) from error
        for tell in self.listeners:
            tell(stage, line)
