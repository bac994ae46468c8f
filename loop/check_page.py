"""`aj train --check`: the page of what a run would learn, do and need."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aj.visible import visible
from train.check import Preview, Source
from verdict.tables import Sheet

LEARNED, READ = "green", "dim"


def show_page(page: Preview, console: Console, show: int) -> None:
    """Print the page and, of `show` rows, which text is learned: green on a terminal, in ⟦ ⟧ elsewhere."""
    console.print(_sources(page.sources))
    show_facts(_facts(page), console)
    for name, pieces in page.audit(show):
        console.print(f"\nrow {name}", highlight=False)
        console.print(_marked(pieces, console.is_terminal), soft_wrap=True)


def show_facts(facts: Iterable[tuple[str, str]], console: Console) -> None:
    """Print (what, how much), line by line; what is too long for a line goes on below its own column."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=16)
    for what, much in facts:
        grid.add_row(Text(what), Text(much))
    console.print(grid)


def _sources(sources: Sequence[Source]) -> Sheet:
    sheet = Sheet("", ["source"], ["rows", "tokens", "learned", "share", "longest"])
    for source in [*sources, *([_sum(sources)] if len(sources) > 1 else [])]:
        counts = (source.rows, source.tokens, source.learned)
        sheet.add(
            source.name, *(f"{n:,}" for n in counts), f"{source.learned / source.tokens:.0%}", str(source.longest)
        )
    return sheet


def _sum(sources: Sequence[Source]) -> Source:
    rows, tokens, learned = (sum(getattr(s, name) for s in sources) for name in ("rows", "tokens", "learned"))
    return Source("all", rows, tokens, learned, max(source.longest for source in sources))


def _facts(page: Preview) -> Iterator[tuple[str, str]]:
    recipe, plan = page.material.recipe, page.material.plan
    lengths = ", ".join(f"{share} {length}" for share, length in page.lengths.items())
    yield "lengths", f"{lengths} tokens or less; max_length {recipe.sft.max_length}"
    yield from plan.describe()
    hours = page.hours
    time = f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(hours * 60))} minutes"
    without = f" without {plan.uncounted}" if plan.uncounted else ""
    rough = "a rough estimate from the speed of this machine"
    yield "time", f"about {time}{without}, {rough}; {plan.flop / 1e12:,.0f} TFLOP"


def _marked(pieces: Sequence[tuple[str, bool]], coloured: bool) -> Text:
    text = Text()
    for piece, learned in pieces:
        shown = visible(piece, "\n")
        text.append(f"⟦{shown}⟧" if learned and not coloured else shown, LEARNED if learned else READ)
    return text
