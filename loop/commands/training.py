"""`aj train`, `aj serve` and `aj loop`: from a recipe to a model that answers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aj.errors import ServeError, TrainError
from aj.files import by_name, load_yaml, logs_dir
from loop.commands.data import InsteadContract, Root
from loop.commands.terminal import AsJson, Format, console, example, progress

if TYPE_CHECKING:
    from train.recipe import Recipe
    from train.resolve import Variant

app = typer.Typer()


@app.command(epilog=example("aj train train/recipes/smollm2-135m.yaml --data logs/datasets/HASH"))
def train(
    recipe: Annotated[Path, typer.Argument(help="a training recipe (YAML), or the name of one in train/recipes")],
    data: Annotated[Path, typer.Option(help="the folder of a data set, as `aj build` prints it")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="values instead of the recipe's: lora.rank=16 sft.learning_rate=5e-5")
    ] = None,
    contract: InsteadContract = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(help="train once with each value: lora.rank=16,64; given twice, with each combination"),
    ] = None,
    suite: Annotated[
        Literal["small", "full", "practice"] | None,
        typer.Option("--eval", help="with --sweep: ask each run this suite, as `aj eval` does, and rank them"),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="share each step among so many; by default one for each GPU, or core, if it can be"),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="only print what the run would do and need; exit code 4 if it may not fit here"),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="as --dry-run, with tokens by source, lengths, memory by part, and time")
    ] = False,
    show: Annotated[
        int, typer.Option(min=0, help="with --check: rows to print, with what is learned of them in green, or in ⟦ ⟧")
    ] = 0,
) -> None:
    """Train an adapter (SFT, then DPO and GRPO), export it, and print the run's folder."""
    from loop.child import refuse_launcher
    from loop.exam import make_exam
    from train.processes import is_first
    from train.recipe import RECIPES
    from train.resolve import variants
    from train.run import train as train_run

    page = by_name(recipe, RECIPES)
    found = variants(page, overrides or [], sweep or [], contract)
    if show and not check:
        raise TrainError("--show belongs to --check; add that.")
    if suite and not sweep:
        raise TrainError("--eval belongs to --sweep; train the run, and then evaluate it with `aj eval RUN`.")
    if dry_run or check:
        if is_first():
            _show_plans(found, data, processes, check, show)
    elif sweep:
        from loop.sweep import run_sweep

        refuse_launcher("a sweep")
        run_sweep(page, found, data, progress, console, processes, suite)
    else:
        run = train_run(found[0].recipe, data, progress, found[0].overrides, processes, make_exam)
        if is_first():
            console.print(str(run), soft_wrap=True)


def _show_plans(variants: "Sequence[Variant]", data: Path, processes: int | None, check: bool, show: int) -> None:
    """Show the plan of each variant, also after one that would be refused; TrainError if any would be."""
    if len(variants) == 1:
        _show_plan(variants[0].recipe, data, processes, check, show)
        return
    refused = []
    for variant in variants:
        name = " ".join(variant.overrides)
        console.print(name, highlight=False, soft_wrap=True)
        try:
            _show_plan(variant.recipe, data, processes, check, show)
        except (TrainError, ServeError) as error:
            progress.print(f"{name}: {error}", highlight=False, soft_wrap=True)
            refused.append(name)
    if refused:
        raise TrainError(
            f"{len(refused)} of {len(variants)} variants may not be trained here as planned, for the reasons above: "
            f"{'; '.join(refused)}."
        )


def _show_plan(recipe: "Recipe", data: Path, processes: int | None, check: bool, show: int) -> None:
    from loop.check_page import show_facts, show_page
    from loop.exam import make_exam
    from train.material import run_folder
    from train.preflight import check_room
    from train.run import dry_run, written

    if check:
        from train.check import check as read_page

        page = read_page(recipe, data, processes, make_exam)
        planned = page.material.plan
        show_page(page, console, show)
    else:
        planned = dry_run(recipe, data, processes, make_exam)
        show_facts(planned.describe(), console)
    there = next(folder for folder in (logs_dir(), *logs_dir().absolute().parents) if folder.exists())
    already = written(run_folder(recipe, data, make_exam))
    check_room(planned, there, already)  # what a run would say at once, or may fail at
    if not planned.own_tokenizer:
        base, _, commit = recipe.base.partition("@")
        raise TrainError(
            f"{base} is not on this machine, so another tokenizer has counted, and the figures are estimates; run "
            f"`hf download {base} --revision {commit}`, and then the same command again."
        )


@app.command(epilog=example("aj serve champion --port 8000"))
def serve(
    model: Annotated[str, typer.Argument(help="a run, champion, base:NAME, or base:RUN")] = "champion",
    port: Annotated[int, typer.Option(min=1, max=65535, help="the port on 127.0.0.1")] = 8000,
) -> None:
    """Serve a model with vLLM as it is evaluated, as an OpenAI-compatible endpoint on 127.0.0.1. Ctrl-C ends it."""
    from loop.targets import find_model
    from train.server import serve as serve_model

    serve_model(find_model(model), port)


@app.command(epilog=example("aj loop loop/recipes/demo.yaml"))
def loop(
    recipe: Annotated[Path, typer.Argument(help="a loop recipe (YAML), or the name of one in loop/recipes")],
    root: Root = None,
    contract: InsteadContract = None,
    output: AsJson = Format.table,
) -> None:
    """Build, train, evaluate, compare, gate and promote; skip what is up to date. Exit codes as for `aj gate`."""
    from loop.ab import saved_record
    from loop.child import refuse_launcher
    from loop.pipeline import RECIPES, LoopRecipe, run_loop
    from verdict.gate import to_record

    refuse_launcher("the loop")
    chosen = load_yaml(by_name(recipe, RECIPES), LoopRecipe)
    done = run_loop(chosen, progress if output is Format.json else console, root, contract)
    if output is Format.json:
        evals = {role: str(folder) for role, folder in done.evals.items()}
        told = {"run": str(done.run), "evals": evals, "promoted": done.promoted, "verdict": to_record(done.verdict)}
        early = {"saved": saved_record(done.decided)} if done.decided else {}
        print(json.dumps(told | early))
    raise typer.Exit(0 if done.up_to_date else int(done.verdict.outcome))
