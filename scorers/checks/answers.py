"""Truth: does an answer say what is true in the world, and only what was seen there?"""

import re
from collections.abc import Iterable, Sequence

from aj.findings import Finding
from scenarios.truth import Truth
from scorers.checks.grounding import check_grounded
from scorers.checks.said.claims import YOURS, claims_about
from scorers.checks.said.counts import counted, says_count
from scorers.checks.said.names import stands
from scorers.checks.said.pasted import check_length, check_own_words
from scorers.checks.said.polarity import contradicted
from scorers.checks.said.spelling import spelled_out
from scorers.checks.said.values import says, shares

__all__ = ["check_answer", "check_count", "check_grounded"]

_NOT_WORKED = re.compile(r"\b(?:(?:this|that|it) did not work(?: out)?|not done)\b")
"""Denies nothing in particular."""


def check_answer(answer: str, truth: Truth, results: Sequence[str] = (), fleet: Sequence[str] = ()) -> list[Finding]:
    """Every host is named, each value is said of its own host, undenied and without a rival, counts are right, and
    nothing of it is said of another host.

    Args:
        results: what the tools returned, where it is known: an answer does not copy it.
        fleet: the names of all hosts, where they are known.
    """
    if found := check_length(answer, truth):
        return found
    if truth.asks_back:
        asked = "?" in answer
        return [] if asked else [Finding("no_question", "nothing is asked back", "ask which one is meant")]
    text = _NOT_WORKED.sub(" ", spelled_out(answer))
    hosts = [name for name in truth.stated if name]
    missing = [name for name in hosts if not stands(text, name.lower())]
    found = [Finding("name_missing", f"{name} is not named", "name every host it is about") for name in missing]
    found += [
        Finding("wrong_name", f"{name} is named, but it is not one of them", "name only those that fit")
        for name in truth.never
        if stands(text, name.lower())
    ]
    if truth.count is not None:
        found += check_count(answer, hosts, truth.count)
    found = found or [
        Finding("wrong_fact", f"{value!r} is not what is said about {name or 'it'}", "copy it from the result")
        for name, value in _wrong_values(text, truth)
    ]
    found = found or [
        Finding("wrong_fact", f"{word!r} is the opposite of what is true", "say what was seen")
        for word in contradicted(text, truth.told)
    ]
    return found or _said_of_others(text, truth, fleet) or check_own_words(answer, truth, results)


def check_count(answer: str, names: Iterable[str], count: int) -> list[Finding]:
    """`count` is the number told; any other number counts a part of it."""
    text, known = spelled_out(answer), [name.lower() for name in names]
    if says_count(text, known, count):
        return []
    shown = ", ".join(str(number) for number, *_ in counted(text, known)) or "no number"
    return [Finding("wrong_count", f"{shown} where {count} is right", "count the names in the list")]


def _wrong_values(text: str, truth: Truth) -> list[tuple[str, str]]:
    """(host, value) of each that is not said."""
    hosts = [name.lower() for name in truth.stated if name]
    claims = claims_about(text, hosts, you=bool(truth.stated.get("")))
    found: list[tuple[str, str]] = []
    for name, values in truth.stated.items():
        about = YOURS if not name and YOURS in claims else name.lower()
        others: Sequence[str] = values if about else [other for of in truth.stated.values() for other in of]
        found += [(name, value) for value in values if value != name and not says(claims[about], value, others)]
    return found


def _said_of_others(text: str, truth: Truth, fleet: Sequence[str]) -> list[Finding]:
    """Other hosts that have the asked host's value in the answer, though nobody looked."""
    hosts = [name.lower() for name in truth.stated if name]
    others = [name for name in fleet if name not in truth.stated and stands(text, name.lower())]
    if not hosts or not others:
        return []
    claims = claims_about(text, [*hosts, *(name.lower() for name in others)])
    values = [value for name, of in truth.stated.items() if name for value in of if value != name]
    return [
        Finding("wrong_name", f"{value!r} is said about {name} as well", "say it only of the host that it is true of")
        for name in others
        for value in values
        if shares(claims[name.lower()], value)
    ]
