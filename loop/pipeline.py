"""The whole loop: build, train, evaluate base, champion and candidate, compare, rank, gate, promote.

Each stage is a function whose result is a folder, named by the hash of its inputs. If the folder exists, the stage
is up to date; an interrupted stage is resumed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from rich.console import Console
from rich.text import Text

from aj.errors import ConfigError
from aj.files import Strict, load_yaml
from loop.board import write_board
from loop.child import train_in_child
from loop.judging import judge
from loop.registry import champion, counted, promote
from loop.targets import Target, base_of_run, find_run, run_target
from verdict.gate import GateOutcome, Verdict, gate, panel
from verdict.policy import load_policy

ROOT = Path(__file__).parents[1]
RECIPES = Path(__file__).parent / "recipes"


class LoopRecipe(Strict):
    """The data recipe, training recipe, suite and policy of a loop; paths are relative to the checkout."""

    name: str
    data: str
    train: str
    suite: str = "small"
    policy: str = "verdict/policies/default.yaml"
    limit: int | None = Field(default=None, ge=1)
    """Samples per task, to try out the machinery; the gate refuses such evidence."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What the loop made."""

    run: Path
    evals: dict[str, Path]
    """base, candidate, and champion if that is another run."""
    verdict: Verdict
    promoted: bool
    up_to_date: bool = False
    """The run was already the champion; there was nothing to decide."""


def run_loop(recipe: LoopRecipe, console: Console, root: Path | None = None, contract: str | None = None) -> Finished:
    """Run what is not up to date; print the comparison of base and candidate, the leaderboard, and the verdict.

    `root` is the folder with the files of the data recipe, by default data/; `contract` replaces that of both recipes.

    Raises:
        ConfigError: the data recipe and the training recipe name different contracts.
    """
    from datasets_build.build import build
    from datasets_build.recipe import DataRecipe
    from loop.evaluate import evaluate
    from train.recipe import Recipe

    training = load_yaml(ROOT / recipe.train, Recipe)
    policy = load_policy(ROOT / recipe.policy)
    data_recipe = load_yaml(ROOT / recipe.data, DataRecipe)
    if contract:
        training = training.model_copy(update={"contract": contract})
        data_recipe = data_recipe.model_copy(update={"contract": contract})
    if data_recipe.contract != training.contract:
        raise ConfigError(
            f"{recipe.data} is for the contract {data_recipe.contract!r}, {recipe.train} for {training.contract!r}; "
            "name the same one in both, or give --contract."
        )
    data = _stage(console, "build", lambda: build(data_recipe, root))
    run = _stage(console, "train", lambda: train_in_child(ROOT / recipe.train, data, training.contract))
    targets = {"base": base_of_run(run), "candidate": run_target(run)}
    reigning = champion()
    if reigning and reigning["run"] != run.name:
        targets["champion"] = run_target(find_run("champion"))

    def run_suite(target: Target) -> Callable[[], Path]:
        return lambda: evaluate(target, recipe.suite, recipe.limit)

    evals = {role: _stage(console, f"eval {role}", run_suite(target)) for role, target in targets.items()}
    _report(console, evals, targets)
    if reigning and reigning["run"] == run.name:
        return _already_champion(console, recipe, run, evals)
    reference = evals.get("champion", evals["base"])
    verdict = counted(judge(reference, evals["candidate"], policy, recipe.suite), policy)
    console.print(panel(verdict))
    promoted = verdict.outcome is GateOutcome.PROMOTE
    if promoted:
        promote(run, verdict)
        console.print(f"Promoted: {targets['candidate'].name} is the champion. `aj rollback` undoes it.")
    elif reigning:
        console.print(f"The champion stays: {targets['champion'].name}.")
    _places(console, data, run, evals)
    return Finished(run, evals, verdict, promoted)


def _already_champion(console: Console, recipe: LoopRecipe, run: Path, evals: dict[str, Path]) -> Finished:
    """Nothing to decide: compute the verdict that promoted it again from the same logs."""
    verdict = gate(evals["base"], evals["candidate"], load_policy(ROOT / recipe.policy))
    console.print(panel(verdict))
    console.print("Up to date: this run is the champion.")
    _places(console, None, run, evals)
    return Finished(run, evals, verdict, promoted=False, up_to_date=True)


def _stage(console: Console, name: str, work: Callable[[], Path]) -> Path:
    """Run a stage; print its result and how long it took."""
    console.print(Text.assemble((name, "bold"), " …"))
    start = time.time()
    folder = work()
    took = f"{(time.time() - start) / 60:.1f} min" if folder.stat().st_mtime >= start else "up to date"
    console.print(Text.assemble((name, "bold"), f" {_relative(folder)} ({took})"), soft_wrap=True)
    return folder


def _report(console: Console, evals: dict[str, Path], targets: dict[str, Target]) -> None:
    """Print the paired comparison of base and candidate, and the leaderboard of all arms."""
    from evals.identities import today
    from verdict import compare
    from verdict.board import rows as ranking
    from verdict.board.terminal import slice_table, table

    logs = compare.read_both(evals["base"], evals["candidate"])
    names = targets["base"].name, targets["candidate"].name
    console.print(compare.table(compare.compare_all(logs), *names, slices=False, costs=compare.costs(logs)))
    ranked = ranking.rank(ranking.entries(list(evals.values())), today())
    console.print(table(ranking.headlines(ranked)))
    known = [row for row in ranked if row.task == "known_issues" and row.slice.startswith("pattern=")]
    console.print(slice_table(known, "The documented error patterns, 95% intervals"))


def _places(console: Console, data: Path | None, run: Path, evals: dict[str, Path]) -> None:
    lines = [("data set", data), ("run", run), *((f"eval {role}", folder) for role, folder in evals.items())]
    lines.append(("leaderboard", write_board()))
    for name, path in lines:
        if path:
            console.print(f"{name:<16} {_relative(path)}", highlight=False, soft_wrap=True)
    folder = _relative(evals["candidate"])
    console.print(f"single samples:  .venv/bin/inspect view start --log-dir {folder}", highlight=False, soft_wrap=True)


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
