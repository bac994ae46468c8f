"""`aj train --sweep`: one run for each combination of values, one after the other, and a table of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from aj.errors import TrainError
from loop.child import train_in_child
from loop.exam import make_exam
from train.checkpoints import reached
from train.material import run_folder
from train.resolve import Variant
from verdict.runs import read_object
from verdict.tables import Sheet


def run_sweep(
    page: Path,
    variants: Sequence[Variant],
    data: Path,
    progress: Console,
    console: Console,
    processes: int | None = None,
) -> None:
    """Train every variant that is not finished; a variant that fails does not keep the others from being trained.

    Raises:
        TrainError, DataError, ConfigError: an input is missing or wrong; nothing was trained.
        TrainError: a variant failed; it has said why, and the table is printed.
    """
    folders = [run_folder(variant.recipe, data, make_exam) for variant in variants]
    names = named(variants)
    progress.print(_table(names, folders))
    failed = 0
    for number, variant in enumerate(variants, start=1):
        progress.print(f"variant {number} of {len(variants)}: {names[number - 1]}", highlight=False, soft_wrap=True)
        try:
            train_in_child(page, data, variant.recipe.contract, variant.overrides, processes)
        except TrainError:
            failed += 1
    console.print(_table(names, folders))
    if failed:
        raise TrainError(
            f"{failed} of {len(variants)} variants did not finish; run the same command again to resume them."
        )


def named(variants: Sequence[Variant]) -> list[str]:
    """Each variant by the overrides in which it differs from the others."""
    shared = set.intersection(*({*variant.overrides} for variant in variants))
    return [" ".join(part for part in variant.overrides if part not in shared) for variant in variants]


def _table(names: Sequence[str], folders: Sequence[Path]) -> Sheet:
    told = [_manifest(folder) for folder in folders]
    kinds = sorted({kind for manifest in told for kind in manifest.get("held_out", {})})
    exams = [_last_exam(manifest) for manifest in told]
    asked = list(dict.fromkeys(metric for exam in exams for metric in exam))
    heads = ["run", "reached", "loss", *(f"held out, {kind}" for kind in kinds), *asked]
    sheet = Sheet("", ["variant"], heads)
    for name, folder, manifest, exam in zip(names, folders, told, exams, strict=True):
        losses = [manifest.get("final_loss"), *(manifest.get("held_out", {}).get(kind) for kind in kinds)]
        cells = ["" if loss is None else f"{loss:.4f}" for loss in losses]
        cells += [exam.get(metric, "") for metric in asked]
        sheet.add(name, folder.name[:6], "finished" if manifest else reached(folder), *cells)
    return sheet


def _last_exam(manifest: dict[str, Any]) -> dict[str, str]:
    """Metric -> score and step of the checkpoint that the run ends with."""
    chosen = (manifest.get("exam") or {}).get("chosen", {})
    if not chosen:
        return {}
    stage, told = list(chosen.items())[-1]
    return {metric: f"{score:.3f}, {stage} step {told['step']}" for metric, score in told.items() if metric != "step"}


def _manifest(folder: Path) -> dict[str, Any]:
    """Of a finished run; empty for any other."""
    path = folder / "manifest.json"
    return read_object(path) if path.exists() else {}
