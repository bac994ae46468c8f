"""The find command: walks, and acts on what passes its expression.

A command of ours cannot call back into the shell that runs it. So what -exec runs is compiled: find prints a script in
which every test is already decided, and the shell function around it (FUNCTION) evaluates that.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from shlex import quote

from bashkit import BuiltinResult

from fleet.linux import copying
from fleet.linux.base_accounts import accounts
from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, lacking
from fleet.linux.file_tree import children, links, node
from fleet.linux.find_expression import (
    Action,
    Both,
    Either,
    Expression,
    FindParser,
    Neither,
    Test,
    Then,
)
from fleet.linux.find_tests import FindError, FoundFile, UnknownPredicate
from fleet.linux.listing import escapes
from fleet.linux.ls import HALF_YEAR

SCRIPT = "--aj-script"
"""Asks for the script instead of the result."""
FUNCTION = f"""
find() {{
    case " $* " in
        *" -exec"*|*" -ok"*)
            local aj_script
            aj_script=$(command find {SCRIPT} "$@") || return
            eval "$aj_script";;
        *) command find "$@";;
    esac
}}
"""
RUNNING = ("exec", "execdir", "ok", "okdir")

NOT_SIMULATED = frozenset(
    [
        "-regex",
        "-printf",
        "-fprint",
        "-fls",
        "-regextype",
        "-used",
        "-context",
        "-files0-from",
        "-daystart",
        "-follow",
        "-xtype",
        "-warn",
        "-nowarn",
        "-fprint0",
        "-fprintf",
    ]
)
"""Predicates of the real find; `-regex` where a pattern takes too long."""


def find(context: CommandContext) -> BuiltinResult:
    words = list(context.argv)
    script = words[:1] == [SCRIPT]
    words = words[1:] if script else words
    follows = False
    while words and words[0] in ("-L", "-H", "-P"):
        follows = words.pop(0) == "-L"
    tops = []
    while words and not words[0].startswith(("-", "(", "!", ",", ")")):
        tops.append(words.pop(0))
    context.pull()
    parser = FindParser(context, words)
    try:
        tree = parser.expression()
        if not script and any(_commands(tree)):  # behind sudo -i, xargs or bash -c the function does not reach
            return lacking(context, "find -exec without a shell")
        run = _Run(context, parser, tree, follows, script)
        for word in tops or ["."]:
            run.walk(word)
    except FindError as wrong:
        return fail(f"find: {wrong}")
    except UnknownPredicate as unknown:
        refusal = fail(f"find: {unknown}")
        return lacking(context, f"find {unknown.word}", refusal) if unknown.word in NOT_SIMULATED else refusal
    if script:
        return BuiltinResult(stdout=run.script())
    return BuiltinResult(stdout="".join(run.output), stderr=run.errors, exit_code=1 if run.errors else 0)


class _Quit(Exception):
    """-quit was reached."""


def _commands(tree: Expression) -> Iterator[str]:
    match tree:
        case Action(name=name, words=words):
            yield from words[:1] if name in RUNNING else ()
        case Both(left, right) | Either(left, right) | Then(left, right):
            yield from _commands(left)
            yield from _commands(right)
        case Neither(inner):
            yield from _commands(inner)


def _missing(tree: Expression) -> str:
    """Script lines that make find complain, in its words, about commands that are not there."""
    names = sorted({name for name in _commands(tree) if re.fullmatch(r"[\w.-]+", name)})
    says = "printf 'find: ‘%s’: No such file or directory\\n'"
    return "".join(
        f"command -v {name} > /dev/null 2>&1 || {name}() {{ {says} {name} >&2; return 1; }}\n" for name in names
    )


@dataclass(slots=True)
class _Run:
    """One walk. As a script, an outcome that depends on a command is the text of a shell command."""

    context: CommandContext
    parser: FindParser
    tree: Expression
    follows: bool
    as_script: bool
    output: list[str] = field(default_factory=list)
    errors: str = ""
    gathered: dict[Action, list[str]] = field(default_factory=dict)
    """for each run with `+`, the names that reach it, where no command decides that"""
    pruned: bool = False

    def walk(self, word: str) -> None:
        top = node(self.context, self.context.absolute(word), follow=self.follows)
        if top is None:
            self.errors += f"find: ‘{word}’: No such file or directory\n"
            return
        try:
            self._visit(FoundFile(word, top, word, 0))
        except _Quit:
            return

    def _visit(self, found: FoundFile) -> None:
        """Evaluate the expression on a file and on all below it."""
        first = self.parser.depth_first
        self.pruned = False
        if not first:
            self._evaluate(found)
        if found.entry.folder and found.depth < self.parser.deepest and (first or not self.pruned):
            mount = self.context.host.mount_of(found.entry.path)
            for child in children(self.context, found.entry):
                if not self.parser.one_mount or self.context.host.mount_of(child.path) == mount:
                    self._visit(FoundFile(f"{found.shown.rstrip('/')}/{child.name}", child, found.top, found.depth + 1))
        if first:
            self._evaluate(found)

    def _evaluate(self, found: FoundFile) -> None:
        if found.depth < self.parser.least:
            return
        outcome = self._outcome(self.tree, found)
        if isinstance(outcome, str):
            self.output.append(f"{outcome}\n")

    def _outcome(self, tree: Expression, found: FoundFile) -> bool | str:
        match tree:
            case Test(passes):
                return passes(found)
            case Action():
                return self._act(tree, found)
            case Neither(inner):
                outcome = self._outcome(inner, found)
                return f"! {{ {outcome}; }}" if isinstance(outcome, str) else not outcome
            case Both(left, right):
                return self._joined(self._outcome(left, found), right, found, "&&", stops=False)
            case Either(left, right):
                return self._joined(self._outcome(left, found), right, found, "||", stops=True)
            case Then(left, right):
                return self._sequence(self._outcome(left, found), self._outcome(right, found))

    def _joined(self, first: bool | str, right: Expression, found: FoundFile, sign: str, stops: bool) -> bool | str:
        if first is stops:
            return first
        second = self._outcome(right, found)
        if not isinstance(first, str):
            return second
        return f"{{ {first}; }} {sign} {{ {second if isinstance(second, str) else str(second).lower()}; }}"

    def _sequence(self, first: bool | str, second: bool | str) -> bool | str:
        if not isinstance(first, str):
            return second
        return f"{{ {first}; {second if isinstance(second, str) else str(second).lower()}; }}"

    def _act(self, action: Action, found: FoundFile) -> bool | str:
        if action.name == "prune":
            self.pruned = True
            return True
        if action.name == "quit":
            raise _Quit
        if action.name == "delete" and not self.as_script:
            return self._delete(found)
        if action.name in RUNNING:
            return self._command(action, found)
        if action.name == "delete":
            return f"{'rmdir' if found.entry.folder else 'rm -f'} -- {quote(found.shown)}"
        text = self._text(action, found)
        if self.as_script:
            return f"printf %s {quote(text)}" if "\0" not in text else f"printf '%s\\0' {quote(text[:-1])}"
        self.output.append(text)
        return True

    def _command(self, action: Action, found: FoundFile) -> bool | str:
        if action.name.startswith("ok"):  # asked without a terminal, nobody says yes
            self.errors += f"< {action.words[0]} ... {found.shown} > ? "
            return False
        inside = action.name == "execdir"
        shown = f"./{posixpath.basename(found.shown)}" if inside else found.shown
        if action.many:
            self.gathered.setdefault(action, []).append(shown)
            return True
        line = " ".join(quote(word.replace("{}", shown)) for word in action.words)
        return f"(cd {quote(posixpath.dirname(found.shown) or '.')} && {line})" if inside else line

    def script(self) -> str:
        """The shell script that acts as find would."""
        body = "".join(self.output)
        for action, names in self.gathered.items():
            words = [" ".join(map(quote, names)) if word == "{}" else quote(word) for word in action.words]
            body += " ".join(words) + "\n"
        said = f"printf %s {quote(self.errors)} >&2\n" if self.errors else ""
        failed = any("No such file" in line for line in self.errors.splitlines())
        end = "false\n" if failed else "" if self.gathered else "true\n"  # itself, it fails if it could not look
        return said + _missing(self.tree) + body + end

    def _delete(self, found: FoundFile) -> bool:
        entry = found.entry
        if entry.path == "/" or entry.path.split("/")[1] in copying.KERNEL:
            return False
        if found.shown == ".":
            return True
        if entry.folder and children(self.context, entry):
            self.errors += f"find: cannot delete ‘{found.shown}’: Directory not empty\n"
            return False
        copying.remove(self.context, entry)
        return True

    def _text(self, action: Action, found: FoundFile) -> str:
        if action.name == "print":
            return f"{found.shown}\n"
        if action.name == "print0":
            return f"{found.shown}\0"
        if action.name == "printf":
            return printf(self.context, action.words[0], found)
        entry = found.entry
        recent = 0 <= self.context.host.now - entry.modified < HALF_YEAR
        time = formatted(entry.modified, "%b %e %R" if recent else "%b %e  %Y")
        end = f" -> {entry.target}" if entry.kind == "symlink" else ""
        return (
            f"{entry.number:>9} {entry.blocks:>6} {entry.permissions} {links(self.context, entry):>3} {entry.owner:<8} "
            f"{entry.group:<8} {entry.size:>8} {time} {found.shown}{end}\n"
        )


def printf(context: CommandContext, pattern: str, found: FoundFile) -> str:
    """What -printf writes for a file (find(1))."""
    entry, uids = found.entry, accounts(context.host)
    folder, _, name = found.shown.rstrip("/").rpartition("/")
    time = formatted(entry.modified, "%a %b %e %T.0000000000 %Y")
    kind = {"file": "f", "directory": "d", "symlink": "l"}[entry.kind]
    values = {
        **{"p": found.shown, "f": name or "/", "h": folder or ("/" if found.shown.startswith("/") else ".")},
        **{"P": found.shown[len(found.top) :].lstrip("/"), "H": found.top, "d": str(found.depth), "l": entry.target},
        **{"s": str(entry.size), "k": str(entry.blocks), "b": str(entry.blocks * 2), "i": str(entry.number)},
        **{"u": entry.owner, "g": entry.group, "U": str(uids.get(entry.owner)), "G": str(uids.get(entry.group))},
        **{"m": f"{entry.mode:o}", "M": entry.permissions, "y": kind, "Y": kind, "n": str(links(context, entry))},
        **{"t": time, "a": time, "c": time, "F": context.host.mount_of(entry.path).kind, "%": "%"},
    }

    def part(match: re.Match[str]) -> str:
        if match[2]:
            shown = {"@": "%s.0000000000", "+": "%F+%T.0000000000", "T": "%T.0000000000", "S": "%S.0000000000"}
            text = formatted(entry.modified, shown.get(match[2], f"%{match[2]}"))
        else:
            text = values.get(match[3], match[0])
        width = int(match[1].lstrip("-") or 0) if match[1] else 0
        return text.ljust(min(width, 200)) if match[1].startswith("-") else text.rjust(min(width, 200))

    return re.sub(r"%(-?\d*)(?:[TAC](.)|([a-zA-Z%]))", part, escapes(pattern))


COMMANDS: dict[str, Command] = {"find": find}
