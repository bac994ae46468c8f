"""Streams of what each source and part offers: a row, a pair, or why there is none."""

import glob
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from aj.contract import Contract
from aj.messages import Pair, Row
from datasets_build.generated import conversational
from datasets_build.generated.corrections import draw_corrections, to_pair, to_row
from datasets_build.generated.old_shape import old_shape
from datasets_build.mix.pool import Kind
from datasets_build.reading.transcripts import Parsed, Preference
from datasets_build.recipe import ConvertedPart, CorrectionsPart, DataRecipe, GeneratedPart, WordedPart

Draw = Callable[[Random, Contract, int], Iterator[Row]]
Change = Callable[[Parsed], Parsed]

COUNTED: dict[str, Draw] = {
    "tasks": conversational.tasks,
    "contexts": conversational.contexts,
    "dictated": conversational.dictated,
    "talks": conversational.talks,
    "state_blocks": conversational.state_blocks,
    "plans": conversational.plans,
    "chats": conversational.chats,
    "old_shape": old_shape,
}
"""Sources of which a recipe says only how many rows they give."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One conversation that a source offers, or the place of one that it could not."""

    value: Row | Pair | None
    kind: Kind = "sft"
    """What it is, or would have been."""
    opens: bool = True
    """It is the first of its record: records are counted by it."""
    where: str = ""
    """`file:line`, of a record."""
    repaired: tuple[str, ...] = ()
    """Codes of the repairs."""
    code: str = ""
    why: str = ""
    """Why `value` is None."""


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
        yield "dialogues", conversational.dialogues(rng(recipe.seed, "dialogues"), contract, part.count, part.turns)
    for name, draw in COUNTED.items():
        if (part := getattr(wanted, name)) is not None:
            yield name, draw(rng(recipe.seed, name), contract, part.count)


# --- parts of the mix -----------------------------------------------------------------------------------------------


def asked_of(part: GeneratedPart | WordedPart) -> int:
    """How many rows a generator is asked for: a tenth more than wanted, for those that are alike or rejected."""
    return part.count + part.spare + part.count // 10 + 8


OWN = {"licence": "Apache-2.0", "teacher": "template"}
"""Rows that this project words itself."""


def _own(item: Row | Pair, kind: Kind = "sft") -> Offer:
    return Offer(replace(item, metadata={**OWN, **item.metadata}), kind)


def _worded(name: str, part: WordedPart, context: Context) -> Iterator[Offer]:
    """Conversations from the fleet in a teacher's words; licensed as this project's where the words are its own."""
    from datasets_build.worded.generate import Rejected, generate
    from datasets_build.worded.teachers.named import open_teacher

    seed = rng(context.seed, name).randrange(2**31)
    teacher = open_teacher(part.teacher, context.contract, seed=seed, max_cost=part.max_cost)
    for made in generate(asked_of(part), seed, teacher, context.contract, part.multi_turn_ratio):
        if isinstance(made, Rejected):
            yield Offer(None, where=made.origin, code=made.code, why=made.why)
        else:
            yield _own(made) if teacher.name == OWN["teacher"] else Offer(made)


def _corrections(name: str, part: CorrectionsPart, context: Context) -> Iterator[Offer]:
    for case in draw_corrections(rng(context.seed, name), context.contract, part.multiply):
        yield _own(to_row(case))
        yield _own(to_pair(case), "dpo")


def _generated(name: str, part: GeneratedPart, context: Context) -> Iterator[Offer]:
    for row in COUNTED[part.generator](rng(context.seed, name), context.contract, asked_of(part)):
        yield _own(row)


def _converted(name: str, part: ConvertedPart, context: Context) -> Iterator[Offer]:
    """Every record of the part's files: parsed as it stands, made private where asked, repaired."""
    from datasets_build.reading.files import Unreadable, read_records

    change = _look_alikes(context.seed) if part.private else _as_it_is
    for path in files_of(part, context.root):
        for record in read_records(path):
            where = f"{path.relative_to(context.root)}:{record.line}"
            if isinstance(record, Unreadable):
                yield Offer(None, where=where, code=record.code, why=record.why)
            else:
                yield from _settled(record.value, where, change, part, context.contract)


def _look_alikes(seed: int) -> Change:
    """A value is replaced by the same look-alike in all files of all parts."""
    from datasets_build.privacy.replacer import Replacer

    return Replacer(seed).replace


def _as_it_is(item: Parsed) -> Parsed:
    return item


def _settled(
    value: dict[str, Any], where: str, change: Change, part: ConvertedPart, contract: Contract
) -> Iterator[Offer]:
    from datasets_build.reading.shapes import parse
    from datasets_build.repair.settle import settle

    for number, item in enumerate(parse(value)):
        kind: Kind = "dpo" if isinstance(item, Preference) else "sft"
        settled = settle(change(item), contract, part.foreign)
        made = settled.value
        if made is not None:
            made = replace(made, metadata={**made.metadata, "file": where})
        yield Offer(made, kind, number == 0, where, settled.repaired, settled.code or "", settled.why or "")


def files_of(part: ConvertedPart, root: Path) -> list[Path]:
    """The part's files under `root`, each once, by their path."""
    found = {path for pattern in part.files for path in glob.glob(pattern, root_dir=root, recursive=True)}
    return [root / path for path in sorted(found) if (root / path).is_file()]


KINDS: dict[str, Callable[[str, Any, Context], Iterator[Offer]]] = {
    "corrections": _corrections,
    "generated": _generated,
    "worded": _worded,
    "converted": _converted,
}
"""The stream of a part, by its kind."""
