"""Shared by console programs: arguments, exit codes, options with a slash or a dash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleet.windows.failure import Unmodelled
from fleet.windows.format import render
from fleet.windows.session import Session
from fleet.windows.values import PSObject, PSValue, to_text

Words = Sequence[str]
ConsoleProgram = Callable[[Session, Words, list[PSValue]], list[PSValue]]
"""A program: takes its arguments and piped input, returns lines."""
ENDLESS = 124
"""Exit code of a program that would never end and was stopped."""


def console_output(session: Session, text: str, code: int = 0) -> list[PSValue]:
    """Set a program's exit code and return its output as lines."""
    session.variables["lastexitcode"] = code
    session.ok = session.ok and code == 0
    return list(text.removesuffix("\n").split("\n"))


def lines_of(given: list[PSValue]) -> list[str]:
    """What a program reads from a pipe."""
    texts = (render([value]) if isinstance(value, PSObject) else to_text(value) for value in given)
    return [line for text in texts for line in text.splitlines()]


@dataclass(frozen=True, slots=True)
class ProgramOptions:
    """A program's options, without slash or dash: those that it simulates, and those that only the real one has."""

    known: str
    lacks: str = ""
    refusal: str = "ERROR: Invalid argument/option - '{}'."
    """what it says to any other one"""
    letters: bool = False
    """options are single letters, and several may stand together"""

    def check(self, session: Session, name: str, words: Words) -> list[PSValue] | None:
        """What the program says to an option that it does not have; None if it has all of them.

        Raises:
            Unmodelled: the real program has one.
        """
        for word in words:
            if word[:1] not in "/-" or len(word) < 2:
                continue
            plain = word[1:].lower().partition(":")[0]
            if self._all_in(plain, self.known):
                continue
            if plain == "?" or self._all_in(plain, self.lacks if not self.letters else self.lacks + self.known):
                raise Unmodelled(f"{name} {word}")
            return console_output(session, self.refusal.format(word), 1)
        return None

    def _all_in(self, option: str, names: str) -> bool:
        return set(option) <= set(names) if self.letters else option in names.split()


def option(words: Words, *names: str) -> str | None:
    """The word after /name or -name."""
    for place, word in enumerate(words[:-1]):
        if word.lower().lstrip("/-") in names and word[:1] in "/-":
            return words[place + 1]
    return None


def has(words: Words, *names: str) -> bool:
    return any(word[:1] in "/-" and word.lower().lstrip("/-") in names for word in words)
