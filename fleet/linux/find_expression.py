"""find's expressions: what they say, as a tree of tests and actions."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from fleet.linux.base_accounts import accounts
from fleet.linux.clock import DAY
from fleet.linux.command import CommandContext
from fleet.linux.dates import moment_of
from fleet.linux.file_tree import node
from fleet.linux.find_tests import (
    FindError,
    FoundFile,
    UnknownPredicate,
    by_glob,
    by_mode,
    by_regex,
    by_type,
    compare,
    is_empty,
)

SIZES = {"c": 1, "w": 2, "b": 512, "k": 1024, "M": 1024**2, "G": 1024**3}
GLOBAL = ("-maxdepth", "-mindepth", "-depth", "-d", "-xdev", "-mount", "-noleaf", "-ignore_readdir_race")
PLAIN_ACTIONS = ("-print", "-print0", "-ls", "-delete", "-prune", "-quit")
RUNS = ("-exec", "-execdir", "-ok", "-okdir")


@dataclass(frozen=True, slots=True)
class Test:
    passes: Callable[[FoundFile], bool]


@dataclass(frozen=True, slots=True)
class Action:
    """print, print0, printf, ls, delete, prune or quit; or run, with the command's words."""

    name: str
    words: tuple[str, ...] = ()
    many: bool = False
    """`+`: one run for all"""


@dataclass(frozen=True, slots=True)
class Both:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Either:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Neither:
    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Then:
    """A comma: both are evaluated, and the right one counts."""

    left: "Expression"
    right: "Expression"


Expression = Test | Action | Both | Either | Neither | Then
ALWAYS = Test(lambda found: True)


@dataclass(slots=True)
class FindParser:
    """Reads the words behind find's starting points."""

    context: CommandContext
    words: list[str]
    least: int = 0
    deepest: int = 1000
    depth_first: bool = False
    one_mount: bool = False
    acts: bool = False
    """whether there is an action other than -prune, so that nothing is printed unasked"""
    _tested: str = field(default="", init=False)
    """the first test"""

    def expression(self) -> Expression:
        tree = self._comma() if self.words else ALWAYS
        if self.words:
            unexpected = self.words[0]
            if unexpected == ")":
                raise FindError("you have too many ')'")
            raise FindError(f"paths must precede expression: `{unexpected}'")
        return tree if self.acts else Both(tree, Action("print"))

    def _comma(self) -> Expression:
        left = self._any()
        while self.words and self.words[0] == ",":
            self.words.pop(0)
            left = Then(left, self._any())
        return left

    def _any(self) -> Expression:
        left = self._all()
        while self.words and self.words[0] in ("-o", "-or"):
            self.words.pop(0)
            left = Either(left, self._all())
        return left

    def _all(self) -> Expression:
        left: Expression | None = None
        while self.words and self.words[0] not in ("-o", "-or", ")", ","):
            if self.words[0] in ("-a", "-and"):
                self.words.pop(0)
                if not self.words:
                    raise FindError("expected an expression after `-a'")
                continue
            one = self._one()
            left = one if left is None else Both(left, one)
        if left is None:
            ends = self.words[:1]
            raise FindError("invalid expression; empty parentheses are not allowed." if ends == [")"] else
                            "invalid expression; you have used a binary operator with nothing before it.")  # fmt: skip
        return left

    def _one(self) -> Expression:
        word = self.words.pop(0)
        if word in ("!", "-not"):
            if not self.words:
                raise FindError(f"expected an expression after `{word}'")
            return Neither(self._one())
        if word == "(":
            if not self.words:
                why = "expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('"
                raise FindError(f"invalid expression; {why}")
            inner = self._comma()
            if not self.words or self.words.pop(0) != ")":
                raise FindError("invalid expression; I was expecting to find a ')' somewhere but did not see one.")
            return inner
        if not word.startswith("-"):
            hint = "\nfind: possible unquoted pattern after predicate `-name'?" if self._tested == "-name" else ""
            raise FindError(f"paths must precede expression: `{word}'{hint}")
        if word in GLOBAL:
            return self._global(word)
        if word in PLAIN_ACTIONS:
            self.acts = self.acts or word != "-prune"
            self.depth_first = self.depth_first or word == "-delete"
            return Action(word[1:])
        if word in RUNS:
            return self._run(word)
        if word == "-printf":
            self.acts = True
            return Action("printf", (self._value(word),))
        self._tested = self._tested or word
        return Test(self._test(word))

    def _value(self, word: str) -> str:
        if not self.words:
            raise FindError(f"missing argument to `{word}'")
        return self.words.pop(0)

    def _global(self, word: str) -> Expression:
        if word in ("-maxdepth", "-mindepth"):
            value = self._value(word)
            if not re.fullmatch(r"\d{1,6}", value):
                raise FindError(f"Expected a positive decimal integer argument to {word}, but got ‘{value}’")
            if word == "-maxdepth":
                self.deepest = int(value)
            else:
                self.least = int(value)
        self.depth_first = self.depth_first or word in ("-depth", "-d")
        self.one_mount = self.one_mount or word in ("-xdev", "-mount")
        return ALWAYS

    def _run(self, word: str) -> Expression:
        ends = [
            place
            for place, piece in enumerate(self.words)
            if piece == ";" or (piece == "+" and place and self.words[place - 1] == "{}")
        ]
        if not ends or not ends[0]:
            raise FindError(f"missing argument to `{word}'")
        self.acts = True
        many = self.words[ends[0]] == "+"
        words = tuple(self.words[: ends[0]])
        if many and sum("{}" in piece for piece in words) > 1:
            raise FindError(f"Only one instance of {{}} is supported with {word} ... +")
        del self.words[: ends[0] + 1]
        return Action(word[1:], words, many)

    # --- tests --------------------------------------------------------------------------------------------------------

    def _test(self, word: str) -> Callable[[FoundFile], bool]:
        context = self.context
        if word in ("-true", "-readable", "-writable"):
            return lambda found: True
        if word in ("-false", "-nouser", "-nogroup"):
            return lambda found: False
        if word == "-executable":
            return lambda found: found.entry.folder or bool(found.entry.mode & 0o111)
        if word == "-empty":
            return lambda found: is_empty(context, found.entry)
        if word in ("-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename", "-lname", "-ilname"):
            return by_glob(word, self._value(word))
        if word in ("-regex", "-iregex"):
            return by_regex(self._value(word), word == "-iregex")
        if word == "-type":
            return by_type(self._value(word))
        if word in ("-user", "-uid", "-group", "-gid"):
            return self._owner(word, self._value(word))
        if word == "-perm":
            return by_mode(self._value(word))
        if word in ("-newer", "-anewer", "-cnewer") or re.fullmatch(r"-newer[aBcm][aBcmt]", word):
            return self._newer(word, self._value(word))
        if word in ("-size", "-inum", "-links") or re.fullmatch(r"-[acm](?:time|min)", word):
            return self._number(word, self._value(word))
        if word == "-samefile":
            path = context.absolute(self._value(word))
            return lambda found: found.entry.path == path
        if word == "-fstype":
            kind = self._value(word)
            return lambda found: context.host.mount_of(found.entry.path).kind == kind
        raise UnknownPredicate(word)

    def _owner(self, word: str, value: str) -> Callable[[FoundFile], bool]:
        users = accounts(self.context.host)
        if word in ("-user", "-group") and value not in users and not value.isdecimal():
            kind = "the name of a known user" if word == "-user" else "the name of an existing group"
            raise FindError(
                f"‘{value}’ is not {kind}" if word == "-user" else f"invalid argument `{value}' to `{word}'"
            )
        part = "owner" if word in ("-user", "-uid") else "group"
        return lambda found: value in (name := getattr(found.entry, part), str(users.get(name)))

    def _newer(self, word: str, value: str) -> Callable[[FoundFile], bool]:
        context = self.context
        if word.endswith("t") and word.startswith("-newer") and len(word) == len("-newermt"):
            time = moment_of(value, context.host.now)
            if time is None:
                raise FindError(f"I cannot figure out how to interpret ‘{value}’ as a date or time")
        else:
            like = node(context, context.absolute(value))
            if like is None:
                raise FindError(f"‘{value}’: No such file or directory")
            time = like.modified
        return lambda found: found.entry.modified > time

    def _number(self, word: str, value: str) -> Callable[[FoundFile], bool]:
        match = re.fullmatch(r"([+-]?)(\d{1,12})([cwbkMG]?)", value)
        if match is None or (match[3] and word != "-size"):
            if word == "-size":
                raise FindError(f"invalid -size type `{value[-1:]}'" if value[:-1].lstrip("+-").isdecimal() else
                                f"Invalid argument `{value}' to -size")  # fmt: skip
            raise FindError(f"invalid argument `{value}' to `{word}'")
        sign, wanted, now = match[1], int(match[2]), self.context.host.now
        if word == "-size":
            unit = SIZES[match[3] or "b"]
            return lambda found: compare(sign, -(-found.entry.size // unit), wanted)
        if word == "-inum":
            return lambda found: compare(sign, found.entry.number, wanted)
        if word == "-links":
            return lambda found: compare(sign, 2 if found.entry.folder else 1, wanted)
        unit = 60 if word.endswith("min") else DAY
        if unit == 60:  # minutes are compared to the second, days by whole ones
            return lambda found: compare(sign, -(-(now - found.entry.modified) // unit), wanted)
        return lambda found: compare(sign, (now - found.entry.modified) // unit, wanted)
