"""What is in a data set, counted while it is written: for the lock and the card."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aj.messages import Pair, Row
from datasets_build.mix.pool import stratum_of

UNSAID = "not stated"


@dataclass
class Tally:
    """Counts over the rows of `sft.jsonl`, and the templates and licences of the pairs as well."""

    order: dict[str, list[str]] = field(default_factory=lambda: {"sft": [], "dpo": []})
    """`part id` of every line of the files, in order."""
    templates: set[str] = field(default_factory=set)
    licences: Counter[str] = field(default_factory=Counter)
    teachers: Counter[str] = field(default_factory=Counter)
    strata: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows by persona, by category, by turns, by mode."""
    lengths: dict[str, list[int]] = field(default_factory=dict)
    """Of every row, by part."""
    not_exported: int = 0
    """Rows that TRL's files and Parquet lack: they hold a reply that is not to be learned."""

    def add(self, part: str, item: Row | Pair, length: int) -> None:
        self.order["sft" if isinstance(item, Row) else "dpo"].append(f"{part} {item.id}")
        # The gate refuses a data set that names no templates; rows of files have none but their part.
        self.templates.update(item.metadata.get("templates") or [f"part.{part}"])
        self.licences[str(item.metadata.get("licence") or UNSAID)] += 1
        if isinstance(item, Row):
            self.teachers[str(item.metadata.get("teacher") or UNSAID)] += 1
            mode, persona, category, turns = stratum_of(item)
            self._count("persona", persona or UNSAID)
            self._count("category", category or UNSAID)
            self._count("turns", turns)
            self._count("mode", mode)
            self.lengths.setdefault(part, []).append(length)

    def to_record(self) -> dict[str, Any]:
        return {
            "not_exported": self.not_exported,
            "licences": dict(sorted(self.licences.items())),
            "teachers": dict(sorted(self.teachers.items())),
            "strata": {name: dict(sorted(counts.items())) for name, counts in sorted(self.strata.items())},
        }

    def _count(self, name: str, value: str) -> None:
        self.strata.setdefault(name, Counter())[value] += 1
