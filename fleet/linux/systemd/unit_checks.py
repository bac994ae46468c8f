"""What systemd-analyze verify says of a service's unit file (systemd 252): its syntax, its values, and what it runs.

`directives.txt` has every key with its kind, as systemd --dump-configuration-items names them.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


class UnclearUnit(Exception):
    """The file has something of which it is not known what systemd says."""


@dataclass(slots=True)
class UnitReport:
    """What is known of a unit file."""

    path: str
    said: list[str] = field(default_factory=list)
    fatal: bool = False
    commands: dict[str, list[str]] = field(default_factory=dict)
    """key such as ExecStart -> its values"""
    values: dict[str, str] = field(default_factory=dict)
    requires: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


_RUN = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")
_UNITS = frozenset(("After", "Before", "Wants", "Requires", "Requisite", "BindsTo", "PartOf", "Conflicts", "Upholds",
    "OnFailure", "OnSuccess"))  # fmt: skip
_NEEDED = frozenset(("Requires", "Requisite", "BindsTo"))
_WORDS = {
    "Type": ("service type", "simple exec forking oneshot dbus notify idle"),
    "Restart": (
        "service restart specifier",
        "no on-success on-failure on-abnormal on-abort on-watchdog always",
    ),
    "KillMode": ("kill mode specification", "control-group mixed process none"),
    "ProtectSystem": ("protect system value", "yes no true false strict full 1 0 on off"),
    "StandardOutput": ("output specifier", "inherit null tty journal kmsg journal+console kmsg+console"),
    "StandardError": ("output specifier", "inherit null tty journal kmsg journal+console kmsg+console"),
}
"""Key -> what systemd calls its value, and which there are."""
_TIMES = {"TimeoutStartSec": "TimeoutStartSec= parameter", "TimeoutStopSec": "time value"}
_FREE = frozenset(("Description", "User", "Group", "SyslogIdentifier", "BusName", "PIDFile", "RuntimeDirectory",
    "StateDirectory", "LogsDirectory"))  # fmt: skip
_BOOLEANS = frozenset(["1", "0", "yes", "no", "y", "n", "true", "false", "t", "f", "on", "off"])
_SUFFIX = re.compile(r".+\.(?:service|socket|target|device|mount|automount|swap|timer|path|slice|scope)")
_SPAN = re.compile(r"infinity|(?:\d+(?:\.\d+)?\s*(?:us|ms|s|sec|min|m|h|hr|d|w)?\s*)+")


@cache
def _kinds() -> dict[str, dict[str, str]]:
    """Section -> key -> kind of its value."""
    known: dict[str, dict[str, str]] = {}
    for line in (Path(__file__).parent / "directives.txt").read_text(encoding="utf-8").splitlines():
        section, key, kind = re.fullmatch(r"\[(\w+)\] (\w+)=(.*)", line).groups()  # pyright: ignore[reportOptionalMemberAccess]
        known.setdefault(section, {})[key] = kind
    return known


def checked(path: str, text: str, why_not: Callable[[str], str], missing: Callable[[str], bool]) -> tuple[str, int]:
    """What is said of the unit file at an absolute path, and the exit status. `why_not` tells why a program cannot be
    run ("": it can), `missing` whether there is no unit of a name.

    Raises:
        UnclearUnit: that is not known.
    """
    report = UnitReport(path)
    if header := _read(report, text):
        why = (
            f"Unit {report.name} failed to load properly, please adjust/correct and reload service manager: Bad message"
        )
        return "".join(f"{line}\n" for line in (*report.said, header, why)), 1
    refusal = "Unit configuration has fatal error, unit will not be started." if report.fatal else _refusal(report)
    if refusal:
        report.said += [f"{report.name}: {refusal}", f"Unit {report.name} has a bad unit file setting."]
        return "".join(f"{line}\n" for line in report.said), 1
    count = len(report.said)
    if lost := next(filter(missing, report.requires), None):
        report.said.append(f"{report.name}: Failed to create {report.name}/start: Unit {lost} not found.")
    else:
        report.said += _unrunnable(report, why_not)
    return "".join(f"{line}\n" for line in report.said), int(len(report.said) > count)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(number, line) of what is no comment, with lines that go on joined; the number is that of the last part."""
    held = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip()[:1] in ("#", ";"):
            continue
        if line.endswith("\\"):
            held += f"{line[:-1]} "
            continue
        if joined := f"{held}{line}".strip():
            yield number, joined
        held = ""


def _read(report: UnitReport, text: str) -> str:
    """Take all lines of a file; what is said of a line after which nothing is read, or ""."""
    section, ignored = "", False
    for number, line in _lines(text):
        at = f"{report.path}:{number}:"
        if line.startswith("["):
            if not line.endswith("]"):
                return f"{at} Invalid section header '{line}'"
            section = line[1:-1]
            ignored = section not in _kinds()
            if ignored and not section.startswith("X-"):
                report.said.append(f"{at} Unknown section '{section}'. Ignoring.")
        elif not section:
            report.said.append(f"{at} Assignment outside of section. Ignoring.")
        elif "=" not in line:
            report.said += [] if ignored else [f"{at} Missing '=', ignoring line."]
        elif not ignored:
            key, _, value = line.partition("=")
            report.said += [f"{at} {told}" for told in _taken(report, section, key.strip(), value.strip())]
    return ""


def _taken(report: UnitReport, section: str, key: str, value: str) -> list[str]:
    """What is said of an assignment, which is taken down."""
    kind = _kinds()[section].get(key)
    if kind is None:
        return [] if key.startswith("X-") else [f"Unknown key '{key}' in section [{section}], ignoring."]
    if section == "Install":
        return []
    if "%" in value or "$" in value.partition(" ")[0]:
        raise UnclearUnit(f"{key} with {value.partition(' ')[0]}")
    if key in _RUN:
        return _command(report, key, value)
    report.values[key] = value
    return _value(report, key, kind, value) if value else []


def _command(report: UnitReport, key: str, value: str) -> list[str]:
    if not value:
        report.commands[key] = []
        return []
    program = value.lstrip("-@:+!").partition(" ")[0]
    if "/" in program and not program.startswith("/"):
        report.fatal = True
        return [f"Neither a valid executable name nor an absolute path: {program}"]
    report.commands.setdefault(key, []).append(value)
    return []


def _value(report: UnitReport, key: str, kind: str, value: str) -> list[str]:
    if key in _UNITS:
        units = value.split()
        report.requires += [unit for unit in units if key in _NEEDED and _SUFFIX.fullmatch(unit)]
        wrong = [unit for unit in units if not _SUFFIX.fullmatch(unit)]
        return [f"Failed to add dependency on {unit}, ignoring: Invalid argument" for unit in wrong]
    if key in _WORDS:
        what, words = _WORDS[key]
        if ":" in value:
            raise UnclearUnit(key)
        return [] if value in words.split() else [f"Failed to parse {what}, ignoring: {value}"]
    if kind == "BOOLEAN":
        return [] if value.lower() in _BOOLEANS else [f"Failed to parse boolean value, ignoring: {value}"]
    if kind == "SECONDS" or key in _TIMES:
        return [] if _SPAN.fullmatch(value) else [f"Failed to parse {_TIMES.get(key, 'sec value')}, ignoring: {value}"]
    if key == "Environment":
        try:
            words = shlex.split(value)
        except ValueError as error:
            raise UnclearUnit(f"{key}={value}") from error
        return [f"Invalid environment assignment, ignoring: {word}" for word in words if "=" not in word]
    if key == "EnvironmentFile":
        absolute = value.lstrip("-").startswith("/")
        return [] if absolute else [f"EnvironmentFile= path is not absolute, ignoring: {value}"]
    if key == "WorkingDirectory":
        report.fatal = report.fatal or not value.lstrip("-").startswith(("/", "~"))
        return [] if value.lstrip("-").startswith(("/", "~")) else [f"WorkingDirectory= path is not absolute: {value}"]
    if key == "Documentation" and "man:" not in value:  # systemd-analyze asks man for its pages
        wrong = [url for url in value.split() if not re.match(r"(?:https?|file|info):", url)]
        return [f"Invalid URL, ignoring: {url}" for url in wrong]
    if key == "User" and value == "nobody":
        return ["Special user nobody configured, this is not safe!"]
    plain = re.fullmatch(r"[\w.@-]+", value) if key in ("User", "Group") else True
    number = re.fullmatch(r"\d{1,6}", value) if key.startswith("Limit") or key == "StartLimitBurst" else None
    if (key in _FREE and plain) or number:
        return []
    raise UnclearUnit(f"{key}={value}")


def _refusal(report: UnitReport) -> str:
    """Why a service is refused although its file can be read."""
    starts, stops = report.commands.get("ExecStart", []), report.commands.get("ExecStop", [])
    stays = report.values.get("RemainAfterExit", "").lower() in ("1", "yes", "y", "true", "t", "on")
    kind = report.values.get("Type", "simple")
    if not starts and not stops and "SuccessAction" not in report.values:
        return "Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing."
    if not starts and not stays and "SuccessAction" not in report.values:
        return ("Service has no ExecStart= and no SuccessAction= settings and does not have RemainAfterExit=yes set. "
            "Refusing.")  # fmt: skip
    if len(starts) > 1 and kind != "oneshot":
        return ("Service has more than one ExecStart= setting, which is only allowed for Type=oneshot services. "
            "Refusing.")  # fmt: skip
    if kind == "oneshot" and report.values.get("Restart") in ("always", "on-success"):
        return ("Service has Restart= set to either always or on-success, which isn't allowed for Type=oneshot "
            "services. Refusing.")  # fmt: skip
    if kind == "dbus" and not report.values.get("BusName"):
        return "Service is of type D-Bus but no D-Bus service name has been specified. Refusing."
    return ""


def _unrunnable(report: UnitReport, why_not: Callable[[str], str]) -> list[str]:
    """What cannot be run: of each kind, only the first command is looked at."""
    first = (report.commands[key][0] for key in _RUN if report.commands.get(key))
    programs = [value.lstrip("@:+!").partition(" ")[0] for value in first]
    looked = ((program, why_not(program)) for program in programs if not program.startswith("-"))
    return [f"{report.name}: Command {program} is not executable: {why}" for program, why in looked if why]
