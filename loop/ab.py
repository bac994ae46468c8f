"""The sequential A/B: both arms are asked batch by batch, through Inspect, until the verdict is certain at a look.

The batches of a model lie in `logs/batches/<hash>/`, each with its logs and a `done.json`. One that is there is not
asked again, whichever comparison it was for, and no board or gate takes it for a whole eval. A model with a finished
whole eval is asked nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import fsum
from pathlib import Path
from typing import Any, get_args

from aj.errors import ConfigError
from aj.files import SAMPLES, digest, logs_dir
from evals.suite import TASKS
from loop.evaluate import answers, finish, whole_eval
from loop.judging import earlier_evals, noted
from loop.rescore import rescore_batch
from loop.servers import Servers, servers
from loop.targets import Target
from verdict.checks import State
from verdict.earlier import read_champions
from verdict.evidence import Arm
from verdict.frozen import frozen_samples
from verdict.gate import Verdict
from verdict.gate import to_record as gate_record
from verdict.looks import samples_by_look
from verdict.policy import Policy
from verdict.runs import read_object
from verdict.samples import DONE
from verdict.scores import read_folder
from verdict.sequential import Numbers, Standing, judge


@dataclass(frozen=True, slots=True)
class Answering:
    """One arm: a folder of whole logs, or a model that is asked batch by batch."""

    name: str
    folder: Path
    """Of the whole logs, or of the batches."""
    target: Target | None = None
    """Who is asked; None if the logs are whole."""
    answers: str = ""
    """The identity of what the target answers."""

    def logs(self, numbers: Numbers) -> dict[str, list[Path]]:
        """The logs of each task's first batches."""
        if self.target is None:
            return {task: [scores.path] for task, scores in read_folder(self.folder).items()}
        return {
            task: [
                read_folder(folder)[task].path
                for number in range(1, count + 1)
                if (folder := self.batch(task, number)) is not None
            ]
            for task, count in numbers.items()
        }

    def batch(self, task: str, number: int) -> Path | None:
        """The finished folder with this batch of the task."""
        finished = (path.parent for path in sorted(self.folder.glob(f"{number}-*/{DONE}")))
        return next((folder for folder in finished if task in _told(folder)["tasks"]), None)


def named(name: str, given: Path | Target, suite: str) -> Answering:
    """An arm as it was named; a model whose whole eval is finished, or only has to be graded again, is that eval.

    Batches that only have to be graded again are, too.

    Raises:
        EvidenceError: the answers of such an eval or batch were changed.
    """
    from evals.identities import graded

    if isinstance(given, Path):
        return Answering(name, given)
    if folder := whole_eval(given, suite):
        return Answering(given.name, folder)
    answered = answers(given, suite)
    folder_of = logs_dir() / "batches" / digest(answered, [graded(task) for task in TASKS])
    _grade_again(answered, folder_of)
    return Answering(given.name, folder_of, given, answered)


def _grade_again(answered: str, folder: Path) -> None:
    """Put the batches with these answers that other checks graded into the folder of those that today's do."""
    finished = sorted(logs_dir().glob(f"batches/*/*/{DONE}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for batch in (path.parent for path in finished):
        if not (folder / batch.name).exists() and _told(batch)["answers"] == answered:
            rescore_batch(batch, folder / batch.name)


@dataclass(frozen=True, slots=True)
class Glance:
    """One look, for people."""

    number: int
    of: int
    asked: int
    samples: int
    """Of the whole suite, in the tasks of the policy."""
    judged: Standing


@dataclass(frozen=True, slots=True)
class Saved:
    """What an arm took, and what the whole suite would have taken."""

    asked: int
    samples: int
    minutes: float
    whole_minutes: float
    """Estimated from what the samples took, task by task."""


@dataclass(frozen=True, slots=True)
class Sequential:
    """What a sequential A/B came to."""

    steps: tuple[Glance, ...]
    saved: dict[str, Saved]
    """By the name of each arm that was asked."""

    @property
    def judged(self) -> Standing:
        return self.steps[-1].judged


def run(
    base: Answering,
    candidate: Answering,
    policy: Policy,
    suite: str,
    report: Callable[[Glance], None] = lambda _: None,
    suites: Path = SAMPLES,
) -> Sequential:
    """Ask both arms until the verdict is certain or all was asked; `report` is called at each look.

    Who challenges the champion is also held against those before it, as in `loop.judging.judge`; `suites` as there.

    Raises:
        ConfigError: the policy names a task that does not exist.
        AJError, ServeError: a batch could not be asked, as for `loop.evaluate.evaluate`.
        AJError, DataError: the registry's history is gone or is none.
    """
    with servers([arm.target for arm in (base, candidate) if arm.target]) as running:
        return ask(base, candidate, policy, suite, running, report, suites)


def ask(
    base: Answering,
    candidate: Answering,
    policy: Policy,
    suite: str,
    running: Servers,
    report: Callable[[Glance], None],
    suites: Path = SAMPLES,
) -> Sequential:
    """The same as `run`, with the servers of those that are asked."""
    if unknown := [task for task in policy.gated if task not in TASKS]:
        raise ConfigError(f"The policy gates {unknown[0]}, which is no task; correct it to one of {', '.join(TASKS)}.")
    by_look = {task: samples_by_look(frozen_samples(suites / f"{task}.jsonl", suite)) for task in policy.gated}
    champions, left_out = _champions(base, policy, suite)
    last = max(map(len, by_look.values()))
    samples = sum(len(found[-1]) for found in by_look.values())
    numbers: dict[str, int] = dict.fromkeys(by_look, 0)
    looks: list[Numbers] = []
    steps: list[Glance] = []
    waiting: Sequence[str] = list(by_look)
    arms = (base, candidate)
    while waiting:
        numbers = {task: count + (task in waiting) for task, count in numbers.items()}
        looks.append(numbers)
        for arm in sorted(arms, key=lambda arm: not running.runs(arm.target)):
            _ask(arm, suite, numbers, waiting, by_look, running)
        left, right = (arm.logs(numbers) for arm in arms)
        judged = judge(left, right, looks, by_look, policy, suites=suites, champions=champions)
        judged = replace(judged, verdict=noted(judged.verdict, left_out))
        asked = sum(len(by_look[task][count - 1]) for task, count in numbers.items())
        steps.append(Glance(len(looks), last, asked, samples, judged))
        report(steps[-1])
        waiting = judged.waiting
    read = zip(arms, (steps[-1].judged.base, steps[-1].judged.candidate), strict=True)
    saved = {arm.name: _saved(arm, numbers, by_look, scores) for arm, scores in read if arm.target and scores}
    return Sequential(tuple(steps), saved)


def _champions(base: Answering, policy: Policy, suite: str) -> tuple[list[Arm], list[str]]:
    """The whole evals of the champions, if the base is the reigning one: its own too, if it has one."""
    folders, lacking = earlier_evals(base.target or base.folder, suite)
    if folders and base.target is None:
        folders = [base.folder, *folders]
    arms, left_out = read_champions(folders, policy)
    return arms, [*lacking, *left_out]


def _ask(
    arm: Answering,
    suite: str,
    numbers: Numbers,
    waiting: Sequence[str],
    by_look: Mapping[str, Sequence[Sequence[str]]],
    running: Servers,
) -> None:
    """Ask the newest batch of the waiting tasks, as far as it is missing."""
    if arm.target is None:
        return
    batch = {task: _newest(by_look[task], numbers[task]) for task in waiting if arm.batch(task, numbers[task]) is None}
    if not batch:
        return
    running.start(arm.target, suite)
    finish(arm.target, suite, arm.answers, arm.folder / f"{max(numbers.values())}-{digest(batch)}", batch=batch)


def _newest(found: Sequence[Sequence[str]], number: int) -> list[str]:
    before = len(found[number - 2]) if number > 1 else 0
    return list(found[number - 1][before:])


def _saved(arm: Answering, numbers: Numbers, by_look: Mapping[str, Sequence[Sequence[str]]], scores: Arm) -> Saved:
    folders = {arm.batch(task, place) for task, count in numbers.items() for place in range(1, count + 1)}
    seconds = fsum(_told(folder)["seconds"] for folder in folders if folder)  # the same in any order of the set
    asked = {task: len(by_look[task][count - 1]) for task, count in numbers.items()}
    worked = sum(log.cost.seconds for log in scores.values())
    whole = sum(log.cost.seconds * len(by_look[task][-1]) / asked[task] for task, log in scores.items())
    factor = whole / worked if worked else 1.0
    every = sum(len(found[-1]) for found in by_look.values())
    minutes = (round(figure / 60, 3) for figure in (seconds, seconds * factor))
    return Saved(sum(asked.values()), every, *minutes)


def _told(folder: Path) -> dict[str, Any]:
    return read_object(folder / DONE)


def _counts(verdict: Verdict) -> dict[str, int]:
    return {state: sum(check.state == state for check in verdict.checks) for state in get_args(State)}


def line(step: Glance) -> str:
    """One look, in a line."""
    told = ", ".join(f"{count} {state}" for state, count in _counts(step.judged.verdict).items())
    further = f"; asking further: {', '.join(step.judged.waiting)}" if step.judged.waiting else ""
    return f"look {step.number} of {step.of}: {step.asked} of {step.samples} samples; {told}{further}"


def savings(found: Sequential, whole: Collection[str] = ()) -> list[str]:
    """What each arm that was asked took, of what the whole suite would have taken; without those asked wholly since."""
    if not found.saved:
        return ["Both have a whole eval; nothing was asked."]
    return [
        f"{name}: {one.asked} of {one.samples} samples ({one.asked / one.samples:.0%}), {one.minutes:.1f} of about "
        f"{one.whole_minutes:.1f} minutes."
        for name, one in found.saved.items()
        if name not in whole
    ]


def to_record(found: Sequential) -> dict[str, Any]:
    """For `--format json`: the verdict as `aj gate` gives it, each look, and what each arm took."""
    looks = [
        {"asked": step.asked, "samples": step.samples, "further": step.judged.waiting} | _counts(step.judged.verdict)
        for step in found.steps
    ]
    return gate_record(found.judged.verdict) | {"looks": looks, "saved": saved_record(found)}


def saved_record(found: Sequential) -> dict[str, Any]:
    """What each arm that was asked took."""
    return {name: asdict(one) for name, one in found.saved.items()}
