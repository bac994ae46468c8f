"""Plans as a numbered list of sentences, made from objects, dicts, bullets and other numbering."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.loose import read_object
from datasets_build.reading.numbering import Steps, in_order, is_list, is_plain, is_steps, without_bullet
from datasets_build.repair.retired import load_retired

_LIST = re.compile(r"\[\s*['\"].*['\"]\s*\]")
_IDENTIFIER = re.compile(r"[a-z]+(?:_[a-z]+)+")


def holds_steps(record: Mapping[str, Any]) -> bool:
    """Whether an object holds a list of steps under one of the names of a plan."""
    return _key_of(record) is not None


def plan_of(record: Mapping[str, Any], naming: tuple[str, ...]) -> str:
    """The steps of a plan that is an object, in the order that they state.

    Args:
        naming: keys that say what the object is, such as `action`.

    Raises:
        Refused: it has no list of steps, says more than a list of steps can hold, or its steps are calls or of no
            certain order.
    """
    form = load_retired().plan
    key = _key_of(record)
    if key is None:
        raise Refused("not_a_list", "the plan has no list of steps")
    lost = [name for name, value in record.items() if name not in (key, *naming, *form.labels) and value]
    steps = ordered_steps(key, record[key]).steps
    if lost:
        raise Refused("extra_key", f"the plan says more than its steps: {', '.join(lost)[:80]}")
    return numbered([_sentence(step) for step in steps])


def plan_in(text: str) -> str:
    """A plan that is written as a list: its items get one number each, and dicts become sentences; any other text is
    unchanged.

    Raises:
        Refused: a step is not one sentence, or the order of the steps is not certain.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not is_list(lines):
        return text
    bare = [*map(without_bullet, lines)]
    steps = _in_order("steps", [*map(_read, _in_order("steps", bare).steps)]).steps
    sentences = [*map(_sentence, steps)]
    if all(map(is_plain, lines)) and sentences == [line.split(maxsplit=1)[1] for line in lines]:
        return text
    return numbered(sentences)


def ordered_steps(key: str, value: Any) -> Steps:
    """The items of the list `key` of an object, without their own numbers; `value` is a list, or an object whose keys
    are numbers. A list of any name may have numbers, and those that are not 1 to n are part of the text.

    Raises:
        Refused: the items of a list of steps are calls (`several_calls`), or of no certain order (`unclear_order`).
    """
    if names_steps(key):
        _check_no_calls(value)
        return Steps(_in_order(key, value).steps, numbered=True)
    try:
        return _in_order(key, value)
    except Refused:
        return Steps([*value] if isinstance(value, list) else [{name: step} for name, step in value.items()], False)


def names_steps(key: str) -> bool:
    return key.lower().endswith(load_retired().plan.endings)


def lead_of(step: Mapping[str, Any]) -> str | None:
    """The key of the sentence that a step begins with."""
    return next((key for key in load_retired().plan.text if isinstance(step.get(key), str)), None)


def numbered(steps: Sequence[str]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _key_of(record: Mapping[str, Any]) -> str | None:
    return next((key for key in load_retired().plan.lists if is_steps(record.get(key))), None)


def _in_order(key: str, value: Any) -> Steps:
    form = load_retired().plan
    return in_order(value, (*form.order, *form.order_of_steps) if names_steps(key) else form.order, lead_of)


def _check_no_calls(value: Any) -> None:
    """Steps that name a tool are several calls in one turn."""
    catalogue = load_retired()
    for step in value if isinstance(value, list) else value.values():
        if not isinstance(step, dict):
            continue
        names = [step[key] for key in (*catalogue.keys.tool, "action") if isinstance(step.get(key), str)]
        given = any(isinstance(step.get(key), dict) for key in catalogue.keys.params) or "command" in step
        if any(given and (name in catalogue.by_name or _IDENTIFIER.fullmatch(name)) for name in names):
            raise Refused("several_calls", f"the steps are calls: {names[0][:40]}")


def _read(line: str) -> Any:
    """The step of a line: an object, or its text."""
    if not line.startswith("{"):
        if _LIST.fullmatch(line):
            raise Refused("plan_as_dict", "a step of the plan is a list")
        return line
    reading = read_object(line)
    if reading is None or reading.before or reading.after:
        raise Refused("plan_as_dict", "a step of the plan is a dict that cannot be read with certainty")
    return reading.record


def _sentence(step: Any) -> str:
    """The words of one step."""
    if isinstance(step, dict):
        step = _words(step)
    if not isinstance(step, str) or not step.strip():
        raise Refused("plan_as_dict", "a step of the plan is not a text")
    text = step.strip()
    if len(text.splitlines()) != 1:
        raise Refused("not_a_list", "a step of the plan has more than one line")
    return text


def _words(step: dict[str, Any]) -> str:
    form = load_retired().plan
    left = {key: value for key, value in step.items() if value not in (None, "")}
    lead = lead_of(left)
    details = [key for key in left if key != lead]
    if lead is None or len(details) > 1 or not all(isinstance(left[key], str) for key in details):
        raise Refused("plan_as_dict", f"a step says more than one sentence: {', '.join(map(str, left))[:80]}")
    if not details:
        return left[lead]
    if details[0] not in form.detail or (details[0] == "command" and "`" in left["command"]):
        raise Refused("plan_as_dict", f"a step says more than one sentence: {', '.join(map(str, left))[:80]}")
    detail = left[details[0]].strip()
    return joined(left[lead], f"`{detail}`" if details[0] == "command" else detail)


def joined(lead: str, detail: str) -> str:
    """A short text and what explains it, as one sentence."""
    lead = lead.strip()
    return f"{lead} {detail}" if lead.rstrip("*").endswith((".", "!", "?", ":")) else f"{lead}: {detail}"
