"""Truth: does an answer say what is true in the world, and only what was seen there?"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from aj.findings import Finding
from scenarios.truth import Truth

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_UNITS = re.compile(r"(\d)\s*([KMGT])(?:i?B|i)?\b")


def check_answer(answer: str, truth: Truth) -> list[Finding]:
    """Every host is named, each value belongs to its host, counts are right, and no other host is named."""
    if truth.asks_back:
        asked = "?" in answer
        return [] if asked else [Finding("no_question", "nothing is asked back", "ask which one is meant")]
    hosts = [name for name in truth.stated if name]
    missing = [name for name in hosts if not _names(answer, name)]
    found = [Finding("name_missing", f"{name} is not named", "name every host it is about") for name in missing]
    found += [
        Finding("wrong_name", f"{name} is named, but it is not one of them", "name only those that fit")
        for name in truth.never
        if _names(answer, name)
    ]
    if truth.count is not None:
        found += check_count(answer, hosts, truth.count)
    if found:
        return found
    text = _plain(answer)
    forward, backward = _segments(text, hosts), _segments(text, hosts, after=False)
    best = min((_wrong_values(truth.stated, segments) for segments in (forward, backward)), key=len)
    return [
        Finding("wrong_fact", f"{value!r} is not said about {name or 'it'}", "copy it from the result")
        for name, value in best
    ]


def check_count(answer: str, names: Iterable[str], count: int) -> list[Finding]:
    """The one number in the answer, outside of names, must be `count`."""
    bare = re.sub(r"`[^`]*`", " ", answer)
    for name in names:
        bare = bare.replace(name, " ")
    numbers = {int(n) for n in re.findall(r"(?<![\w.-])\d+(?![\w-]|\.\d)", bare)}
    numbers |= {NUMBERS[word] for word in re.findall(r"[a-z]+", bare.lower()) if word in NUMBERS and word != "one"}
    if numbers == {count}:
        return []
    shown = ", ".join(map(str, sorted(numbers))) or "no number"
    return [Finding("wrong_count", f"{shown} where {count} is right", "count the names in the list")]


def check_grounded(answer: str, sources: Sequence[str], names: Sequence[str]) -> list[Finding]:
    """Every number and every term in inline code occurs in a tool's result or in the user's words.

    Small counts are allowed if they count something: up to the number of agents, and of items in the answer.
    """
    known = _plain("\n".join(sources)).lower()
    text = _plain(answer)
    countable = max(len(names), text.count("`") // 2, text.count(",") + 1)
    terms = [term for term in re.findall(r"`([^`]+)`", text) if not _names(known, term.lower())]
    bare = re.sub(r"`[^`]*`", " ", text)
    for name in names:
        bare = bare.replace(name, " ")
    numbers = re.findall(r"(?<![\w.-])\d+(?:[.:]\d+)*[KMGT%]?(?!\w)", bare)
    stray = [n for n in numbers if not _stands(n, known) and not (n.isdigit() and int(n) <= countable)]
    return [
        Finding("ungrounded", f"{term!r} occurs neither in a result nor in the user's words", "say only what was seen")
        for term in dict.fromkeys([*terms, *stray])
    ]


def _stands(number: str, known: str) -> bool:
    """Some tables have the unit in the header: 87.3 under %CPU may become 87.3%, but 3.1G may not become 3.1M."""
    if any(not _digits_follow(known, end) for end in _alone(number.lower(), known)):
        return True
    bare = number.rstrip("KMGT%")
    has_unit = "." in bare and bare != number
    return has_unit and any(
        not (known[end : end + 1] == "%" or _is_word(known[end : end + 1]) or _digits_follow(known, end))
        for end in _alone(bare, known)
    )


def _alone(number: str, known: str) -> Iterator[int]:
    """The end of every occurrence without a digit or point before it. No regex: compiling one takes longer."""
    place = known.find(number)
    while place >= 0:
        before = known[place - 1 : place]
        if not (before == "." or before.isdecimal()):
            yield place + len(number)
        place = known.find(number, place + 1)


def _digits_follow(text: str, place: int) -> bool:
    after = text[place : place + 2]
    return after[:1].isdecimal() or (after[:1] == "." and after[1:].isdecimal())


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _plain(text: str) -> str:
    """One spelling of sizes: 3.1 GiB, 3.1GB and 3.1Gi are 3.1G."""
    return _UNITS.sub(r"\1\2", text)


def _names(answer: str, name: str) -> bool:
    place = answer.find(name)
    while place >= 0:
        around = (answer[place - 1 : place], answer[place + len(name) : place + len(name) + 1])
        if not any(char == "-" or _is_word(char) for char in around):
            return True
        place = answer.find(name, place + 1)
    return False


def _segments(answer: str, names: list[str], after: bool = True) -> dict[str, str]:
    """What is said about each host: the text between its name and the next one (or the one before)."""
    places = sorted(
        (m.start(), m.end(), name)
        for name in names
        if (m := re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", answer))
    )
    if len(places) <= 1:
        return {"": answer, **{name: answer for _, _, name in places}}
    ends = [*(start for start, _, _ in places[1:]), len(answer)]
    starts = [0, *(end for _, end, _ in places[:-1])]
    if after:
        parts = {name: answer[end:stop] for (_, end, name), stop in zip(places, ends, strict=True)}
    else:
        parts = {name: answer[begin:start] for (start, _, name), begin in zip(places, starts, strict=True)}
    return {"": answer, **parts}


def _wrong_values(truth: Mapping[str, Sequence[str]], said: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in truth.items()
        for value in values
        if value != name and not any(_says(said[name], _plain(either)) for either in value.split("|"))
    ]


def _says(text: str, value: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(value)}(?![\w%]|\.\d)", text, re.IGNORECASE) is not None
