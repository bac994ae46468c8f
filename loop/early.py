"""Two models that are asked batch by batch, as `aj ab` does; the candidate wholly unless it is rejected before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aj.files import SAMPLES
from aj.whole import whole_folder
from loop.ab import Answering, Glance, Sequential, ask, named
from loop.evaluate import begun, eval_folder, evaluate, finish
from loop.servers import Servers, servers
from loop.targets import Target
from verdict.gate import GateOutcome
from verdict.looks import SHARES
from verdict.policy import Policy
from verdict.samples import DONE


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of asking a candidate and its reference: each has a folder with its whole eval, or with its batches if
    the verdict was certain before all of it was asked."""

    reference: Path
    candidate: Path
    decided: Sequential | None = None
    """The looks that decided, where one of the two has no whole eval."""


def is_whole(folder: Path) -> bool:
    """Whether the folder has a finished whole eval, not batches."""
    return (folder / DONE).is_file()


def evaluate_or_reject(
    reference: Target,
    target: Target,
    policy: Policy,
    suite: str,
    report: Callable[[Glance], None] = lambda _: None,
    suites: Path = SAMPLES,
) -> Evaluated:
    """Evaluate a candidate and what it is to replace as far as the verdict needs it.

    `report` is called at each look. What the batches asked is not asked again for a whole eval. A candidate whose whole
    eval is there, also in part, is finished without batches. Where a look finds no evidence, both get a whole eval, for
    the gate to judge: of few samples, a single one that could not be scored is too many.

    Raises:
        AJError, ConfigError, DataError, ServeError: as `loop.ab.run` and `loop.evaluate.evaluate` do.
    """
    if begun(target, suite):
        evaluate(target, suite)
    arms = base, candidate = named(reference.name, reference, suite), named(target.name, target, suite)
    if base.target is None and candidate.target is None:
        return Evaluated(base.folder, candidate.folder)
    with servers([arm.target for arm in arms if arm.target]) as running:
        found = ask(base, candidate, policy, suite, running, report, suites)
        last, outcome = found.steps[-1], found.judged.verdict.outcome
        ended = last.asked < last.samples
        if outcome is GateOutcome.REJECT and ended:
            return Evaluated(base.folder, candidate.folder, found)
        trusted = outcome is not GateOutcome.INVALID
        asked = _complete(candidate, policy, suite, running, trusted)
        if base.target and ended and trusted:
            return Evaluated(base.folder, asked, found)
        return Evaluated(_complete(base, policy, suite, running, trusted), asked)


def _complete(arm: Answering, policy: Policy, suite: str, running: Servers, trusted: bool) -> Path:
    """The arm's whole eval; what its batches answered is taken up if it can be trusted."""
    if arm.target is None:
        return arm.folder
    folder = eval_folder(arm.target, suite)
    if is_whole(folder):
        return folder
    if trusted:
        _begin(folder, arm.logs(dict.fromkeys(policy.gated, len(SHARES))))
    running.start(arm.target, suite)
    finish(arm.target, suite, arm.answers, folder)
    return folder


def _begin(folder: Path, batches: Mapping[str, Sequence[Path]]) -> None:
    """Put what the batches answered into the folder of the whole eval, as one that was interrupted: Inspect takes up
    such logs, and asks what is missing."""
    from inspect_ai.log import read_eval_log, write_eval_log

    with whole_folder(folder) as made:
        for paths in batches.values():
            logs = [read_eval_log(str(path)) for path in paths]
            whole = logs[0]
            whole.status = "cancelled"
            whole.samples = [sample for log in logs for sample in log.samples or []]
            write_eval_log(whole, str(made / paths[0].name))
