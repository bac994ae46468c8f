"""The console programs findstr and find, which look for text in files or in what is piped to them."""

import re

from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output, lines_of
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import Matcher
from fleet.windows.paths import PathItem, find
from fleet.windows.session import Session
from fleet.windows.values import PSValue

META = re.compile(r"[.*^$\[\\]")
FINDSTR_OPTIONS = re.compile(r"/[ivnmlrbex]+", re.IGNORECASE)
LACKED = re.compile(r"/(?:[ivnmlrbexspo]+|offline|[gfda]:.*|q:.*)", re.IGNORECASE)
"""More of findstr's options: subfolders, printable files, offsets, lists in files."""


def dotnet(pattern: str) -> str:
    r"""findstr's regular expression in .NET's: . * ^ $ [ ], \< and \>; a backslash takes all meaning from others."""
    parts = re.findall(r"\\[<>]|\\.|\[[^\]]*\]|.", pattern, re.DOTALL)
    words = {r"\<": r"(?<!\w)(?=\w)", r"\>": r"(?<=\w)(?!\w)"}
    plain = (part[1:] if part[0] == "\\" and part[1:].isalnum() else part for part in parts)
    return "".join(words.get(part) or (f"\\{part}" if part in "+?(){}|\\" else part) for part in plain)


def findstr(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    flags, literal, plain = "", [], []
    for word in words:
        if word.lower().startswith("/c:"):
            literal.append(word[3:])
        elif FINDSTR_OPTIONS.fullmatch(word):
            flags += word[1:].lower()
        elif LACKED.fullmatch(word):
            raise Unmodelled(f"findstr {word}")
        elif word.startswith("/"):
            session.errors.append(f"FINDSTR: {word} ignored\n")
        else:
            plain.append(word)
    if not literal and not plain:
        session.errors.append("FINDSTR: Bad command line\n")
        return console_output(session, "", 2)[:0]
    wanted, files = (literal, plain) if literal else (plain[0].split(), plain[1:])
    expression = "l" not in flags and ("r" in flags or (not literal and META.search(wanted[0] if wanted else "")))
    patterns = [dotnet(text) if expression else re.escape(text) for text in wanted]
    if "x" in flags or "b" in flags:
        patterns = [f"^(?:{pattern})" for pattern in patterns]
    if "x" in flags or "e" in flags:
        patterns = [f"(?:{pattern})$" for pattern in patterns]
    matchers = [Matcher(pattern, session.budget, "i" not in flags) for pattern in patterns]
    found = _sources(session, files, "FINDSTR: Cannot open {}\n")
    many = len(found) > 1 or any(mark in name for name in files for mark in "*?")
    shown: list[str] = []
    for name, lines in [(item.path, _lines(item)) for item in found] if files else [("", lines_of(given))]:
        hits = [
            (number, line)
            for number, line in enumerate(lines, 1)
            if any(matcher.fits(line) for matcher in matchers) == ("v" not in flags)
        ]
        if "m" in flags:
            shown += [name] * bool(hits)
            continue
        label = f"{name}:" if many else ""
        shown += [f"{label}{f'{number}:' if 'n' in flags else ''}{line}" for number, line in hits]
    return console_output(session, "\n".join(shown)) if shown else console_output(session, "", 1)[:0]


def find_text(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """find "text" [files]: under each file's name its lines, or with /c their number."""
    flags = {word.lower() for word in words if re.fullmatch(r"/[a-z]+", word, re.IGNORECASE)}
    plain = [word for word in words if word.lower() not in flags]
    if not plain or flags - {"/v", "/c", "/n", "/i", "/off", "/offline"}:
        session.errors.append("FIND: Parameter format not correct\n")
        return console_output(session, "", 2)[:0]
    matcher = Matcher(plain[0], session.budget, "/i" not in flags, simple=True)
    shown, total = [], 0
    found = _sources(session, plain[1:], "File not found - {}\n")
    for name, lines in [(item.path, _lines(item)) for item in found] if plain[1:] else [("", lines_of(given))]:
        hits = [
            f"[{number}]{line}" if "/n" in flags else line
            for number, line in enumerate(lines, 1)
            if (matcher.search(line) is not None) == ("/v" not in flags)
        ]
        total += len(hits)
        head = f"---------- {name.upper()}"
        if "/c" in flags:
            shown += ["", f"{head}: {len(hits)}"] if name else [str(len(hits))]
        else:
            shown += ["", head, *hits] if name else hits
    return console_output(session, "\n".join(shown), 0 if total else 1) if shown else console_output(session, "", 1)[:0]


def _sources(session: Session, paths: list[str], missing: str) -> list[PathItem]:
    """The files at the paths; what is missing is reported."""
    items: list[PathItem] = []
    for path in paths:
        files = [item for item in find(session, path) if item.file]
        if not files:
            session.errors.append(missing.format(path))
        items += files
    return items


def _lines(item: PathItem) -> list[str]:
    return item.file.content.splitlines() if item.file else []


PROGRAMS: dict[str, ConsoleProgram] = {"findstr": findstr, "find": find_text}
