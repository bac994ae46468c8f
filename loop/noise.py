"""Measures the noise of a model's scores: it is asked the suite a second time, by a server that is started anew."""

from pathlib import Path

from aj.files import digest, logs_dir
from evals.suite import TASKS
from loop.evaluate import evaluate, finish, make_ready, server_ends
from loop.targets import Target
from verdict import noise
from verdict.compare import read_both
from verdict.runs import read_object
from verdict.samples import DONE


def measure(target: Target, suite: str) -> dict[str, noise.Noise]:
    """Evaluate a model twice, as far as it was not, and store beside the first eval how far the two lie apart.

    The second eval lies in `logs/again/`, where no board and no gate takes it for the model's eval: whoever may choose
    between two evals chooses the verdict. A server that runs elsewhere is asked again as it is.

    Raises:
        AJError, ServeError: as `loop.evaluate.evaluate` does.
    """
    first = evaluate(target, suite)
    found = noise.measured(read_both(first, _second(target, suite, first)))
    noise.write(first, found)
    return found


def _second(target: Target, suite: str, first: Path) -> Path:
    from evals.identities import graded

    given = digest(read_object(first / DONE)["answers"], "again")
    folder = logs_dir() / "again" / digest(given, [graded(task) for task in TASKS])
    if not (folder / DONE).exists():
        make_ready(target, suite)
        with server_ends(target):
            finish(target, suite, given, folder)
    return folder
