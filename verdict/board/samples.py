"""What the page tells of single samples: every score, and the conversations of a bounded number of failures."""

import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from aj.visible import visible
from verdict.board.rows import Entry
from verdict.conversations import request_of, said
from verdict.epochs import Sample
from verdict.samples import read_samples
from verdict.scores import ALL, TaskScores

FAILURES = 2_000
"""Conversations of failing samples in one page, shared equally among the models."""
BUDGET = 5_000_000
"""Bytes of all conversations, compressed one by one: more than they take together in the page."""
LONGEST = 4_000
"""Characters of a message; of a longer one the middle is left out."""
MESSAGES = 40
"""Of a conversation; of a longer one the middle is left out."""

Key = tuple[int, str, str]
"""Place of a model, task, sample."""


def score_columns(models: Sequence[Entry]) -> dict[str, Any]:
    """Task by task: ids and slices once; then for each model the values by metric, and the place of its first code."""
    return {visible(task): _columns(models, task) for task in _tasks(models)}


def _tasks(models: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(task for entry in models for task in entry.tasks))


def _columns(models: Sequence[Entry], task: str) -> dict[str, Any]:
    asked: dict[str, Sample] = {}
    for entry in models:
        if task in entry.tasks:
            asked = {**entry.tasks[task].samples, **asked}
    codes = {code: place for place, code in enumerate(_codes(models, task), start=1)}
    return {
        "ids": [visible(name) for name in asked],
        "slices": [sorted(f"{visible(k)}={visible(v)}" for k, v in one.slices.items()) for one in asked.values()],
        "codes": [visible(code) for code in codes],
        "models": {place: _column(entry.tasks[task], asked, codes) for place, entry in _having(models, task)},
    }


def _having(models: Sequence[Entry], task: str) -> Iterator[tuple[int, Entry]]:
    return ((place, entry) for place, entry in enumerate(models) if task in entry.tasks)


def _codes(models: Sequence[Entry], task: str) -> list[str]:
    found = (scores.samples.values() for entry in models if (scores := entry.tasks.get(task)))
    return sorted({code for samples in found for sample in samples for code in sample.codes})


def _column(scores: TaskScores, asked: dict[str, Sample], codes: dict[str, int]) -> dict[str, Any]:
    found = [scores.samples.get(name) for name in asked]
    return {
        "values": {
            visible(metric): [_number(one.values.get(metric)) if one else None for one in found]
            for metric in scores.metrics
        },
        "codes": [codes[one.codes[0]] if one and one.codes else 0 for one in found],
    }


def _number(value: float | None) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value in (0, 1) else round(value, 3)


def conversations(
    models: Sequence[Entry], rivals: Sequence[int | None], headline: Callable[[str, str], bool]
) -> dict[str, Any]:
    """Failing samples of every model, and what its rival said to the same; as many as `FAILURES` and `BUDGET` let in.

    `rivals`: for each model the place of the one that it is held against.

    Raises:
        EvidenceError: a log cannot be read.
    """
    failing = [_failing(entry, place, headline) for place, entry in enumerate(models)]
    each = max(1, FAILURES // max(1, len(models)))
    chosen = [keys[:each] for keys in failing]
    beside: dict[Key, Key] = {
        (place, task, name): (other, task, name)
        for keys in chosen
        for place, task, name in keys
        if (other := rivals[place]) is not None and name in _samples(models[other], task)
    }
    told = _told(models, {*(key for keys in chosen for key in keys), *beside.values()})
    packed = Packed()
    kept = 0
    # In turn: where the budget ends, every model has had its share.
    for key in (key for round_ in zip_longest(*chosen) for key in round_ if key):
        pair = [one for one in (key, beside.get(key)) if one and one in told]
        if not packed.add({one: told[one] for one in pair}):
            break
        kept += 1
    return {"texts": packed.texts, "talks": packed.talks, "left_out": sum(map(len, failing)) - kept}


def _samples(entry: Entry, task: str) -> Mapping[str, Sample]:
    return entry.tasks[task].samples if task in entry.tasks else {}


def _failing(entry: Entry, place: int, headline: Callable[[str, str], bool]) -> list[Key]:
    """The samples that have a code or fall short in a headline metric; one of each task and code, then the next."""
    by_code: dict[tuple[str, str], list[Key]] = {}
    for task, scores in entry.tasks.items():
        for sample in scores.samples.values():
            short = any(
                value < 1 for metric, value in sample.values.items() if headline(visible(task), visible(metric))
            )
            if short or sample.codes:
                code = sample.codes[0] if sample.codes else ALL
                by_code.setdefault((task, code), []).append((place, task, sample.id))
    return [key for round_ in zip_longest(*by_code.values()) for key in round_ if key]


def _told(models: Sequence[Entry], keys: set[Key]) -> dict[Key, dict[str, Any]]:
    """The wanted samples as their logs hold them, each log opened once."""
    wanted: dict[tuple[int, str], set[str]] = {}
    for place, task, name in keys:
        wanted.setdefault((place, task), set()).add(name)
    return {
        (place, task, name): _talk(epochs)
        for (place, task), names in wanted.items()
        for name, epochs in read_samples(models[place].tasks[task].path, names).items()
    }


def _talk(epochs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first epoch with a finding, else the first."""
    sample = next((one for one in epochs if any(_findings(one))), epochs[0])
    scores = (sample.get("scores") or {}).values()
    messages = sample.get("messages") or [{"role": "user", "content": request_of(sample)}]
    error = (sample.get("error") or {}).get("message")
    return {
        "epoch": sample["epoch"],
        "epochs": len(epochs),
        "request": _cut(request_of(sample)),
        "turns": [[visible(str(message["role"])), _cut(said(message))] for message in _middle_out(messages)],
        "findings": [[_cut(str(one.get(part, ""))) for part in ("code", "why", "fix")] for one in _findings(sample)],
        "explained": _cut("\n".join(score["explanation"] for score in scores if score.get("explanation"))),
        "changed": [[_cut(str(part)) for part in change] for change in _changed(sample)],
        "error": _cut(str(error)) if error else "",
    }


def _findings(sample: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for score in (sample.get("scores") or {}).values():
        about = score.get("metadata") or {}
        findings = [one for one in about.get("findings") or [] if isinstance(one, dict)]
        yield from findings or ([{"code": about["code"]}] if about.get("code") else [])


def _changed(sample: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What changed in the world, if the log says so: path, before, after."""
    for name, value in (sample.get("store") or {}).items():
        if name.rpartition(":")[2] == "changed" and isinstance(value, dict):
            pairs = {path: pair for path, pair in value.items() if isinstance(pair, list) and len(pair) == 2}
            yield from ((path, _state(before), _state(after)) for path, (before, after) in pairs.items())


def _state(value: Any) -> Any:
    return "absent" if value is None else value


def _middle_out(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(messages) <= MESSAGES:
        return messages
    gap = {"role": "left out", "content": f"{len(messages) - MESSAGES} messages"}
    return [*messages[: MESSAGES // 2], gap, *messages[-MESSAGES // 2 :]]


def _cut(text: str) -> str:
    over = len(text) - LONGEST
    whole = text if over <= 0 else f"{text[: LONGEST // 2]}\n[{over} characters left out]\n{text[-LONGEST // 2 :]}"
    return visible(whole, "\n\t")


class Packed:
    """Talks within the budget; their texts are kept once each."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.talks: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}
        self._there: set[Key] = set()
        self._bytes = 0

    def add(self, talks: dict[Key, dict[str, Any]]) -> bool:
        """Add all of them, or none if that is beyond the budget."""
        new = {key: talk for key, talk in talks.items() if key not in self._there}
        size = sum(len(zlib.compress(json.dumps(talk).encode(), 1)) for talk in new.values())
        if self._bytes + size > BUDGET:
            return False
        self._bytes += size
        for (place, task, name), talk in new.items():
            turns = [[role, self._text(text)] for role, text in talk["turns"]]
            self.talks.append({"model": place, "task": visible(task), "id": visible(name)} | talk | {"turns": turns})
        self._there |= new.keys()
        return True

    def _text(self, text: str) -> int:
        if text not in self._places:
            self._places[text] = len(self.texts)
            self.texts.append(text)
        return self._places[text]
