"""A stage's metrics.jsonl: one line a step, appended, with every step there once whatever interrupted it."""

import json
from pathlib import Path
from typing import Any

from aj.errors import TrainError
from aj.files import write_jsonl

ONCE = "train_runtime"
"""In the line that the trainer logs when it ends, which it does again when it is resumed there."""


class Metrics:
    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.stage = path, stage

    def resume(self, step: int) -> list[dict[str, Any]]:
        """Forget what came after `step`, which is trained again, or was cut off; return the lines until then."""
        kept = [line for line in self._read() if line.get("step", 0) <= step and ONCE not in line] if step else []
        write_jsonl(self.path, kept)
        return kept

    def append(self, line: dict[str, Any]) -> None:
        """Raises TrainError if the file cannot be written."""
        text = json.dumps({"stage": self.stage, **line}, ensure_ascii=False) + "\n"
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise TrainError(
                f"{self.path} cannot be written ({error.strerror}); fix that, then run again to resume."
            ) from error

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        # What follows the last line break was cut off.
        whole, _, _ = self.path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]
