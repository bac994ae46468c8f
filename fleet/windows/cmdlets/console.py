"""Shared by console programs: arguments, exit codes, options with a slash or a dash."""

from collections.abc import Callable, Sequence

from fleet.windows.session import Session
from fleet.windows.values import PSValue

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


def option(words: Words, *names: str) -> str | None:
    """The word after /name or -name."""
    for place, word in enumerate(words[:-1]):
        if word.lower().lstrip("/-") in names and word[:1] in "/-":
            return words[place + 1]
    return None


def has(words: Words, *names: str) -> bool:
    return any(word[:1] in "/-" and word.lower().lstrip("/-") in names for word in words)
