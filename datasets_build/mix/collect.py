"""Streams of what each source and part offers."""

import glob
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from aj.contract import Contract
from aj.messages import Pair, Row
from datasets_build.convert import Converted, convert_files, own, worded
from datasets_build.drawn import templated
from datasets_build.drawn.corrections import draw_corrections, to_pair, to_row
from datasets_build.drawn.old_shape import old_shape
from datasets_build.reading.files import in_folder
from datasets_build.recipe import ConvertedPart, CorrectionsPart, DataRecipe, GeneratedPart, WordedPart

Draw = Callable[[Random, Contract, int], Iterator[Row]]

COUNTED: dict[str, Draw] = {
    "tasks": templated.tasks,
    "contexts": templated.contexts,
    "dictated": templated.dictated,
    "talks": templated.talks,
    "state_blocks": templated.state_blocks,
    "plans": templated.plans,
    "chats": templated.chats,
    "old_shape": old_shape,
}
"""Sources of which a recipe says only how many rows they give."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every stream may need."""

    contract: Contract
    seed: int
    root: Path
    """Where a part's files lie."""


def rng(seed: int, name: str) -> Random:
    """Each source has a seed of its own: one's count moves no other's rows."""
    return Random(f"{seed}.{name}")


def sources(recipe: DataRecipe, contract: Contract) -> Iterator[tuple[str, Iterator[Row | Pair]]]:
    """Every generated source that the recipe names."""
    wanted = recipe.sources
    if (part := wanted.corrections) is not None:
        cases = list(draw_corrections(rng(recipe.seed, "corrections"), contract, part.multiply))
        yield "corrections", (to_row(case) for case in cases)
        yield "corrections.pairs", (to_pair(case) for case in cases[: part.pairs])
    if (part := wanted.dialogues) is not None:
        yield "dialogues", templated.dialogues(rng(recipe.seed, "dialogues"), contract, part.count, part.turns)
    for name, draw in COUNTED.items():
        if (part := getattr(wanted, name)) is not None:
            yield name, draw(rng(recipe.seed, name), contract, part.count)


# --- parts of the mix -----------------------------------------------------------------------------------------------


def asked_of(part: GeneratedPart | WordedPart) -> int:
    """How many rows a generator is asked for: a tenth more than wanted, for those that are alike or rejected."""
    return part.count + part.spare + part.count // 10 + 8


def _worded(name: str, part: WordedPart, context: Context) -> Iterator[Converted]:
    """Conversations from the fleet in a teacher's words."""
    from datasets_build.drawn.worded.generate import generate
    from datasets_build.drawn.worded.teachers.named import open_teacher

    seed = rng(context.seed, name).randrange(2**31)
    teacher = open_teacher(part.teacher, context.contract, seed=seed, max_cost=part.max_cost)
    return worded(generate(asked_of(part), seed, teacher, context.contract, part.multi_turn_ratio))


def _corrections(name: str, part: CorrectionsPart, context: Context) -> Iterator[Converted]:
    for case in draw_corrections(rng(context.seed, name), context.contract, part.multiply):
        yield Converted(own(to_row(case)))
        yield Converted(own(to_pair(case)))


def _generated(name: str, part: GeneratedPart, context: Context) -> Iterator[Converted]:
    for row in COUNTED[part.generator](rng(context.seed, name), context.contract, asked_of(part)):
        yield Converted(own(row))


def _converted(name: str, part: ConvertedPart, context: Context) -> Iterator[Converted]:
    """Every record of the part's files; made private by the same look-alikes in all files of all parts."""
    from datasets_build.privacy.replacer import Replacer

    change = Replacer(context.seed).replace if part.private else None
    paths = files_of(part.files, context.root)
    return convert_files(paths, context.contract, part.foreign, change=change, root=context.root)


def files_of(patterns: Iterable[str], root: Path) -> list[Path]:
    """The files under `root` that match, and the data files of folders that do, each once, by their path."""
    found = {root / path for pattern in patterns for path in glob.glob(pattern, root_dir=root, recursive=True)}
    inside = {file for path in found if path.is_dir() for file in in_folder(path)}
    return sorted(inside | {path for path in found if path.is_file()})


KINDS: dict[str, Callable[[str, Any, Context], Iterator[Converted]]] = {
    "corrections": _corrections,
    "generated": _generated,
    "worded": _worded,
    "converted": _converted,
}
"""The stream of a part, by its kind."""
