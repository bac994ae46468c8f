"""cut: bytes, characters or fields of each line."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.file_tree import lines_of
from fleet.linux.options import options

CUT = options("""
    -b --bytes=
    -c --characters=
    -f --fields=
    -d --delimiter=
    -s --only-delimited
    -z --zero-terminated
    --complement
    --output-delimiter=
    ~ -n
""")
_HINT = "\nTry 'cut --help' for more information."
Ranges = list[tuple[int, int]]
"""First and last place of each range, from 1."""
END = 2**31


def cut(context: CommandContext) -> BuiltinResult:
    flags = parse(context, CUT)
    lists = [(name, value) for name, value in flags.pairs if name in ("b", "c", "f")]
    if len(lists) > 1:
        return fail(f"cut: only one list may be specified{_HINT}")
    delimiter = flags.get("d", "\t") or "\0"
    if len(delimiter) > 1:
        return fail(f"cut: the delimiter must be a single character{_HINT}")
    if not lists:
        return fail(f"cut: you must specify a list of bytes, characters, or fields{_HINT}")
    kind, text = lists[0]
    if kind != "f" and "d" in flags:
        return fail(f"cut: an input delimiter may be specified only when operating on fields{_HINT}")
    if kind != "f" and "s" in flags:
        return fail(f"cut: suppressing non-delimited lines makes sense\n\tonly when operating on fields{_HINT}")
    ranges = _ranges(text, kind)
    if isinstance(ranges, str):
        return fail(f"cut: {ranges}{_HINT}")
    if "complement" in flags:
        ranges = _others(ranges)
    end = "\0" if "z" in flags else "\n"
    shown, errors = "", ""
    for word in flags.words or ["-"]:
        lines = lines_of(context, word, end)
        if isinstance(lines, str):
            errors += f"cut: {word}: {lines}\n"
            continue
        chosen = (_fields(line, ranges, delimiter, flags) if kind == "f" else _places(line, ranges, flags)
                  for line in lines)  # fmt: skip
        shown += "".join(f"{line}{end}" for line in chosen if line is not None)
    return BuiltinResult(shown, errors, 1 if errors else 0)


def _ranges(text: str, kind: str) -> Ranges | str:
    """The ranges of a list such as 1,3-5,7-, joined where they meet; or what is wrong with it."""
    what = "field value" if kind == "f" else "byte/character position"
    found: Ranges = []
    for piece in re.split(r"[, \t]", text):
        match = re.fullmatch(r"(\d{0,9})(-?)(\d{0,9})", piece)
        if match is None:
            return f"invalid {'field range' if kind == 'f' and '-' in piece else what} ‘{piece}’"
        first, dash, last = match[1], match[2], match[3]
        if dash and not first and not last:
            return "invalid range with no endpoint: -"
        if "0" in (first, last) or not (first or dash):
            return "fields are numbered from 1" if kind == "f" else "byte/character positions are numbered from 1"
        if dash and last and int(first or 1) > int(last):
            return "invalid decreasing range"
        found.append((int(first or 1), int(last) if last else END if dash else int(first)))
    joined: Ranges = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _others(ranges: Ranges) -> Ranges:
    bounds = [0, *(bound for pair in ranges for bound in pair), END + 1]
    gaps = [(bounds[at] + 1, bounds[at + 1] - 1) for at in range(0, len(bounds), 2)]
    return [(first, last) for first, last in gaps if first <= last]


def _fields(line: str, ranges: Ranges, delimiter: str, flags: Flags) -> str | None:
    if delimiter not in line:
        return None if "s" in flags else line
    fields = line.split(delimiter)
    chosen = [field for first, last in ranges for field in fields[first - 1 : last]]
    return flags.get("output-delimiter", delimiter).join(chosen)


def _places(line: str, ranges: Ranges, flags: Flags) -> str:
    pieces = [piece for first, last in ranges if (piece := line[first - 1 : last])]
    return flags.get("output-delimiter").join(pieces)


COMMANDS: dict[str, Command] = {"cut": cut}
