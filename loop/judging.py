"""The gate with what the registry knows: who challenges the champion is also held against those before it."""

from dataclasses import replace
from pathlib import Path

from aj.errors import AJError
from aj.files import SAMPLES
from loop.evaluate import eval_folder
from loop.registry import earlier
from loop.targets import check_finished, find_run, run_target
from verdict.gate import Verdict, gate
from verdict.policy import Policy


def judge(reference: Path, candidate: Path, policy: Policy, suite: str, suites: Path = SAMPLES) -> Verdict:
    """The gate's verdict on two eval folders. If the first is the champion's on this suite, each metric is also held
    against the best earlier champion, as far as those have evals of today's samples and graders; the reasons say
    which have none. `suites` contains the frozen samples.

    Raises:
        AJError, DataError: the registry's history is gone or is none.
    """
    runs = earlier()
    if not runs or not _is_reigning(reference, suite):
        return gate(reference, candidate, policy, suites=suites)
    found, lacking = [], []
    for run in runs:
        try:
            found.append(check_finished(_eval_of(run, suite), run))
        except AJError as error:
            lacking.append(f"the earlier champion {run} is left out: {error}")
    verdict = gate(reference, candidate, policy, suites=suites, earlier=found)
    return replace(verdict, reasons=(*verdict.reasons, *lacking))


def _is_reigning(folder: Path, suite: str) -> bool:
    try:
        return _eval_of("champion", suite).resolve() == folder.resolve()
    except AJError:
        return False  # its run is gone, so these logs are not known to be its


def _eval_of(run: str, suite: str) -> Path:
    return eval_folder(run_target(find_run(run)), suite)
