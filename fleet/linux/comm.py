"""comm: the lines of two sorted files that only one has, or both."""

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.file_tree import lines_of
from fleet.linux.options import options

COMM = options("""
    -1
    -2
    -3
    -z --zero-terminated
    --nocheck-order
    --output-delimiter=
    --total
""")
_HINT = "\nTry 'comm --help' for more information."


def comm(context: CommandContext) -> BuiltinResult:
    flags = parse(context, COMM, most=2)
    if len(flags.words) < 2:
        after = f" after ‘{flags.words[0]}’" if flags.words else ""
        return fail(f"comm: missing operand{after}{_HINT}")
    end = "\0" if "z" in flags else "\n"
    sides = []
    for word in flags.words:
        lines = lines_of(context, word, end)
        if isinstance(lines, str):
            return fail(f"comm: {word}: {lines}")
        sides.append(lines)
    shown = [column for column, option in ((1, "1"), (2, "2"), (3, "3")) if option not in flags]
    tab = flags.get("output-delimiter", "\t")
    rows, disorder = _merged(*sides)
    text = "".join(f"{tab * shown.index(column)}{line}{end}" for column, line in rows if column in shown)
    if "total" in flags:
        counts = [str(sum(column == one for column, _ in rows)) for one in (1, 2, 3)]
        text += f"{tab.join([*counts, 'total'])}{end}"
    if not disorder or "nocheck-order" in flags:
        return BuiltinResult(stdout=text)
    told = "".join(f"comm: file {number} is not in sorted order\n" for number in disorder)
    return BuiltinResult(text, f"{told}comm: input is not in sorted order\n", 1)


def _merged(first: list[str], second: list[str]) -> tuple[list[tuple[int, str]], list[int]]:
    """((column, line) in order, the files that turned out not to be sorted): that is looked for from the first line on
    that only one file has."""
    rows: list[tuple[int, str]] = []
    disorder: list[int] = []
    sides, at, unpaired = (first, second), [0, 0], False
    while at[0] < len(first) or at[1] < len(second):
        heads = [side[place] if place < len(side) else None for side, place in zip(sides, at, strict=True)]
        one, other = heads
        if one is not None and one == other:
            rows.append((3, one))
            moved = (0, 1)
        else:
            moved = (0,) if other is None or (one is not None and one.encode() < other.encode()) else (1,)
            rows.append((moved[0] + 1, heads[moved[0]] or ""))
            unpaired = True
        for side in moved:
            at[side] += 1
            lines, place = sides[side], at[side]
            if unpaired and place < len(lines) and lines[place - 1].encode() > lines[place].encode():
                disorder += [side + 1] if side + 1 not in disorder else []
    return rows, disorder


COMMANDS: dict[str, Command] = {"comm": comm}
