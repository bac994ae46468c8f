"""What lint found, as a table for people, JSON, SARIF 2.1.0 for code scanners, or annotations for GitHub."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from aj.annotations import annotation
from aj.visible import visible
from datasets_build.lint.rules import load_rules
from datasets_build.lint.run import Listed, Outcome

WORST = 10
"""How many files the table lists."""


def fold(outcomes: Iterable[Outcome], total: Outcome, keep: int) -> None:
    """Count everything into `total`, keeping `keep` findings of each code; memory does not grow with the rows."""
    for outcome in outcomes:
        total.add(outcome, keep)


def table(total: Outcome) -> Group:
    """Codes with their rows and shares, and the worst files."""
    head = f"{total.rows:,} rows in {len(total.rows_of_file):,} files; {total.faulty:,} with findings"
    if total.books:
        head = f"{total.books:,} lines of a quarantine, of rejects or of a lock are skipped. {head}"
    if not total.by_code:
        return Group(Text(f"{head}: all clean." if total.rows else "No rows."))
    codes = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("code", "family", "what"):
        codes.add_column(name)
    for name in ("rows", "share"):
        codes.add_column(name, justify="right")
    codes.add_column("--fix")
    rules = load_rules()
    for code, rows in _worst_first(total):
        rule = rules[code]
        share = f"{rows / total.rows:.1%}"
        codes.add_row(code, rule.family, Text(rule.what), f"{rows:,}", share, "yes" if rule.fixable else "")
    tools = f"{total.known_tool:,} rows call a tool of the contract by its name."
    return Group(Text(f"{head} ({total.faulty / total.rows:.1%}). {tools}"), Text(), codes, Text(), _files(total))


def _worst_first(total: Outcome) -> list[tuple[str, int]]:
    return sorted(total.by_code.items(), key=lambda item: (-item[1], item[0]))


def _files(total: Outcome) -> Table:
    files = Table(box=None, pad_edge=False, header_style="bold")
    files.add_column("worst files", overflow="fold")
    for name in ("rows with findings", "of"):
        files.add_column(name, justify="right")
    worst = sorted(((rows, file) for file, rows in total.by_file.items() if rows), key=lambda one: (-one[0], one[1]))
    for rows, file in worst[:WORST]:
        files.add_row(Text(file), f"{rows:,}", f"{total.rows_of_file[file]:,}")
    return files


def sample_lines(total: Outcome) -> Iterator[str]:
    """The findings that were kept, by their place, in the order of the table."""
    for code, _ in _worst_first(total):
        for one in total.listed:
            if one.code == code:
                yield f"{one.file}:{one.line}: {code}: {visible(one.message)}"


def json_parts(outcomes: Iterable[Outcome], total: Outcome) -> Iterator[str]:
    """{"findings": [{file, line, code, message, fixable}], "rows": …, "summary": {code: rows}}, piece by piece."""
    yield '{"findings": ['
    separator = "\n"
    for outcome in outcomes:
        for one in outcome.listed:
            yield f"{separator}{json.dumps(one._asdict(), ensure_ascii=False)}"
            separator = ",\n"
        total.add(outcome, 0)
    summary = json.dumps(dict(_worst_first(total)), ensure_ascii=False)
    yield f'\n], "rows": {total.rows}, "summary": {summary}}}\n'


def sarif_parts(outcomes: Iterable[Outcome], total: Outcome) -> Iterator[str]:
    """A SARIF 2.1.0 log, piece by piece."""
    rules = load_rules()
    driver = {
        "name": "aj lint",
        "rules": [
            {
                "id": rule.code,
                "shortDescription": {"text": rule.what},
                "fullDescription": {"text": rule.data.because},
                "help": {"text": rule.fix},
                "properties": {"tags": [rule.family]},
            }
            for rule in rules.values()
        ],
    }
    places = {code: place for place, code in enumerate(rules)}
    head = (
        '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{"tool": {"driver": '
    )
    yield f'{head}{json.dumps(driver)}}}, "results": ['
    separator = "\n"
    for outcome in outcomes:
        for one in outcome.listed:
            yield f"{separator}{json.dumps(_sarif_result(one, places[one.code]), ensure_ascii=False)}"
            separator = ",\n"
        total.add(outcome, 0)
    yield "\n]}]}\n"


def _sarif_result(one: Listed, place: int) -> dict[str, Any]:
    path = Path(one.file)
    uri = path.as_uri() if path.is_absolute() else path.as_posix().replace("%", "%25").replace(" ", "%20")
    location = {"artifactLocation": {"uri": uri}, "region": {"startLine": one.line}}
    return {
        "ruleId": one.code,
        "ruleIndex": place,
        "level": "warning",
        "message": {"text": one.message},
        "locations": [{"physicalLocation": location}],
    }


def github_parts(outcomes: Iterable[Outcome], total: Outcome) -> Iterator[str]:
    """Workflow commands, which GitHub shows next to the lines."""
    for outcome in outcomes:
        for one in outcome.listed:
            yield annotation("warning", one.message, file=one.file, line=one.line, title=one.code) + "\n"
        total.add(outcome, 0)
