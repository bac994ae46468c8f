"""Writes the board of every finished eval, with the registry's champions, as one HTML file."""

from collections.abc import Sequence
from pathlib import Path

from aj.files import logs_dir, write_text
from loop import registry
from verdict.board.models import Titles
from verdict.board.page import to_html
from verdict.board.rows import BoardRow, Entry, entries, rank
from verdict.samples import DONE


def finished_evals() -> list[Path]:
    """The folders of all finished evals."""
    return sorted(path.parent for path in logs_dir().glob(f"evals/*/{DONE}"))


def page_path() -> Path:
    """Where the board of all finished evals lies."""
    return logs_dir() / "board.html"


def write_board() -> Path:
    """Write the page of all finished evals, and return its path."""
    from evals.identities import today

    models = entries(finished_evals())
    write_page(page_path(), models, rank(models, today()))
    return page_path()


def write_page(path: Path, models: Sequence[Entry], rows: Sequence[BoardRow]) -> None:
    """Write the page of these models."""
    reigning = registry.champion()
    titles = Titles(reigning["run"] if reigning else None, registry.history())
    write_text(path, to_html(models, rows, titles, logs_dir()))
