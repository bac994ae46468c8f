"""A candidate that is asked batch by batch, as `aj ab` does, and wholly unless it is rejected before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aj.files import SAMPLES
from aj.whole import whole_folder
from loop.ab import Answering, Glance, Sequential, ask, named
from loop.evaluate import begun, eval_folder, evaluate, finish
from loop.servers import servers
from loop.targets import Target
from verdict.gate import GateOutcome
from verdict.looks import SHARES
from verdict.policy import Policy


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of a candidate's eval."""

    folder: Path
    """Of the whole eval, or of the batches."""
    rejected: Sequential | None = None
    """The looks at one that was rejected before all was asked; it has no whole eval."""


def evaluate_or_reject(
    reference: Path,
    target: Target,
    policy: Policy,
    suite: str,
    report: Callable[[Glance], None] = lambda _: None,
    suites: Path = SAMPLES,
) -> Evaluated:
    """Evaluate a candidate as far as the verdict needs it.

    `reference` is the folder of a whole eval; `report` is called at each look. What the batches asked is not asked
    again for the whole eval; one that is there, also in part, is finished without batches.

    Raises:
        AJError, ConfigError, DataError, ServeError: as `loop.ab.run` and `loop.evaluate.evaluate` do.
    """
    if begun(target, suite):
        return Evaluated(evaluate(target, suite))
    candidate = named(target.name, target, suite)
    with servers([target]) as running:
        found = ask(Answering("reference", reference), candidate, policy, suite, running, report, suites)
        last, outcome = found.steps[-1], found.judged.verdict.outcome
        if outcome is GateOutcome.REJECT and last.asked < last.samples:
            return Evaluated(candidate.folder, found)
        folder = eval_folder(target, suite)
        if outcome is not GateOutcome.INVALID:
            _begin(folder, candidate.logs(dict.fromkeys(policy.gated, len(SHARES))))
        running.start(target, suite)
        finish(target, suite, candidate.answers, folder)
    return Evaluated(folder)


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
