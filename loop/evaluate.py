"""Runs the suite on one model with Inspect: `logs/evals/<hash>/` with one log per task; resumed if interrupted."""

import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from aj.contract import load_contract
from aj.errors import AJError, ServeError
from aj.files import digest, logs_dir, write_json
from evals.suite import TASKS
from loop.orphans import end_orphans
from loop.targets import Target

EVALS = Path(__file__).parents[1] / "evals"
CONNECTIONS = 16
"""Parallel requests: on two cores, 16 gave 373 tokens/s, 4 gave 133."""


def eval_folder(target: Target, suite: str, contract: str = "aj", limit: int | None = None) -> Path:
    """Where the logs of this model on this suite lie; weights, contract, harness and serving mode are its identity."""
    from evals.frozen import harness

    parts = (target.model, target.metadata, suite, load_contract(contract).hash, harness(), _serving(target), limit)
    identity = digest(*parts)
    return logs_dir() / "evals" / identity


def evaluate(target: Target, suite: str, contract: str = "aj", limit: int | None = None) -> Path:
    """Run the five tasks, or what is left of them, and return the folder with the logs.

    Raises:
        AJError: another process is evaluating the same model, or a task did not finish.
        ServeError: the model could not be served.
    """
    folder = eval_folder(target, suite, contract, limit)
    if (folder / "done.json").exists():
        return folder
    with _locked(folder):
        end_orphans(target.model)
        _run(target, suite, contract, limit, folder)
        write_json(folder / "done.json", {"model": target.name, "suite": suite, "tasks": TASKS})
    return folder


def _serving(target: Target) -> dict[str, Any]:
    """Arguments for the vLLM server that Inspect starts; none for other providers."""
    from train.serve import serving_args

    return serving_args() if target.model.startswith("vllm/") and "VLLM_BASE_URL" not in os.environ else {}


def _run(target: Target, suite: str, contract: str, limit: int | None, folder: Path) -> None:
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
            task_args={"suite": suite, "contract": contract},
            metadata={**target.metadata, "serving": serving},
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
