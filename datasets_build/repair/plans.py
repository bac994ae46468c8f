"""Plans as a numbered list of sentences, made from objects, dicts, bullets and other numbering."""

import re
from collections.abc import Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.loose import read_object
from datasets_build.repair.retired import load_retired

_NUMBER = re.compile(r"\s*(?:step\s+)?\d{1,3}\s*[.):-]\s+", re.IGNORECASE)
_BULLET = re.compile(r"\s*[-*•]\s+")
_DICT = re.compile(r"\{\s*['\"]\w+['\"]\s*:")


def plan_of(record: Mapping[str, Any], naming: tuple[str, ...]) -> str:
    """The steps of a plan that is an object.

    Args:
        naming: keys that say what the object is, such as `action`.

    Raises:
        Refused: it has no list of steps, or says more than a list of steps can hold.
    """
    form = load_retired().plan
    key = next((key for key in form.lists if isinstance(record.get(key), list)), None)
    if key is None:
        raise Refused("not_a_list", "the plan has no list of steps")
    lost = [name for name, value in record.items() if name not in (key, *naming, *form.labels) and value]
    if lost:
        raise Refused("extra_key", f"the plan says more than its steps: {', '.join(lost)[:80]}")
    return numbered([_sentence(step) for step in record[key]])


def plan_in(text: str) -> str:
    """A plan that is written as a list: bullets become numbers, dicts become sentences; any other text is unchanged."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not all(_BULLET.match(line) or _NUMBER.match(line) for line in lines):
        return text
    numbers = all(re.match(r"\d+[.)] \S", line.strip()) for line in lines)
    if numbers and not _DICT.search(text):
        return text
    return numbered([_line(_BULLET.sub("", line, count=1)) for line in lines])


def numbered(steps: list[str]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _line(text: str) -> str:
    bare = _NUMBER.sub("", text, count=1).strip()
    if not bare.startswith("{"):
        return bare
    reading = read_object(bare)
    if reading is None or reading.before or reading.after:
        raise Refused("plan_as_dict", "a step of the plan is a dict that cannot be read with certainty")
    return _sentence(reading.record)


def _sentence(step: Any) -> str:
    """The words of one step, without its own number."""
    if isinstance(step, dict):
        step = _words(step)
    if not isinstance(step, str) or not step.strip():
        raise Refused("plan_as_dict", "a step of the plan is not a text")
    text = _NUMBER.sub("", step, count=1).strip() if _NUMBER.match(step) else step.strip()
    if len(text.splitlines()) != 1:
        raise Refused("not_a_list", "a step of the plan has more than one line")
    return text


def _words(step: dict[str, Any]) -> str:
    form = load_retired().plan
    left = {key: value for key, value in step.items() if value not in (None, "")}
    if isinstance(left.get("step"), int):
        del left["step"]
    if set(left) == {"title", "description"} and all(isinstance(value, str) for value in left.values()):
        return f"{left['title']}: {left['description']}"
    if set(left) == {"title", "command"} and all(isinstance(value, str) for value in left.values()):
        return f"{left['title']}: `{left['command']}`"
    if len(left) != 1 or next(iter(left)) not in form.text:
        raise Refused("plan_as_dict", f"a step says more than one sentence: {', '.join(map(str, left))[:80]}")
    return next(iter(left.values()))
