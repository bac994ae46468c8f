"""Writes the tables of docs/fleet.md: how much each command is used, and how the fleet answers.

python docs/fleet_page.py ROWS...

Counted are the command lines of the calls in ROWS, files of training rows, and those of the oracle on the suite full.
Without ROWS only the tables beside real machines are written.
"""

import re
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from bashkit import Bash

from aj.acts import act_of
from aj.contract import load_contract
from aj.messages import Message, Pair, Row
from datasets_build.convert import convert_files
from evals.frozen import dataset
from evals.suite import TASKS
from fleet.linux.commands import COMMANDS
from fleet.linux.manual import real_commands
from scenarios.catalogue import scenario_from_record
from scenarios.oracle import play
from tests.parity.booted import KINDS, by_command
from tests.parity.entries import by_part

ROOT = Path(__file__).parents[1]
PAGE, PARITY = ROOT / "docs" / "fleet.md", ROOT / "tests" / "parity"
MARK = "<!-- written by docs/fleet_page.py -->\n"
BOOTED = "## Beside a booted machine\n"
ABOUT_BOOTED = """
Lines that were run on a booted Debian 12 (systemd 252, Linux 6.1; see `tests/parity/guest/`) and on a host of the fleet
with the same units, users and configuration, by the first command of a line. *harmless*: other blanks, another order,
or written in `tests/parity/booted_known.txt` with the reason, as is what is *wrong*. *missing*: a gap.

"""
ABOUT_ENTRIES = """
## Faults that were found beside real servers

The lines of thirty entries, by part (`tests/parity/entries.jsonl`): what each should say was seen on a
Debian 12, or comes from documentation and knowledge where none was at hand: much of systemd, sudo and docker, and
all of Windows. *missing*: a gap.

"""
KEYWORDS = frozenset(
    ("if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case", "esac", "{", "}", "!")
)
WRAPPERS = frozenset(("sudo", "xargs", "nohup", "nice", "timeout", "time", "env", "command", "exec", "watch"))
"""Commands that run another one, which is counted too."""
LEAST = 0.002
"""Share of the lines of either source from which a command has a row of its own."""


def commands_in(line: str) -> set[str]:
    """The commands that a line runs, as far as its words tell."""
    found: set[str] = set()
    for part in re.split(r"\|\|?|&&?|;|\n|\$\(|`|\(|\)", _without_quotes(line)):
        words = part.split()
        while words:
            word = words.pop(0)
            if re.match(r"[\w]+=", word) or word in KEYWORDS or word.startswith(("-", ">", "<")) or word[:1].isdigit():
                continue
            name = word.rpartition("/")[2]
            if not re.fullmatch(r"[a-z\[][a-z0-9_.+-]*", name):
                break
            found.add(name)
            if name not in WRAPPERS:
                break
    return found


def _without_quotes(line: str) -> str:
    """What quotes hold is data, or another shell's line."""
    return re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", "x", line)


def lines_of(messages: Iterable[Message]) -> Iterator[str]:
    contract = load_contract()
    for message in messages:
        if message.call and (act := act_of(message.call, contract)) and act.command:
            yield act.command


def oracles() -> Iterator[str]:
    played = set[str]()
    for task in TASKS:
        for sample in dataset(task, "full", "aj"):
            record = (sample.metadata or {})["scenario"]
            if (key := str(sorted(record.items()))) not in played:
                played.add(key)
                yield from lines_of(play(scenario_from_record(record), load_contract())[0])


def rows(paths: list[Path]) -> Iterator[str]:
    for offer in convert_files(paths, load_contract()):
        if isinstance(offer.value, Row | Pair):
            chosen = [offer.value.chosen] if isinstance(offer.value, Pair) else []
            yield from lines_of([*offer.value.messages, *chosen])


def parity() -> tuple[Counter[str], Counter[str]]:
    """How many lines of tests/parity name a command, and how many of these differ."""
    every = [line for path in sorted((PARITY / "lines").glob("*.txt")) for line in path.read_text().splitlines()]
    known = [line.partition("  # ")[0] for line in (PARITY / "known.txt").read_text().splitlines()]
    return counted(every), counted(known)


def counted(lines: Iterable[str]) -> Counter[str]:
    return Counter(name for line in lines for name in commands_in(line))


def state(name: str, shells: Container[str]) -> str:
    if name in COMMANDS:
        return "fleet"
    if name in shells:
        return "shell"
    return "gap" if name in real_commands() else "not there"


def table(sources: Sequence[Sequence[str]]) -> Iterator[str]:
    counts = [counted(lines) for lines in sources]
    shares = {
        name: [c[name] / len(lines) for c, lines in zip(counts, sources, strict=True)] for c in counts for name in c
    }
    shells = {entry["name"] for entry in Bash().fs().read_dir("/usr/bin")}
    compared, differing = parity()
    yield "| command | oracle | rows | answered by | lines compared | differ |\n|---|---|---|---|---|---|\n"
    for name in sorted(shares, key=lambda name: (-max(shares[name]), name)):
        by = state(name, shells)
        if max(shares[name]) >= LEAST and by != "not there":
            used = " | ".join(f"{share:.1%}" for share in shares[name])
            yield f"| `{name}` | {used} | {by} | {compared[name]} | {differing[name]} |\n"


def booted_table() -> Iterator[str]:
    counts = by_command()
    yield f"| command | lines | {' | '.join(KINDS)} |\n|---|---|{'---|' * len(KINDS)}\n"
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    for name, found in [*((f"`{name}`", found) for name, found in ordered), ("all", sum(counts.values(), Counter()))]:
        yield f"| {name} | {found.total():,} | {' | '.join(f'{found[kind]:,}' for kind in KINDS)} |\n"


def entries_table() -> Iterator[str]:
    kinds = [kind for kind in KINDS if kind != "harmless"]
    yield f"| part | lines | {' | '.join(kinds)} |\n|---|---|{'---|' * len(kinds)}\n"
    counts = list(by_part())
    for part, found in [*counts, ("all", sum((found for _, found in counts), Counter()))]:
        yield f"| {part} | {found.total():,} | {' | '.join(f'{found[kind]:,}' for kind in kinds)} |\n"


def main(paths: list[Path]) -> None:
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
    used = rest.partition(BOOTED)[0]
    if paths:
        sources = [list(oracles()), list(rows(paths))]
        told = f"{len(sources[0]):,} lines of the oracle, {len(sources[1]):,} of rows.\n\n"
        used = f"\n{told}{''.join(table(sources))}\n"
    beside = f"{BOOTED}{ABOUT_BOOTED}{''.join(booted_table())}{ABOUT_ENTRIES}{''.join(entries_table())}"
    PAGE.write_text(f"{head}{MARK}{used}{beside}", encoding="utf-8")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
