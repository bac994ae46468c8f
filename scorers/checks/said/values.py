"""Is a value said about something, and is no other value of its kind said beside it?"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from scorers.checks.said.spelling import NUMBERS, spelled_out
from scorers.checks.said.stance import Stance, in_general, in_lesson, stance
from scorers.checks.said.states import LITERAL_OPPOSITE, POLES, opposites, with_synonyms

_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?([%kmgt]?)")
_VERSION = re.compile(r"v?\d+(?:\.\d+){2,}(?:-[\w.-]+)?")
_QUOTE = r"[`'\"*]*"
_WORDS = {number: word for word, number in NUMBERS.items()}
_OR = re.compile(
    rf"{_QUOTE}(?:\s*[,(–—-]*\s*(?:or(?: (?:maybe|perhaps|possibly|else))?|maybe|perhaps|possibly|alternatively|"
    r"otherwise|if not|(?:it )?(?:could|might|may) (?:also )?be)\s+(?:it(?:'s| is)\s+)?(?:(?:even|on|at|rather)\s+)?|"
    rf"\s*/\s*|\s+to\s+|(?<=[\d%kmgt])[–—](?=\d)){_QUOTE}"
)
_STATE = re.compile(
    r"\b(?:" + "|".join(sorted({word for poles in POLES.values() for side in poles for word in side})) + r")\b"
)
_ON_PURPOSE = re.compile(
    r"\b(?:free|left|available|avail|idle|limit|threshold|over|above|below|under|than|exceeds?|beyond|of|target|expected|required|"
    r"should|supposed|ought|latest|newer|older|needs?|wanted|against|instead)\b[\s`'\"*:]*(?:\w+\s+)?$"
)
_OTHER_LABEL = re.compile(
    r"[`'\"*]*\s*(?:is |are )?(?:free|left|available|avail|idle|remain\w*|spare|limit|threshold|to spare)\b"
)


def says(claims: Sequence[str], value: str, excused: Sequence[str] = ()) -> bool:
    """Whether claims state a value, undenied and without a rival.

    Args:
        claims: what is said about the value's host, in one spelling.
        value: alternatives with "|" between them; any of them will do.
        excused: other true values, which are no rivals.
    """
    alternatives = with_synonyms(tuple(spelled_out(either) for either in value.split("|")))
    wrong_states = opposites(alternatives)
    near = not wrong_states and not any(map(_is_measured, alternatives))
    places = [(claim, span) for claim in claims for either in alternatives for span in _places(claim, either)]
    stances = [(claim, span, _stance(claim, span, near)) for claim, span in places]
    changed = any(how == "said" and _EVENT.search(_sentence(claim, span[0])) for claim, span, how in stances)
    against = ("denied",) if changed else ("denied", "denied then")
    if any(how in against and not in_general(claim, span[0]) for claim, span, how in stances):
        return False
    held = [(claim, span) for claim, span, how in stances if how in ("said", "past") and not in_lesson(claim, span[0])]
    if not held and not any(_opposite_denied(claim, alternatives) for claim in claims):
        return False
    if wrong_states and any(contradicts(claim, wrong_states, held) for claim in claims):
        return False
    fine = (*alternatives, *(spelled_out(either) for other in excused for either in other.split("|")))
    return not any(_rivalled(claim, span, fine) for claim, span in held) and not _other_said(claims, held, fine)


_OWN_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|runs?|left|stays?|keeps?|needs?|not|untouched)\b")


def shares(claims: Sequence[str], value: str) -> bool:
    """Whether claims about one host state the value of another: a number or a state, or a name without its own verb."""
    alternatives = tuple(spelled_out(either) for either in value.split("|"))
    measured = bool(opposites(alternatives)) or any(map(_is_measured, alternatives))
    return any(
        _stance(claim, span, near=not measured) in ("said", "past")
        for claim in claims
        if measured or not _OWN_VERB.search(claim)
        for either in alternatives
        for span in _places(claim, either)
    )


def _is_measured(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value) or _VERSION.fullmatch(value))


def _places(claim: str, value: str) -> Iterator[tuple[int, int]]:
    for match in pattern_of(value).finditer(claim):
        if value != "up" or is_up(claim, match.start()):
            yield match.span()


def is_up(claim: str, place: int) -> bool:
    """Whether "up" is a state there; others look things up."""
    return _IS_UP.search(claim, 0, place) is not None


_IS_UP = re.compile(
    r"(?:\b(?:is|not|never|longer|are|be|been|back|still|now|again|currently|all|both|came|comes?|gets?|got|stays?|brought|it|status|state)|[:=(,|—–-]|^)"
    r"[\s`'\"*]*$"
)


@lru_cache(4096)
def pattern_of(value: str) -> re.Pattern[str]:
    """Matches a value as a whole: 61.0% may be written as 61%, 2 as "two", 1234 as 1,234."""
    if number := _NUMBER.fullmatch(value):
        whole, fraction, unit = number.groups()
        digits = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",?", whole)
        if fraction is not None:
            kept = fraction.rstrip("0")
            digits += rf"\.{kept}0*" if kept else r"(?:\.0+)?"
        elif not unit and int(whole) in _WORDS:
            digits = rf"(?:{digits}|{_WORDS[int(whole)]})"
        return re.compile(rf"(?<![\w.])(?<!\d,){digits}{unit}(?![\w%]|[.,]\d)")
    words = [re.escape(word) for word in value.split(" ")]
    spaced = rf"{_QUOTE}[ -]{_QUOTE}" if re.match(r"\d+ [a-z]+$", value) else rf"{_QUOTE} +{_QUOTE}"
    first, last = value[:1], value[-1:]
    begins = r"(?<![\w.])(?<!\w-)" if first.isalnum() or first == "_" else ""
    if _VERSION.fullmatch(value):
        begins += "v?"
    ends = r"(?!\w|-\w|\.\d)" if last.isalnum() or last == "_" else ""
    return re.compile(begins + spaced.join(words) + ends)


def _stance(claim: str, span: tuple[int, int], near: bool) -> Stance:
    labelled = re.search(r"\b(?:port|pid|:)[\s`'\"]*$", claim[: span[0]]) is not None
    return stance(claim, *span, near=near or labelled)


def _opposite_denied(claim: str, alternatives: Sequence[str]) -> bool:
    words = [word for either in alternatives for word in LITERAL_OPPOSITE.get(either, ())]
    return any(
        stance(claim, *place.span()).startswith("denied")
        for word in words
        for place in pattern_of(word).finditer(claim)
    )


# --- states ---------------------------------------------------------------------------------------------------------

_SUBJECT = re.compile(r"`([^`]+)`")
_PREDICATE = re.compile(
    r"(?:'s|\b(?:is|are|has|have|remains?|stays?|still|now|currently|shows?|reports?|says?|both|all|also|or|and|"
    r"in an?|state|status)|[:=(,|/—–-]|^)"
    r"[\s`'\"*]*$"
)
_EVENT = re.compile(r"\b(?:again|now|back|restarted|recovered|since then|after(?:wards)?|any ?more)\b")


def contradicts(claim: str, wrong: frozenset[str], held: Sequence[tuple[str, tuple[int, int]]]) -> bool:
    """Whether a claim also says, of the same thing and of now, a state that excludes the right one.

    Args:
        wrong: states that exclude the right one.
        held: (claim, place in it) of each time that the right one is said.
    """
    subjects = {name for said, span in held for name in _subjects(said, span[0])}
    changed = any(_EVENT.search(_sentence(said, span[0])) for said, span in held)
    for place in _STATE.finditer(claim):
        before = claim[: place.start()]
        if place[0] not in wrong or stance(claim, *place.span()) != "said" or in_general(claim, place.start()):
            continue
        as_state = _PREDICATE.search(before)
        others = _subjects(claim, place.start())
        about_another = subjects and others and not subjects & others
        if as_state and not about_another and not (changed and re.search(r"\b(?:has|have)[\s`'\"]*$", before)):
            return True
    return False


def _subjects(claim: str, place: int) -> set[str]:
    """Terms in inline code in the sentence part up to a place."""
    begin = max(
        (boundary.end() for boundary in re.finditer(r"[.;,\n](?=\s)|\b(?:and|but|while)\b", claim[:place])), default=0
    )
    return set(_SUBJECT.findall(claim, begin, place))


def _sentence(claim: str, place: int) -> str:
    begin = max((end.end() for end in re.finditer(r"[.;!?\n](?=\s)", claim[:place])), default=0)
    after = re.compile(r"[.;!?\n](?=\s)").search(claim, place)
    return claim[begin : after.start() if after else len(claim)]


# --- rivals ---------------------------------------------------------------------------------------------------------


def _rivalled(claim: str, span: tuple[int, int], fine: Sequence[str]) -> bool:
    """Whether another value of the same kind is offered beside this one: "1.1.4 or 4.2.6"."""
    kind = _kind(claim, span)
    if joined := _OR.match(claim, span[1]):
        other = kind.match(claim, joined.end())
        if other and not _is_fine(other[0], fine):
            return True
    for other in kind.finditer(claim, 0, span[0]):
        joined = _OR.fullmatch(claim, other.end(), span[0])
        if joined and not _is_fine(other[0], fine) and not re.search(r"\bfrom[\s`'\"]*$", claim[: other.start()]):
            return True
    return False


_KINDS = {
    "version": re.compile(r"v?\d+(?:\.\d+){2,}(?:-[\w.-]*\w)?"),
    "number": re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?[%kmgt]?(?![\w.-]*\w)"),
    "term": re.compile(r"[^`]+(?=`)"),
}


def _kind(claim: str, span: tuple[int, int]) -> re.Pattern[str]:
    value = claim[span[0] : span[1]]
    if _VERSION.fullmatch(value):
        return _KINDS["version"]
    if _NUMBER.fullmatch(value.replace(",", "")):
        return _KINDS["number"]
    if _STATE.fullmatch(value):
        return _STATE
    return _KINDS["term"]


def _is_fine(word: str, fine: Sequence[str]) -> bool:
    if _STATE.fullmatch(word):
        return word in fine
    return any(pattern_of(value).fullmatch(word) for value in fine) or any(
        word in value or value in word for value in fine if not value[0].isdigit()
    )


def _other_said(claims: Sequence[str], held: Sequence[tuple[str, tuple[int, int]]], fine: Sequence[str]) -> bool:
    """Whether another version or another percentage stands in the place of the right one elsewhere."""
    shapes = {claim[span[0] : span[1]] for claim, span in held}
    if any(_VERSION.fullmatch(value) for value in shapes):
        shape = _KINDS["version"]
    elif any(value.endswith("%") for value in shapes):
        shape = re.compile(r"(?<![\w.])\d+(?:\.\d+)?%")
    else:
        return False
    return any(
        not _is_fine(other[0], fine)
        and stance(claim, *other.span()) in ("said", "open")
        and not _ON_PURPOSE.search(claim[: other.start()])
        and not _OTHER_LABEL.match(claim, other.end())
        for claim in claims
        for other in shape.finditer(claim)
    )
