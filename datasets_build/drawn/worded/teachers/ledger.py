"""What was sent to a paid teacher and what came back, so that a crash never pays for the same job twice.

An append-only file of JSON lines, each on disk before the next step. Before a batch is created, the ledger says so (an
intent); its id follows, then each result as it is read, then that the batch is done. A line that a crash cut off is
dropped when the file is opened.

    {"kind": "intent", "intent": …, "jobs": [id, …], "at": seconds}   a batch of these jobs is about to be created
    {"kind": "batch", "intent": …, "batch": id}                       it was
    {"kind": "lost", "intent": …}                                     it was not: no such batch is at the provider
    {"kind": "result", "batch": …, "job": id, "outcome": …, "text": …, "stop": …, "cost": dollars}
    {"kind": "done", "batch": …}                                      all its results are above
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aj.errors import AJError, DataError


@dataclass(frozen=True, slots=True)
class JobResult:
    """What came of one job."""

    job: str
    outcome: str
    """succeeded, errored, canceled or expired, as the provider says"""
    text: str = ""
    stop: str = ""
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Intent:
    """A batch that was about to be created."""

    intent: str
    jobs: tuple[str, ...]
    at: float


class Ledger:
    """The ledger in `folder`, read whole when it is opened."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.jsonl"
        self.results: dict[str, JobResult] = {}
        self.open_intents: dict[str, Intent] = {}
        """intents of which it is not known whether their batch was created"""
        self.open_batches: dict[str, Intent] = {}
        """batch id -> the intent of a batch whose results are not all here"""
        self.batches: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._read()
        except OSError as error:
            raise AJError(f"{self.path} cannot be used ({error.strerror}); free or unlock {folder}.") from error

    @property
    def spent(self) -> float:
        """Dollars, of all results."""
        return sum(result.cost for result in self.results.values())

    def intend(self, intent: Intent) -> None:
        self._append({"kind": "intent", "intent": intent.intent, "jobs": list(intent.jobs), "at": intent.at})

    def created(self, intent: str, batch: str) -> None:
        self._append({"kind": "batch", "intent": intent, "batch": batch})

    def lost(self, intent: str) -> None:
        self._append({"kind": "lost", "intent": intent})

    def record(self, batch: str, results: Sequence[JobResult]) -> None:
        self._append(*({"kind": "result", "batch": batch, **asdict(result)} for result in results))

    def done(self, batch: str) -> None:
        self._append({"kind": "done", "batch": batch})

    def _append(self, *entries: dict[str, Any]) -> None:
        """On disk before it counts."""
        with self.path.open("ab") as file:
            for entry in entries:
                file.write(json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        for entry in entries:
            self._take(entry)

    def _read(self) -> None:
        if not self.path.exists():
            return
        text = self.path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            os.truncate(self.path, whole)
        for number, line in enumerate(text[:whole].splitlines(), start=1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(
                    f"{self.path}:{number}: not a ledger entry ({error}); fix the line "
                    "rather than delete the file, which would pay for every job again."
                ) from error

    def _take(self, entry: dict[str, Any]) -> None:
        kind = entry["kind"]
        if kind == "intent":
            self.open_intents[entry["intent"]] = Intent(entry["intent"], tuple(entry["jobs"]), entry["at"])
        elif kind == "batch":
            self.open_batches[entry["batch"]] = self.open_intents.pop(entry["intent"])
            self.batches.add(entry["batch"])
        elif kind == "lost":
            del self.open_intents[entry["intent"]]
        elif kind == "result":
            fields = ("job", "outcome", "text", "stop", "cost")
            self.results[entry["job"]] = JobResult(*(entry[name] for name in fields))
        elif kind == "done":
            self.open_batches.pop(entry["batch"], None)
        else:
            raise KeyError(kind)
