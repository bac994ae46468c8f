"""PowerShell's error records, and the limits on what one line may do."""

from dataclasses import dataclass, field
from time import perf_counter, thread_time
from typing import Any

MAX_LINE = 20_000
"""Longest command line in characters; a long script of AJ's has a few hundred."""
MAX_DEPTH = 24
"""Nested brackets or blocks; each takes about fifteen of Python's thousand stack frames."""
MAX_STEPS = 100_000
"""Nodes evaluated plus kilobytes produced by one line: some tenths of a second."""
COMMAND_COST = 20
"""Steps charged per command: a line may run about five thousand."""
MAX_TEXT = 1_000_000
"""Longest string in characters; 'a'*1GB is refused before it is created."""
MAX_ITEMS = 50_000
"""Largest array; 1..1e9 is refused before it is created."""
MAX_OUTPUT = 64 * 2**10
"""Characters a line may print; the rest is cut off, as by a console buffer."""
MAX_SHOWN = 69
"""Characters of a line that an error shows."""
MAX_MATCH_SECONDS = 0.25
"""Processor time for one match; an ordinary one takes a thousandth."""
MAX_SECONDS = 2.0
"""Processor time for one line, whatever else the machine does; only a runaway regular expression comes close."""
A_MOMENT = 0.001
"""Seconds by the clock on the wall, within which a thread's own, much slower to read, is not read again."""


class Unmodelled(Exception):
    """A line needs what a real host has and the simulated one lacks; the argument names it. The line ends."""


@dataclass(slots=True)
class Failure(Exception):
    """An error record. Raising it ends the statement; the next statement still runs."""

    message: str
    id: str = "RuntimeException"
    category: str = "InvalidOperation"
    target: str = ""
    """the object concerned, as in CategoryInfo: "x:String" """
    kind: str = "RuntimeException"
    """class name of the exception"""
    source: str = ""
    """the command that reported it"""
    called: str = ""
    """the command as it was called, if by an alias"""
    span: tuple[int, int] | None = None
    """its position in the line"""
    ends_line: bool = False
    """the rest of the line does not run: a limit was reached, or -ErrorAction Stop"""
    final: bool = False
    """cannot be caught by `catch`: a limit was reached"""
    output: list[Any] = field(default_factory=list)
    """what the statements that it ended had put out"""
    lacks: str = ""
    """what a real host would have done, and this one cannot: "Get-Process -IncludeUserName" """

    def __str__(self) -> str:
        return self.message

    def taken(self) -> list[Any]:
        """The output, once."""
        output, self.output = self.output, []
        return output

    def render(self, line: str) -> str:
        """The record as Windows PowerShell prints it on standard error."""
        name = self.called or self.source
        head = f"{name} : {self.message}" if name else self.message
        return (
            f"{head}\n{self._position(line)}"
            f"    + CategoryInfo          : {self.summary()}\n"
            f"    + FullyQualifiedErrorId : {self.id}\n"
        )

    def summary(self) -> str:
        """ObjectNotFound: (x:String) [Get-Item], ItemNotFoundException"""
        is_command = self.source and self.target != f"{self.source}:String"
        where = f"[{_ellipsized(self.source)}]" if is_command else "[]"
        name, _, type_ = self.target.rpartition(":")
        return f"{self.category}: ({_ellipsized(name)}:{_ellipsized(type_)}) {where}, {_ellipsized(self.kind)}"

    def _position(self, line: str) -> str:
        start, end = self.span or (0, len(line))
        row = line.count("\n", 0, start) + 1
        first = line.rfind("\n", 0, start) + 1
        last = line.find("\n", start)
        text = line[first : len(line) if last < 0 else last].rstrip()
        column = start - first
        shown, before, length = _shortened(text, column, min(end - start, len(text) - column))
        return f"At line:{row} char:{column + 1}\n+ {shown}\n+ {' ' * before}{'~' * max(length, 1)}\n"


def _shortened(text: str, before: int, length: int) -> tuple[str, int, int]:
    """A line around the part that failed, at most MAX_SHOWN characters; then where that part begins, and its length."""
    if len(text) <= MAX_SHOWN:
        return text, before, length
    after = len(text) - length - before
    prefix, suffix = min(before, 12), min(after, 8)
    spare = MAX_SHOWN - prefix - length - suffix
    more = min(before - prefix, max(spare, 0))
    prefix += more
    suffix += min(after, spare - more) if spare > 0 else 0
    head = "... " if prefix < before else ""
    tail = " ..." if suffix < after or spare <= 0 else ""
    start = before - prefix
    return f"{head}{text[start : start + MAX_SHOWN]}{tail}", prefix + len(head), min(length, MAX_SHOWN - prefix)


def _ellipsized(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:15]}...{text[-15:]}"


class DotNetError(Failure):
    """What .NET throws: the name of its class, without `System.`, and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message, f"System.{kind}", "NotSpecified", ":", kind)


def bad_format() -> DotNetError:
    return DotNetError("FormatException", "Input string was not in a correct format.")


def out_of_range(why: str, parameter: str) -> DotNetError:
    return DotNetError("ArgumentOutOfRangeException", f"{why}\r\nParameter name: {parameter}")


@dataclass(slots=True)
class ParseFailure(Failure):
    """A syntax error: none of the line runs."""

    def render(self, line: str) -> str:
        return (
            f"{self._position(line)}{self.message}\n"
            "    + CategoryInfo          : ParserError: (:) [], ParentContainsErrorRecordException\n"
            f"    + FullyQualifiedErrorId : {self.id}\n"
        )


def refused(what: str, span: tuple[int, int] | None = None) -> Failure:
    """A limit was reached: `what` in .NET's words; the line ends."""
    return Failure(what, "RuntimeException", "OperationStopped", ":", span=span, ends_line=True, final=True)


def no_memory() -> Failure:
    return refused("Exception of type 'System.OutOfMemoryException' was thrown.")


def not_allowed(keyword: str = "") -> Failure:
    """Syntax that the simulated host does not support, in the words of a constrained endpoint."""
    return Failure(
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        "ScriptsNotAllowed",
        "ParserError",
        kind="ParseException",
        ends_line=True,
        final=True,
        lacks=keyword,
    )


class Budget:
    """The steps that a line has left, and the time for its matches."""

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._left = MAX_SECONDS
        self._asked: tuple[float, float] | None = None
        """by both clocks: when the time was last asked for"""

    @property
    def seconds(self) -> float:
        """Processor time left for one match, never 0."""
        wall = perf_counter()
        if self._asked is None or wall - self._asked[0] > A_MOMENT:
            own = thread_time()
            self._left -= own - self._asked[1] if self._asked else 0.0
            self._asked = wall, own
        return min(max(self._left, 0.001), MAX_MATCH_SECONDS)

    def spend(self, size: int = 0, steps: int = 1) -> None:
        """Charge for steps that produced `size` characters or items.

        Raises:
            Failure: the line's budget is used up.
        """
        self._steps -= steps + size // 1000
        if self._steps < 0:
            raise refused("The pipeline has been stopped.")
