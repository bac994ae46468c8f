"""What an answer counts: the number of things asked for, and the numbers beside it."""

import re
from collections.abc import Sequence

from scorers.checks.said.spelling import NUMBERS

_LIST_MARK = re.compile(r"^[ \t>|]*\(?\d{1,3}(?:[.)]|[ \t]*\|)(?=[ \t])", re.MULTILINE)
_COUNT = re.compile(rf"(?<![\w.:/$-])(\d+|{'|'.join(NUMBERS)}|both|no)(?![\w%/-]|[.,:]\d)")
_LABELLED = re.compile(r"\b(?:ports?|pid|version|line|uid|id|number)[\s#:]*$")
_MEASURED = re.compile(r"\s?(?:[kmgt]i?b?|%|percent|ms|seconds?|minutes?|hours?|days?|weeks?|am|pm)\b")
_HEDGED = re.compile(r"\b(?:or|maybe|perhaps|possibly|between|might|could|not|either)\b[^.;,\d]{0,12}$")


def counted(answer: str, names: Sequence[str]) -> list[tuple[int, str, bool]]:
    """(number, what follows it, whether it is only offered or denied) of each count, outside of names, code and list
    numbering.

    Args:
        answer: the text in one spelling (`spelling.spelled_out`).
    """
    bare = re.sub(r"`[^`]*`", " ", _LIST_MARK.sub("", answer))
    for name in names:
        bare = bare.replace(name, " ")
    found = []
    for match in _COUNT.finditer(bare):
        before, after = bare[: match.start()], bare[match.end() :]
        if _LABELLED.search(before) or _MEASURED.match(after):
            continue
        word = match[1]
        if word in ("no", "one", "both") and not _stands_for_a_number(word, after):
            continue
        number = {"both": 2, "no": 0}.get(word, NUMBERS.get(word, -1))
        follows = re.match(r"[\s*]*(?:(?:of|out of)\s+(?:the\s+|them\s*)?)?([a-z]*)", after)
        found.append((int(word) if number < 0 else number, follows[1] if follows else "", bool(_HEDGED.search(before))))
    return found


def _stands_for_a_number(word: str, after: str) -> bool:
    """ "no errors" is 0, "no, …" is none; "one agent" is 1, "this one" is none."""
    if word == "both":
        return True
    return (
        re.match(
            r"\s+(?:agents?|servers?|hosts?|machines?|boxe?s?|nodes?|errors?|warnings?|lines?|linux|windows)\b", after
        )
        is not None
    )


def says_count(answer: str, names: Sequence[str], count: int) -> bool:
    """Whether `count` is told, and each other number is a part of it: "4 agents, 3 Linux and 1 Windows"."""
    found = counted(answer, names)
    if not any(number == count and not hedged for number, _, hedged in found):
        return False
    if any(number != count and hedged for number, _, hedged in found):
        return False
    whole = {noun for number, noun, _ in found if number == count}
    for number, noun, _ in found:
        if number == count:
            continue
        part = number < count and noun and noun not in whole
        total = number > count and not names
        if not part and not total:
            return False
    return True
