"""A recipe's parts -> rows -> checks -> a locked data set."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aj.contract import OWN_TOOLS, Contract, load_contract
from aj.errors import DataError
from aj.files import digest, digest_file, logs_dir, write_json, write_text
from aj.messages import Pair, Row
from aj.whole import whole_folder
from datasets_build.finished.card import card, plots
from datasets_build.finished.locked import differences, moved, read_lock
from datasets_build.finished.parquet import DPO, SFT, Export, dpo_record, sft_record
from datasets_build.mix import origin
from datasets_build.mix.accepted import still_accepted
from datasets_build.mix.collect import Context
from datasets_build.mix.contamination import asked
from datasets_build.mix.filters import length_of, measure_by
from datasets_build.mix.intake import Intake, Tell
from datasets_build.mix.near import NearIndex
from datasets_build.mix.pool import RowKind, Spool
from datasets_build.mix.shares import Filled, fill
from datasets_build.mix.tally import Tally
from datasets_build.recipe import DataRecipe

DATA = origin.ROOT / "data"
"""Where a recipe's files are looked for when no root is given."""

FILES = (
    *(f"{name}.jsonl" for name in ("sft", "dpo", "rejects", "trl/sft", "trl/dpo")),
    "parquet/sft.parquet",
    "parquet/dpo.parquet",
)
"""Everything that the lock has a hash of; card and plots are computed from these and the lock."""

Say = Callable[[str], None]


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def _untold(part: str, read: int) -> None:
    """No progress is shown."""


def build(
    recipe: DataRecipe,
    root: Path | None = None,
    locked: Path | None = None,
    say: Say = _on_stderr,
    tell: Tell = _untold,
) -> Path:
    """Build the data set of `recipe`, or return the finished one with the same identity.

    Args:
        root: The folder of the recipe's files; DATA by default.
        locked: A data set folder or its lock: build again, and compare with it.
        say: Gets every sentence that must not be missed: a shortfall, code that has changed since.
        tell: Gets the progress.

    Returns:
        The folder `logs/datasets/<hash>/`; it appears whole, by rename.

    Raises:
        DataError: no row is left; a part is short and the recipe forbids it; not what `locked` says; the finished one
            was changed.
        AJError: the folder cannot be written.
    """
    root = (root or DATA).resolve()
    contract = load_contract(recipe.contract)
    lock = _begin(recipe, contract, root)
    folder = logs_dir() / "datasets" / lock["hash"]
    then = read_lock(locked) if locked else None
    if then is None and (folder / "lock.json").exists():
        _check_intact(folder)
        if still_accepted(folder, lock["checks"], recipe, contract):
            return _finished(folder, lock, say)
        # Today's checks refuse a row of it. It stays, since runs were trained on it, and another one is built.
        lock["hash"] = digest(lock["hash"], lock["checks"])
        folder = folder.with_name(lock["hash"])
        if (folder / "lock.json").exists():
            _check_intact(folder)
            return _finished(folder, lock, say)
    if folder.exists() and not (folder / "lock.json").exists():
        raise DataError(f"{folder} has lost its lock.json; remove the folder, then build again.")
    with whole_folder(folder) as made:
        try:
            make(made, lock, recipe, contract, Context(contract, recipe.seed, root), tell)
        except DataError as error:
            changed = moved(then, lock) if then else []
            raise DataError(f"{error} Changed since: {'; '.join(changed)}.") if changed else error from error
        for sentence in lock["shortfalls"]:
            say(sentence)
        if then is not None:
            _compare(then, lock, say)
    return folder


def _begin(recipe: DataRecipe, contract: Contract, root: Path) -> dict[str, Any]:
    """The part of the lock that is known before any row is made, identity first."""
    inputs = origin.inputs(recipe, root)
    evals = [{"path": name, "sha256": content} for name, content in asked().files]
    code, libraries = origin.code(recipe), origin.libraries()
    identity = [recipe.identity(), contract.hash, code, libraries, inputs]
    # Files may share anything with new samples; generated rows are of the train split anyway.
    identity += [evals] if recipe.files else []
    identity += [load_contract(OWN_TOOLS).hash] if recipe.keeps_tools else []
    return {
        "hash": digest(*identity),
        "name": recipe.name,
        "recipe": recipe.identity(),
        "contract": {"name": contract.name, "hash": contract.hash},
        "seed": recipe.seed,
        "code": code,
        "checks": origin.checks(),
        "libraries": libraries,
        "inputs": inputs,
        "evals": evals,
        "unit": "tokens" if recipe.tokenizer else "characters",
    }


def _check_intact(folder: Path) -> None:
    """Raises DataError if the finished data set is not what its lock says: nothing would train on it."""
    try:
        files = read_lock(folder)["files"]
    except DataError as error:
        raise DataError(f"{folder / 'lock.json'} is damaged; delete {folder}, then build again.") from error
    if changed := [name for name, held in files.items() if not _holds(folder / name, held)]:
        raise DataError(
            f"{', '.join(changed)} in {folder} was changed after it was built; delete the folder, then build again."
        )


def _holds(file: Path, held: str) -> bool:
    return file.is_file() and digest_file(file) == held


def _finished(folder: Path, lock: dict[str, Any], say: Say) -> Path:
    then = read_lock(folder)
    for sentence in then["shortfalls"]:
        say(sentence)
    if changed := moved(then, lock):
        say(f"{folder.name} was built before ({'; '.join(changed)}), and its rows are still what would be built.")
    return folder


def _compare(then: dict[str, Any], lock: dict[str, Any], say: Say) -> None:
    """Raises DataError when the rows are not those of the lock; says what moved without changing any."""
    changed, different = moved(then, lock), differences(then, lock)
    cause = f"changed since: {'; '.join(changed)}" if changed else "nothing that the lock names has changed"
    if different:
        raise DataError(
            f"This is not data set {then['hash']} again: {'; '.join(different)}; {cause}. "
            "Restore that, or build without --locked."
        )
    say(f"The same bytes as {then['hash']} in all {len(then['files'])} files; {cause}.")


# --- making ---------------------------------------------------------------------------------------------------------


def make(
    folder: Path, lock: dict[str, Any], recipe: DataRecipe, contract: Contract, context: Context, tell: Tell
) -> None:
    """Write every file of the data set into `folder`, and the rest of the lock."""
    spool_file = folder / "spool"
    threshold = recipe.near_duplicates
    near: dict[RowKind, NearIndex] = {"sft": NearIndex(threshold), "dpo": NearIndex(threshold)} if threshold else {}
    measure = measure_by(recipe.tokenizer)
    with Spool(spool_file) as spool:
        with (folder / "rejects.jsonl").open("w", encoding="utf-8", errors="backslashreplace") as rejects:
            intake = Intake(contract, spool, rejects, asked(), measure, near, tell, recipe.unchecked)
            filled = fill(recipe, context, intake)
            intake.check()
        if not filled.rows:
            raise DataError(f"Recipe {recipe.name!r} gives no rows; give at least one of its parts a count above 0.")
        rows = _by_hash(filled.rows, recipe.seed, lambda number: spool.row(number).id)
        pairs = _by_hash(filled.pairs, recipe.seed, lambda number: spool.pair(number).id)
        tally = Tally()
        _write(folder, "sft", rows, spool, tally, lambda item: length_of(item, contract, measure), contract)
        _write(folder, "dpo", pairs, spool, tally, lambda item: 0, contract)
    spool_file.unlink()
    lock |= _end(filled, tally, intake)
    lock["files"] = {name: digest_file(folder / name) for name in FILES}
    write_text(folder / "card.md", card(lock, tally.lengths))
    for name, svg in plots(lock, tally.lengths).items():
        write_text(folder / "charts" / name, svg)
    write_json(folder / "lock.json", lock)


def _by_hash(placed: list[tuple[str, int]], seed: int, identify: Callable[[int], str]) -> list[tuple[str, int]]:
    """In the order of a hash of the row and of how often it came before, so that an added row moves no other."""
    times: dict[int, int] = {}
    keyed = []
    for part, number in placed:
        times[number] = times.get(number, 0) + 1
        text = f"{seed}.{identify(number)}.{times[number]}"
        keyed.append((hashlib.blake2b(text.encode(), digest_size=8).digest(), part, number))
    return [(part, number) for _, part, number in sorted(keyed)]


def _write(
    folder: Path,
    kind: RowKind,
    placed: list[tuple[str, int]],
    spool: Spool,
    tally: Tally,
    length: Callable[[Row | Pair], int],
    contract: Contract,
) -> None:
    """One kind's three files; the spooled line is the line of the JSONL.

    TRL learns every reply of a conversation, so its files lack the rows with a reply that is context only.
    """
    with (
        (folder / f"{kind}.jsonl").open("wb") as lines,
        Export(folder, kind, SFT if kind == "sft" else DPO) as export,
    ):
        for part, number in placed:
            item = spool.row(number) if kind == "sft" else spool.pair(number)
            lines.write(spool.line(number))
            if isinstance(item, Pair):
                export.write(dpo_record(item, part, contract))
            elif all(message.learned for message in item.messages) or item.layout == "state_block":
                export.write(sft_record(item, part, contract))
            else:
                tally.not_exported += 1
            tally.add(part, item, length(item))


def _end(filled: Filled, tally: Tally, intake: Intake) -> dict[str, Any]:
    """What the lock says of the rows."""
    funnels = intake.funnels
    found = sum(funnel.outcomes["near_duplicate"] for funnel in funnels.values())
    kept = sum(funnel.outcomes["kept"] for funnel in funnels.values())
    return {
        "templates": sorted(tally.templates),
        "rows": {"sft": len(filled.rows), "dpo": len(filled.pairs)},
        "shares": filled.shares,
        "shortfalls": filled.shortfalls,
        "funnel": {name: funnel.ended() for name, funnel in funnels.items()},
        "intake": {
            name: {"records": funnel.records, "converted": funnel.converted, "repaired": funnel.repaired}
            for name, funnel in funnels.items()
        },
        "repairs": {name: dict(sorted(funnel.repairs.items())) for name, funnel in funnels.items() if funnel.repairs},
        "near_duplicates": {"compared": kept + found if intake.near else 0, "found": found},
        "content": tally.to_record(),
        "order": tally.order,
    }
