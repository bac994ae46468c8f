"""Lines that need no shell: commands of ours with plain words, joined by ; && || and pipes, run without bashkit.

`sudo` may stand before a command, and before the line a change to the folder where the shell already is. A line of one
pipeline may also have `plain_tools`. Whatever else is in a line (a variable, a glob, a redirection, another command of
bashkit's) leaves it to bashkit.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from shlex import quote

from bashkit import BuiltinContext, BuiltinResult, FileSystem, ShellState

from fleet.linux import shell_functions
from fleet.linux.base_system import ENVIRONMENT
from fleet.linux.commands import COMMANDS
from fleet.linux.line_effects import CHANGE
from fleet.linux.plain_tools import PlainTool, plain_tool

_MOST = 50
"""Commands in one line."""
_ITS_OWN = frozenset(("bind", "compgen", "complete", "compopt", "fc"))
"""Names under which bashkit runs commands of its own, whatever it was given."""
PLAIN = (COMMANDS.keys() - _ITS_OWN - shell_functions.NAMES) | {"find"}
_NO_PROGRAMS = frozenset(("umask",))
"""Of these, what a shell alone has, so that sudo does not find it."""
_LETTER = r"[\w./:,+%@=-]"
_PIECE = rf"""(?:{_LETTER}|'[^'\x00-\x1f]*'|"[^"$`\\!\x00-\x1f]*")"""
_TOKEN = re.compile(rf"[ \t]*(?:({_PIECE}+)|(;|&&|\|\|?))[ \t]*", re.ASCII)
_PARTS = re.compile(r"""'([^']*)'|"([^"]*)"|([^'"]+)""")
_HOME = ENVIRONMENT["HOME"]
_AS_ROOT = {"HOME": _HOME, "USER": "root", "LOGNAME": "root", "SUDO_USER": "root"}


@dataclass(frozen=True, slots=True)
class PlainCommand:
    name: str
    argv: tuple[str, ...]
    sudo: bool
    tool: PlainTool | None
    """one of bashkit's commands, which is run without it"""


@dataclass(frozen=True, slots=True)
class PlainLine:
    folder: str | None
    """the line begins with a change to this folder"""
    before: str
    """the last word of that change"""
    pipelines: tuple[tuple[str, tuple[PlainCommand, ...]], ...]
    """(`;`, `&&` or `||` before it, its commands)"""

    def changes_no_folder(self, state: ShellState, fs: FileSystem) -> bool:
        """Whether the shell is in the folder already, and was before."""
        return self.folder is None or (state.cwd == self.folder == state.env.get("OLDPWD") and fs.exists(self.folder))


@dataclass(frozen=True, slots=True)
class Given:
    """A call of a command, in the form of bashkit's BuiltinContext."""

    name: str
    argv: list[str]
    stdin: str
    env: dict[str, str]
    cwd: str
    fs: FileSystem


Builtin = Callable[[BuiltinContext | Given], "str | BuiltinResult"]


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a line, in the form of bashkit's ExecResult."""

    stdout: str
    stderr: str
    exit_code: int
    word: str
    """the last one of the last command outside a pipe: what $_ holds then; "" if there was none"""
    codes: tuple[int, ...]
    """of the last pipeline: what PIPESTATUS holds then"""
    error: None = None


@lru_cache(4096)
def plain_line(line: str) -> PlainLine | None:
    """The commands of a line; None if it is not plain."""
    change = CHANGE.match(line)
    place, whole = change.end() if change else 0, line if line.rstrip().endswith(";") else f"{line};"
    pipelines: list[tuple[str, tuple[PlainCommand, ...]]] = []
    joined, commands, words = ";", list[PlainCommand](), list[str]()
    while place < len(whole):
        token = _TOKEN.match(whole, place)
        if token is None:
            return None
        place = token.end()
        if token[1]:
            words.append(token[1])
            continue
        command = _command(words, piped=bool(commands))
        if command is None:
            return None
        commands.append(command)
        words = []
        if token[2] != "|":
            pipelines.append((joined, tuple(commands)))
            joined, commands = token[2], []
    if commands or joined != ";" or not 0 < sum(len(each) for _, each in pipelines) <= _MOST:
        return None
    if not _could_begin_again(pipelines):
        return None
    folder = (_HOME if change[1] else change[2]) if change else None
    return PlainLine(folder, (change[1] or change[2]) if change else "", tuple(pipelines))


def _could_begin_again(pipelines: list[tuple[str, tuple[PlainCommand, ...]]]) -> bool:
    """Whether bashkit can run the line instead when a tool meets what is not plain: nothing may have been done yet."""
    every = [command for _, commands in pipelines for command in commands]
    last_tool = max((place for place, command in enumerate(every) if command.tool), default=0)
    # Of our commands tee alone both writes and hands on any text.
    return not last_tool or (len(pipelines) == 1 and "tee" not in [command.name for command in every[:last_tool]])


def _command(words: list[str], piped: bool) -> PlainCommand | None:
    sudo = words[:1] == ["sudo"]
    name, *rest = words[sudo:] or [""]
    argv = tuple("".join(map("".join, _PARTS.findall(word))) for word in rest)
    tool = plain_tool(name, argv, piped)
    starts_others = name == "find" and re.search(" -(?:exec|ok)", " ".join(("", *argv)))
    if starts_others or not (tool or name in PLAIN) or (sudo and name in _NO_PROGRAMS):
        return None
    return PlainCommand(name, argv, sudo, tool)


def run(line: PlainLine, builtins: Mapping[str, Builtin], state: ShellState, fs: FileSystem) -> Done:
    """Run the commands where the shell stands.

    Raises:
        NotPlain: a tool met what only bashkit can do.
    """
    env = dict(state.env)
    shown, said, word, codes = "", "", line.before, [0]
    for joined, commands in line.pipelines:
        if (joined == "&&" and codes[-1]) or (joined == "||" and not codes[-1]):
            continue
        out, codes = "", list[int]()
        for command in commands:
            if command.tool:
                out, code = command.tool.run(out, state.cwd, fs)
                codes.append(code)
                continue
            own = env | _AS_ROOT | {"SUDO_COMMAND": command.name} if command.sudo else env
            result = builtins[command.name](Given(command.name, list(command.argv), out, own, state.cwd, fs))
            if isinstance(result, str):
                out = result
                codes.append(0)
            else:
                out, said = result.stdout, said + result.stderr
                codes.append(result.exit_code)
        shown += out
        word = (commands[0].name, *commands[0].argv)[-1] if len(commands) == 1 else word
    return Done(shown, said, codes[-1], word, tuple(codes))


def recalls(line: str) -> bool:
    """Whether a line asks what the one before has left in $_ and PIPESTATUS."""
    return re.search(r"\$\{?[#!]?(?:_\b|PIPESTATUS)", line) is not None


def reminder(word: str, codes: tuple[int, ...]) -> str:
    """A line that leaves these behind in bashkit."""
    return (f": {quote(word)}; " if word else "") + " | ".join(f"(exit {code})" for code in codes)
