"""A stage's metrics.jsonl: one line a step, appended, with every step there once whatever interrupted it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aj.errors import TrainError
from aj.files import write_jsonl

ONCE = "train_runtime"
"""In the line that the trainer logs when it ends, which it does again when it is resumed there."""
HELD_OUT = " held out, "
"""Between the stage and the kind of token, in the `stage` of a line with a held-out loss."""


class Metrics:
    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.stage = path, stage

    def resume(self, step: int) -> list[dict[str, Any]]:
        """Forget what came after `step`, which is trained again, or was cut off; return the stage's own lines."""
        kept = [line for line in self._read() if line.get("step", 0) <= step and ONCE not in line] if step else []
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

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        # What follows the last line break was cut off.
        whole, _, _ = self.path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]
