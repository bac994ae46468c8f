"""What PowerShell says when something does not work, and the bounds within which a line may work at all."""

from dataclasses import dataclass
from time import monotonic

MAX_LINE = 20_000
"""Characters of a command line: a long script of AJ's is some hundreds."""
MAX_DEPTH = 24
"""Nested brackets or blocks: each takes about fifteen of Python's thousand frames."""
MAX_STEPS = 100_000
"""Nodes evaluated and kilobytes made by one line: some tenths of a second."""
COMMAND_COST = 20
"""Steps of one command: a line may use some five thousand of them."""
MAX_TEXT = 1_000_000
"""Characters of one string; 'a'*1GB is refused before it is made."""
MAX_ITEMS = 50_000
"""Members of one array; 1..1e9 is refused before it is made."""
MAX_OUTPUT = 64 * 2**10
"""Characters a line may print; what is more is cut, as a host's buffer does."""
MAX_MATCH_SECONDS = 0.25
"""Of processor time for one match: an honest one takes a thousandth."""
MAX_SECONDS = 2.0
"""Of real time for one line, as in the Linux shell; only a regular expression gone wild comes near it."""


@dataclass(slots=True)
class Failure(Exception):
    """An error record. A command that raises it ends its statement; the next statement still runs."""

    message: str
    id: str = "RuntimeException"
    category: str = "InvalidOperation"
    target: str = ""
    """what it was about, as CategoryInfo shows it: "x:String" """
    kind: str = "RuntimeException"
    """the exception's class"""
    source: str = ""
    """the command that said so"""
    span: tuple[int, int] | None = None
    """where in the line"""
    ends_line: bool = False
    """nothing more of the line runs: a bound was reached, or -ErrorAction Stop"""
    final: bool = False
    """no `catch` sees it: a bound was reached"""

    def __str__(self) -> str:
        return self.message

    def render(self, line: str) -> str:
        """The record as Windows PowerShell prints it to standard error."""
        head = f"{self.source} : {self.message}" if self.source else self.message
        about = f"({self.target or ':'})"
        where = f"[{self.source}]" if self.source and self.kind != "CommandNotFoundException" else "[]"
        return (
            f"{head}\n{self._position(line)}"
            f"    + CategoryInfo          : {self.category}: {about} {where}, {self.kind}\n"
            f"    + FullyQualifiedErrorId : {self.id}\n"
        )

    def _position(self, line: str) -> str:
        start, end = self.span or (0, len(line))
        row = line.count("\n", 0, start) + 1
        first = line.rfind("\n", 0, start) + 1
        last = line.find("\n", start)
        text = line[first : len(line) if last < 0 else last]
        column = start - first
        length = max(min(end - start, len(text) - column), 1)
        return f"At line:{row} char:{column + 1}\n+ {text}\n+ {' ' * column}{'~' * length}\n"


@dataclass(slots=True)
class ParseFailure(Failure):
    """A line that is no PowerShell: nothing of it runs."""

    def render(self, line: str) -> str:
        return (
            f"{self._position(line)}{self.message}\n"
            "    + CategoryInfo          : ParserError: (:) [], ParentContainsErrorRecordException\n"
            f"    + FullyQualifiedErrorId : {self.id}\n"
        )


def refused(what: str, span: tuple[int, int] | None = None) -> Failure:
    """A bound was reached: `what` in .NET's words, and the line ends."""
    return Failure(what, "RuntimeException", "OperationStopped", ":", span=span, ends_line=True, final=True)


def no_memory() -> Failure:
    return refused("Exception of type 'System.OutOfMemoryException' was thrown.")


def not_allowed() -> Failure:
    """Syntax that the simulated host does not offer, in the words of a constrained endpoint."""
    return Failure(
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        "ScriptsNotAllowed",
        "ParserError",
        kind="ParseException",
        ends_line=True,
        final=True,
    )


class Budget:
    """What one line may still spend."""

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._deadline = monotonic() + MAX_SECONDS

    @property
    def seconds(self) -> float:
        """Real time that one match may take, never 0."""
        return min(max(self._deadline - monotonic(), 0.001), MAX_MATCH_SECONDS)

    def spend(self, size: int = 0, steps: int = 1) -> None:
        """Count some steps that made `size` characters or items.

        Raises:
            Failure: the line has done too much.
        """
        self._steps -= steps + size // 1000
        if self._steps < 0:
            raise refused("The pipeline has been stopped.")
