"""The books of what is read: every refusal has a code and a reason, and rows in = rows out + counted refusals."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aj.messages import Pair, Row

ORDER = ("rejected", "duplicate", "filtered", "contaminated", "near_duplicate", "unused", "kept")
"""In which outcomes are listed; any others come first."""


@dataclass(unsafe_hash=True)
class Refused(Exception):
    """Why there is no row: raised where something is read or repaired, then passed on as a value and counted.

    Not frozen, since `contextlib` sets the traceback of an exception that passes through it.
    """

    code: str
    """Stable: refusals are counted by it."""
    why: str
    where: str = ""
    """`file:line` of the record, or whatever else identifies what was refused."""

    def __post_init__(self) -> None:
        super().__init__(self.code, self.why, self.where)  # what it is rebuilt from in another process

    def __str__(self) -> str:
        return self.why

    def at(self, where: str) -> "Refused":
        """The same, with its place."""
        return Refused(self.code, self.why, where)


@dataclass
class Funnel:
    """What became of everything that was read from one source, part or file."""

    records: int = 0
    read: int = 0
    """Conversations; a record has one or several."""
    converted: int = 0
    """Conversations that gave a row or a pair, whatever became of it."""
    repaired: int = 0
    """Converted conversations with at least one repair."""
    repairs: Counter[str] = field(default_factory=Counter)
    """The same by code; a conversation may have several."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """kept, duplicate, near_duplicate, unused, filtered:NAME, contaminated:WHAT, rejected:CODE."""

    def take(self, value: Row | Pair | Refused, repaired: Iterable[str] = (), opens: bool = True) -> None:
        """Count one conversation. A refusal is its outcome; that of a row or pair is counted by `end`.

        Args:
            repaired: codes of what was repaired in it.
            opens: it is the first of its record.
        """
        self.read += 1
        self.records += opens
        if isinstance(value, Refused):
            self.end(f"rejected:{value.code}")
            return
        codes = tuple(dict.fromkeys(repaired))  # in this order, so that two runs list them alike
        self.converted += 1
        self.repaired += bool(codes)
        self.repairs.update(codes)

    def end(self, outcome: str, count: int = 1) -> None:
        """Count what became of `count` conversations."""
        self.outcomes[outcome] += count

    def add(self, other: "Funnel") -> None:
        """Count everything that `other` has counted as well."""
        self.records += other.records
        self.read += other.read
        self.converted += other.converted
        self.repaired += other.repaired
        self.repairs.update(other.repairs)
        self.outcomes.update(other.outcomes)

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected conversations by code."""
        return {
            name.removeprefix("rejected:"): count
            for name, count in self.outcomes.items()
            if name.startswith("rejected:")
        }

    def check(self, of: str = "the source") -> None:
        """Assert that nothing was lost; a loss is this program's fault, not the data's."""
        assert self.read == self.outcomes.total(), f"{of} lost conversations: {self}"
        assert self.repaired <= self.converted <= self.read, f"{of} counts more conversations than it read: {self}"
        assert self.records <= self.read, f"{of} has more records than conversations: {self}"

    def ended(self) -> dict[str, int]:
        """How many were read, then each outcome."""
        return {"read": self.read, **_in_order({"kept": 0} | self.outcomes)}

    def to_record(self) -> dict[str, int]:
        """All counts: read, converted, repaired (in all and by code), then each outcome."""
        repairs = {f"repaired:{code}": count for code, count in sorted(self.repairs.items())}
        return {"read": self.read, "converted": self.converted, "repaired": self.repaired, **repairs, **self.ended()}


def _in_order(outcomes: Mapping[str, int]) -> dict[str, int]:
    def place(name: str) -> tuple[int, str]:
        kind = name.partition(":")[0]
        return ORDER.index(kind) if kind in ORDER else -1, name

    return {name: outcomes[name] for name in sorted(outcomes, key=place)}
