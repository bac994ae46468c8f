"""What a predefined view consists of: columns, and the properties or functions behind them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fleet.windows.values import PSObject, display, number_text, to_number


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    source: str | Callable[[PSObject], str]
    """a property name, or a function of the object"""
    width: int = 0
    """0 means as wide as the content"""
    right: bool = False

    def cell(self, record: PSObject) -> str:
        source = self.source
        return display(record.get(source)) if isinstance(source, str) else source(record)


@dataclass(frozen=True, slots=True)
class View:
    columns: tuple[Column, ...]
    group: str = ""
    """property by which rows are grouped under a heading"""
    heading: str = ""
    wrapped: bool = False
    """whether what is too wide goes on below"""

    def fitted(self) -> "View":
        """The view with every column as wide as its content."""
        return replace(self, columns=tuple(replace(column, width=0) for column in self.columns))


def plain(*names: str) -> View:
    """A view whose columns are plain properties, text left-aligned."""
    return View(tuple(Column(name, name) for name in names))


def amount(name: str) -> Callable[[PSObject], str]:
    """A size as the storage cmdlets show it: 12.3 GB"""

    def text(record: PSObject) -> str:
        size, unit = float(to_number(record.get(name))), "B"
        for larger in ("KB", "MB", "GB", "TB"):
            if size < 1024:
                break
            size, unit = size / 1024, larger
        return f"{number_text(round(size, 2))} {unit}"

    return text
