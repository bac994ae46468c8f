"""Runs the suite on one model with Inspect: `logs/evals/<hash>/` with one log per task; resumed if interrupted.

Answers that only have to be graded again are not asked for again (`loop.rescore`).
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from importlib import import_module
from inspect import signature
from pathlib import Path
from traceback import extract_tb
from typing import Any

import yaml
from filelock import FileLock, Timeout

from aj.errors import AJError, ServeError
from aj.files import digest, logs_dir, write_json
from evals.suite import TASKS
from loop.endpoint import check_endpoint
from loop.orphans import end_orphans, mark_servers
from loop.room import check_room
from loop.targets import Target
from train.serve import prepare, serving_env, temporary_files
from verdict.runs import read_object
from verdict.samples import DONE, seals
from verdict.sealed import note_in_order

EVALS = Path(__file__).parents[1] / "evals"
CONNECTIONS = 16
"""Parallel requests: on two cores, 16 gave 373 tokens/s, 4 gave 133."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a suite is asked if not as its tasks say; part of an eval's identity."""

    epochs: int | None = None
    temperature: float | None = None
    task_args: tuple[tuple[str, Any], ...] = ()


DEFAULT = Settings()


def read_task_args(given: Sequence[str]) -> tuple[tuple[str, Any], ...]:
    """Arguments of tasks from `NAME=VALUE`, values read as YAML as Inspect does.

    Raises:
        AJError: no task knows such an argument, or `aj eval` has an option of its own for it.
    """
    known = {name for task in TASKS for name in signature(getattr(import_module(f"evals.{task}"), task)).parameters}
    found = {}
    for name, is_told, value in (text.partition("=") for text in given):
        if not is_told or name not in known - {"suite", "contract"}:
            those = ", ".join(sorted(known - {"suite", "contract"}))
            raise AJError(f"-T {name}{is_told}{value} is no argument of a task; give NAME=VALUE with one of: {those}.")
        found[name] = yaml.safe_load(value)
    return tuple(sorted(found.items()))


def answers(target: Target, suite: str, limit: int | None = None, settings: Settings = DEFAULT) -> str:
    """Identity of a model's answers: its files, what asks, and how it is served; contents, but no folder's name."""
    from evals.identities import identities

    asked = [identities(task, suite, target.contract) for task in TASKS]
    whose = (target.run, target.adapter, target.dataset, target.serving)
    return digest(*whose, asked, limit, astuple(settings))


def eval_folder(target: Target, suite: str, limit: int | None = None, settings: Settings = DEFAULT) -> Path:
    """The folder for the logs of this model on this suite, graded by today's graders: the newest finished one."""
    folders = [graded_folder(given) for given in _attempts(target, suite, limit, settings)]
    return next((folder for folder in reversed(folders) if (folder / DONE).exists()), folders[-1])


def graded_folder(given: str) -> Path:
    """The folder for the logs with these answers, graded by today's graders."""
    from evals.identities import graded

    return logs_dir() / "evals" / digest(given, [graded(task) for task in TASKS])


def evaluate(
    target: Target, suite: str, limit: int | None = None, settings: Settings = DEFAULT, again: bool = False
) -> Path:
    """Run the five tasks, or what is left of them, and return the folder with the logs.

    A finished eval is returned as it is; with `again`, the model is asked anew and the old logs stay.

    Raises:
        AJError: another process is evaluating the same model, or a task did not finish; or the model, served elsewhere,
            was evaluated before, and nobody can say whether it still is the same; or the suite is too long for it.
        ServeError: the model could not be served, or its server serves another one.
    """
    from loop.rescore import rescore

    attempts = _attempts(target, suite, limit, settings)
    given, folder = attempts[-1], graded_folder(attempts[-1])
    if again and ((folder / DONE).exists() or _answered(given)):
        given = _anew(attempts)
        folder = graded_folder(given)
    if (folder / DONE).exists():
        return _trusted(target, folder)
    if not folder.exists() and (answered := _answered(given)) is not None:
        return rescore(_trusted(target, answered))
    make_ready(target, suite, limit, settings)
    with server_ends(target):
        finish(target, suite, given, folder, limit, settings)
    return folder


def begun(target: Target, suite: str) -> bool:
    """Whether a whole eval of the model is there, at least in part, or only has to be graded again."""
    given = _attempts(target, suite, None, DEFAULT)[-1]
    return graded_folder(given).exists() or _answered(given) is not None


def whole_eval(target: Target, suite: str) -> Path | None:
    """The finished eval of the model; graded again, if only that is missing; None if the model has to be asked."""
    from loop.rescore import rescore

    folder = eval_folder(target, suite)
    if (folder / DONE).exists():
        return folder
    answered = None if folder.exists() else _answered(_attempts(target, suite, None, DEFAULT)[-1])
    return answered and rescore(answered)


def make_ready(target: Target, suite: str, limit: int | None = None, settings: Settings = DEFAULT) -> None:
    """Raises AJError or ServeError if a server that we start could not serve the target, or the suite is too long."""
    if target.served and target.arguments:
        prepare(target.served)
        check_room(target, suite, limit, _task_args(target, settings).get("reasoning", False))


def finish(
    target: Target,
    suite: str,
    given: str,
    folder: Path,
    limit: int | None = None,
    settings: Settings = DEFAULT,
    batch: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Ask what is missing of an eval's folder; its server, if we start one, goes on (`server_ends`).

    `batch`: the ids of the samples to ask, by task, if not all.

    Raises:
        AJError, ServeError: as `evaluate` does.
    """
    with _locked(folder):
        said = check_endpoint(target, folder)
        end_orphans()
        mark_servers()
        start = time.monotonic()
        _run(target, suite, given, limit, folder, settings, said, batch)
        told = done(folder, target.name, suite, given, list(batch or TASKS))
        write_json(folder / DONE, told | {"seconds": round(time.monotonic() - start, 1)})
        note_in_order(folder)


def done(folder: Path, model: str, suite: str, given: str, tasks: Sequence[str] = TASKS) -> dict[str, Any]:
    """The content of a finished folder's `done.json`."""
    return {"model": model, "suite": suite, "tasks": list(tasks), "answers": given, "seals": seals(folder)}


def _attempts(target: Target, suite: str, limit: int | None, settings: Settings) -> list[str]:
    """The answers that were asked for so far, and at least the first that could be."""
    found = [answers(target, suite, limit, settings)]
    while graded_folder(later := _anew(found)).exists() or _answered(later):
        found.append(later)
    return found


def _anew(attempts: Sequence[str]) -> str:
    """Identity of the answers of the next attempt."""
    return digest(attempts[0], len(attempts))


def _trusted(target: Target, folder: Path) -> Path:
    """A finished eval's folder; raises AJError if the model that answers to this name may be another one by now."""
    if target.weights is None:
        at = datetime.fromtimestamp((folder / DONE).stat().st_mtime, UTC).isoformat(sep=" ", timespec="minutes")
        raise AJError(
            f"{target.model} was evaluated at {at} ({folder}), and nobody here can read its weights, so it may be "
            "another model by now; use that folder, or ask anew with --again."
        )
    return folder


def _answered(given: str) -> Path | None:
    """The newest finished folder with these answers, whoever graded them."""
    finished = sorted(logs_dir().glob(f"evals/*/{DONE}"), key=lambda path: path.stat().st_mtime, reverse=True)
    told = ((path.parent, read_object(path)) for path in finished)
    return next((folder for folder, about in told if about.get("answers") == given), None)


def _run(
    target: Target,
    suite: str,
    given: str,
    limit: int | None,
    folder: Path,
    settings: Settings = DEFAULT,
    endpoint: dict[str, Any] | None = None,
    batch: Mapping[str, Sequence[str]] | None = None,
) -> None:
    tasks = list(batch or TASKS)
    from inspect_ai import eval_set
    from inspect_ai.model import GenerateConfigArgs

    # Inspect finds task files only below the working directory; its progress would mix with `--format json`.
    with _environment(target), chdir(EVALS.parent), redirect_stdout(sys.stderr), _usable(target):
        finished, logs = eval_set(
            [f"evals/{task}.py" for task in tasks],
            log_dir=str(folder),
            model=target.model,
            model_args=target.arguments,
            task_args={**_task_args(target, settings), "suite": suite, "contract": target.contract},
            metadata={**target.metadata, "endpoint": endpoint, "answers": given},
            display="rich" if sys.stderr.isatty() else "plain",
            score_display=False,
            limit=limit,
            sample_id=[f"{task}:{name}" for task, names in batch.items() for name in names] if batch else None,
            epochs=settings.epochs,
            max_tasks=len(tasks),
            log_realtime=False,
            log_dir_allow_dirty=True,
            retry_attempts=1,
            fail_on_error=0.02,
            **GenerateConfigArgs(max_connections=CONNECTIONS, temperature=settings.temperature),
        )
    # Inspect 0.3.285 calls an interrupted set finished, and returns no logs of it.
    if finished and len(logs) < len(tasks):
        raise KeyboardInterrupt
    if finished:
        return
    errors = [str(log.error.message) for log in logs if log.error]
    text = errors[0].strip().splitlines()[-1] if errors else "it was interrupted"
    kind = ServeError if "vLLM" in " ".join(errors) or "server" in text.lower() else AJError
    raise kind(f"The eval of {target.name} did not finish ({text[:200]}); run the same command again to resume.")


@contextmanager
def _environment(target: Target) -> Iterator[None]:
    """What a server that Inspect starts meanwhile has in its environment; settings that are there already stay."""
    added = {name: value for name, value in serving_env(target.served).items() if name not in os.environ}
    # Inspect starts `vllm` from PATH; `.venv/bin/aj` runs without the environment being activated.
    added["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    added["TMPDIR"] = temporary_files()
    before = {name: os.environ.get(name) for name in added}
    os.environ |= added
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _usable(target: Target) -> Iterator[None]:
    """What Inspect says before it asks, in a sentence: what it needs is missing, or its provider refuses the name."""
    from inspect_ai._util.error import PrerequisiteError
    from rich.text import Text

    try:
        yield
    except PrerequisiteError as error:
        if isinstance(error.__cause__, AJError):  # of a task of ours
            raise error.__cause__ from None
        parts = Text.from_markup(str(error.message)).plain.removeprefix("ERROR: ").split("\n\n")
        said = ": ".join(" ".join(part.split()).rstrip(".:") for part in parts)
        raise AJError(f"{target.model} cannot be asked ({said}); fix that, then run the same command again.") from error
    except ValueError as error:
        made = any(frame.name == "get_model" for frame in extract_tb(error.__traceback__))
        if target.served or not made:
            raise
        raise AJError(
            f"{target.model} cannot be asked ({str(error).rstrip('.')}); correct the model's name."
        ) from error


def _task_args(target: Target, settings: Settings) -> dict[str, Any]:
    """A model that thinks has tokens for that, unless the settings say otherwise."""
    thinks = {"reasoning": True} if target.served and target.served.reasoning else {}
    return {**thinks, **dict(settings.task_args)}


@contextmanager
def server_ends(target: Target) -> Iterator[None]:
    """End the server that Inspect has started: it would stay until the process ends, and serve the next arm too,
    without the adapter of that arm or with another template."""
    try:
        yield
    finally:
        if target.arguments:
            from inspect_ai.model import get_model

            api: Any = get_model(target.model, memoize=False, **target.arguments).api
            api.close()


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
