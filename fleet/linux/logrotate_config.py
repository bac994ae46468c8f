"""logrotate's configuration: what is rotated when, and how (logrotate 3.21)."""

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

CRITERIA = ("hourly", "daily", "weekly", "monthly", "yearly")
_SWITCHES = {
    "compress": ("compress", True), "nocompress": ("compress", False),
    "delaycompress": ("delays", True), "nodelaycompress": ("delays", False),
    "copytruncate": ("truncates", True), "nocopytruncate": ("truncates", False),
    "missingok": ("missing_ok", True), "nomissingok": ("missing_ok", False),
    "ifempty": ("if_empty", True), "notifempty": ("if_empty", False),
    "sharedscripts": ("shared", True), "nosharedscripts": ("shared", False),
    "dateext": ("dated", True), "nodateext": ("dated", False),
    "nocreate": ("creates", None), "nomail": ("", None), "nocopy": ("", None), "noolddir": ("", None),
    "noshred": ("", None), "maillast": ("", None), "mailfirst": ("", None),
}  # fmt: skip
"""Directive without a value -> the field that it sets."""
_UNCLEAR = ("addextension", "compresscmd", "compressext", "compressoptions", "copy", "createolddir", "dateformat",
    "datehourago", "dateyesterday", "extension", "firstaction", "ignoreduplicates", "lastaction", "mail", "maxage",
    "minage", "olddir", "preremove", "renamecopy", "shred", "shredcycles", "start", "taboopat", "tabooext",
    "uncompresscmd", "allowhardlink")  # fmt: skip
"""Directives that are not simulated."""
_TABOO = (".bak", ".cfsaved", ".dpkg-bak", ".dpkg-del", ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".dpkg-tmp",
    ".disabled", ".rpmnew", ".rpmorig", ".rpmsave", ".swp", ".ucf-dist", ".ucf-new", ".ucf-old", ",v", "~")  # fmt: skip


class UnclearRotation(Exception):
    """A directive of which it is not simulated what logrotate does."""


@dataclass(frozen=True, slots=True)
class LogRule:
    """How logs are rotated."""

    patterns: tuple[str, ...] = ()
    shown: str = ""
    """the patterns as they are written, up to the brace"""
    twice: bool = False
    """another rule has one of its logs, so it has none"""
    criterion: str = "size"
    """one of CRITERIA, or size"""
    weekday: int = 0
    size: int = 1_048_576
    """bytes, for the criterion size"""
    min_size: int = 0
    max_size: int = 0
    count: int = 0
    """of old logs that are kept"""
    compress: bool = False
    delays: bool = False
    truncates: bool = False
    missing_ok: bool = False
    if_empty: bool = True
    shared: bool = False
    dated: bool = False
    creates: tuple[str, ...] | None = None
    """mode, owner and group of the new log; () as those of the old one; None: there is no new one"""
    su: tuple[str, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)
    """prerotate, postrotate -> lines for the shell"""


@dataclass(slots=True)
class ConfigReader:
    """Reads configuration files one after another; the settings of one hold for those that it includes."""

    text_of: Callable[[str], str | None]
    """content of a file; None if there is none"""
    names_in: Callable[[str], list[str] | None]
    """what is in a folder, by name; None if it is none"""
    mode_of: Callable[[str], int]
    """permissions of a file"""
    expand: Callable[[str], list[str]]
    """the files that a pattern stands for"""
    default: LogRule = LogRule()
    rules: list[LogRule] = field(default_factory=list)
    said: list[tuple[str, bool]] = field(default_factory=list)
    """(line, whether logrotate fails with it)"""

    def read(self, path: str, shown: str = "") -> None:
        """A file, or every file of a folder."""
        names = self.names_in(path)
        if names is not None:
            taboo = {name: end for name in names for end in _TABOO if name.endswith(end)}
            self.said += [(f"Ignoring {name}, because of *{end} pattern match", False) for name, end in taboo.items()]
            for name in names:
                if name not in taboo and self.text_of(posixpath.join(path, name)) is not None:
                    self.read(posixpath.join(path, name), name)
            return
        text, shown = self.text_of(path), shown or path
        if text is None:
            self.said.append((f"error: cannot stat {shown}: No such file or directory", True))
        elif (mode := self.mode_of(path)) & 0o022:
            why = f"error: Ignoring {shown} because it is writable by group or others."
            self.said += [(f"warning: Potentially dangerous mode on {shown}: 0{mode:o}", False), (why, False)]
        elif not text:
            self.said.append((f"Ignoring {shown} because it's empty.", False))
        else:
            self.said.append((f"reading config file {shown}", False))
            self._lines(shown, text)

    def _lines(self, name: str, text: str) -> None:
        lines = iter(text.split("\n"))
        rule: LogRule | None = None
        broken = False
        for number, line in enumerate(lines, start=1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            place = f"{name}:{number}"
            if rule is None and line.startswith(("/", '"', "'", "~")):
                rule, broken = self._opened(line, lines), False
                line = line.partition("{")[2].strip()
                if self._is_taken(rule):
                    self._error(f"{place} duplicate log entry for {self._is_taken(rule)}")
                    rule = replace(rule, twice=True)
            if line == "}" and rule is not None:
                if broken:
                    self.said.append(("removing last 1 log configs", False))
                else:
                    self.rules.append(rule)
                rule, broken = None, False
            elif broken or not line:
                continue
            elif rule is None and line in ("{", "}"):
                self._error(f"{place} lines must begin with a keyword or a filename (possibly in double quotes)")
            elif line in ("prerotate", "postrotate") and rule is not None:
                rule = replace(rule, scripts={**rule.scripts, line: _script(lines)})
            elif found := re.match(r"include\s+(\S+)", line):
                self.said.append((f"including {found[1]}", False))
                self.read(found[1])
            elif rule is None:
                self.default = self._set(place, self.default, line) or self.default
            else:
                changed = self._set(place, rule, line)
                broken, rule = changed is None, changed or rule
                if broken:
                    self._error(f"found error in {rule.shown}, skipping")
        self.rules += [rule] if rule else []

    def _opened(self, line: str, lines: Iterator[str]) -> LogRule:
        """The rule that a line of patterns begins; they may go on, up to a brace."""
        shown = line
        while "{" not in shown:
            shown += "\n" + next(lines, "{").strip()
        shown = shown.partition("{")[0]
        return replace(self.default, patterns=tuple(shlex.split(shown)), shown=shown, scripts={})

    def _is_taken(self, rule: LogRule) -> str:
        """A log of a rule that another one has."""
        taken = {path for other in self.rules for pattern in other.patterns for path in self.expand(pattern)}
        return next((path for pattern in rule.patterns for path in self.expand(pattern) if path in taken), "")

    def _error(self, message: str) -> None:
        self.said.append((f"error: {message}", True))

    def _set(self, place: str, rule: LogRule, line: str) -> LogRule | None:
        """The rule with a directive; None after an error that makes it useless."""
        key, value = re.findall(r"([^\s=]*)\s*=?\s*(.*)", line)[0]
        if key in _SWITCHES:
            name, on = _SWITCHES[key]
            return replace(rule, **{name: on}) if name else rule
        if key in CRITERIA:
            return replace(rule, criterion=key, weekday=int(value) if value.isdecimal() else 0)
        if key in ("size", "minsize", "maxsize"):
            number = _bytes(value)
            if number is None:
                self._error(f"{place} unknown unit '{value}'" if value else f"{place} missing size")
                return None
            if key == "size":
                return replace(rule, criterion="size", size=number)
            return replace(rule, **{"minsize": {"min_size": number}, "maxsize": {"max_size": number}}[key])
        if key == "rotate":
            if not re.fullmatch(r"\d+", value):
                if value == "-1":
                    raise UnclearRotation("rotate -1")
                self._error(f"{place} bad rotation count '{value}'")
                return None
            return replace(rule, count=int(value))
        if key in ("create", "su"):
            return replace(rule, **{"creates" if key == "create" else "su": tuple(value.split())})
        if key in _UNCLEAR:
            raise UnclearRotation(key)
        self._error(f"{place} unknown option '{key}' -- ignoring line")
        return rule


def _script(lines: Iterator[str]) -> str:
    """The lines up to `endscript`."""
    found = []
    for line in lines:
        if line.strip() == "endscript":
            break
        found.append(line.strip())
    return "\n".join(found)


def _bytes(value: str) -> int | None:
    found = re.fullmatch(r"(\d+)([kKMG]?)", value)
    return int(found[1]) * {"": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[found[2]] if found else None
