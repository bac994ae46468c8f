"""What every command prints with: results on standard output, progress on standard error."""

import sys

from rich.console import Console

WIDE = 140
"""Columns where there is no terminal: tables in a log or a pipe keep their words."""
console = Console(width=None if sys.stdout.isatty() else WIDE)
progress = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE)


def example(line: str) -> str:
    """The last line of a command's help."""
    return f"Example: [bold]{line}[/]"
