"""Is anything said beside a value that takes it back: another state, or another value in its place?"""

import re
from collections.abc import Sequence

from scorers.checks.said.kinds import NUMBER, PERCENTAGE, QUOTE, STATE, VERSION, Mention, kind_of, pattern_of
from scorers.checks.said.stance import in_general, stance

_OR = re.compile(
    rf"{QUOTE}(?:\s*[,(–—-]*\s*(?:or(?: (?:maybe|perhaps|possibly|else))?|maybe|perhaps|possibly|alternatively|"
    r"otherwise|if not|(?:it )?(?:could|might|may) (?:also )?be)\s+(?:it(?:'s| is)\s+)?(?:(?:even|on|at|rather)\s+)?|"
    rf"\s*/\s*|\s+to\s+|(?<=[\d%kmgt])[–—](?=\d)){QUOTE}"
)
_OR_NOT = re.compile(rf"{QUOTE},?\s+or\s+(?:it\s+)?(?:is\s+)?not\b")
_NOW = re.compile(r"\b(?:now|currently|today|at the moment)\b")
_ON_PURPOSE = re.compile(
    r"\b(?:free|left|available|avail|idle|limit|threshold|over|above|below|under|than|exceeds?|beyond|of|target|expected|required|"
    r"should|supposed|ought|latest|newer|older|needs?|wanted|against|instead)\b[\s`'\"*:]*(?:\w+\s+)?$"
)
_OTHER_LABEL = re.compile(
    r"[`'\"*]*\s*(?:is |are )?(?:free|left|available|avail|idle|remain\w*|spare|limit|threshold|to spare)\b"
)
_CODE = re.compile(r"`([^`]+)`")
_PREDICATE = re.compile(
    r"(?:'s|\b(?:is|are|has|have|remains?|stays?|still|now|currently|shows?|reports?|says?|both|all|also|or|and|"
    r"in an?|state|status)|[:=(,|/—–-]|^)"
    r"[\s`'\"*]*$"
)
_EVENT = re.compile(r"\b(?:again|now|back|restarted|recovered|since then|after(?:wards)?|any ?more)\b")


def contradicts(claim: str, wrong: frozenset[str], held: Sequence[Mention]) -> bool:
    """Whether a claim also says, of the same thing and of now, a state that excludes the right one.

    Args:
        wrong: states that exclude the right one.
        held: each place where the right one is said.
    """
    subjects = {name for place in held for name in _subjects(place)}
    changed = any(tells_a_change(place) for place in held)
    for match in STATE.finditer(claim):
        place = Mention(claim, *match.span())
        if place.text not in wrong or stance(*place) != "said" or in_general(claim, place.start):
            continue
        others = _subjects(place)
        about_another = subjects and others and not subjects & others
        before_the_change = changed and re.search(r"\b(?:has|have)[\s`'\"]*$", place.before)
        if _PREDICATE.search(place.before) and not about_another and not before_the_change:
            return True
    return False


def tells_a_change(place: Mention) -> bool:
    """Whether the sentence tells that it has become so."""
    return _EVENT.search(place.sentence) is not None


def _subjects(place: Mention) -> set[str]:
    """Terms in inline code in the part of the sentence before a place."""
    ends = re.finditer(r"[.;,\n](?=\s)|\b(?:and|but|while)\b", place.before)
    return set(_CODE.findall(place.before, max((end.end() for end in ends), default=0)))


def offers_another(place: Mention, fine: Sequence[str]) -> bool:
    """Whether another value of the same kind is offered beside this one: "1.1.4 or 4.2.6".

    Args:
        fine: values that are true as well.
    """
    claim, kind = place.claim, kind_of(place.text)
    if _OR_NOT.match(claim, place.end):
        return True
    joined = _OR.match(claim, place.end)
    if joined and (other := kind.match(claim, joined.end())) and not _is_fine(other[0], fine):
        return True
    return any(
        _OR.fullmatch(claim, other.end(), place.start)
        and not _is_fine(other[0], fine)
        and not re.search(r"\bfrom[\s`'\"]*$", claim[: other.start()])
        for other in kind.finditer(claim, 0, place.start)
    )


def is_otherwise_now(place: Mention, fine: Sequence[str]) -> bool:
    """Whether another value of the kind is said to be so now: "it was 40, it is 10 now"."""
    claim, kind = place.claim, kind_of(place.text)
    return kind in (VERSION, NUMBER) and any(
        _NOW.search(claim[max(0, other.start() - 20) : other.end() + 12]) and stance(claim, *other.span()) == "said"
        for other in kind.finditer(claim)
        if not _is_fine(other[0], fine)
    )


def another_is_said(claims: Sequence[str], held: Sequence[Mention], fine: Sequence[str]) -> bool:
    """Whether another version or another percentage stands in the place of the right one elsewhere."""
    if any(kind_of(place.text) is VERSION for place in held):
        shape = VERSION
    elif any(place.text.endswith("%") for place in held):
        shape = PERCENTAGE
    else:
        return False
    subjects = {term for place in held for term in _terms_before(place, shape)}
    for claim in claims:
        for match in shape.finditer(claim):
            other = Mention(claim, *match.span())
            about = _terms_before(other, shape)
            if (
                not _is_fine(other.text, fine)
                and stance(*other) in ("said", "open")
                and not in_general(claim, other.start)
                and not (subjects and about and not subjects & about)
                and not _ON_PURPOSE.search(other.before)
                and not _OTHER_LABEL.match(claim, other.end)
            ):
                return True
    return False


def _terms_before(place: Mention, shape: re.Pattern[str]) -> set[str]:
    """Terms in inline code in the same sentence before a place, other than values."""
    return {term for term in _CODE.findall(place.before, place.sentence_start) if not shape.search(term)}


def _is_fine(word: str, fine: Sequence[str]) -> bool:
    if STATE.fullmatch(word):
        return word in fine
    return any(
        pattern_of(value).fullmatch(word) or (not value[0].isdigit() and (word in value or value in word))
        for value in fine
    )
