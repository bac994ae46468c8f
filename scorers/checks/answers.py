"""Truth: does an answer say what holds in the world?"""

import re
from collections.abc import Mapping, Sequence

from aj.findings import Finding
from aj.fleet.asks import Ask

_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}


def check_answer(answer: str, ask: Ask, truth: Mapping[str, Sequence[str]]) -> list[Finding]:
    """`truth` is host -> values (see `aj.fleet.asks.facts`): every host named, each value said of its own host."""
    missing = [name for name in truth if name and not _names(answer, name)]
    found = [Finding("name_missing", f"{name} is not named", "name every host it is about") for name in missing]
    if ask.intent == "count":
        return found + check_count(answer, list(truth))
    if missing:
        return found
    forward, backward = _segments(answer, list(truth)), _segments(answer, list(truth), after=False)
    best = min((_wrong_values(truth, segments) for segments in (forward, backward)), key=len)
    return [
        Finding("wrong_fact", f"{value!r} is not said of {name or 'the workspace'}", "copy it from the result")
        for name, value in best
    ]


def _names(answer: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", answer) is not None


def check_count(answer: str, names: list[str]) -> list[Finding]:
    """The one number in the answer, outside of names, must be the number of `names`."""
    bare = re.sub(r"`[^`]*`", " ", answer)
    for name in names:
        bare = bare.replace(name, " ")
    said = {int(n) for n in re.findall(r"(?<![\w.-])\d+(?![\w-])", bare)}
    said |= {_WORDS[word] for word in re.findall(r"[a-z]+", bare.lower()) if word in _WORDS and word != "one"}
    if said == {len(names)}:
        return []
    shown = ", ".join(map(str, sorted(said))) or "no number"
    return [Finding("wrong_count", f"{shown} where {len(names)} is right", "count the names in the list")]


def _segments(answer: str, names: list[str], after: bool = True) -> dict[str, str]:
    """For each host the text between its name and the next one (or the one before): what is said of it."""
    if names == [""]:
        return {"": answer}
    places = sorted(
        (m.start(), m.end(), name)
        for name in names
        if (m := re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", answer))
    )
    ends = [*(start for start, _, _ in places[1:]), len(answer)]
    starts = [0, *(end for _, end, _ in places[:-1])]
    if after:
        return {name: answer[end:stop] for (_, end, name), stop in zip(places, ends, strict=True)}
    return {name: answer[begin:start] for (start, _, name), begin in zip(places, starts, strict=True)}


def _wrong_values(truth: Mapping[str, Sequence[str]], said: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in truth.items()
        for value in values
        if value != name and not re.search(rf"(?<![\w.]){re.escape(value)}(?![\w%]|\.\d)", said[name])
    ]
