"""Is a value said about a host, or one host's value about another?"""

import re
from collections.abc import Sequence

from scorers.checks.said.kinds import Mention, is_measured, places
from scorers.checks.said.rivals import another_is_said, contradicts, is_otherwise_now, offers_another, tells_a_change
from scorers.checks.said.spelling import spelled_out
from scorers.checks.said.stance import Stance, in_general, in_lesson, stance
from scorers.checks.said.states import DENIALS, LITERAL_OPPOSITE, opposites, with_synonyms

_LABEL = re.compile(r"\b(?:port|pid|:)[\s`'\"]*$")
_OWN_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|runs?|left|stays?|keeps?|needs?|not|untouched)\b")


def says(claims: Sequence[str], value: str, excused: Sequence[str] = ()) -> bool:
    """Whether claims state a value, undenied and without a rival.

    Args:
        claims: what is said about the value's host, in one spelling.
        value: alternatives with "|" between them; any of them will do.
        excused: other true values, which are no rivals.
    """
    alternatives = with_synonyms(_alternatives(value))
    wrong_states = opposites(alternatives)
    near = not wrong_states and not any(map(is_measured, alternatives))
    found = [place for claim in claims for either in alternatives for place in places(claim, either)]
    stances: list[tuple[Mention, Stance]] = [(place, _stance(place, near)) for place in found]
    if _is_denied(stances):
        return False
    held = [place for place, how in stances if _holds(place, how) and not in_lesson(place.claim, place.start)]
    if not held and not any(_opposite_denied(claim, alternatives) for claim in claims):
        return False
    if wrong_states and any(contradicts(claim, wrong_states, held) for claim in claims):
        return False
    fine = (*alternatives, *(either for other in excused for either in _alternatives(other)))
    only_then = not any(how == "said" for _, how in stances)
    if only_then and any(is_otherwise_now(place, fine) for place in held):
        return False
    return not any(offers_another(place, fine) for place in held) and not another_is_said(claims, held, fine)


def shares(claims: Sequence[str], value: str) -> bool:
    """Whether claims about one host state the value of another: a number or a state, or a name without its own verb."""
    alternatives = _alternatives(value)
    measured = bool(opposites(alternatives)) or any(map(is_measured, alternatives))
    return any(
        _stance(place, near=not measured) in ("said", "past")
        for claim in claims
        if measured or not _OWN_VERB.search(claim)
        for either in alternatives
        for place in places(claim, either)
    )


def _alternatives(value: str) -> tuple[str, ...]:
    return tuple(spelled_out(either) for either in value.split("|"))


def _stance(place: Mention, near: bool) -> Stance:
    return stance(*place, near=near or _LABEL.search(place.before) is not None)


def _is_denied(stances: Sequence[tuple[Mention, Stance]]) -> bool:
    """Whether a value is denied anywhere; what was not so then may have become so."""
    changed = any(how == "said" and tells_a_change(place) for place, how in stances)
    against = ("denied",) if changed else ("denied", "denied then")
    return any(how in against and not in_general(place.claim, place.start) for place, how in stances)


def _holds(place: Mention, how: Stance) -> bool:
    return how in ("said", "past") or (how == "open" and place.text in DENIALS)


def _opposite_denied(claim: str, alternatives: Sequence[str]) -> bool:
    words = [word for either in alternatives for word in LITERAL_OPPOSITE.get(either, ())]
    return any(stance(*place).startswith("denied") for word in words for place in places(claim, word))
