"""Nothing made up: every number and name in an answer was in a tool's result or in the user's words."""

import re
from collections.abc import Iterator, Sequence

from aj.findings import Finding
from scorers.checks.said.names import is_word, stands
from scorers.checks.said.spelling import plain

_CODE = re.compile(r"`([^`]+)`")
_LIST_MARK = re.compile(r"^([ \t]{0,20})\d{1,3}[.)](?=[ \t])", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.:]\d+)*[KMGT%]?(?!\w)")


def check_grounded(answer: str, sources: Sequence[str], names: Sequence[str]) -> list[Finding]:
    """Every number and every term in inline code occurs in a tool's result or in the user's words.

    Small counts are allowed if they count something: up to the number of agents, and of items in the answer.
    """
    known = plain("\n".join(sources)).lower()
    text = plain(_LIST_MARK.sub(r"\1-", answer))
    countable = max(len(names), text.count("`") // 2, text.count(",") + 1)
    terms = [term for term in _CODE.findall(text) if not stands(known, term.lower())]
    bare = _CODE.sub(" ", text)
    for name in names:
        bare = bare.replace(name, " ")
    numbers = _NUMBER.findall(bare)
    stray = [n for n in numbers if not _stands(n, known) and not (n.isdigit() and int(n) <= countable)]
    return [
        Finding("ungrounded", f"{term!r} occurs neither in a result nor in the user's words", "say only what was seen")
        for term in dict.fromkeys([*terms, *stray])
    ]


def _stands(number: str, known: str) -> bool:
    """Some tables have the unit in the header: 87.3 under %CPU may become 87.3%, and 61.0 may become 61%, but 3.1G may
    not become 3.1M."""
    if any(not _digits_follow(known, end) for end in _alone(number.lower(), known)):
        return True
    if number.count(".") == 1 and any(not _digits_follow(known, end) for end in _alone(f"{number}0", known)):
        return True
    bare = number.rstrip("KMGT%")
    if bare == number:
        return False
    spelled = (bare,) if "." in bare else (f"{bare}.0", f"{bare}.00")
    return any(
        not (known[end : end + 1] == "%" or is_word(known[end : end + 1]) or _digits_follow(known, end))
        for one in spelled
        for end in _alone(one, known)
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
