"""What find's tests hold against a file: a name, a type, a mode, a number."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate

import regex

from fleet.linux.command import CommandContext
from fleet.linux.file_tree import FileNode, children
from fleet.linux.permissions import new_mode

TYPES = {"f": "file", "d": "directory", "l": "symlink"}


class FindError(Exception):
    """An invalid expression, in find's words."""


class UnknownPredicate(Exception):
    """A word that is no predicate here."""

    def __init__(self, word: str) -> None:
        super().__init__(f"unknown predicate `{word}'")
        self.word = word


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file on find's way: how it is called there, and what it is."""

    shown: str
    entry: FileNode
    top: str
    depth: int


def compare(sign: str, value: int, wanted: int) -> bool:
    return value > wanted if sign == "+" else value < wanted if sign == "-" else value == wanted


def is_empty(context: CommandContext, entry: FileNode) -> bool:
    return not children(context, entry) if entry.folder else entry.kind == "file" and not entry.size


def by_glob(word: str, glob: str) -> Callable[[FoundFile], bool]:
    """A test of a name, a path or a link's target against a glob, in which * also matches a slash."""
    pattern = re.sub(r"\\(.)", r"[\1]", glob).replace("[^", "[!")
    fold = re.IGNORECASE if word.startswith("-i") else 0
    matches = re.compile(translate(pattern), fold | re.DOTALL).match
    kind = word.lstrip("-").removeprefix("i")
    if kind == "name":
        return lambda found: matches(found.entry.name) is not None
    if kind == "lname":
        return lambda found: found.entry.kind == "symlink" and matches(found.entry.target) is not None
    return lambda found: matches(found.shown) is not None


SECONDS = 0.5
"""For one path: a model's pattern could take Python hours."""


def by_regex(text: str, fold: bool) -> Callable[[FoundFile], bool]:
    """A test of the whole path against an Emacs regular expression, where \\( \\| \\) are the special ones."""
    plain = re.sub(r"\\([(|)])|([(|){}])", lambda found: found[1] or f"\\{found[2]}", text)
    try:
        pattern = regex.compile(plain, regex.IGNORECASE if fold else 0)
    except regex.error as error:
        raise FindError(f"invalid regular expression ‘{text}’") from error

    def passes(found: FoundFile) -> bool:
        try:
            return pattern.fullmatch(found.shown, timeout=SECONDS) is not None
        except TimeoutError as error:
            raise UnknownPredicate("-regex") from error

    return passes


def by_type(value: str) -> Callable[[FoundFile], bool]:
    letters = value.split(",")
    for letter in letters:
        if letter not in (*TYPES, "b", "c", "p", "s", "D"):
            raise FindError(f"Unknown argument to -type: {letter[:1] or value}")
    kinds = {TYPES.get(letter) for letter in letters}
    return lambda found: found.entry.kind in kinds


def by_mode(value: str) -> Callable[[FoundFile], bool]:
    sign, text = (value[:1], value[1:]) if value[:1] in ("-", "/") else ("", value)
    wanted = int(text, 8) if re.fullmatch(r"[0-7]{1,5}", text) else new_mode(text, 0, False, 0)
    if wanted is None:
        raise FindError(f"invalid mode ‘{value}’")
    if sign == "-":
        return lambda found: found.entry.mode & wanted == wanted
    if sign == "/":
        return lambda found: not wanted or bool(found.entry.mode & wanted)
    return lambda found: found.entry.mode & 0o7777 == wanted
