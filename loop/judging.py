"""The gate with what the registry knows: who challenges the champion is also held against those before it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aj.errors import AJError
from aj.files import SAMPLES
from loop.evaluate import eval_folder
from loop.registry import champion, earlier
from loop.targets import Target, check_finished, find_run, run_target
from verdict.gate import Verdict, gate
from verdict.policy import Policy


def judge(reference: Path, candidate: Path, policy: Policy, suite: str, suites: Path = SAMPLES) -> Verdict:
    """The gate's verdict on two eval folders. If the first is the champion's on this suite, each metric is also held
    against the best earlier champion, as far as those have evals of today's samples and graders; the reasons say
    which have none. `suites` contains the frozen samples.

    Raises:
        AJError, DataError: the registry's history is gone or is none.
    """
    found, lacking = earlier_evals(reference, suite)
    return noted(gate(reference, candidate, policy, suites=suites, earlier=found), lacking)


def earlier_evals(reference: Path | Target, suite: str) -> tuple[list[Path], list[str]]:
    """The finished evals of the champions before the reigning one, and one sentence for each that has none; nothing
    unless the reference, an eval folder or a model, is the champion.

    Raises:
        AJError, DataError: as `judge` does.
    """
    runs = earlier()
    if not runs or not _reigns(reference, suite):
        return [], []
    found, lacking = [], []
    for run in runs:
        try:
            found.append(check_finished(_eval_of(run, suite), run, suite))
        except AJError as error:
            lacking.append(f"the earlier champion {run} is left out: {error}")
    return found, lacking


def noted(verdict: Verdict, notes: Sequence[str]) -> Verdict:
    """The verdict with more reasons at its end."""
    return replace(verdict, reasons=(*verdict.reasons, *notes))


def _reigns(reference: Path | Target, suite: str) -> bool:
    if isinstance(reference, Target):
        reigning = champion()
        return reigning is not None and reference.run == reigning["run"]
    try:
        return _eval_of("champion", suite).resolve() == reference.resolve()
    except AJError:
        return False  # its run is gone, so these logs are not known to be its


def _eval_of(run: str, suite: str) -> Path:
    return eval_folder(run_target(find_run(run)), suite)
