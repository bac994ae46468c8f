"""How every command prints: results on standard output, progress on standard error.

Nothing that is printed is read as markup or as an emoji: a path, a model or a message may hold `[…]` and `:key:`.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

WIDE = 140
"""Columns where there is no terminal, so that tables in a log or a pipe keep their words."""
console = Console(width=None if sys.stdout.isatty() else WIDE, markup=False, emoji=False)
progress = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE, markup=False, emoji=False)


class Format(StrEnum):
    table = "table"
    json = "json"


AsJson = Annotated[Format, typer.Option("--format", help="table or json")]


def example(line: str) -> str:
    """The last line of a command's help."""
    return f"Example: [bold]{line}[/]"


def show(output: Format, records: Any, table: Callable[[], Any]) -> None:
    """Print records as JSON, or the table."""
    if output is Format.json:
        print(json.dumps(records, ensure_ascii=False, indent=2))
    else:
        console.print(table())


def say(sentence: str) -> None:
    """Print a sentence of progress."""
    progress.print(sentence, highlight=False, soft_wrap=True)


@contextmanager
def counting() -> Iterator[Callable[[str, int], None]]:
    """One line of progress per part, with how much of it was read; nothing without a terminal."""
    columns = [TextColumn(told, markup=False) for told in ("{task.description:<24}", "{task.completed:>9,.0f} read")]
    off = not progress.is_terminal
    with Progress(SpinnerColumn(), *columns, TimeElapsedColumn(), console=progress, disable=off) as bar:
        lines: dict[str, TaskID] = {}

        def tell(name: str, read: int) -> None:
            if name not in lines:
                lines[name] = bar.add_task(name, total=None)
            bar.update(lines[name], completed=read)

        yield tell
