"""From a failing sample back to the training rows: which ones ask for the same, what they teach, whose words it said.

Similarity is the weighted Jaccard index of the words of two requests, each word weighed by its inverse document
frequency in the data set (Ioffe 2010, "Improved consistent sampling, weighted minhash and L1 sketching", section 1).
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.errors import AJError
from aj.files import logs_dir, read_jsonl
from aj.visible import beginning, visible
from verdict import conversations
from verdict.flips import Reply, reply_of
from verdict.samples import read_samples
from verdict.scores import TaskScores, read_folder

if TYPE_CHECKING:
    from rich.console import RenderableType

NEAREST = 3
PHRASE = 4
"""Words that a phrase has at least: shorter ones are everybody's."""
LINES = 8
"""Of a reply, in the terminal."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A training row, and what it teaches."""

    line: int
    """In the data set's file."""
    similarity: float
    """Of its last request to the sample's, 0..1."""
    source: str
    templates: tuple[str, ...]
    request: str
    taught: str
    """The assistant's last turn."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the reply that stand in training rows."""

    words: str
    lines: tuple[int, ...]
    """Of the data set's file."""


@dataclass(frozen=True, slots=True)
class Why:
    """What is known about a failure."""

    task: str
    sample: str
    metric: str
    request: str
    reply: Reply
    rows: str | None
    """The file that the model was trained on; None for an untrained model, or if its data set is gone."""
    lessons: tuple[Lesson, ...]
    """The rows with the most similar requests, most similar first."""
    phrases: tuple[Phrase, ...]
    commands: tuple[str, ...]
    """What makes rows against such failures."""


def why(folder: Path, sample: str) -> Why:
    """Explain a sample of an eval's folder, given by the start of its id.

    Raises:
        EvidenceError: the logs cannot be read.
        AJError: no sample's id starts so, or several do.
        DataError: a line of the data set is not JSON.
    """
    scores, name = _find(folder, sample)
    metric = scores.metrics[0]
    epochs = read_samples(scores.path, [name])[name]
    worst = min(epochs, key=lambda epoch: reply_of(epoch, metric, scores.path).value)
    request, reply = conversations.request_of(worst), reply_of(worst, metric, scores.path)
    path = logs_dir() / "datasets" / str(scores.metadata.get("dataset")) / "sft.jsonl"
    rows = list(read_jsonl(path)) if path.exists() else []
    return Why(
        task=scores.task,
        sample=name,
        metric=metric,
        request=request,
        reply=reply,
        rows=str(path) if rows else None,
        lessons=tuple(lessons(request, rows)),
        phrases=tuple(phrases(_answer(worst) or reply.text, _given(worst), rows)),
        commands=tuple(_commands(scores)),
    )


def _find(folder: Path, start: str) -> tuple[TaskScores, str]:
    found = [(task, name) for task in read_folder(folder).values() for name in task.samples if name.startswith(start)]
    if not found:
        raise AJError(
            f"No sample in {folder} has an id that starts with {start!r}; copy one from `aj compare A B --flips`."
        )
    if len(found) > 1:
        those = ", ".join(f"{name} ({task.task})" for task, name in found[:5]) + (", …" if found[5:] else "")
        raise AJError(
            f"{len(found)} samples in {folder} have an id that starts with {start!r} ({those}); type more of it."
        )
    return found[0]


def lessons(request: str, rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Lesson]:
    """The rows whose last request is most similar to `request`; none that shares no word with it."""
    asked = [(line, row, _last(row, "user")) for line, row in rows]
    weights = _weights(text for _, _, text in asked)
    ranked = sorted(asked, key=lambda one: -similarity(request, one[2], weights))[:NEAREST]
    return [
        Lesson(
            line=line,
            similarity=round(near, 3),
            source=str(row.get("metadata", {}).get("source", "")),
            templates=tuple(map(str, row.get("metadata", {}).get("templates", ()))),
            request=text,
            taught=_last(row, "assistant"),
        )
        for line, row, text in ranked
        if (near := similarity(request, text, weights)) > 0
    ]


def _weights(texts: Iterable[str]) -> dict[str, float]:
    """Word -> its inverse document frequency."""
    documents = [set(_words(text)) for text in texts]
    counts = Counter(word for document in documents for word in document)
    return {word: math.log((len(documents) + 1) / count) for word, count in counts.items()}


def similarity(one: str, other: str, weights: dict[str, float]) -> float:
    """The weighted Jaccard index of two texts' words, 0..1; a word that no row has weighs most."""
    left, right = set(_words(one)), set(_words(other))
    most = max(weights.values(), default=1.0)

    def weight(words: set[str]) -> float:
        return math.fsum(weights.get(word, most) for word in words)

    return weight(left & right) / weight(left | right) if left | right else 0.0


def phrases(said: str, given: str, rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Phrase]:
    """The longest runs of words in `said` that the assistant says in some row, and that `given` does not hold."""
    words, known = _words(said), _joined(_words(given))
    taught = [(line, _joined(_words(_said(row)))) for line, row in rows]
    found: list[Phrase] = []
    start = 0
    while start + PHRASE <= len(words):
        end, lines = start + PHRASE, _holding(words[start : start + PHRASE], taught)
        while lines and end < len(words) and (longer := _holding(words[start : end + 1], taught, lines)):
            end, lines = end + 1, longer
        if lines and _joined(words[start:end]) not in known:
            found.append(Phrase(" ".join(words[start:end]), lines))
            start = end
        else:
            start += 1
    return sorted(found, key=lambda phrase: -len(phrase.words))[:NEAREST]


def _holding(words: list[str], taught: list[tuple[int, str]], among: tuple[int, ...] | None = None) -> tuple[int, ...]:
    run = _joined(words)
    return tuple(line for line, text in taught if (among is None or line in among) and run in text)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _joined(words: list[str]) -> str:
    """Words as one text in which whole words can be searched for."""
    return f" {' '.join(words)} "


def _last(row: dict[str, Any], role: str) -> str:
    return next((_text(m) for m in reversed(row.get("messages", [])) if m.get("role") == role), "")


def _said(row: dict[str, Any]) -> str:
    return "\n".join(_text(message) for message in row.get("messages", []) if message.get("role") == "assistant")


def _text(message: dict[str, Any]) -> str:
    """What a message says, and the values of its calls' arguments."""
    calls = (call["function"] for call in message.get("tool_calls") or [])
    told = (f"{call['name']}: {json.dumps(call['arguments'], ensure_ascii=False)}" for call in calls)
    return "\n".join(part for part in (str(message.get("content") or ""), *told) if part)


def _answer(sample: dict[str, Any]) -> str:
    """The answer that was judged; empty if the scorer names none."""
    return next((str(score["answer"]) for score in (sample.get("scores") or {}).values() if score.get("answer")), "")


def _given(sample: dict[str, Any]) -> str:
    """What the model had before it: repeating that is no lesson."""
    return "\n".join(map(conversations.said, conversations.asked(sample)))


def _commands(scores: TaskScores) -> Iterable[str]:
    if scores.task == "known_issues":
        yield "aj data corrections --multiply 20 --output corrections.jsonl"
    elif scores.task == "persona":
        yield "aj data conversational --count 500 --output talks.jsonl"
    run = str(scores.metadata.get("run") or "")
    yield f"aj eval {run[:6] if run and run != 'base' else 'MODEL'} --suite practice"
    yield "aj harvest logs/evals/HASH --output failures.pairs.jsonl   # of that eval"


def to_record(found: Why) -> dict[str, Any]:
    """For `--format json`."""
    return asdict(found)


def shown(found: Why) -> "RenderableType":
    """For the terminal."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    def line(text: str, indent: int = 2, style: str = "") -> Padding:
        return Padding(Text(text, style=style), (0, 0, 0, indent))

    code = f", {visible(found.reply.code)}" if found.reply.code else ""
    parts = [
        Text(f"{found.task}/{found.metric} = {found.reply.value:g}{code}  ({visible(found.sample)})", style="bold"),
        line(f"request: {beginning(found.request, LINES)}"),
        line(f"reply: {beginning(found.reply.text, LINES)}"),
        line(f"why: {beginning(found.reply.why, LINES)}", style="red" if found.reply.code else ""),
    ]
    if found.rows:
        parts.append(Text(f"\nThe most similar requests in {found.rows}", style="bold"))
    for lesson in found.lessons:
        about = ", ".join(part for part in (lesson.source, *lesson.templates) if part)
        parts += [
            line(f"line {lesson.line}, {lesson.similarity:.0%} alike ({visible(about)})", style="cyan"),
            line(f"request: {beginning(lesson.request, LINES)}", 4),
            line(f"teaches: {beginning(lesson.taught, LINES)}", 4),
        ]
    if found.phrases:
        parts.append(Text("\nWords of the reply that its training rows say, and its prompt does not", style="bold"))
    for phrase in found.phrases:
        first = ", ".join(map(str, phrase.lines[:3])) + (", …" if len(phrase.lines) > 3 else "")
        parts.append(line(f"“{visible(phrase.words)}”: {len(phrase.lines)} rows (line {first})"))
    parts.append(Text("\nRows against such failures", style="bold"))
    parts += [line(command) for command in found.commands]
    return Group(*parts)
