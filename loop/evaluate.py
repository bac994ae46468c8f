"""Runs the suite on one model with Inspect: `logs/evals/<hash>/` with one log per task; resumed if interrupted.

Answers that only have to be graded again are not asked for again (`loop.rescore`).
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from aj.errors import AJError, ServeError
from aj.files import digest, logs_dir, write_json
from evals.suite import TASKS
from loop.orphans import end_orphans
from loop.targets import Target
from verdict.samples import DONE, seals

EVALS = Path(__file__).parents[1] / "evals"
CONNECTIONS = 16
"""Parallel requests: on two cores, 16 gave 373 tokens/s, 4 gave 133."""


def answers(target: Target, suite: str, limit: int | None = None) -> str:
    """Identity of a model's answers: its weights, what asks, and how it is served, but no folder's name."""
    from evals.identities import identities

    asked = [identities(task, suite, target.contract) for task in TASKS]
    return digest(target.weights, target.run, target.adapter, target.dataset, asked, _serving(target), limit)


def eval_folder(target: Target, suite: str, limit: int | None = None) -> Path:
    """The folder for the logs of this model on this suite, graded by today's graders."""
    return graded_folder(answers(target, suite, limit))


def graded_folder(given: str) -> Path:
    """The folder for the logs with these answers, graded by today's graders."""
    from evals.identities import graded

    return logs_dir() / "evals" / digest(given, [graded(task) for task in TASKS])


def evaluate(target: Target, suite: str, limit: int | None = None) -> Path:
    """Run the five tasks, or what is left of them, and return the folder with the logs.

    Raises:
        AJError: another process is evaluating the same model, or a task did not finish.
        ServeError: the model could not be served.
    """
    from loop.rescore import rescore

    given = answers(target, suite, limit)
    folder = graded_folder(given)
    if (folder / DONE).exists():
        return folder
    if not folder.exists() and (answered := _answered(given)) is not None:
        return rescore(answered)
    with _locked(folder):
        end_orphans(target.model)
        _run(target, suite, given, limit, folder)
        write_json(folder / DONE, done(folder, target.name, suite, given))
    return folder


def done(folder: Path, model: str, suite: str, given: str) -> dict[str, Any]:
    """The content of a finished folder's `done.json`."""
    return {"model": model, "suite": suite, "tasks": TASKS, "answers": given, "seals": seals(folder)}


def _answered(given: str) -> Path | None:
    """The newest finished folder with these answers, whoever graded them."""
    finished = sorted(logs_dir().glob(f"evals/*/{DONE}"), key=lambda path: path.stat().st_mtime, reverse=True)
    told = ((path.parent, json.loads(path.read_text(encoding="utf-8"))) for path in finished)
    return next((folder for folder, about in told if about.get("answers") == given), None)


def _serving(target: Target) -> dict[str, Any]:
    """Arguments for the vLLM server that Inspect starts; none for other providers."""
    from train.serve import serving_args

    return serving_args() if target.model.startswith("vllm/") and "VLLM_BASE_URL" not in os.environ else {}


def _run(target: Target, suite: str, given: str, limit: int | None, folder: Path) -> None:
    from train.serve import serving_env

    os.environ.update({key: value for key, value in serving_env().items() if key not in os.environ})
    # Inspect starts `vllm` from PATH; `.venv/bin/aj` runs without the environment being activated.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    from inspect_ai import eval_set

    serving = _serving(target)
    # Inspect finds task files only below the working directory; its progress would mix with `--format json`.
    with chdir(EVALS.parent), redirect_stdout(sys.stderr):
        done, logs = eval_set(
            [f"evals/{task}.py" for task in TASKS],
            log_dir=str(folder),
            model=target.model,
            model_args=serving,
            task_args={"suite": suite, "contract": target.contract},
            metadata={**target.metadata, "serving": serving, "answers": given},
            display="rich" if sys.stderr.isatty() else "plain",
            score_display=False,
            limit=limit,
            max_tasks=len(TASKS),
            max_connections=CONNECTIONS,
            log_realtime=False,
            log_dir_allow_dirty=True,
            retry_attempts=1,
            fail_on_error=0.02,
        )
    if done:
        return
    errors = [str(log.error.message) for log in logs if log.error]
    text = errors[0].strip().splitlines()[-1] if errors else "it was interrupted"
    kind = ServeError if "vLLM" in " ".join(errors) or "server" in text.lower() else AJError
    raise kind(f"The eval of {target.name} did not finish ({text[:200]}); run the same command again to resume.")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise AJError(f"{folder.name} is being evaluated by another process; wait for it, or stop it.") from error
    except PermissionError as error:
        raise AJError(f"{folder} cannot be written ({error.strerror}); unlock it, then run again.") from error
