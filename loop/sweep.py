"""`aj train --sweep`: one run for each combination of values, one after the other, and a table of them, best first.

With a suite, each run is also evaluated, as `aj eval` does it, and the runs are ranked by that as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from aj.errors import AJError, ConfigError, TrainError
from aj.whole import unfinished
from loop.board import write_board
from loop.child import train_in_child
from loop.evaluate import evaluate
from loop.exam import make_exam
from loop.targets import check_servable, run_target
from train.checkpoints import reached
from train.material import run_folder
from train.resolve import Variant
from verdict.board import rows as ranking
from verdict.board import terminal
from verdict.runs import exam_score, read_object
from verdict.tables import Sheet


def run_sweep(
    page: Path,
    variants: Sequence[Variant],
    data: Path,
    progress: Console,
    console: Console,
    processes: int | None = None,
    suite: str | None = None,
) -> None:
    """Train every variant that is not finished, ask it the suite, if one is given, and print which is best.

    A variant that fails does not keep the others from being trained. The board lists what was evaluated.

    Raises:
        TrainError, DataError, ConfigError: an input is missing or wrong, or two variants are the same run; nothing was
            trained.
        ServeError: a package is missing that the evals need; nothing was trained.
        TrainError: a variant failed; the reason and the tables are printed.
    """
    names = named(variants)
    folders = {name: run_folder(variant.recipe, data, make_exam) for name, variant in zip(names, variants, strict=True)}
    _refuse_twins(folders)
    if suite:
        for variant in variants:
            check_servable(variant.recipe)
    progress.print(table(folders))
    evals: dict[str, Path] = {}
    failed: list[str] = []
    for number, (name, variant) in enumerate(zip(names, variants, strict=True), start=1):
        progress.print(f"variant {number} of {len(variants)}: {name}", highlight=False, soft_wrap=True)
        try:
            if not folders[name].exists() or unfinished(folders[name]).exists():
                train_in_child(page, data, variant.recipe.contract, variant.overrides, processes)
            if suite:
                evals[name] = evaluate(run_target(folders[name]), suite)
        except AJError as error:
            progress.print(f"{name}: {error}", highlight=False, soft_wrap=True)
            failed.append(name)
    console.print(table(folders))
    if evals:
        console.print(leaderboard(evals))
        console.print(str(write_board()), soft_wrap=True)
    if failed:
        raise TrainError(
            f"{len(failed)} of {len(variants)} variants did not finish, for the reasons above: {'; '.join(failed)}. "
            "Run the same command again to resume them."
        )


def named(variants: Sequence[Variant]) -> list[str]:
    """Each variant by the overrides in which it differs from the others."""
    shared = set.intersection(*({*variant.overrides} for variant in variants))
    return [" ".join(part for part in variant.overrides if part not in shared) for variant in variants]


def _refuse_twins(folders: Mapping[str, Path]) -> None:
    """Raises ConfigError for two variants that are one run: not every value of a recipe changes what is trained."""
    first: dict[Path, str] = {}
    for name, folder in folders.items():
        if twin := first.get(folder):
            raise ConfigError(f"{name}: the same run as {twin}, since it trains the same; remove one.")
        first[folder] = name


def table(folders: Mapping[str, Path]) -> Sheet:
    """How far each variant's run has come, and its results; where all took the exam in one metric, best first."""
    told = {name: _manifest(folder) for name, folder in folders.items()}
    exams = {name: exam for name, manifest in told.items() if (exam := exam_score(manifest))}
    asked = list(dict.fromkeys(exam.metric for exam in exams.values()))
    kinds = sorted({kind for manifest in told.values() for kind in manifest.get("held_out", {})})
    heads = ["run", "reached", "loss", *(f"held out, {kind}" for kind in kinds), *asked]
    sheet = Sheet("", ["variant"], heads)
    if len(asked) == 1:
        folders = dict(sorted(folders.items(), key=lambda item: -exams[item[0]].score if item[0] in exams else 1))
    for name, folder in folders.items():
        manifest, exam = told[name], exams.get(name)
        losses = [manifest.get("final_loss"), *(manifest.get("held_out", {}).get(kind) for kind in kinds)]
        cells = ["" if loss is None else f"{loss:.4f}" for loss in losses]
        cells += [exam.told if exam and exam.metric == metric else "" for metric in asked]
        sheet.add(name, folder.name[:6], "finished" if manifest else reached(folder), *cells)
    return sheet


def leaderboard(evals: Mapping[str, Path]) -> Sheet:
    """The evaluated variants as the board ranks them, best first."""
    from evals.identities import today

    models = [replace(entry, name=name) for name, folder in evals.items() for entry in ranking.entries([folder])]
    return terminal.table(ranking.headlines(ranking.rank(models, today())))


def _manifest(folder: Path) -> dict[str, Any]:
    """Of a finished run; empty for any other."""
    path = folder / "manifest.json"
    return read_object(path) if path.exists() else {}
