"""What every console program has: words, an exit code, options with a slash or a dash."""

from collections.abc import Callable, Sequence

from fleet.windows.session import Session
from fleet.windows.values import PSValue

Words = Sequence[str]
ConsoleProgram = Callable[[Session, Words, list[PSValue]], list[PSValue]]
"""A program: its words, and what was piped in; it gives lines."""
ENDLESS = 124
"""Exit code of a program that would never end: whoever waits for it gives up."""


def console_output(session: Session, text: str, code: int = 0) -> list[PSValue]:
    """A program's output and exit code."""
    session.variables["lastexitcode"] = code
    session.ok = session.ok and code == 0
    return list(text.removesuffix("\n").split("\n"))


def option(words: Words, *names: str) -> str | None:
    """The word behind /name or -name."""
    for place, word in enumerate(words[:-1]):
        if word.lower().lstrip("/-") in names and word[:1] in "/-":
            return words[place + 1]
    return None


def has(words: Words, *names: str) -> bool:
    return any(word[:1] in "/-" and word.lower().lstrip("/-") in names for word in words)
