"""Would today's checks accept every row of a finished data set? If so, it is still what a build would make."""

from pathlib import Path

from aj.contract import Contract
from aj.files import read_jsonl
from aj.messages import Row, read_pairs, read_rows
from datasets_build.finished.locked import read_lock
from datasets_build.recipe import DataRecipe
from scorers.checks.rows import check_pair, check_row


def still_accepted(folder: Path, checks: str, recipe: DataRecipe, contract: Contract) -> bool:
    """Whether the data set may be used under the checks whose identity is `checks`.

    Raises:
        DataError: the data set cannot be read.
    """
    if read_lock(folder).get("checks") == checks:
        return True
    unchecked = _unchecked(folder, recipe)
    items = (*read_rows(folder / "sft.jsonl"), *read_pairs(folder / "dpo.jsonl"))
    return not any(
        check_row(item, contract) if isinstance(item, Row) else check_pair(item, contract)
        for item in items
        if item.id not in unchecked
    )


def _unchecked(folder: Path, recipe: DataRecipe) -> set[str]:
    """Ids of the rows in parts that the recipe keeps although they break a check."""
    if not recipe.unchecked:
        return set()
    lines = (record for name in ("sft", "dpo") for _, record in read_jsonl(folder / "trl" / f"{name}.jsonl"))
    return {str(record["id"]) for record in lines if record["part"] in recipe.unchecked}
