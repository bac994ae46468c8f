"""The find command: an expression of tests over files, and an action on those that pass."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux import copying, creating, filters, listing, ls, permissions
from fleet.linux.clock import DAY, formatted
from fleet.linux.command import Command, CommandContext, UsageError, fail
from fleet.linux.file_tree import FileNode, children, node, walk
from fleet.model import Host

FindTest = Callable[[FileNode], bool]
SIZES = {"c": 1, "w": 2, "b": 512, "k": 1024, "M": 1024**2, "G": 1024**3}
ENOUGH = 100_000
"""-exec stops after this many characters of output: more than a shell passes on."""
IGNORED = ("-xdev", "-mount", "-noleaf", "-daystart", "-depth", "-d")


class FindError(Exception):
    """An invalid expression, in find's words."""


@dataclass(slots=True)
class FindPlan:
    """A parsed expression."""

    test: FindTest = lambda found: True
    least: int = 0
    deepest: int = 1000
    action: str = "print"
    argument: tuple[str, ...] = ()


def find(context: CommandContext) -> BuiltinResult:
    words = list(context.argv)
    while words and words[0] in ("-L", "-H", "-P"):
        words.pop(0)
    tops = []
    while words and not words[0].startswith(("-", "(", "!")):
        tops.append(words.pop(0))
    try:
        plan = _Parser(words, context.pull()).plan()
    except FindError as wrong:
        return fail(f"find: {wrong}")
    found: list[tuple[str, FileNode]] = []
    errors = ""
    for word in tops or ["."]:
        top = node(context, context.absolute(word), follow=False)
        if top is None:
            errors += f"find: ‘{word}’: No such file or directory\n"
            continue
        for level, entry in walk(context, top, plan.deepest):
            if level >= plan.least and plan.test(entry):
                below = entry.path[len(top.path.rstrip("/")) :] if entry is not top else ""
                found.append((word.rstrip("/") + below if below else word, entry))
    text, more = _act(context, found, plan)
    errors += more
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _act(context: CommandContext, found: list[tuple[str, FileNode]], plan: FindPlan) -> tuple[str, str]:
    """(standard output, standard error) of the action on everything found."""
    if plan.action == "print":
        return "".join(f"{shown}\n" for shown, _ in found), ""
    if plan.action == "print0":
        return "".join(f"{shown}\0" for shown, _ in found), ""
    if plan.action == "printf":
        return "".join(_printf(plan.argument[0], shown, entry) for shown, entry in found), ""
    if plan.action == "ls":
        return "".join(
            f"{entry.number:>9} {entry.blocks:>6} {entry.permissions} {2 if entry.folder else 1:>3} {entry.owner:<8} "
            f"{entry.owner:<8} {entry.size:>8} {formatted(entry.modified, '%b %e %R')} {shown}\n"
            for shown, entry in found
        ), ""
    if plan.action == "delete":
        return "", _delete(context, found)
    return _execute(context, [shown for shown, _ in found], plan)


def _delete(context: CommandContext, found: list[tuple[str, FileNode]]) -> str:
    errors = ""
    for shown, entry in reversed(found):  # the content of a folder is deleted before the folder
        if entry.path == "/" or entry.path.split("/")[1] in copying.KERNEL:
            continue
        if entry.folder and children(context, entry):
            errors += f"find: cannot delete ‘{shown}’: Directory not empty\n"
        else:
            copying.remove(context, entry)
    return errors


def _execute(context: CommandContext, paths: list[str], plan: FindPlan) -> tuple[str, str]:
    """-exec, for commands of this package only: a command cannot call back into the shell that runs it."""
    name, *words = plan.argument
    command = _RUNS.get(name.rsplit("/", 1)[-1])
    if command is None:
        return "", f"find: ‘{name}’: No such file or directory\n" if paths else ""
    runs = [paths] if plan.action == "exec+" else [[path] for path in paths]
    text, errors = "", ""
    context.host_files.fresh = True  # from here on only these commands write, and they report what they change
    for group in runs if paths else []:
        if len(text) > ENOUGH:
            break
        argv = [piece for word in words for piece in (group if word == "{}" else [word.replace("{}", group[0])])]
        try:
            done = command(CommandContext(name, argv, "", context.cwd, context.machine, context.host_files))
        except UsageError as error:
            done = error.result
        result = BuiltinResult(stdout=done) if isinstance(done, str) else done
        text, errors = text + result.stdout, errors + result.stderr
    context.host_files.fresh = False
    return text, errors


_RUNS: dict[str, Command] = {
    **ls.COMMANDS,
    **listing.COMMANDS,
    **copying.COMMANDS,
    **creating.COMMANDS,
    **permissions.COMMANDS,
    **filters.COMMANDS,
}
"""What -exec may run."""


def _printf(pattern: str, shown: str, entry: FileNode) -> str:
    values = {"p": shown, "f": entry.name, "s": str(entry.size), "k": str(entry.blocks), "u": entry.owner,
        "g": entry.owner, "m": f"{entry.mode:o}", "M": entry.permissions, "y": entry.kind[0].replace("s", "l"),
        "i": str(entry.number), "h": shown.rsplit("/", 1)[0], "b": str(entry.blocks * 2), "l": entry.target, "%": "%",
        "t": formatted(entry.modified, "%a %b %e %T.0000000000 %Y")}  # fmt: skip

    def part(match: re.Match[str]) -> str:
        if match[0][0] == "\\":
            return {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}.get(match[0][1], match[0])
        if match[1]:
            return formatted(entry.modified, {"@": "%s", "+": "%F+%T"}.get(match[1], f"%{match[1]}"))
        return values.get(match[0][1], match[0])

    return re.sub(r"%T(.)|%[a-zA-Z%]|\\.", part, pattern)


@dataclass(slots=True)
class _Parser:
    """Parses words into a plan. `,` is not supported; `-o` binds weaker than the implicit `-a`."""

    words: list[str]
    host: Host
    made: FindPlan = field(default_factory=FindPlan)

    def plan(self) -> FindPlan:
        if self.words:
            self.made.test = self._any()
        if self.words:
            raise FindError(f"paths must precede expression: `{self.words[0]}'")
        return self.made

    def _any(self) -> FindTest:
        tests = [self._all()]
        while self.words and self.words[0] in ("-o", "-or"):
            self.words.pop(0)
            tests.append(self._all())
        return lambda found: any(test(found) for test in tests)

    def _all(self) -> FindTest:
        tests: list[FindTest] = []
        while self.words and self.words[0] not in ("-o", "-or", ")"):
            tests += self._one()
        return lambda found: all(test(found) for test in tests)

    def _one(self) -> Iterator[FindTest]:
        word = self.words.pop(0)
        if word in ("-a", "-and", *IGNORED):
            return
        if word in ("!", "-not"):
            if not self.words:
                raise FindError(f"expected an expression after `{word}'")
            tests = list(self._one())
            yield lambda found: not all(test(found) for test in tests)
        elif word == "(":
            yield self._any()
            if not self.words or self.words.pop(0) != ")":
                raise FindError("invalid expression; I was expecting to find a ')' somewhere but did not see one.")
        elif word in ("-print", "-print0", "-ls", "-delete"):
            self.made.action = word[1:]
        elif word in ("-exec", "-ok", "-execdir"):
            self._exec(word)
        elif word in ("-empty", "-prune", "-true", "-false", "-readable", "-writable", "-executable"):
            yield lambda found: self._plain(word, found)
        elif not word.startswith("-"):
            raise FindError(f"paths must precede expression: `{word}'")
        else:
            yield from self._with_argument(word)

    def _plain(self, word: str, found: FileNode) -> bool:
        if word == "-empty":
            inside = any(path.startswith(found.path.rstrip("/") + "/") for path in self.host.files)
            return not inside if found.folder else found.size == 0
        return bool(found.mode & 0o111) if word == "-executable" else word != "-false"

    def _exec(self, word: str) -> None:
        ends = [place for place, piece in enumerate(self.words) if piece in (";", "+")]
        if not ends or not ends[0]:
            raise FindError(f"missing argument to `{word}'")
        self.made.action = "exec+" if self.words[ends[0]] == "+" else "exec"
        self.made.argument = tuple(self.words[: ends[0]])
        del self.words[: ends[0] + 1]

    def _with_argument(self, word: str) -> Iterator[FindTest]:
        known = ("-name", "-iname", "-path", "-ipath", "-wholename", "-type", "-size", "-mtime", "-mmin", "-maxdepth",
            "-mindepth", "-user", "-group", "-perm", "-newer", "-printf", "-atime", "-amin", "-ctime", "-cmin",
            "-newermt")  # fmt: skip
        if word not in known:
            raise FindError(f"unknown predicate `{word}'")
        if not self.words:
            raise FindError(f"missing argument to `{word}'")
        value = self.words.pop(0)
        if word in ("-maxdepth", "-mindepth"):
            if not re.fullmatch(r"\d{1,6}", value):
                raise FindError(f"Expected a positive decimal integer argument to {word}, but got ‘{value}’")
            if word == "-maxdepth":
                self.made.deepest = int(value)
            else:
                self.made.least = int(value)
        elif word == "-printf":
            self.made.action, self.made.argument = "printf", (value,)
        else:
            yield self._test(word, value)

    def _test(self, word: str, value: str) -> FindTest:
        now = self.host.now
        if word in ("-name", "-iname"):
            fold = str.lower if word == "-iname" else str
            return lambda found: fnmatchcase(fold(found.name), fold(value))
        if word in ("-path", "-ipath", "-wholename"):
            return lambda found: fnmatchcase(found.path, value)
        if word == "-type":
            kinds = {"f": "file", "d": "directory", "l": "symlink"}
            if not set(value.split(",")) <= {*kinds, "b", "c", "p", "s"}:
                raise FindError(f"Unknown argument to -type: {value[:1]}")
            return lambda found: found.kind in [kinds.get(letter) for letter in value.split(",")]
        if word in ("-user", "-group"):
            return lambda found: found.owner == value
        if word == "-perm":
            return lambda found: found.mode & 0o7777 == int(value, 8) if re.fullmatch(r"[0-7]{1,4}", value) else False
        if word in ("-newer", "-newermt"):
            other = self.host.files.get(value)
            return lambda found: other is not None and found.modified > other.modified
        match = re.fullmatch(r"([+-]?)(\d{1,12})([cwbkMG]?)", value)
        if match is None or (match[3] and word != "-size"):
            raise FindError(f"invalid argument `{value}' to `{word}'")
        wanted = int(match[2])
        if word == "-size":
            unit = SIZES[match[3] or "b"]
            return lambda found: _compare(match[1], -(-found.size // unit), wanted)
        unit = 60 if word.endswith("min") else DAY
        return lambda found: _compare(match[1], (now - found.modified) // unit, wanted)


def _compare(sign: str, value: int, wanted: int) -> bool:
    return value > wanted if sign == "+" else value < wanted if sign == "-" else value == wanted


COMMANDS: dict[str, Command] = {"find": find}
