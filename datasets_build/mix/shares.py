"""Exact counts of each part, and what happens when a part has too few rows. None of it happens silently."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aj.errors import DataError
from datasets_build.ledger import Refused
from datasets_build.mix.apportion import apportion
from datasets_build.mix.collect import STREAMS, Context, files_of
from datasets_build.mix.intake import Intake
from datasets_build.mix.pool import Pool, RowKind, even, natural, stratum_of
from datasets_build.offer import Offer
from datasets_build.recipe import AnyPart, ConvertedPart, DataRecipe, GeneratedPart, Repeat, WordedPart

TEMPLATE = "template"
"""The teacher whose rows come in the order in which they are asked for."""


@dataclass
class Supply:
    """One part while the data set is drawn."""

    name: str
    part: AnyPart
    intake: Intake
    offers: Iterator[Offer]
    context: Context
    drawn: list[int] = field(default_factory=list)
    """Numbers of the rows that are in the data set."""
    repeated: list[int] = field(default_factory=list)
    """Numbers of rows that are in it once more, for each time."""
    ended: bool = False

    def __post_init__(self) -> None:
        share = even(self.part.multi_turn_ratio) if isinstance(self.part, WordedPart) else natural
        self.pools: dict[RowKind, Pool] = {
            kind: Pool(f"{self.context.seed}.{self.name}", share, lambda need, kind=kind: self._pull(kind, need))
            for kind in ("sft", "dpo")
        }
        self.intake.of(self.name)

    def draw(self, count: int) -> int:
        """Draw so many more rows, and return how many there were."""
        spool, intake = self.intake.spool, self.intake
        got = self.pools["sft"].draw(count, lambda number: intake.judge(self.name, spool.row(number)))
        self.drawn += got
        return len(got)

    def draw_pairs(self) -> list[int]:
        """All pairs, or as many as the part says."""
        spool, intake, name = self.intake.spool, self.intake, f"{self.name}.pairs"
        self._pull("dpo", None)
        pool, limit = self.pools["dpo"], self.part.pairs
        count = pool.waiting if limit is None else limit
        return pool.draw(count, lambda number: intake.judge(name, spool.pair(number)))

    @property
    def room(self) -> int:
        """How many more rows it may give: a generator its spare ones, files all that are waiting."""
        if isinstance(self.part, GeneratedPart | WordedPart):
            stop = self.ended and not self.pools["sft"].waiting
            return 0 if stop else self.part.count + self.part.spare - len(self.drawn)
        return self.pools["sft"].waiting

    def _pull(self, kind: RowKind, need: int | None) -> bool:
        """Take in offers until enough of a kind are waiting to draw `need` of them; None takes in all."""
        if isinstance(self.part, GeneratedPart | WordedPart) and kind == "dpo":
            return False  # these give no pairs: reading on would only make rows that are not needed
        pool, enough = self.pools[kind], None if need is None else self._enough(need)
        while not self.ended and (enough is None or pool.waiting < enough):
            offer = next(self.offers, None)
            if offer is None:
                self.ended = True
            else:
                self._take(offer)
        return not self.ended

    def _enough(self, need: int) -> int | None:
        """How many must be waiting so that `need` of them can be drawn; None is all that there are."""
        part = self.part
        if isinstance(part, GeneratedPart):
            return need  # its rows are drawn as they come
        if isinstance(part, ConvertedPart) or (isinstance(part, WordedPart) and part.teacher != TEMPLATE):
            return None  # these come in any order, and the choice must not depend on it
        return need + need // 10 + 8

    def _take(self, offer: Offer) -> None:
        name = f"{self.name}.pairs" if offer.is_pair else self.name
        number = self.intake.take(name, offer, self.part.filters)
        if number is not None and not isinstance(offer.value, Refused):
            self.pools["dpo" if offer.is_pair else "sft"].add(number, offer.value.id, stratum_of(offer.value))


@dataclass
class Filled:
    """The data set's rows and pairs as (part, number in the spool), and what has to be said about them."""

    rows: list[tuple[str, int]]
    """A repeated row is listed again each time."""
    pairs: list[tuple[str, int]]
    shares: dict[str, dict[str, int]]
    """By part: wanted, got (different rows), repeated."""
    shortfalls: list[str]
    """One sentence each; empty when every part has what it should."""


def fill(recipe: DataRecipe, context: Context, intake: Intake) -> Filled:
    """Draw every part's rows, in order of priority, and make up for what is short as the recipe says.

    Raises:
        DataError: a part is short and its policy is `fail`, or none of the recipe's files is there.
    """
    _need_files(recipe, context.root)
    supplies = {
        name: Supply(name, part, intake, STREAMS[type(part)](name, part, context), context)
        for name, part in recipe.parts.items()
    }
    for supply in supplies.values():
        intake.tell(supply.name, 0)
        supply.draw(supply.part.count)
    short = {name: lack for name, supply in supplies.items() if (lack := supply.part.count - len(supply.drawn))}
    _refuse([supplies[name] for name in short if recipe.policy(recipe.parts[name]) == "fail"], context.root)
    said = [
        _repeat(supplies[name], lack, policy)
        for name, lack in short.items()
        if isinstance(policy := recipe.policy(recipe.parts[name]), Repeat)
    ]
    spread = {name: lack for name, lack in short.items() if recipe.policy(recipe.parts[name]) == "redistribute"}
    said += _redistribute(supplies, spread)
    pairs = [(name, number) for name, supply in supplies.items() for number in supply.draw_pairs()]
    _count_unused(supplies, intake)
    rows = [(name, number) for name, supply in supplies.items() for number in (*supply.drawn, *supply.repeated)]
    if len(rows) < recipe.rows:
        said.append(f"The mix has {len(rows):,} of {recipe.rows:,} rows; {recipe.rows - len(rows):,} are missing.")
    shares = {
        name: {"wanted": supply.part.count, "got": len(supply.drawn), "repeated": len(supply.repeated)}
        for name, supply in supplies.items()
    }
    return Filled(rows, pairs, shares, said)


def _need_files(recipe: DataRecipe, root: Path) -> None:
    """A recipe without any of its files is not short: it is looking in the wrong place."""
    parts = recipe.files.values()
    if parts and not any(files_of(part.files, root) for part in parts):
        wanted = ", ".join(pattern for part in parts for pattern in part.files)
        raise DataError(f"No file of the mix is under {root}; give the folder that holds {wanted} with --root.")


def _refuse(short: Sequence[Supply], root: Path) -> None:
    if short:
        told = "; ".join(map(_has, short))
        raise DataError(
            f"The mix is short: {told}; add files under {root} or give another folder with --root, or set the part's "
            "`shortfall` to redistribute or {repeat: k}."
        )


LOST = {
    "rejected": "rejected",
    "filtered": "filtered out",
    "duplicate": "there twice",
    "near_duplicate": "like another row",
    "contaminated": "of the evals",
}
"""What becomes of a row that is not kept, in plain words."""


def _has(supply: Supply) -> str:
    """How many rows a part has before others make up for it, and what became of the rest."""
    counts = supply.intake.of(supply.name)
    lost = Counter[str]()
    for outcome, number in counts.outcomes.items():
        lost[outcome.partition(":")[0]] += number
    told = ", ".join(f"{lost[name]:,} {words}" for name, words in LOST.items() if lost[name])
    why = f"{counts.read:,} read{': ' if told else ''}{told}"
    patterns = supply.part.files if isinstance(supply.part, ConvertedPart) else ()
    if empty := [pattern for pattern in patterns if not files_of((pattern,), supply.context.root)]:
        why = "; ".join([f"no file matches {', '.join(empty)}", *([why] if counts.read else [])])
    return f"{supply.name} has {len(supply.drawn):,} of {supply.part.count:,} rows ({why})"


def _repeat(supply: Supply, lack: int, policy: Repeat) -> str:
    again = min(lack, len(supply.drawn) * (policy.repeat - 1))
    supply.repeated = (supply.drawn * (policy.repeat - 1))[:again]
    rest = f"; {lack - again:,} are missing" if again < lack else ""
    return f"{_has(supply)}: {again:,} are repeats, no row appears more than {policy.repeat} times{rest}."


def _redistribute(supplies: Mapping[str, Supply], short: Mapping[str, int]) -> list[str]:
    """What is missing is taken from the parts that have more, in proportion to their counts, as far as they go."""
    left, said = sum(short.values()), [f"{_has(supplies[name])}." for name in short]
    before = {name: len(supply.drawn) for name, supply in supplies.items()}
    while left:
        able = [supply for supply in supplies.values() if supply.name not in short and supply.room]
        extra = apportion(left, [supply.part.count for supply in able], [supply.room for supply in able])
        got = sum(supply.draw(count) for supply, count in zip(able, extra, strict=True) if count)
        left -= got
        if not got:
            break
    given = [f"{name} {more:,}" for name, supply in supplies.items() if (more := len(supply.drawn) - before[name])]
    if given:
        said.append(f"Rows given by other parts in their place: {', '.join(given)}.")
    return said


def _count_unused(supplies: Mapping[str, Supply], intake: Intake) -> None:
    for supply in supplies.values():
        for kind, pool in supply.pools.items():
            if pool.waiting:
                intake.of(supply.name if kind == "sft" else f"{supply.name}.pairs").end("unused", pool.waiting)
