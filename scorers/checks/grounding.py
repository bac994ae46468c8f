"""Nothing made up: every number, name and state in an answer was in a tool's result or in the user's words."""

import re
from collections.abc import Iterator, Sequence

from aj.findings import Finding
from scorers.checks.said.counts import counts_a_part
from scorers.checks.said.sources import STATES, Sources
from scorers.checks.said.spelling import NUMBERS, plain, spelled_out
from scorers.checks.said.stance import LESSON, in_general, stance

_CODE = re.compile(r"`(?:``[\w+#.-]*\n)?([^`]+)`")
"""A term in inline code, or what stands in a fence."""
_LIST_MARK = re.compile(r"^([ \t>|]*)\(?\d{1,3}(?:[.)]|[ \t]*\|)(?=[ \t])", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.:]\d+)*[KMGT%]?(?!\w)")
_COUNTING = tuple(word for word in NUMBERS if word not in ("zero", "one"))
_IN_WORDS = re.compile(rf"\b(?:{'|'.join(_COUNTING)})\b(?!-)", re.IGNORECASE)
_QUESTION = re.compile(
    r"(?:(?<=[.!?\n])|\A)\s*(?:(?:so|and|but|ok|okay|well),? )?"
    r"(?:want|shall|should|do|does|did|would|could|can|may|which|what|who|where|need|is|are|how|when|anything|care|fancy|or)\b[^.!?\n]*\?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?=\S)[^.!?\n]*)*[.!?\n]*")
_HOST = re.compile(r"(?<![\w./@:-])[a-z]{2,}(?:-[a-z]+)*(?:-?\d{1,3}|-[a-z])(?:-[a-z]{2,3})?(?![\w/-]|\.\w)")
_HOST_LIKE = re.compile(r"[a-z]\d|-[a-z\d](?![a-z])")
"""What no host's name lacks; quicker to look for."""
_TECHNICAL = re.compile(r"(?:ipv|utf|sha|md|ext|http|tls|base|python|phase|step|level|day)-?\d.*")
"""Names of standards and steps, which are no hosts."""
_PLACED = re.compile(
    r"(?:\b(?:on|from|of|for|at|hosts?|agents?|servers?|nodes?|machines?|boxe?s?|and|both)\s+|[,:(]\s*|^\s*)$"
)
_OF_THIS_FLEET = re.compile(
    r"\b(?:your|our|the|this|that|all|both|\d+) (?:\w+ )?(?:disks?|load|memory|cpus?|ram|fleet|services?|servers?|"
    r"hosts?|boxe?s?|agents?|machines?|nodes?|logs?|sites?|database|root)\b|\b(?:right now|currently|at the moment)\b|"
    rf"\b(?:{'|'.join(NUMBERS)}|\d+) (?:\w+ )?(?:agents?|hosts?|servers?|machines?|nodes?|boxes)\b",
    re.IGNORECASE,
)
"""What is said of this fleet, not of servers in general."""
_FLEET = re.compile(r"\s+(?:\w+\s+)?(?:agents?|hosts?|servers?|machines?|nodes?|boxe?s?)\b", re.IGNORECASE)
_PLATFORM = re.compile(r"\s+(linux|windows)\b")
_ASKS_BACK = re.compile(r"\b(?:which|what|who|where|do you mean|(?:shall|should) i)\b[^.!?\n]{0,200}\?", re.IGNORECASE)
_NEIGHBOURS = re.compile(r"[a-z]+")
_PARTS = re.compile(r"[.;:!?](?=\s|$)|\n")
_ITEMS = re.compile(r",? and |, | & ")
_NEARBY = 60
"""Characters before and after a number or a name that tell what it is."""
_SENTENCE_LENGTH = 400
"""Characters of a sentence that are read for states: reading takes the square of them."""
_LATER = re.compile(r"\b(?:in|every|within|after|next|for|another|give \w+)\s+(?:about\s+)?$")
_TIME = re.compile(r"\s*(?:s|sec\w*|min\w*|hours?|days?|weeks?|times)\b")
_STATE = re.compile(rf"\b(?:{'|'.join(STATES)})\b")
_PREDICATE = re.compile(r"(?:\b(?:is|are|has|have|remains?|still|now|currently|both|all)|[:=(])[\s`'\"]*$")


def check_grounded(answer: str, sources: Sequence[str], names: Sequence[str]) -> list[Finding]:
    """Every number and state, every term in inline code, and whatever looks like a host's name occurs in a source.

    A count that occurs nowhere must count something: agents, lines of a result, things named in the answer.
    A question to the user claims nothing, and a lesson nothing about this fleet.

    Args:
        sources: texts of the user and of the tools, and what AJ's own commands say.
        names: the known hosts.
    """
    seen = Sources(sources)
    text = plain(_LIST_MARK.sub(r"\1-", answer))
    if "?" in text:
        text = _QUESTION.sub(" ", text)
    terms = [term.strip() or term for term in _CODE.findall(text)] if "`" in text else []
    stray = [term for term in terms if not seen.names(term)]
    bare = _CODE.sub(" ", text) if terms else text
    for name in names:
        bare = bare.replace(name, " ")
    if LESSON.search(bare):
        bare = " ".join(part for part in _SENTENCE.findall(bare) if not LESSON.search(part))
    stray += _stray_numbers(bare, text, seen, names)
    stray += [name for name in _hosts(bare) if not seen.names(name)]
    stray += [state for state in _states(text) if not seen.state(state)]
    return [
        Finding("ungrounded", f"{term!r} occurs neither in a result nor in the user's words", "say only what was seen")
        for term in dict.fromkeys(stray)
    ]


def check_unlooked(answer: str, sources: Sequence[str], names: Sequence[str]) -> list[Finding]:
    """The same for an answer before which nothing was looked up: what it says of things in general needs no source."""
    asks = _ASKS_BACK.search(answer) is not None
    claims = [
        part
        for part in _SENTENCE.findall(answer)
        if any(_hosts(part, code=True)) or (_OF_THIS_FLEET.search(part) and not asks)
    ]
    return check_grounded(" ".join(claims), sources, names) if claims else []


def _stray_numbers(bare: str, text: str, seen: Sources, names: Sequence[str]) -> Iterator[str]:
    """Numbers that are not shown and count nothing.

    Args:
        bare: the text without names and inline code.
    """
    counts: set[int] | None = None
    for match in _numbers(bare):
        said = str(NUMBERS.get(match[0].lower(), match[0]))
        before, after = (
            bare[max(0, match.start() - _NEARBY) : match.start()].lower(),
            bare[match.end() :][:_NEARBY].lower(),
        )
        of_hosts = names and _FLEET.match(after)
        platform = _PLATFORM.match(after) if names else None
        if platform and said.isdecimal():
            in_all = seen.times(platform[1])
            part = int(said) < max(in_all, default=0) and counts_a_part(after[platform.end() :])
            if int(said) not in in_all and not part:
                yield f"{match[0]}{platform[0]}"
            continue
        if seen.hosts(said) if of_hosts else seen.number(said):
            continue
        if counts is None:
            counts = _counts(text, names)
        if not said.isdecimal() or not _counts_something(int(said), before, after, counts, seen):
            yield match[0]


def _numbers(bare: str) -> Iterator[re.Match[str]]:
    yield from _NUMBER.finditer(bare)
    low = bare.lower()
    if any(word in low for word in _COUNTING):
        yield from _IN_WORDS.finditer(bare)


def _counts_something(count: int, before: str, after: str, counts: set[int], seen: Sources) -> bool:
    if count == 1 or count in counts or (_TIME.match(after) and _LATER.search(before)):
        return True
    if count in seen.sizes and not _FLEET.match(after):
        return True
    beside = [*_NEIGHBOURS.findall(before)[-2:], *_NEIGHBOURS.findall(after)[:3]]
    return any(count in seen.times(word) for word in beside if not _FLEET.fullmatch(f" {word}"))


def _counts(text: str, names: Sequence[str]) -> set[int]:
    """How many things there are: known hosts, those named and the others, terms, items of lists and of enumerations."""
    named = sum(1 for name in names if name in text)
    listed = sum(1 for line in text.splitlines() if line.lstrip()[:1] in ("-", "*", "•", "|"))
    counts = {len(names), named, len(names) - named, text.count("`") // 2, listed, listed - 1, listed - 2}
    for part in _PARTS.split(text):
        items = _ITEMS.split(part)
        if len(items) > 2 and all(len(item.split()) < 5 for item in items[1:-1]):
            counts |= set(range(2, len(items) + 1))
        elif len(items) == 2 and " and " in part:
            counts.add(2)
    return counts


def _hosts(text: str, code: bool = False) -> Iterator[str]:
    """Words that look like a host's name and stand in the place of one, or in inline code."""
    if not _HOST_LIKE.search(text):
        return
    for match in _HOST.finditer(text):
        before = text[max(0, match.start() - _NEARBY) : match.start()].lower()
        placed = _PLACED.search(before) or (code and text[match.start() - 1] == "`")
        if placed and not _TECHNICAL.fullmatch(match[0]):
            yield match[0]


def _states(text: str) -> Iterator[str]:
    """States that are said of something."""
    if not _STATE.search(text.lower()):
        return
    said = spelled_out(text)
    for long in _SENTENCE.findall(said):
        sentence = long[:_SENTENCE_LENGTH]
        for match in _STATE.finditer(sentence):
            if not _PREDICATE.search(sentence[: match.start()]) or in_general(sentence, match.start()):
                continue
            if stance(sentence, *match.span()) in ("said", "past"):
                yield match[0]
