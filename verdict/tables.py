"""Tables for a terminal of any width: where a table is too wide, its cells are stacked, and nothing is cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aj.visible import visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table


@dataclass(slots=True)
class Sheet:
    """Rows of text under heads, for rich to print."""

    title: str
    keys: Sequence[str]
    """Heads of the columns that say what a row is about."""
    heads: Sequence[str]
    """Heads of the columns with the row's values."""
    caption: str = ""
    rows: list[tuple[list[str], str]] = field(default_factory=list)
    """Cells, and rich's style of the row."""

    def add(self, *cells: str, style: str = "") -> None:
        self.rows.append(([visible(cell) for cell in cells], style))

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> Iterator["RenderableType"]:
        from rich.measure import Measurement
        from rich.text import Text

        table = self._table()
        if Measurement.get(console, options.update(max_width=10_000), table).maximum <= options.max_width:
            yield table
            return
        if self.title:
            yield Text(self.title, "italic")
        for cells, style in self.rows:
            yield from (Text(line, style, overflow="fold") for line in self._stacked(cells, options.max_width))
        if self.caption:
            yield Text(self.caption, "dim italic", overflow="fold")

    def _table(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table(
            title=Text(self.title) if self.title else None, caption=Text(self.caption) if self.caption else None
        )
        for head in self.keys:
            table.add_column(Text(visible(head)))
        for head in self.heads:
            table.add_column(Text(visible(head)), justify="right")
        for cells, style in self.rows:
            table.add_row(*map(Text, cells), style=style)
        return table

    def _stacked(self, cells: Sequence[str], width: int) -> Iterator[str]:
        """What the row is about, then its values beneath, as many beside each other as fit."""
        yield "  ".join(cell for cell in cells[: len(self.keys)] if cell)
        told = [
            f"{visible(head)} {cell}" for head, cell in zip(self.heads, cells[len(self.keys) :], strict=True) if cell
        ]
        widest = max(map(len, told), default=0)
        beside = max(1, (width - 2) // (widest + 2))
        for start in range(0, len(told), beside):
            yield ("  " + "".join(one.ljust(widest + 2) for one in told[start : start + beside])).rstrip()
