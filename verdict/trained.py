"""Was a run trained on nothing that the suite asks? Read from the rows themselves: a lock can be written by anybody."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aj.errors import DataError, EvidenceError
from aj.files import digest_file, read_jsonl
from verdict.runs import read_object

LEARNED = ("sft.jsonl", "dpo.jsonl")
_WORDS = re.compile(r"\w+")
PART = "part."
"""How a lock names a part whose rows come from no template."""


def leaks(dataset: Path, manifest: Mapping[str, Any], templates: set[str], requests: set[str]) -> Iterator[str]:
    """What the run's data set has in common with the suite, or why that cannot be said.

    `templates` and `requests` are those of the suite.
    """
    try:
        lock = read_object(dataset / "lock.json")
        changed = [name for name in LEARNED if _digest(dataset / name) != _files(lock).get(name)]
        rows = [row for name in LEARNED if (dataset / name).is_file() for _, row in read_jsonl(dataset / name)]
    except (OSError, DataError, EvidenceError) as error:
        yield str(error)
        return
    again = "build the data set and train again"
    if lock.get("hash") != manifest.get("dataset"):
        yield f"{dataset / 'lock.json'} is not that of data set {manifest.get('dataset')}; {again}."
    if changed:
        yield f"{' and '.join(changed)} in {dataset} are not the files that its lock names; {again}."
    if manifest.get("files") != {name: file for name, file in _files(lock).items() if name in LEARNED}:
        yield f"{dataset} is not what the run was trained on: its manifest records other files; {again}."
    told = lock.get("templates")
    if not isinstance(told, list) or not told or not all(isinstance(name, str) for name in told):
        yield f"{dataset / 'lock.json'} does not name the templates of this data set; {again}."
        return
    found = {str(name) for row in rows for name in _templates(row)}
    if found - set(told) or {name for name in told if not name.startswith(PART)} - found:
        yield f"{dataset / 'lock.json'} names other templates than its rows; {again}."
    asked = {plain(name) for name in templates}
    if leaked := sorted(name for name in found | set(told) if plain(name) in asked):
        some = ", ".join(leaked[:3])
        yield f"{len(leaked)} templates of the suite were trained on ({some}); build the data set without them."
    if said := {plain(text) for row in rows for text in _requests(row)} & {plain(text) for text in requests}:
        some = sorted(said)[0]
        yield f"{len(said)} requests of the suite were trained on ({some!r}); build the data set without them."


def plain(text: str) -> str:
    """The words of a text, in lower case."""
    return " ".join(_WORDS.findall(text.lower()))


def _files(lock: Mapping[str, Any]) -> dict[str, Any]:
    files = lock.get("files")
    return files if isinstance(files, dict) else {}


def _digest(path: Path) -> str | None:
    return digest_file(path) if path.is_file() else None


def _templates(row: Mapping[str, Any]) -> list[Any]:
    told = row.get("metadata")
    names = told.get("templates") if isinstance(told, dict) else None
    return names if isinstance(names, list) else []


def _requests(row: Mapping[str, Any]) -> Iterator[str]:
    messages = row.get("messages")
    for turn in messages if isinstance(messages, list) else []:
        if isinstance(turn, dict) and turn.get("role") == "user" and isinstance(turn.get("content"), str):
            yield turn["content"]
