"""Sources -> rows -> checks -> a locked data set: rows in = rows out + counted rejects."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from aj.contract import Contract, load_contract
from aj.errors import AJError, DataError
from aj.files import digest, digest_file, logs_dir, write_json, write_jsonl, write_text
from aj.findings import Finding, codes
from aj.fleet import asks
from aj.messages import Pair, Row, pair_to_record, row_to_record
from datasets_build import conversational
from datasets_build.card import card
from datasets_build.corrections import draw_corrections, to_pair, to_row
from datasets_build.old_shape import old_shape
from datasets_build.recipe import DataRecipe
from scorers.checks.rows import check_pair, check_row

WORDING = Path(asks.__file__).parents[1]
"""The folder `aj/`, whose YAML files hold the texts that rows are made of."""

CODE_VERSION = 3
"""Raised when the builder's output changes for the same recipe, so that old data sets are not taken for new ones."""

COUNTED: dict[str, Callable[[Random, Contract, int], Iterator[Row]]] = {
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


def build(recipe: DataRecipe) -> Path:
    """Build the data set of `recipe`, or return the finished one with the same identity.

    Returns:
        The folder `logs/datasets/<hash>/`; it appears whole, by rename.

    Raises:
        DataError: no row is left.
        AJError: the folder cannot be written.
    """
    contract = load_contract(recipe.contract)
    identity = digest(recipe.identity(), contract.hash, _wording(), CODE_VERSION)
    folder = logs_dir() / "datasets" / identity
    if (folder / "lock.json").exists():
        return folder
    rows, pairs, rejects, funnel = _collect(recipe, contract)
    if not rows:
        raise DataError(f"Recipe {recipe.name!r} gives no rows; give at least one of its sources a count above 0.")
    lock: dict[str, Any] = {
        "hash": identity,
        "name": recipe.name,
        "recipe": recipe.identity(),
        "contract": {"name": contract.name, "hash": contract.hash},
        "seed": recipe.seed,
        "templates": sorted(_templates(rows, pairs)),
        "rows": {"sft": len(rows), "dpo": len(pairs)},
        "funnel": funnel,
    }
    _write(folder, rows, pairs, rejects, lock)
    return folder


def _wording() -> list[str]:
    """Hashes of the texts that rows are made of: an edited phrase is another data set."""
    return [
        digest_file(path)
        for path in sorted((*WORDING.glob("*.yaml"), *WORDING.glob("fleet/**/*.yaml"), *WORDING.glob("fleet/**/*.py")))
    ]


def _collect(
    recipe: DataRecipe, contract: Contract
) -> tuple[list[Row], list[Pair], list[dict[str, Any]], dict[str, Any]]:
    """Draw, check and deduplicate every source; asserts that nothing is lost."""
    rows: dict[str, Row] = {}
    pairs: dict[str, Pair] = {}
    rejects: list[dict[str, Any]] = []
    funnel: dict[str, Any] = {}
    for source, items in _sources(recipe, contract):
        counts: Counter[str] = Counter()
        for item in items:
            counts["read"] += 1
            kept: dict[str, Any] = rows if isinstance(item, Row) else pairs
            findings = [] if source in recipe.unchecked else _check(item, contract)
            if findings:
                counts[f"rejected:{findings[0].code}"] += 1
                rejects.append(_reject(source, item, findings))
            elif item.id in kept:
                counts["duplicate"] += 1
            else:
                counts["kept"] += 1
                kept[item.id] = item
        assert counts["read"] == sum(n for name, n in counts.items() if name != "read"), f"{source} lost rows: {counts}"
        funnel[source] = dict(counts)
    shuffled = list(rows.values())
    Random(recipe.seed).shuffle(shuffled)
    return shuffled, list(pairs.values()), rejects, funnel


def _sources(recipe: DataRecipe, contract: Contract) -> Iterator[tuple[str, Iterator[Row | Pair]]]:
    """Every source that the recipe names, each with a seed of its own: one's count moves no other's rows."""
    sources = recipe.sources

    def rng(name: str) -> Random:
        return Random(f"{recipe.seed}.{name}")

    if (part := sources.corrections) is not None:
        cases = list(draw_corrections(rng("corrections"), contract, part.multiply))
        yield "corrections", (to_row(case) for case in cases)
        yield "corrections.pairs", (to_pair(case) for case in cases[: part.pairs])
    if (part := sources.dialogues) is not None:
        yield "dialogues", conversational.dialogues(rng("dialogues"), contract, part.count, part.turns)
    for name, draw in COUNTED.items():
        if (part := getattr(sources, name)) is not None:
            yield name, draw(rng(name), contract, part.count)


def _check(item: Row | Pair, contract: Contract) -> list[Finding]:
    return check_row(item, contract) if isinstance(item, Row) else check_pair(item, contract)


def _reject(source: str, item: Row | Pair, findings: list[Finding]) -> dict[str, Any]:
    record = row_to_record(item) if isinstance(item, Row) else pair_to_record(item)
    return {"source": source, "codes": codes(findings), "why": findings[0].why, "row": record}


def _templates(rows: list[Row], pairs: list[Pair]) -> set[str]:
    return {template for item in (*rows, *pairs) for template in item.metadata.get("templates", [])}


def _write(
    folder: Path, rows: list[Row], pairs: list[Pair], rejects: list[dict[str, Any]], lock: dict[str, Any]
) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".partial-{folder.name}-"))
    except OSError as error:
        raise AJError(
            f"{folder.parent} cannot be written ({error.strerror}); free or unlock it, then run again."
        ) from error
    try:
        write_jsonl(staging / "sft.jsonl", map(row_to_record, rows))
        write_jsonl(staging / "dpo.jsonl", map(pair_to_record, pairs))
        write_jsonl(staging / "rejects.jsonl", rejects)
        lock["files"] = {name: digest_file(staging / name) for name in ("sft.jsonl", "dpo.jsonl", "rejects.jsonl")}
        write_text(staging / "card.md", card(lock))
        write_json(staging / "lock.json", lock)
        if not (folder / "lock.json").exists():  # else another process finished the same data set: theirs is as good
            shutil.rmtree(folder, ignore_errors=True)
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
