"""Cmdlets that read, find and list files."""

from collections.abc import Iterable

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.failure import Failure, Unmodelled
from fleet.windows.matching import BadPattern, Matcher, RegexMatch, is_wildcard, like
from fleet.windows.members import hash_entries
from fleet.windows.paths import (
    PARTLY_LISTED,
    PathItem,
    absolute,
    all_items,
    children,
    exactly,
    find,
    is_of_windows,
    not_found,
    one,
    parent_of,
    record,
)
from fleet.windows.regex_members import match_record
from fleet.windows.registry_provider import are_there, child_keys, key_record, named_keys
from fleet.windows.session import SHOWN
from fleet.windows.values import Hash, PSObject, PSValue, items, to_text
from fleet.windows.views import MATCH


def named_items(call: CmdletCall, *names: str) -> list[PathItem]:
    """The items named by the path parameters or the pipeline; missing ones are reported."""
    given = next((call.texts(name) for name in names if call.has(name)), None)
    paths = given if given is not None else call.names("Path", "FullName", "PSPath", "Path")
    found: list[PathItem] = []
    for path in paths:
        plain = path.removeprefix("Microsoft.PowerShell.Core\\FileSystem::")
        literal = call.has("LiteralPath") or given is None
        fits = exactly(call.session, plain) if literal else find(call.session, plain)
        if not fits and (literal or not is_wildcard(plain)):
            failure = not_found(absolute(call.session, plain))
            kind = f"{failure.id},{call.cmdlet.class_name}"
            call.fail(failure.message, kind.split(",")[0], failure.category, failure.target, failure.kind)
        found += fits
    return found


def environment(call: CmdletCall) -> list[PSObject] | None:
    """The environment variables that the path names (Env:\\PATH, or Env: for all); None if it names files."""
    drive, colon, name = call.text("Path", call.text("LiteralPath")).partition(":")
    if not colon or drive.lower() != "env":
        return None
    wanted = name.strip("\\/") or "*"
    held = {name: value for name, value in call.session.environment().items() if like(name, wanted)}
    if not held and not is_wildcard(wanted):
        failure = not_found(wanted)
        call.fail(failure.message, failure.id, failure.category, failure.target, failure.kind)
    return [entry for entry in hash_entries(Hash(dict(held))) if isinstance(entry, PSObject)]


# --- reading --------------------------------------------------------------------------------------------------------


def get_content(call: CmdletCall) -> Iterable[PSValue]:
    if (variables := environment(call)) is not None:
        return [entry.get("Value") for entry in variables]
    tail, head = call.number("Tail"), call.number("TotalCount")
    output: list[PSValue] = []
    for item in named_items(call, "Path", "LiteralPath"):
        if item.file is None:
            text = f"Access to the path '{item.path}' is denied."
            call.fail(
                text,
                "GetContentReaderUnauthorizedAccessError",
                "PermissionDenied",
                f"{item.path}:String",
                "UnauthorizedAccessException",
            )
            continue
        call.session.budget.spend(item.file.size - item.file.bulk)
        if call.flag("Wait"):
            call.session.exit_code = 124  # would follow the file forever, so it times out
        if call.flag("Raw"):
            output.append(item.file.content)
            continue
        lines = item.file.content.splitlines()
        if head is not None:
            lines = lines[: max(head, 0)]
        if tail is not None:
            lines = lines[len(lines) - max(tail, 0) :] if 0 <= tail < len(lines) else lines
        output += lines
    return output


def select_string(call: CmdletCall) -> Iterable[PSValue]:
    patterns = [_matcher(call, pattern) for pattern in call.texts("Pattern")]
    matches: list[PSValue] = []
    for path, lines in _searched(call):
        for place, line in enumerate(lines):
            hits = next((found for matcher in patterns if (found := _hits(call, matcher, line))), [])
            if bool(hits) == call.flag("NotMatch"):
                continue
            matches.append(_match(call, path, lines, place, hits))
            if call.flag("List"):
                break
    return [bool(matches)] if call.flag("Quiet") else matches


def _matcher(call: CmdletCall, pattern: str) -> Matcher:
    try:
        return Matcher(pattern, call.session.budget, call.flag("CaseSensitive"), call.flag("SimpleMatch"))
    except BadPattern as bad:
        text = f"The string {pattern} is not a valid regular expression: {bad.message}"
        raise call.failure(text, "InvalidRegex", "InvalidArgument", ":", "ArgumentException") from None


def _hits(call: CmdletCall, matcher: Matcher, line: str) -> list[RegexMatch]:
    return list(matcher.matches(line)) if call.flag("AllMatches") else [hit for hit in [matcher.search(line)] if hit]


def _searched(call: CmdletCall) -> list[tuple[str, list[str]]]:
    """(path, lines) to search: files, or pipeline input as text."""
    of_files = [item for item in call.input if isinstance(item, PSObject) and item.real_name("FullName")]
    if call.has("Path") or call.has("LiteralPath") or of_files:
        found = [item for item in named_items(call, "Path", "LiteralPath") if item.file is not None]
        return [(item.path, item.file.content.splitlines()) for item in found if item.file]
    texts: list[str] = []
    for value in items(call.value("InputObject")) if call.has("InputObject") else call.input:
        text = value.text if isinstance(value, PSObject) and value.type == SHOWN else to_text(value)
        texts += [text] if not isinstance(value, PSObject) or value.type != SHOWN else text.splitlines()
    return [("InputStream", texts)]


def _match(call: CmdletCall, path: str, lines: list[str], place: int, found: list[RegexMatch]) -> PSObject:
    around = [int(number) for number in call.numbers("Context")] if call.has("Context") else [0]
    before, after = around[0], around[-1]
    prefix = "" if path == "InputStream" else f"{path}:"

    def shown_line(at: int) -> str:
        number = f"{at + 1}:" if prefix else ""
        mark = ("> " if at == place else "  ") if before or after else ""
        return f"{mark}{prefix}{number}{lines[at]}"

    span = range(max(place - max(before, 0), 0), min(place + max(after, 0) + 1, len(lines)))
    text = "\n".join(shown_line(at) for at in span)
    values: dict[str, PSValue] = {
        "LineNumber": place + 1,
        "Line": lines[place],
        "Path": path,
        "Filename": path.rsplit("\\", 1)[-1],
        "Pattern": call.text("Pattern"),
        "Matches": [match_record(one) for one in found],
    }
    return PSObject(MATCH, values, text)


def test_path(call: CmdletCall) -> Iterable[PSValue]:
    output: list[PSValue] = []
    for path in call.names("Path", "FullName", "PSPath") or call.texts("LiteralPath"):
        if path.lower().startswith("env:"):
            output.append(any(like(name, path[4:].strip("\\/") or "*") for name in call.session.environment()))
            continue
        if (there := are_there(call, path)) is not None:
            output.append(there)
            continue
        try:
            found = exactly(call.session, path) if call.has("LiteralPath") else find(call.session, path)
        except Failure as failure:
            if failure.ends_line:
                raise
            found = []  # no such drive, so nothing exists there
        kind = call.text("PathType").lower()
        if kind in ("leaf", "container"):
            found = [item for item in found if (item.file is None) == (kind == "container")]
        output.append(bool(found))
    return output


# --- listing --------------------------------------------------------------------------------------------------------


def get_child_item(call: CmdletCall) -> Iterable[PSValue]:
    if (variables := environment(call)) is not None:
        return list(variables)
    if (keys := child_keys(call)) is not None:
        return keys
    given = call.has("Path") or call.has("LiteralPath") or (call.piped and call.input)
    roots = named_items(call, "Path", "LiteralPath") if given else [one(call.session, call.session.folder)]
    everything, found = all_items(call.session), []
    wild = [path for path in call.texts("Path") if is_wildcard(path)]
    deep = call.flag("Recurse") or call.has("Depth")
    for root in roots:
        if root.file is not None or (wild and not deep):
            found.append(root)
            continue
        if root.path.lower() in PARTLY_LISTED or is_of_windows(root.path):
            raise Unmodelled(f"{call.cmdlet.name} {root.path}")
        inside = children(everything, root.path, deep)
        if (depth := call.number("Depth")) is not None:
            inside = [
                item for item in inside if item.path.count("\\") - root.path.rstrip("\\").count("\\") <= depth + 1
            ]
        found += inside
    if deep and wild:  # logs\*.log -Recurse looks for *.log in every subfolder
        last = wild[0].replace("/", "\\").rsplit("\\", 1)[-1]
        start = one(call.session, parent_of(absolute(call.session, wild[0])))
        found = [item for item in children(everything, start.path, True) if like(item.name, last)]
    found = filtered(call, found)
    call.session.budget.spend(len(found) * 100)
    return [item.name for item in found] if call.flag("Name") else [record(call.session, item) for item in found]


def filtered(call: CmdletCall, found: list[PathItem]) -> list[PathItem]:
    if call.flag("File") or call.flag("Directory"):
        found = [item for item in found if (item.file is None) == call.flag("Directory")]
    for name, wanted in (("Filter", True), ("Include", True), ("Exclude", False)):
        if call.has(name):
            patterns = call.texts(name)
            found = [item for item in found if any(like(item.name, pattern) for pattern in patterns) == wanted]
    return found


def get_item(call: CmdletCall) -> Iterable[PSValue]:
    if (variables := environment(call)) is not None:
        return list(variables)
    if (keys := named_keys(call)) is not None:
        return [key_record(call.session, key) for key in keys]
    return [record(call.session, item) for item in named_items(call, "Path", "LiteralPath")]


CMDLETS = (
    Cmdlet(
        "Get-Content",
        get_content,
        "Path",
        "Tail|Last TotalCount|First|Head LiteralPath|PSPath Encoding",
        "Raw Wait Force",
        lacks="ReadCount Delimiter Stream Filter Include Exclude",
    ),
    Cmdlet(
        "Select-String",
        select_string,
        "Pattern Path",
        "LiteralPath|PSPath Context Encoding InputObject",
        "SimpleMatch CaseSensitive NotMatch Quiet List AllMatches",
        lacks="Include Exclude",
    ),
    Cmdlet(
        "Test-Path",
        test_path,
        "Path",
        "PathType|Type LiteralPath|PSPath",
        lacks="IsValid NewerThan OlderThan Filter Include Exclude",
    ),
    Cmdlet(
        "Get-ChildItem",
        get_child_item,
        "Path Filter",
        "LiteralPath|PSPath Include Exclude Depth",
        "Recurse|s File Directory|ad|d Force Name",
        lacks="Attributes Hidden|ah|h System|as ReadOnly|ar",
    ),
    Cmdlet("Get-Item", get_item, "Path", "LiteralPath", "Force"),
)
