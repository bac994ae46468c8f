"""pstree: processes as a tree; equal branches are shown once, with their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.options import options
from fleet.model import Process

PSTREE = options("""
    -a --arguments
    -c --compact-not
    -n --numeric-sort
    -p --show-pids
    -s --show-parents
    -u --uid-changes
    ~ -A --ascii
    ~ -l --long
    ~ -T --hide-threads
""")


@dataclass(frozen=True, slots=True)
class _Branch:
    text: str
    below: tuple["_Branch", ...]


def pstree(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, PSTREE, most=1)
    processes = context.host.processes
    word = flags.words[0] if flags.words else "1"
    if word.isdecimal():
        roots = [process for process in processes if process.pid == int(word[:9])]
    elif word in accounts(context.host):
        own = {process.pid for process in processes if process.user == word}
        roots = [process for process in processes if process.pid in own and process.parent not in own]
        if not roots:
            return fail("No processes found.")
    else:
        return fail(f"No such user name: {word}")
    trees = [_branch(process, None, processes, flags) for process in roots]
    if "s" in flags:
        trees = [_under_parents(root, tree, processes, flags) for root, tree in zip(roots, trees, strict=True)]
    draw = _listed if "a" in flags else _drawn
    return "\n".join("".join(f"{line}\n" for line in draw(tree, "p" in flags or "c" in flags)) for tree in trees)


def _branch(process: Process, above: Process | None, processes: Sequence[Process], flags: Flags) -> _Branch:
    children = [child for child in processes if child.parent == process.pid and child.pid != process.pid]
    children.sort(key=lambda child: child.pid if "n" in flags else (child.name, child.pid))
    below = tuple(_branch(child, process, processes, flags) for child in children)
    return _Branch(_text(process, above, flags), below)


def _under_parents(root: Process, tree: _Branch, processes: Sequence[Process], flags: Flags) -> _Branch:
    by_pid = {process.pid: process for process in processes}
    while parent := by_pid.get(root.parent):
        tree, root = _Branch(_text(parent, by_pid.get(parent.parent), flags), (tree,)), parent
    return tree


def _text(process: Process, above: Process | None, flags: Flags) -> str:
    notes = [str(process.pid)] if "p" in flags else []
    notes += [process.user] if "u" in flags and above and above.user != process.user else []
    if "a" not in flags:
        return process.name + (f"({','.join(notes)})" if notes else "")
    return " ".join([",".join([process.name, *notes]), *process.command.split()[1:]])


def _groups(branches: Sequence[_Branch], single: bool) -> list[tuple[int, _Branch]]:
    """Neighbours that are equal, with their number."""
    if single:
        return [(1, branch) for branch in branches]
    return [(len(list(same)), branch) for branch, same in groupby(branches)]


def _counted(count: int, lines: list[str]) -> list[str]:
    if count == 1:
        return lines
    front = f"{count}*["
    padded = [front + lines[0], *(" " * len(front) + line for line in lines[1:])]
    return [*padded[:-1], f"{padded[-1]}]"]


def _drawn(branch: _Branch, single: bool) -> list[str]:
    """The lines of a tree that goes to the right."""
    groups, blank = _groups(branch.below, single), " " * len(branch.text)
    lines = [] if groups else [branch.text]
    for place, (count, below) in enumerate(groups):
        last = place == len(groups) - 1
        first, *rest = _counted(count, _drawn(below, single))
        joint = ("---" if last else "-+-") if place == 0 else " `-" if last else " |-"
        lines.append((blank if place else branch.text) + joint + first)
        lines += [blank + ("   " if last else " | ") + line for line in rest]
    return lines


def _listed(branch: _Branch, single: bool) -> list[str]:
    """The lines of a tree that goes down."""
    groups = _groups(branch.below, single)
    lines = [branch.text]
    for place, (count, below) in enumerate(groups):
        last = place == len(groups) - 1
        first, *rest = _counted(count, _listed(below, single))
        lines.append(f"  {'`-' if last else '|-'}{first}")
        lines += [f"  {'  ' if last else '| '}{line}" for line in rest]
    return lines


COMMANDS: dict[str, Command] = {"pstree": pstree}
