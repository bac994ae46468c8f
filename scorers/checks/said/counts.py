"""What an answer counts: the number of things asked for, and the numbers beside it."""

import re
from collections.abc import Sequence

from scorers.checks.said.spelling import NUMBERS

_WORD_FOR = {number: word for word, number in NUMBERS.items()}
_LIST_MARK = re.compile(r"^[ \t>|]*\(?\d{1,3}(?:[.)]|[ \t]*\|)(?=[ \t])", re.MULTILINE)
_COUNT = re.compile(rf"(?<![\w.:/$-])(\d+|{'|'.join(NUMBERS)}|both|no)(?![\w%/-]|[.,:]\d)")
_COUNTABLE = re.compile(
    r"\s+(?:agents?|servers?|hosts?|machines?|boxe?s?|nodes?|errors?|warnings?|lines?|linux|windows)\b"
)
_LABELLED = re.compile(r"\b(?:ports?|pid|version|line|uid|id|number)[\s#:]*$")
_MEASURED = re.compile(r"\s?(?:[kmgt]i?b?|%|percent|ms|seconds?|minutes?|hours?|days?|weeks?|am|pm)\b")
_HEDGED = re.compile(r"\b(?:or|maybe|perhaps|possibly|between|might|could|not|either)\b[^.;,\d]{0,12}$")


_AGENTS = re.compile(rf"\b(\d{{1,6}}|{'|'.join(NUMBERS)}) (?:(\w+) )?agents?\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"(?:\b(?:there (?:is|are)|there's|you have|we have|i (?:see|found|have|count(?:ed)?)|that's|that is|a total of|"
    r"in total|in all|fleet (?:of|has))(?: (?:only|just|exactly))?|[.:!,]|^)\s*$",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\s+(?:that|which|who|where|with|without|whose|on which|has|have|is (?!online|connected|available)|"
    r"are (?!online|connected|available|there|listed)|down|stopped|inactive|failed|running|left|over|above|"
    r"below|under)\b",
    re.IGNORECASE,
)
_ANY = ("online", "connected", "available", "discovered", "reachable", "registered", "known")


def miscounts(text: str, agents: int) -> bool:
    """Whether a text tells another number than `agents` as that of all agents, or a part that is larger than it.

    "1 agent has it stopped" and "2 Linux agents" count a part.
    """
    for match in _AGENTS.finditer(text):
        word, kind = match[1].lower(), match[2]
        number = NUMBERS.get(word, -1) if word in NUMBERS else int(word)
        whole = _WHOLE.search(text[: match.start()]) and not _PART.match(text, match.end())
        if number > agents or (number != agents and whole and (not kind or kind.lower() in _ANY)):
            return True
    return False


def counts_a_part(after: str) -> bool:
    """Whether the words after "2 Linux" say of which part they are told: "agents are down"."""
    noun = re.match(r"(?:\s+(?:agents?|hosts?|servers?|machines?|nodes?|boxe?s?)\b)?", after)
    return _PART.match(after, noun.end() if noun else 0) is not None


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
    return word == "both" or _COUNTABLE.match(after) is not None


def says_count(answer: str, names: Sequence[str], count: int) -> bool:
    """Whether `count` is told, and each other number is a part of it: "4 agents, 3 Linux and 1 Windows"."""
    found = counted(answer, names)
    if not any(number == count and not hedged for number, _, hedged in found):
        return False
    if any(number != count and hedged for number, _, hedged in found):
        return False
    whole = {noun for number, noun, _ in found if number == count}
    of_all = re.search(rf"\b(?:{count}|{_WORD_FOR.get(count, count)})\s+(?:out )?of\s", answer) is not None
    for number, noun, _ in found:
        if number == count:
            continue
        part = number < count and noun and noun not in whole
        total = number > count and (not names or of_all)
        if not part and not total:
            return False
    return True
