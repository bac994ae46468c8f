"""The whole loop: build, train, evaluate base, champion and candidate, compare, rank, gate, promote.

Each stage is a function whose result is a folder, named by the hash of its inputs. If the folder exists, the stage
is up to date; an interrupted stage is resumed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field
from rich.console import Console
from rich.text import Text

from aj.errors import ConfigError
from aj.files import Strict, load_yaml
from loop.ab import Sequential, line, savings
from loop.board import write_board
from loop.child import train_in_child
from loop.early import Evaluated, evaluate_or_reject
from loop.evaluate import evaluate
from loop.judging import judge
from loop.registry import champion, counted, promote
from loop.targets import base_of_run, find_run, run_target
from verdict.compare import compare_all, costs, read_both, table
from verdict.frozen import SUITES
from verdict.gate import GateOutcome, Verdict, gate, panel
from verdict.policy import Policy, load_policy
from verdict.scores import TaskScores
from verdict.sequential import in_pairs

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
    """base, champion if that is another run, and candidate unless it was rejected early."""
    verdict: Verdict
    promoted: bool
    up_to_date: bool = False
    """The run was already the champion; there was nothing to decide."""
    rejected_early: Sequential | None = None
    """The looks at a candidate that was rejected before all of the suite was asked."""


Made = TypeVar("Made", Path, Evaluated)
"""What a stage makes."""


def run_loop(recipe: LoopRecipe, console: Console, root: Path | None = None, contract: str | None = None) -> Finished:
    """Run what is not up to date; print the comparison of base and candidate, the leaderboard, and the verdict.

    A candidate that is certain to be rejected is asked no further, and then compared with what it should replace.
    `root` is the folder with the files of the data recipe, by default data/; `contract` replaces that of both recipes.

    Raises:
        ConfigError: the data recipe and the training recipe name different contracts.
    """
    policy = load_policy(ROOT / recipe.policy)
    data, run = _train(recipe, console, root, contract)
    base, candidate = base_of_run(run), run_target(run)
    reigning, reference = champion(), base
    reigns = reigning is not None and reigning["run"] == run.name
    evals = {"base": _stage(console, "eval base", lambda: evaluate(base, recipe.suite, recipe.limit))}
    if reigning and not reigns:
        reference = rival = run_target(find_run("champion"))
        evals["champion"] = _stage(console, "eval champion", lambda: evaluate(rival, recipe.suite, recipe.limit))
    against = evals.get("champion", evals["base"])

    def ask() -> Evaluated:
        if recipe.limit or reigns or recipe.suite not in SUITES:
            return Evaluated(evaluate(candidate, recipe.suite, recipe.limit))
        return evaluate_or_reject(against, candidate, policy, recipe.suite, lambda step: _say(console, line(step)))

    asked = _stage(console, "eval candidate", ask)
    if asked.rejected:
        _compare(console, in_pairs(asked.rejected.judged), reference.name, candidate.name)
        verdict = asked.rejected.judged.verdict
    else:
        evals["candidate"] = asked.folder
        _compare(console, read_both(evals["base"], asked.folder), base.name, candidate.name)
        _rank(console, evals)
        if reigns:
            return _already_champion(console, policy, run, evals)
        verdict = judge(against, asked.folder, policy, recipe.suite)
    verdict = counted(verdict, policy)
    console.print(panel(verdict))
    if asked.rejected:
        _say(console, f"The eval ended early: {savings(asked.rejected)[0]}")
    promoted = verdict.outcome is GateOutcome.PROMOTE
    if promoted:
        promote(run, verdict)
        console.print(f"Promoted: {candidate.name} is the champion. `aj rollback` undoes it.")
    elif reigning:
        console.print(f"The champion stays: {reference.name}.")
    _places(console, data, run, evals, asked.folder)
    return Finished(run, evals, verdict, promoted, rejected_early=asked.rejected)


def _train(recipe: LoopRecipe, console: Console, root: Path | None, contract: str | None) -> tuple[Path, Path]:
    """The folders of the data set and of the run."""
    from datasets_build.build import build
    from datasets_build.recipe import DataRecipe
    from train.resolve import load_recipe

    training = load_recipe(ROOT / recipe.train)
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
    return data, _stage(console, "train", lambda: train_in_child(ROOT / recipe.train, data, training.contract))


def _already_champion(console: Console, policy: Policy, run: Path, evals: dict[str, Path]) -> Finished:
    """Nothing to decide: compute the verdict that promoted it again from the same logs."""
    verdict = gate(evals["base"], evals["candidate"], policy)
    console.print(panel(verdict))
    console.print("Up to date: this run is the champion.")
    _places(console, None, run, evals, evals["candidate"])
    return Finished(run, evals, verdict, promoted=False, up_to_date=True)


def _stage(console: Console, name: str, work: Callable[[], Made]) -> Made:
    """Run a stage; print its result and how long it took."""
    console.print(Text.assemble((name, "bold"), " …"))
    start = time.time()
    made = work()
    folder = made.folder if isinstance(made, Evaluated) else made
    took = f"{(time.time() - start) / 60:.1f} min" if folder.stat().st_mtime >= start else "up to date"
    console.print(Text.assemble((name, "bold"), f" {_relative(folder)} ({took})"), soft_wrap=True)
    return made


def _compare(console: Console, both: Sequence[tuple[TaskScores, TaskScores]], a: str, b: str) -> None:
    """Print the paired comparison of two models."""
    console.print(table(compare_all(both), a, b, slices=False, costs=costs(both)))


def _rank(console: Console, evals: dict[str, Path]) -> None:
    """Print the leaderboard of all arms."""
    from evals.identities import today
    from verdict.board import rows as ranking
    from verdict.board import terminal

    ranked = ranking.rank(ranking.entries(list(evals.values())), today())
    console.print(terminal.table(ranking.headlines(ranked)))
    known = [row for row in ranked if row.task == "known_issues" and row.slice.startswith("pattern=")]
    console.print(terminal.slice_table(known, "The documented error patterns, 95% intervals"))


def _places(console: Console, data: Path | None, run: Path, evals: dict[str, Path], samples: Path) -> None:
    lines = [("data set", data), ("run", run), *((f"eval {role}", folder) for role, folder in evals.items())]
    lines.append(("leaderboard", write_board()))
    for name, path in lines:
        if path:
            _say(console, f"{name:<16} {_relative(path)}")
    _say(console, f"single samples:  .venv/bin/inspect view start --log-dir {_relative(samples)}")


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False, soft_wrap=True)


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
