"""Who asked and who graded: the identities of an eval, which decide what its scores may be compared with.

A changed check changes only who graded: the answers stay, and are graded again (`aj rescore`).
"""

from importlib.metadata import version
from typing import Any, get_args

from aj.contract import load_contract
from aj.errors import ConfigError
from aj.files import SAMPLES, digest, digest_file, read_jsonl
from aj.identity import identity
from evals.draws import practice
from evals.suite import GRADERS, TASKS, Suite
from scenarios.catalogue import templates

PACKAGES = ("inspect-ai", "bashkit")
"""What asks and plays the world, beside our own code; what serves the model is said by `serving`."""
NOT_ASKING = ("evals.draws", "scorers.judge", *GRADERS.values())
"""Modules that a task imports, but that do not affect what is asked: the samples identify what was drawn."""


def identities(task: str, suite: str, contract: str, seed: int = 0) -> dict[str, Any]:
    """What two logs of a task must share to be compared, apart from who graded them and Inspect's own header."""
    drawn = suite == "practice"
    return {
        "contract": load_contract(contract).hash,
        "samples": digest([r["id"] for r in practice(task, seed)]) if drawn else digest_file(SAMPLES / f"{task}.jsonl"),
        "suite": suite,
        "asked": asked(task, suite, seed),
        "versions": {package: version(package) for package in PACKAGES},
    } | ({"seed": seed} if drawn else {})


def asked(task: str, suite: str, seed: int = 0) -> str:
    """Identity of what asks a model: prompts, world, solver, and the templates of the samples."""
    used = {record["scenario"]["template"] for record in records(task, suite, seed)}
    return identity(f"evals.{task}", *(templates()[name].root for name in used), without=NOT_ASKING)


def graded(task: str) -> str:
    """Identity of what grades a task's answers today; every score names its own."""
    return identity(GRADERS[task])


def today() -> dict[str, tuple[str, str]]:
    """Task -> its frozen samples and its grader of today: what the leaderboard ranks side by side."""
    return {task: (digest_file(SAMPLES / f"{task}.jsonl"), graded(task)) for task in TASKS}


def records(task: str, suite: str, seed: int = 0) -> tuple[dict[str, Any], ...]:
    """Samples as plain data: those that `seed` draws for practice, or all frozen ones (`small` marks some of them).

    Raises:
        ConfigError: there is no such suite, or it takes no seed.
    """
    if suite not in get_args(Suite):
        raise ConfigError(f"There is no suite {suite!r}; use -T suite=small, -T suite=full or -T suite=practice.")
    if seed and suite != "practice":
        raise ConfigError(f"The suite {suite} is frozen and takes no seed; leave -T seed={seed} out.")
    if suite == "practice":
        return practice(task, seed)
    return tuple(record for _, record in read_jsonl(SAMPLES / f"{task}.jsonl"))
