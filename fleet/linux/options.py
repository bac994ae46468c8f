"""Options as a table: which ones a command has, how each is spelled, and whether it takes a value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Arity = Literal["none", "value", "optional"]


@dataclass(frozen=True, slots=True, eq=False)
class OptionTable:
    """The options of one command: every spelling -> (name under which it is kept, arity)."""

    spelled: dict[str, tuple[str, Arity]]
    ignored: frozenset[str]
    """names of options that have nothing to act on here, such as --no-pager"""


@lru_cache(None)
def options(table: str) -> OptionTable:
    """Options from a table: a line for each, with its spellings (-a --all) and, if it takes a value, = or [=] behind
    the last of them. It is kept under its first spelling without dashes. A line that begins with ~ names one without
    any effect here."""
    spelled: dict[str, tuple[str, Arity]] = {}
    ignored = []
    for line in filter(str.strip, table.splitlines()):
        words = line.replace("~", " ").split()
        last = words[-1]
        arity: Arity = "optional" if last.endswith("[=]") else "value" if last.endswith("=") else "none"
        words = [word.removesuffix("[=]").removesuffix("=") for word in words]
        name = words[0].lstrip("-")
        spelled |= dict.fromkeys(words, (name, arity))
        ignored += [name] if line.lstrip().startswith("~") else []
    return OptionTable(spelled, frozenset(ignored))


@dataclass(slots=True)
class Flags:
    """Parsed options; every spelling of an option is stored under its first name."""

    values: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    """(name, value) of every occurrence, in order: for options that may be repeated"""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def every(self, name: str) -> list[str]:
        """The values of all occurrences of an option."""
        return [value for key, value in self.pairs if key == name]

    def last(self, names: str) -> str:
        """The last given of some options that exclude each other; "" if none was."""
        return next((name for name, _ in reversed(self.pairs) if name in names), "")


class OptionError(Exception):
    """An option that is not in the table, or not as the table has it."""

    def __init__(self, option: str, why: Literal["unknown", "needs", "takes none", "ambiguous"], word: str) -> None:
        super().__init__(f"{word}: {option} {why}")
        self.option, self.word = option, word
        self.why: Literal["unknown", "needs", "takes none", "ambiguous"] = why


def read_options(argv: Sequence[str], known: OptionTable, mixed: bool = True) -> Flags:
    """Read an argument list as GNU getopt does: options may follow operands if `mixed`, long ones may be abbreviated.

    Raises:
        OptionError: an option does not fit.
    """
    pairs, words = _read(tuple(argv), known, mixed)
    return Flags(dict(pairs), list(words), list(pairs))


@lru_cache(4096)
def _read(argv: tuple[str, ...], known: OptionTable, mixed: bool) -> tuple[Sequence[tuple[str, str]], Sequence[str]]:
    """The options with their values, and the operands; the same lists are read on many hosts."""
    pairs: list[tuple[str, str]] = []
    words: list[str] = []
    left = iter(argv)
    for word in left:
        if word == "--":
            words += left
        elif word.startswith("--"):
            pairs.append(_long(word, left, known))
        elif word.startswith("-") and word != "-":
            pairs += _short(word, left, known)
        else:
            words.append(word)
            words += () if mixed else left
    return pairs, words


def _long(word: str, left: Iterator[str], known: OptionTable) -> tuple[str, str]:
    option, sign, value = word.partition("=")
    if option not in known.spelled:
        fits = [spelling for spelling in known.spelled if spelling.startswith(option)]
        if len({known.spelled[spelling] for spelling in fits}) != 1:
            raise OptionError(option, "ambiguous" if fits else "unknown", word)
        option = fits[0]
    name, arity = known.spelled[option]
    if sign and arity == "none":
        raise OptionError(option, "takes none", word)
    if arity == "value" and not sign:
        value = next(left, None)
        if value is None:
            raise OptionError(option, "needs", word)
    return name, value


def _short(word: str, left: Iterator[str], known: OptionTable) -> Iterator[tuple[str, str]]:
    for place, letter in enumerate(word[1:], start=1):
        if f"-{letter}" not in known.spelled:
            raise OptionError(f"-{letter}", "unknown", word)
        name, arity = known.spelled[f"-{letter}"]
        if arity == "none":
            yield name, ""
            continue
        value: str | None = word[place + 1 :]
        if not value and arity == "value":
            value = next(left, None)
            if value is None:
                raise OptionError(f"-{letter}", "needs", word)
        yield name, value or ""
        return
