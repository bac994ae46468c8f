"""cat, echo, grep, head and sort as bashkit's own do with plain words: one text in, one text out."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from bashkit import FileSystem

OnText = Callable[[str], tuple[str, int]]
"""(output, exit code) of a text"""
_LITERAL = re.compile(r"[A-Za-z0-9 _:/,@=%][A-Za-z0-9 _:/,@=%-]*")
"""A pattern without special letters."""
_FILE = re.compile(r"(?!-|/dev\b|/proc/self\b)(?!.*(?:/|/\.)$)(?!(?:.*/)?\.\.?(?:/|$)).+")
"""A file by a name whose parts are names."""


class NotPlain(Exception):
    """The text is not plain enough: bashkit is to run the line."""


@dataclass(frozen=True, slots=True)
class PlainTool:
    files: tuple[str, ...]
    """whose texts it takes; without any, its standard input"""
    act: OnText

    def run(self, stdin: str, cwd: str, fs: FileSystem) -> tuple[str, int]:
        """(output, exit code).

        Raises:
            NotPlain: a file cannot be read, or is no text.
        """
        text = "".join(_text(posixpath.join(cwd, file), fs) for file in self.files) if self.files else stdin
        if "\0" in text:
            raise NotPlain
        return self.act(text)


def plain_tool(name: str, argv: tuple[str, ...], piped: bool) -> PlainTool | None:
    """A command as a tool; None if its words are not plain. `piped`: it has a standard input."""
    match name, *argv:
        case ["cat", *files]:
            return _on(files, lambda text: (text, 0), piped, most=10)
        case ["echo", first, *rest] if not first.startswith("-") and "\\" not in "".join(argv):
            said = " ".join((first, *rest)) + "\n"
            return PlainTool((), lambda _: (said, 0))
        case ["grep", pattern, *files] if _LITERAL.fullmatch(pattern):
            return _on(files, _grep(pattern, ""), piped)
        case ["grep", letters, pattern, *files] if re.fullmatch("-[EFcinv]+", letters) and _LITERAL.fullmatch(pattern):
            return _on(files, _grep(pattern, letters), piped)
        case ["head", "-n", count, *files] if re.fullmatch(r"\d{1,9}", count):
            return _on(files, _head(int(count)), piped)
        case ["head", count, *files] if re.fullmatch(r"-n?\d{1,9}", count):
            return _on(files, _head(int(count.lstrip("-n"))), piped)
        case ["head", *files]:
            return _on(files, _head(10), piped)
        case ["sort", "-r", *files]:
            return _on(files, lambda text: (_joined(sorted(_lines(text), reverse=True)), 0), piped)
        case ["sort", *files]:
            return _on(files, lambda text: (_joined(sorted(_lines(text))), 0), piped)
        case _:
            return None


def _on(files: list[str], act: OnText, piped: bool, most: int = 1) -> PlainTool | None:
    """Either on files or on what is piped in."""
    if bool(files) is piped or len(files) > most or not all(map(_FILE.fullmatch, files)):
        return None
    return PlainTool(tuple(files), act)


def _text(path: str, fs: FileSystem) -> str:
    try:
        return fs.read_file(path).decode()
    except (RuntimeError, UnicodeDecodeError) as error:  # bashkit's "not found" and "is a directory"
        raise NotPlain from error


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _joined(lines: list[str]) -> str:
    return "\n".join((*lines, ""))


def _head(count: int) -> OnText:
    def act(text: str) -> tuple[str, int]:
        lines = text.split("\n", count)
        return _joined(lines[:count]) if len(lines) > count else text, 0

    return act


def _grep(pattern: str, letters: str) -> OnText:
    matches = re.compile(pattern, re.IGNORECASE if "i" in letters else 0).search
    turned, counts, numbers = ("v" in letters, "c" in letters, "n" in letters)

    def act(text: str) -> tuple[str, int]:
        lines = enumerate(_lines(text), 1)
        found = [f"{number}:{line}" if numbers else line for number, line in lines if (not matches(line)) is turned]
        return f"{len(found)}\n" if counts else _joined(found), 0 if found else 1

    return act
