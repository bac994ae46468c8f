"""The order that steps state themselves: with a number or letter before their text, or in a key of their own.

A list numbers its steps once. Numbers that are read here are therefore taken away, and the steps are returned in their
order; nothing is guessed: where the numbers are not those of the steps, the order is unknown.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from datasets_build.ledger import Refused

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_BULLET = re.compile(r"\A\s*[-*•]\s+(?=\S)")
_KEY = re.compile(r"(?:step)?[\s_#-]*(\d{1,3})(?:\s?(?:/|of)\s?\d{1,3})?\s*[.):]?", re.IGNORECASE)
_PLAIN = re.compile(r"\s*\d{1,3}[.)] \S")


class Steps(NamedTuple):
    """Steps without their own numbers."""

    steps: list[Any]
    numbered: bool
    """Whether they stated their order."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A way to count."""

    form: re.Pattern[str]
    number: Callable[[str], int]


def _kind(values: str, after: str, number: Callable[[str], int]) -> _Kind:
    """Marks such as `1.`, `(1)`, `1/3`, `1 -`, `#1`, `Step 1:`, `**1.**`, with any of the `values` for the 1."""
    return _Kind(
        re.compile(
            r"\s*(?:\#{1,6}\s+)?(?P<bold>\*\*|__)?[(\[]?(?P<named>step[\s-]?#?|\#)?[(\[]?"
            rf"(?P<value>{values})(?P<of>\s?(?:/|of)\s?\d{{1,3}})?"
            r"(?P<close>\s?[.:)\]]{1,2}|\uFE0F?\u20E3|\s?[-–—](?=\s+\D))?"
            rf"(?(bold)(?P<end>(?:\*\*|__):?)?)(?:{after})(?=\S)",
            re.IGNORECASE,
        ),
        number,
    )


_DIGITS = _kind(r"\d{1,3}", r"\s+|(?=[^\W\d_])", int)
_KINDS = (
    _DIGITS,
    _kind("|".join(sorted(_ROMAN, key=len, reverse=True)), r"\s+", lambda text: _ROMAN.index(text.lower()) + 1),
    _kind("[a-z]", r"\s+", lambda text: ord(text.lower()) - ord("a") + 1),
    _kind("|".join(_WORDS), r"\s+", lambda text: _WORDS.index(text.lower()) + 1),
)


def is_list(lines: Sequence[str]) -> bool:
    """Whether all lines begin like items of a list: with a bullet or a number each, or with letters in order."""
    if not lines or all(_BULLET.match(line) or _mark(_DIGITS, line) for line in lines):
        return bool(lines)
    counted = (kind for kind in _KINDS[1:] if all(_mark(kind, line) for line in lines))
    return any(_places(kind, _marks(kind, lines)) is not None for kind in counted)


def is_plain(line: str) -> bool:
    """Whether a line is an item as Markdown numbers it: `1. …` or `1) …`."""
    return bool(_PLAIN.match(line))


def without_bullet(line: str) -> str:
    return _BULLET.sub("", line, count=1)


def keyed(value: Any) -> list[tuple[int, Any]] | None:
    """The steps of an object whose keys are their numbers, `{"1": …}`, `{"step_1": …}` or `{"first": …}`; None if it is
    none."""
    if not isinstance(value, Mapping) or not value:
        return None
    found = [(number, step) for key, step in value.items() if (number := _as_number(key)) is not None]
    return found if len(found) == len(value) else None


def is_steps(value: Any) -> bool:
    """Whether a value can be a list of steps."""
    return isinstance(value, list) or keyed(value) is not None


def in_order(value: Any, keys: Sequence[str], lead: Callable[[Any], str | None]) -> Steps:
    """Steps in the order that they state, without the numbers that state it.

    Args:
        value: a list, or an object whose keys are numbers (`keyed`).
        keys: under which a step that is an object may have its number.
        lead: the key of the text that a step which is an object begins with; None if there is none.

    Raises:
        Refused: the numbers are not those of the steps, so that one may be missing or out of place (`unclear_order`).
    """
    numbers, steps = _apart(value, keys)
    stated = any(number is not None for number in numbers)
    if stated:
        steps = [steps[place] for place in _certain(_order(numbers))]
    places, texts, marked = _unmarked([_text(step, lead) for step in steps])
    steps = [_with_text(steps[place], text, lead) for place, text in zip(places, texts, strict=True)]
    return Steps(steps, stated or marked)


# --- numbers in keys ------------------------------------------------------------------------------------------------


def _apart(value: Any, keys: Sequence[str]) -> tuple[list[int | None], list[Any]]:
    """The number of each step, and the step without it."""
    pairs = keyed(value)
    if pairs is None:
        pairs = [_numbered(step, keys) for step in value]
    return [number for number, _ in pairs], [step for _, step in pairs]


def _numbered(step: Any, keys: Sequence[str]) -> tuple[int | None, Any]:
    if not isinstance(step, dict):
        return None, step
    if len(step) == 1:
        if own := keyed(step):
            return own[0]
        ((key, inner),) = step.items()
        return _numbered(inner, keys) if key in keys and isinstance(inner, dict) else (None, step)
    for key in keys:
        if (number := _as_number(step.get(key))) is not None:
            return number, {name: part for name, part in step.items() if name != key}
    return None, step


def _as_number(value: Any) -> int | None:
    if isinstance(value, str):
        if found := _KEY.fullmatch(value.strip()):
            return int(found[1])
        word = re.sub(r"step|[\s_-]", "", value.lower())
        return next((words.index(word) + 1 for words in (_WORDS, _ORDINALS) if word in words), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value)


def _order(numbers: Sequence[int | None]) -> list[int] | None:
    """The places of the steps in the order of their numbers, which are 1 to n; None if they are not.

    Markdown allows `1.` before every item, and numbers before some steps only must be those of their places.
    """
    stated = [number for number in numbers if number is not None]
    places = [*range(len(numbers))]
    if len(stated) < len(numbers) or set(stated) == {1}:
        own = all(number in (None, place) for place, number in enumerate(numbers, start=1))
        return places if own or set(numbers) == {1} else None
    if sorted(stated) in (places, [place + 1 for place in places]):
        return sorted(places, key=stated.__getitem__)
    return None


def _certain(order: list[int] | None) -> list[int]:
    if order is None:
        raise Refused("unclear_order", "the numbers of the steps are not 1 to n: one may be missing or out of place")
    return order


# --- marks before texts ---------------------------------------------------------------------------------------------


def _unmarked(texts: list[str | None]) -> tuple[list[int], list[str | None], bool]:
    """The texts in the order of their marks, and without them: (places, texts, whether a mark counts). Some have two,
    as in `1. 1) Look`."""
    places, counted = [*range(len(texts))], False
    while (mark := _one_mark(texts)) is not None:
        order, bare, counts = mark
        places, texts = [places[place] for place in order], [bare[place] for place in order]
        counted = counted or counts
    return places, texts, counted


def _one_mark(texts: Sequence[str | None]) -> tuple[list[int], list[str | None], bool] | None:
    """(order, texts without the mark, whether it counts) for the first kind of mark that the texts have."""
    if texts and all(text is not None and _BULLET.match(text) for text in texts):
        return [*range(len(texts))], [without_bullet(text or "") for text in texts], False
    for kind in _KINDS:
        marks = _marks(kind, texts)
        if not any(marks) or (kind is not _DIGITS and (not all(marks) or len(marks) < 2)):
            continue
        order = _places(kind, marks)
        if order is not None:
            return order, [_rest(text, mark) if mark else text for text, mark in zip(texts, marks, strict=True)], True
        if kind is _DIGITS and any(mark and _is_clear(mark) for mark in marks):
            _certain(None)
    return None


def _marks(kind: _Kind, texts: Sequence[str | None]) -> list[re.Match[str] | None]:
    return [_mark(kind, text) if text is not None else None for text in texts]


def _places(kind: _Kind, marks: Sequence[re.Match[str] | None]) -> list[int] | None:
    return _order([kind.number(mark["value"]) if mark else None for mark in marks])


def _mark(kind: _Kind, text: str) -> re.Match[str] | None:
    found = kind.form.match(text)
    return found if found and (found["named"] or found["of"] or found["close"]) else None


def _is_clear(mark: re.Match[str]) -> bool:
    """Whether it can be nothing but a mark; `443: open it` and `2 - 3 replicas` can."""
    return bool(mark["named"] or (mark["close"] and mark["close"][-1] in ".)]" and mark[0][-1].isspace()))


def _rest(text: str | None, mark: re.Match[str]) -> str:
    """What follows a mark; bold type that begins before it and goes on goes on."""
    bold = mark["bold"] if mark["bold"] and not mark["end"] else ""
    return bold + (text or "")[mark.end() :]


def _text(step: Any, lead: Callable[[Any], str | None]) -> str | None:
    if isinstance(step, dict):
        key = lead(step)
        return None if key is None else step[key]
    return step if isinstance(step, str) else None


def _with_text(step: Any, text: str | None, lead: Callable[[Any], str | None]) -> Any:
    if text is None:
        return step
    return {**step, lead(step): text} if isinstance(step, dict) else text
