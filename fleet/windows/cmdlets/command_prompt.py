"""The command prompt: cmd /c LINE, with the commands that are cmd's own."""

import re
import zlib
from datetime import datetime

from fleet.model import Host, Mount
from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.cmdlets.storage import free
from fleet.windows.failure import Failure, Unmodelled
from fleet.windows.matching import is_wildcard, like
from fleet.windows.paths import (
    PARTLY_LISTED,
    PathItem,
    absolute,
    all_items,
    changed,
    children,
    find,
    is_of_windows,
    parent_of,
)
from fleet.windows.releases import full_version
from fleet.windows.session import Session
from fleet.windows.values import PSValue, moment

SHARED = frozenset({"type", "del", "cd", "mkdir", "rmdir", "erase", "rd", "md", "ren"})
"""Commands that cmd and PowerShell share in their plain forms."""
LACKED = frozenset({"assoc", "call", "cls", "color", "copy", "for", "ftype", "if", "mklink", "move", "path", "title"})
"""Commands of cmd that print in a form of its own, or that have a grammar of their own."""


def command_prompt(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """cmd /c LINE: programs, and the few commands that cmd shares with PowerShell."""
    if not words or words[0].lower() not in ("/c", "/k"):
        return console_output(
            session,
            f"Microsoft Windows [Version {full_version(session.host)}]\n"
            "(c) Microsoft Corporation. All rights reserved.",
        )
    output: list[PSValue] = []
    joint = ""
    for piece in re.split(r"(&&?|\|\|)(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", _expanded(session, " ".join(words[1:]))):
        if piece in ("&", "&&", "||"):
            joint = piece
            continue
        worked = session.variables.get("lastexitcode", 0) == 0
        if joint in ("&&", "||") and worked != (joint == "&&"):
            continue
        found = re.match(r"\s*exit\b(?:\s*/b)?\s*(\d{0,9})", piece, re.IGNORECASE)
        if found:
            return output + console_output(session, "", int(found[1] or 0))[:0]
        output += _prompted(session, piece.lstrip())
    return output


def _expanded(session: Session, line: str) -> str:
    """A line with its %VARIABLES%; those that there are not stay as they are, as at the prompt of cmd /c."""
    return re.sub(r"%([^%\s]+)%", lambda found: session.environment_value(found[1]) or found[0], line)


def _prompted(session: Session, line: str) -> list[PSValue]:
    """One command of cmd."""
    head, _, rest = line.partition(" ")
    head = head.lower()
    if head in LACKED:
        raise Unmodelled(f"cmd /c {head}")
    if head in OWN:
        return _own(session, head, rest.strip().split())
    if head == "echo":
        return console_output(session, line[5:])
    if head in SHARED:
        return session.run_line(line)
    program = head.removeprefix("c:\\windows\\system32\\").removesuffix(".exe")
    if program in session.commands.programs:  # cmd has no aliases: sc is the program
        return session.run_line(f"{program}.exe{line[len(head) :]}")
    session.note(Failure("", lacks=head if session.is_lacking(head) else ""))
    text = f"'{head}' is not recognized as an internal or external command,\noperable program or batch file.\n"
    session.errors.append(text)
    return console_output(session, "", 1)[:0]


def _own(session: Session, name: str, words: Words) -> list[PSValue]:
    """A command of cmd itself."""
    try:
        return OWN[name](session, words, [])
    except Failure as failure:
        if failure.kind not in ("DriveNotFoundException", "ItemNotFoundException"):
            raise
    session.errors.append("The system cannot find the path specified.\n")
    return console_output(session, "", 1)[:0]


def _version(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    return console_output(session, f"\nMicrosoft Windows [Version {full_version(session.host)}]")


def _set(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """set, or set PREFIX: the variables whose names begin so."""
    start = " ".join(words).lower()
    if "=" in start or start.startswith("/"):
        raise Unmodelled("cmd /c set")
    held = sorted(session.environment().items(), key=lambda pair: pair[0].lower())
    lines = [f"{name}={value}" for name, value in held if name.lower().startswith(start)]
    if not lines:
        session.errors.append(f"Environment variable {words[0]} not defined\n")
        return console_output(session, "", 1)[:0]
    return console_output(session, "\n".join(lines))


def _date(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    return _clock(session, words, "date", moment(session.host.now).strftime("%a %m/%d/%Y "))


def _time(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    return _clock(session, words, "time", moment(session.host.now).strftime("%I:%M %p"))


def _clock(session: Session, words: Words, name: str, text: str) -> list[PSValue]:
    if [word.lower() for word in words] != ["/t"]:  # it would ask for a new one
        raise Unmodelled(f"cmd /c {name}")
    return console_output(session, text)


# --- volumes and folders --------------------------------------------------------------------------------------------


def serial_number(host: Host, mount: Mount) -> str:
    """A volume's: 1A2B-3C4D."""
    number = f"{zlib.crc32(f'{host.mac} {mount.target}'.encode()):08X}"
    return f"{number[:4]}-{number[4:]}"


def _volume(host: Host, letter: str) -> tuple[Mount, list[str]]:
    """The volume of a drive, and what cmd says of it."""
    mount = next(mount for mount in host.mounts if mount.target[:1].upper() == letter)
    label = f"is {mount.label}" if mount.label else "has no label."
    return mount, [f" Volume in drive {letter} {label}", f" Volume Serial Number is {serial_number(host, mount)}"]


def _vol(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    letter = absolute(session, words[0] if words else session.folder)[0]
    return console_output(session, "\n".join(_volume(session.host, letter)[1]))


def _dir(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    options = [word.lower() for word in words if word.startswith("/")]
    plain = " ".join(word for word in words if not word.startswith("/"))
    if any(option not in ("/b", "/-c") for option in options):
        raise Unmodelled(f"cmd /c dir {options[0]}")
    path = absolute(session, plain or session.folder)
    found = find(session, path)
    folder = path
    if is_wildcard(path) or (found and found[0].file is not None):
        folder = parent_of(path)
    elif path.lower() in PARTLY_LISTED or is_of_windows(path):
        raise Unmodelled(f"cmd /c dir {path}")
    else:
        found = children(all_items(session), path) if found else []
    there = find(session, folder)
    found = sorted(found, key=lambda item: item.name.lower())
    if "/b" in options:
        return console_output(session, "\n".join(item.name for item in found)) if found else _no_file(session, [])
    mount, head = _volume(session.host, path[0])
    head += ["", f" Directory of {folder}", ""]
    if not there or (not found and (is_wildcard(path) or folder != path)):
        return _no_file(session, head[: -2 if there else None])
    rows = [_row(session, item, item.name) for item in found]
    whole = folder == path or like("x.y", path.rpartition("\\")[2])
    above = [_row(session, there[0], name) for name in (".", "..")] if whole and len(folder) > 3 else []
    files = [item.file.size for item in found if item.file]
    folders = len(found) - len(files) + len(above)
    lines = [*head, *above, *rows, f"{len(files):>16} File(s) {sum(files):>14,} bytes"]
    lines.append(f"{folders:>16} Dir(s) {free(session.host, mount):>15,} bytes free")
    return console_output(session, "\n".join(lines))


def _no_file(session: Session, head: list[str]) -> list[PSValue]:
    session.errors.append("File Not Found\n")
    output = console_output(session, "\n".join(head), 1)
    return output if head else []


def _row(session: Session, item: PathItem, name: str) -> str:
    stamp = _stamp(changed(session, item))
    return f"{stamp}    <DIR>          {name}" if item.file is None else f"{stamp}{item.file.size:>18,} {name}"


def _stamp(time: datetime) -> str:
    return time.strftime("%m/%d/%Y  %I:%M %p")


OWN: dict[str, ConsoleProgram] = {
    "date": _date,
    "dir": _dir,
    "set": _set,
    "time": _time,
    "ver": _version,
    "vol": _vol,
}
"""Commands of cmd itself."""
PROGRAMS: dict[str, ConsoleProgram] = {"cmd": command_prompt}
