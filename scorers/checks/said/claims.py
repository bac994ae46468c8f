"""Which part of an answer is about which host: prose, lists, Markdown tables, and statements about all of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MARK = re.compile(r"^[ \t>]*(?:[-*•+] |\d{1,3}[.)] |\(\d{1,3}\) |#{1,6} )?[ \t]*")
_ROW = re.compile(r"^\s*\|?(.+\|.*?)\|?\s*$")
_RULE = re.compile(r"^[\s|:]*-[\s|:-]*$")
_BETWEEN_NAMES = re.compile(r"[\s`'\",;/&*()]*(?:(?:and|plus|as well as|along with|both|on|also)[\s`'\"*]*)*")
_STRONG = re.compile(r"[.!?](?=\s)|[;\n]")
_MIDDLE = re.compile(
    r",(?!\d|\s*(?:which|who|where)\b)|\||\s[—–-]\s|\b(?:while|whereas|but|versus|vs\.?|against|compared (?:to|with))\b"
)
_WEAK = re.compile(r"\b(?:and|plus)\b|[&/]")
_CLOSING = re.compile(r"\)")
_ALL = re.compile(r"\b(?:all|both|each|every|everything|everyone|everywhere|they|any|none|neither)\b")
_ORDERED = re.compile(
    r"[\s`'\"*]*(?:is|are|have|run|use|hold|take|show|report)s?(?: (?:on|at|in|with))?\s+"
    r"(?:[`'\"*]*v?\d[^\s,]*(?:,? and |, ))+[`'\"*]*v?\d[^\s,]*[`'\"*.!]*\s*(?:used|full|free|in use|days?)?[.!]*\s*$"
)
"""As many values as names, one after the other."""
_TAKEN_BACK = re.compile(r"\b(?:wait|correction|scratch that|on second thoughts?|i mean|i take (?:it|that) back)\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|[;\n]+")
YOURS = "you"
_YOU = r"you have|you are on|yours?|local(?:ly)?|(?:the |my |your )?(?:workspace|checkout|project)|here(?!'s)"
"""The user's own machine, in words."""
_EXCEPT = re.compile(
    r"\b(?:except|apart from|other than|besides|save for|with the exception of)(?: for| on)?[\s`'\"*:(]*$"
)


@dataclass(frozen=True, slots=True)
class _Group:
    """Names that stand together, as in "`a`, `b` and `c`", and where."""

    names: tuple[str, ...]
    start: int
    end: int


def claims_about(answer: str, names: Sequence[str], you: bool = False) -> dict[str, list[str]]:
    """What is said about each host, without its name; "" is the answer as a whole, YOURS is about the user's machine.

    Args:
        answer: the text in one spelling (`spelling.spelled_out`).
        names: host names in lower case.
        you: the user's own machine is one of those that something is said about.
    """
    said: dict[str, list[str]] = {name: [] for name in names}
    text = _without_tables(answer, names, said)
    text = "\n".join(_MARK.sub("", line, count=1) for line in text.splitlines())
    text = re.sub(r":\s*\n+", ": ", text)
    groups = _groups(text, names, you)
    if len({name for group in groups for name in group.names}) <= 1 and not any(said.values()):
        nameless = _without(text, names)  # a host's name states no value
        return {"": [_without(answer, names)], **{name: [nameless] for name in names}}
    here: list[str] = []
    for group, claim in _shares(text, groups):
        for name in group.names:
            said.get(name, here).append(claim)
    for sentence in _SENTENCE.split(text):
        if _ALL.search(sentence) and not _groups(sentence, names):
            for claims in said.values():
                claims.append(sentence)
        if _TAKEN_BACK.search(sentence):
            for claims in said.values():
                claims.append(text[text.index(sentence) :])
    for sentence in _SENTENCE.split(text):
        _respectively(sentence, names, said)
    return {"": [_without(answer, names)], **({YOURS: here} if here else {}), **said}


def _without(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", text)
    return text


# --- prose ----------------------------------------------------------------------------------------------------------


def _groups(text: str, names: Sequence[str], you: bool = False) -> list[_Group]:
    if not names:
        return []
    either = "|".join([*map(re.escape, sorted(names, key=len, reverse=True)), *([_YOU] if you else [])])
    found: list[_Group] = []
    for match in re.finditer(rf"(?<![\w-])(?:{either})(?![\w-])", text):
        if found and _BETWEEN_NAMES.fullmatch(text, found[-1].end, match.start()):
            found[-1] = _Group((*found[-1].names, match[0]), found[-1].start, match.end())
        else:
            found.append(_Group((match[0],), match.start(), match.end()))
    return found


def _shares(text: str, groups: Sequence[_Group]) -> Iterator[tuple[_Group, str]]:
    """Each group and what is said about it: the text around it, up to where the next group's part begins."""
    begin = 0
    if groups:
        head = list(_STRONG.finditer(text, 0, groups[0].start))
        begin = head[-1].end() if head else 0
    for number, group in enumerate(groups):
        if number + 1 == len(groups):
            stop = following = len(text)
        else:
            stop, following = _cut(text, group.end, groups[number + 1].start)
        before = text[begin : group.start]
        if _EXCEPT.search(before):  # it is said about all the others
            others = tuple(name for other in groups for name in other.names if name not in group.names)
            yield _Group(others, begin, group.start), _EXCEPT.sub("", before)
            before = ""
        yield group, f"{before} {text[group.end : stop]}"
        begin = following


def _cut(text: str, start: int, stop: int) -> tuple[int, int]:
    """Where what is said about one name ends and what is said about the next begins."""
    for boundary in (_STRONG, _MIDDLE, _WEAK, _CLOSING):
        if places := list(boundary.finditer(text, start, stop)):
            return places[-1].start(), places[-1].end()
    return stop, stop


def _respectively(sentence: str, names: Sequence[str], said: dict[str, list[str]]) -> None:
    """`a` and `b` are at 45% and 5% (respectively): the values in the order of the names."""
    if " and " not in sentence or len(groups := _groups(sentence, names)) != 1 or len(groups[0].names) < 2:
        return
    (group,) = groups
    if "respectively" not in sentence and not _ORDERED.match(sentence, group.end):
        return
    rest = f"{sentence[: group.start]} {sentence[group.end :]}".split("respectively")[0]
    values = re.split(
        r",\s*(?:and\s)?|\band\b", re.sub(r"^[\s`'\"*]*(?:is|are|has|have|run|runs|use|at|on|\s)*", "", rest)
    )
    values = [value for value in values if value.strip(" `'\"*")]
    if len(values) == len(group.names):
        for name, value in zip(group.names, values, strict=True):
            said[name] = [value]


# --- tables ---------------------------------------------------------------------------------------------------------


def _without_tables(answer: str, names: Sequence[str], said: dict[str, list[str]]) -> str:
    """The answer without its Markdown tables, whose cells go to the hosts of their rows or columns."""
    if "|" not in answer:
        return answer
    lines, kept, place = answer.splitlines(), [], 0
    while place < len(lines):
        if place + 1 < len(lines) and _ROW.match(lines[place]) and _RULE.match(lines[place + 1]):
            end = place + 2
            while end < len(lines) and _ROW.match(lines[end]):
                end += 1
            _read_table([_cells(line) for line in (lines[place], *lines[place + 2 : end])], names, said)
            place = end
        else:
            kept.append(lines[place])
            place += 1
    return "\n".join(kept)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _read_table(rows: list[list[str]], names: Sequence[str], said: dict[str, list[str]]) -> None:
    head, *body = rows
    columns = {place: name for place, cell in enumerate(head) if (name := _named(cell, names))}
    for row in body:
        host = next((name for cell in row if (name := _named(cell, names))), None)
        for place, cell in enumerate(row):
            label = (row[0] if 0 not in columns else "") if columns else head[place] if place < len(head) else ""
            owner = columns.get(place) if columns else host
            if owner and _named(cell, names) != owner:
                said[owner].append(_cell_claim(label, cell))


def _named(cell: str, names: Sequence[str]) -> str | None:
    bare = cell.strip("`'\"* ")
    return bare if bare in names else None


def _cell_claim(label: str, cell: str) -> str:
    """A cell under its heading; a unit in the heading holds for the numbers below it."""
    if "%" in label and re.fullmatch(r"`?\d+(?:\.\d+)?`?", cell):
        cell = f"{cell.strip('`')}%"
    unit = re.search(r"[(\[]\s*([kmgt])(?:i?b)?\s*[)\]]", label)
    if unit and re.fullmatch(r"`?\d+(?:\.\d+)?`?", cell):
        cell = f"{cell.strip('`')}{unit[1]}"
    return f"{label}: {cell}"
