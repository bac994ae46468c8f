"""The whole loop: build, train, evaluate the candidate and what it is to replace, compare, rank, gate, promote.

Each stage is a function whose result is a folder, named by the hash of its inputs. If the folder exists, the stage
is up to date; an interrupted stage is resumed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
from loop.early import Evaluated, evaluate_or_reject, is_whole
from loop.evaluate import evaluate
from loop.judging import judge
from loop.registry import champion, counted, promote
from loop.targets import Target, base_of_run, check_servable, find_run, run_target
from verdict.compare import compare_all, costs, read_both, table
from verdict.frozen import SUITES
from verdict.gate import GateOutcome, Verdict, panel
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
    """The whole evals, by role: candidate, and base or champion. One that the verdict did not need is missing."""
    verdict: Verdict
    promoted: bool
    up_to_date: bool = False
    """The run was already the champion; there was nothing to decide."""
    decided: Sequential | None = None
    """The looks that decided before all of the suite was asked."""


Made = TypeVar("Made", Path, Evaluated)
"""What a stage makes."""


def run_loop(recipe: LoopRecipe, console: Console, root: Path | None = None, contract: str | None = None) -> Finished:
    """Run what is not up to date; print the comparison with the reference, the leaderboard, and the verdict.

    The reference is the champion, or the base if there is none. A base is asked no further than the verdict needs, nor
    is a candidate that is certain to be rejected. `root` is the folder with the files of the data recipe, by default
    data/; `contract` replaces that of both recipes.

    Raises:
        ConfigError: the data recipe and the training recipe name different contracts.
        ServeError: a package is missing that the evals need.
    """
    policy = load_policy(ROOT / recipe.policy)
    data, run = _train(recipe, console, root, contract)
    reigning, candidate = champion(), run_target(run)
    reigns = reigning is not None and reigning["run"] == run.name
    role = "champion" if reigning and not reigns else "base"
    reference = run_target(find_run("champion")) if role == "champion" else base_of_run(run)
    asked = _ask(recipe, policy, role, reference, candidate, console)
    folders = {role: asked.reference, "candidate": asked.candidate}
    evals = {part: folder for part, folder in folders.items() if is_whole(folder)}
    both = in_pairs(asked.decided.judged) if asked.decided else read_both(asked.reference, asked.candidate)
    if both:
        _compare(console, both, reference.name, candidate.name)
    if "candidate" in evals:
        _rank(console, evals)
    judged = asked.decided and asked.decided.judged.verdict
    verdict = judged or judge(asked.reference, asked.candidate, policy, recipe.suite)
    verdict = verdict if reigns else counted(verdict, policy)
    console.print(panel(verdict))
    if asked.decided:
        whole = {model.name for part, model in ((role, reference), ("candidate", candidate)) if part in evals}
        for told in savings(asked.decided, whole):
            _say(console, f"The eval ended early: {told}")
    promoted = not reigns and verdict.outcome is GateOutcome.PROMOTE
    if promoted:
        promote(run, verdict)
        console.print(f"Promoted: {candidate.name} is the champion. `aj rollback` undoes it.")
    elif reigns:
        console.print("Up to date: this run is the champion.")
    elif reigning:
        console.print(f"The champion stays: {reference.name}.")
    _places(console, data, run, evals, asked.candidate)
    return Finished(run, evals, verdict, promoted, up_to_date=reigns, decided=asked.decided)


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
    check_servable(training)
    data = _stage(console, "build", lambda: build(data_recipe, root))
    return data, _stage(console, "train", lambda: train_in_child(ROOT / recipe.train, data, training.contract))


def _ask(
    recipe: LoopRecipe, policy: Policy, role: str, reference: Target, candidate: Target, console: Console
) -> Evaluated:
    """Ask both: a champion, and with a limit anyone, without looks."""
    if recipe.limit or recipe.suite not in SUITES:
        asked = partial(evaluate, suite=recipe.suite, limit=recipe.limit)
        folder = _stage(console, f"eval {role}", lambda: asked(reference))
        return Evaluated(folder, _stage(console, "eval candidate", lambda: asked(candidate)))
    if role == "champion":
        _stage(console, "eval champion", lambda: evaluate(reference, recipe.suite))
    return _stage(
        console,
        "eval candidate" if role == "champion" else "eval base and candidate",
        lambda: evaluate_or_reject(reference, candidate, policy, recipe.suite, lambda look: _say(console, line(look))),
    )


def _stage(console: Console, name: str, work: Callable[[], Made]) -> Made:
    """Run a stage; print its result and how long it took."""
    console.print(Text.assemble((name, "bold"), " …"))
    start = time.time()
    made = work()
    folders = (made.reference, made.candidate) if isinstance(made, Evaluated) else (made,)
    changed = any(folder.stat().st_mtime >= start for folder in folders)
    took = f"{(time.time() - start) / 60:.1f} min" if changed else "up to date"
    console.print(Text.assemble((name, "bold"), f" {_relative(folders[-1])} ({took})"), soft_wrap=True)
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


def _places(console: Console, data: Path, run: Path, evals: dict[str, Path], samples: Path) -> None:
    lines = [("data set", data), ("run", run), *((f"eval {role}", folder) for role, folder in evals.items())]
    lines.append(("leaderboard", write_board()))
    for name, path in lines:
        _say(console, f"{name:<16} {_relative(path)}")
    _say(console, f"single samples:  .venv/bin/inspect view start --log-dir {_relative(samples)}")


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False, soft_wrap=True)


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
