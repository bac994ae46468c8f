"""A stage's metrics.jsonl: one line a step, appended, with every step there once whatever interrupted it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aj.errors import TrainError
from aj.files import write_jsonl

HELD_OUT = " held out, "
"""Between the stage and the kind of token, in the `stage` of a line with a held-out loss."""
EXAM = " exam"
"""After the stage, in the `stage` of a line with the results of an exam."""


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a stage's metrics; none if it has not begun."""
    if not path.exists():
        return []
    # What follows the last line break was cut off.
    whole, _, _ = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


class Metrics:
    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.stage = path, stage

    def resume(self, step: int) -> list[dict[str, Any]]:
        """Forget what came after `step`, which is trained again, or was cut off; return the stage's own lines."""
        kept = [line for line in read_metrics(self.path) if line["step"] <= step] if step else []
        write_jsonl(self.path, kept)
        return [line for line in kept if line["stage"] == self.stage]

    def append(self, line: dict[str, Any], stage: str | None = None) -> None:
        """Raises TrainError if the file cannot be written."""
        text = json.dumps({"stage": stage or self.stage, **line}, ensure_ascii=False) + "\n"
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise TrainError(
                f"{self.path} cannot be written ({error.strerror}); fix that, then run again to resume."
            ) from error

    @staticmethod
    def held_out(lines: Iterable[dict[str, Any]]) -> dict[str, float]:
        """The last held-out loss of each kind of token, in nats a token."""
        split = ((str(line["stage"]).partition(HELD_OUT), line) for line in lines)
        return {kind: line["loss"] for (_, held_out, kind), line in split if held_out}
