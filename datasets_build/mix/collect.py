"""The stream of offers of each part of a recipe."""

import glob
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from aj.contract import Contract
from datasets_build.convert import convert_files
from datasets_build.drawn.corrections import draw_corrections, to_pair, to_row
from datasets_build.drawn.generators import generator_of
from datasets_build.drawn.near_misses import near_misses
from datasets_build.drawn.offers import own, worded
from datasets_build.offer import Offer
from datasets_build.reading.files import in_folder
from datasets_build.recipe import ConvertedPart, CorrectionsPart, CountedPart, DialoguesPart, NearMissesPart, WordedPart


@dataclass(frozen=True, slots=True)
class Context:
    """What every stream may need."""

    contract: Contract
    seed: int
    root: Path
    """The folder that a part's files are in."""

    def rng(self, name: str) -> Random:
        """Each part has a seed of its own: one part's count changes no other part's rows."""
        return Random(f"{self.seed}.{name}")


def _corrections(name: str, part: CorrectionsPart, context: Context) -> Iterator[Offer]:
    for number, case in enumerate(draw_corrections(context.rng(name), context.contract, part.multiply)):
        yield own(to_row(case))
        if part.paired is None or number < part.paired:
            yield own(to_pair(case))


def _generated(name: str, part: CountedPart | DialoguesPart, context: Context) -> Iterator[Offer]:
    # Twice as many as wanted, since some are alike or refused; no more are drawn than are needed.
    most = 2 * (part.count + part.spare) + 8
    for row in generator_of(part)(context.rng(name), context.contract, most):
        yield own(row)


def _near_misses(name: str, part: NearMissesPart, context: Context) -> Iterator[Offer]:
    for pair in islice(near_misses(context.rng(name), context.contract), 2 * part.pairs):
        yield own(pair)


def _worded(name: str, part: WordedPart, context: Context) -> Iterator[Offer]:
    """Conversations from the fleet in a teacher's words."""
    from datasets_build.drawn.worded.generate import generate
    from datasets_build.drawn.worded.teachers.named import open_teacher

    seed = context.rng(name).randrange(2**31)
    teacher = open_teacher(part.teacher, context.contract, seed=seed, max_cost=part.max_cost)
    # A tenth more than wanted, since some are alike or refused; a paid teacher is paid for each.
    most = part.count + part.spare + part.count // 10 + 8
    return worded(generate(most, seed, teacher, context.contract, part.multi_turn_ratio))


def _converted(name: str, part: ConvertedPart, context: Context) -> Iterator[Offer]:
    """Every record of the part's files; a private value gets the same look-alike in all files of all parts."""
    from datasets_build.privacy.replacer import Replacer

    change = Replacer(context.seed).replace if part.private else None
    paths = files_of(part.files, context.root)
    return convert_files(paths, context.contract, part.foreign, change=change, root=context.root)


def files_of(patterns: Iterable[str], root: Path) -> list[Path]:
    """The files under `root` that match, and the data files of folders that do, each once, by their path."""
    found = {root / path for pattern in patterns for path in glob.glob(pattern, root_dir=root, recursive=True)}
    inside = {file for path in found if path.is_dir() for file in in_folder(path)}
    return sorted(inside | {path for path in found if path.is_file()})


STREAMS: dict[type, Callable[[str, Any, Context], Iterator[Offer]]] = {
    CorrectionsPart: _corrections,
    CountedPart: _generated,
    DialoguesPart: _generated,
    NearMissesPart: _near_misses,
    WordedPart: _worded,
    ConvertedPart: _converted,
}
"""What a part's rows come from, by the part's type."""
