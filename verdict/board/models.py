"""What the page tells of each model beside its scores: how it came about, what it cost, what it was trained on."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aj.curves import Drawing, draw
from aj.errors import EvidenceError
from aj.files import read_jsonl
from aj.visible import visible
from verdict.board.rows import Entry
from verdict.compare import ComparisonRow, check_comparable, compare_task
from verdict.costs import total
from verdict.runs import BASE, exam_score, read_object

_HASH = re.compile(r"[0-9A-Za-z]+")
"""What a run or a data set is called: the name comes from a log, and leads to a folder."""


@dataclass(frozen=True, slots=True)
class Titles:
    """The registry's word on who is champion; without a registry, there is none."""

    champion: str | None = None
    """The run."""
    events: Sequence[dict[str, Any]] = ()
    """Every promotion and rollback, oldest first."""


def model_record(entry: Entry, titles: Titles, logs: Path) -> dict[str, Any]:
    """As plain data; `logs` is the folder that holds runs/ and datasets/."""
    run, dataset = entry.told("run"), entry.told("dataset")
    cost = total(scores.cost for scores in entry.tasks.values())
    return {
        "name": entry.name,
        "run": run,
        "suite": entry.told("suite"),
        "dataset": dataset,
        "created": max(scores.created for scores in entry.tasks.values())[:16].replace("T", " "),
        "champion": bool(run) and run == titles.champion,
        "facts": [[name, value] for name, value in (*_facts(entry), *_training(logs / "runs", run)) if value],
        "epochs": cost.epochs,
        "input": cost.input_tokens,
        "output": cost.output_tokens,
        "seconds": round(cost.seconds, 1),
        "errors": sum(sample.errors for scores in entry.tasks.values() for sample in scores.samples.values()),
        "recipe": _text(logs / "runs", run, "recipe.yaml"),
        "card": _text(logs / "datasets", dataset, "card.md"),
        "curves": _curves(logs / "runs", run),
    }


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    """What identifies the model, and how it was asked."""
    settings = entry.first.settings
    yield "run", entry.told("run")
    yield "answered by", visible(entry.first.answered_by)
    yield "contract", entry.told("contract")
    yield "generation", visible(", ".join(f"{name} {value}" for name, value in settings["generation"].items()))
    yield "epochs", str(settings["eval settings"]["epochs"])
    yield "logs", visible(str(entry.first.path.parent))


def _training(runs: Path, run: str) -> Iterator[tuple[str, str]]:
    """What a run's manifest says of its training; nothing if the run is not on this machine."""
    path = runs / run / "manifest.json"
    if not (_HASH.fullmatch(run) and path.is_file()):
        return
    manifest = read_object(path)
    yield "overrides", visible(" ".join(manifest.get("overrides", [])))
    if exam := exam_score(manifest):
        yield "exam", visible(f"{exam.metric} {exam.told}")


def _text(folder: Path, name: str, file: str) -> str:
    """A file of a run or a data set, empty if it is not on this machine."""
    path = folder / name / file
    return visible(path.read_text(encoding="utf-8"), "\n") if _HASH.fullmatch(name) and path.is_file() else ""


def _curves(runs: Path, run: str) -> list[Drawing]:
    path = runs / run / "metrics.jsonl"
    return draw([line for _, line in read_jsonl(path)]) if _HASH.fullmatch(run) and path.is_file() else []


def failure_counts(entry: Entry) -> dict[tuple[str, str], int]:
    """Task and failure code -> samples that have it."""
    return dict(
        Counter(
            (visible(task), visible(code))
            for task, scores in entry.tasks.items()
            for sample in scores.samples.values()
            for code in set(sample.codes)
        )
    )


def rival_of(entry: Entry, ranked: Sequence[Entry], titles: Titles) -> Entry | None:
    """The model that another one is held against: the champion; for the champion, the base; else the best other one.

    `ranked`: best first. Only those that were asked the same suite come into question.
    """
    others = [other for other in ranked if other is not entry and other.told("suite") == entry.told("suite")]
    wanted = BASE if entry.told("run") == titles.champion else titles.champion
    return next((other for other in others if other.told("run") == wanted), others[0] if others else None)


def differences(entry: Entry, rival: Entry) -> Iterator[ComparisonRow]:
    """Paired, for the tasks of which both have logs that can be compared."""
    for task in entry.tasks.keys() & rival.tasks.keys():
        a, b = rival.tasks[task], entry.tasks[task]
        try:
            check_comparable(a, b)
        except EvidenceError:
            continue  # shown as having no difference: the flaws of either say why
        yield from compare_task(a, b)


def history_records(titles: Titles) -> list[dict[str, Any]]:
    """Promotions and rollbacks, newest first."""
    return [_event(event) for event in reversed(titles.events)]


def _event(event: dict[str, Any]) -> dict[str, Any]:
    crowned = event["champion"]
    promoted = event["event"] == "promote"
    verdict = (crowned.get("verdict") or {}) if promoted else {}
    told = {
        "at": str(event.get("at", ""))[:16].replace("T", " "),
        "event": event["event"],
        "run": crowned["run"],
        "name": crowned["name"],
        "verdict": str(verdict.get("outcome", "")),
        "reason": str(event.get("reason") or (crowned.get("reason", "") if promoted else "")),
    }
    return {key: visible(value) for key, value in told.items()} | {"forced": promoted and bool(crowned.get("forced"))}
