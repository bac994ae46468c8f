"""How something is said: as a fact, denied, of the past, or left open."""

import re
from typing import Literal

Stance = Literal["said", "denied", "past", "denied then", "open"]

_BOUNDARY = re.compile(
    r"[.!?](?=\s|$)|[;\n()]|:\s|,\s|\s[—–-]+\s|"
    r"(?<!thing )\bbut\b|\b(?:although|though|while|whereas|because|since|so|which|who)\b|"
    r"(?<!not )(?<!not  )\b(?:and|then|yet)\b"
    r"(?=\s+(?:it|they|that|this|is|are|was|were|has|have|had|now|does|do|will|runs?|no|not|nothing|the)\b|"
    r"\s+`[^`]*`[^,.;]{0,40}?\b(?:is|are|has|have|runs?|was)\b)"
)
_ASIDE = re.compile(
    r"(?:\(|(?<=\bnot),)( ?(?:yet|currently|now|as of now|at the moment|really|actually|at all|any ?more|exactly|quite|"
    r"however|though|in fact|of course|sadly|unfortunately))[),]"
)
_DENIAL = re.compile(
    r"\b(?:not(?! (?:only|just|merely|simply|to worry)\b)|never|no longer|neither|nor|none|no one|nobody|"
    r"nothing(?! (?:but|else)\b)|yet to|hardly|scarcely|barely|anything but|by no means|in no way|far from|"
    r"nowhere near|rather than|instead of|other than|(?<!from )fail(?:s|ed|ing)? to|unable to|refus(?:e|es|ed) to|"
    r"stop(?:s|ped)? being|ceased? (?:to|being)|lacks?|(?<!no )(?<!a )doubt(?:s|ed|ful)?|"
    r"(?:wrong|false|untrue|incorrect) (?:that|to say))\b"
)
_NO = re.compile(
    r"\b(?:no|without)\b(?! (?:doubt|question|problem|problems|issue|issues|trouble)\b)[\s`'\"]*(?:\w+[\s`'\"]+){0,2}$|"
    r"\beverything but[\s`'\"]*$"
)
_NEAR = re.compile(
    r"\b(?:not|never|no longer|neither|nor|rather than|instead of|other than)[\s`'\"]*"
    r"(?:(?:on|by|the|a|an|in|at|is|from|for|to|with|it)[\s`'\"]+){0,2}$"
)
_REFUTED = re.compile(
    r"[\s`'\"]*(?:[:?,–—|…-]+[\s`'\"]*(?:no|nope|not(?: (?:really|so|at all|true|any ?more))?)"
    r"(?=[\s`'\"]*(?:[.,;!)|]|$))|"
    r"(?:is|are|was|would be) (?:wrong|false|untrue|incorrect|not (?:right|true|correct|the|what|it|so)\b)|"
    r"(?:no longer|not any ?more)\b)"
)
_CONFIRMED = re.compile(
    r"[\s`'\"]*[:?–—|-]+[\s`'\"]*(?:yes|yep|yeah|true|confirmed|it (?:is|does|has))(?=[\s`'\"]*(?:[.,;!)|]|$))"
)
_THEN = re.compile(r"\b(?:was|were|had|did|previously|before|earlier|at first|initially)\b")
_PAST = re.compile(
    r"\b(?:was|were|had|used to be|previously|before|earlier|formerly|initially|originally|at first|until|once|"
    r"after|since|went|as of yesterday|yesterday)\b|\bfrom[\s`'\"]*(?:\w+[\s`'\"]+)?$"
)
_PAST_AFTER = re.compile(
    r"[\s`'\"]*(?:\w+\s){0,2}(?:before(?!hand)|earlier|previously|at first|until|yesterday|in the past)\b"
)
# "servers that should be alike" says what they are for; "that should be active" leaves it open, and so does what the
# user is asked to see to: "make sure that it is running".
_OPEN = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|could(?! not)|may(?! not)|not sure|unsure|unclear|"
    r"unknown (?:if|whether)|(?<!s that )should|ought|supposed|expected|either|whether|if|unless|would|in case|"
    r"between|guess|ensure|make sure|verify|check that)\b"
)


LESSON = re.compile(r"\b(?:matters|pro tip|tip|remember|usually|always|generally|in general|whenever|best practice)\b")
_OF_OTHERS = re.compile(r"\b(?:else|others?|every(?:one|body)|the rest|the remaining \w+)\b")
_OF_A_KIND = re.compile(r"\b(?:an?|any|every|when|while|if|once)\s+(?:\w+\s+)*$")


def in_general(text: str, place: int) -> bool:
    """Whether a place is about things of its kind or about others: "a failed service stays down", "the rest runs"."""
    if in_lesson(text, place) or _OF_A_KIND.search(_sentence_before(text, place)):
        return True
    return _OF_OTHERS.search(_clause_before(text, place)) is not None


def in_lesson(text: str, place: int) -> bool:
    """Whether a place is in a sentence that teaches: "This matters because a failed service stays down"."""
    return LESSON.search(_sentence_before(text, place)) is not None


def _sentence_before(text: str, place: int) -> str:
    ends = list(re.finditer(r"[.!?;\n](?=\s)", text[:place]))
    return text[ends[-1].end() if ends else 0 : place]


def stance(text: str, start: int, end: int, near: bool = False) -> Stance:
    """How `text[start:end]` is said within its clause.

    Args:
        text: a claim in one spelling (`spelling.spelled_out`).
        near: only a denial right before it counts; for names, of which something else may be denied.
    """
    text = _ASIDE.sub(r" \1 ", text)
    before, after = _clause_before(text, start), text[end:]
    if _REFUTED.match(after):
        return "denied"
    if _CONFIRMED.match(after):
        return "said"
    if _NEAR.search(before) if near else _DENIAL.search(before) or _NO.search(before):
        return "denied then" if _THEN.search(before) or _PAST_AFTER.match(after) else "denied"
    if _OPEN.search(before) or _asked(text, end):
        return "open"
    if _PAST.search(before) or _PAST_AFTER.match(after):
        return "past"
    return "said"


def _clause_before(text: str, start: int) -> str:
    """The words of the clause that come before a place."""
    begin = 0
    for boundary in _BOUNDARY.finditer(text, 0, start):
        before = text[begin : boundary.start()]
        follows = text[boundary.end() : start].lstrip()
        interrupted = boundary[0].strip() == "," and re.search(r"\b(?:not|never|no longer)\s*$", before)
        listed = boundary[0].strip() == "," and "neither" in before
        if interrupted or listed or (boundary[0].strip() == "," and re.match(r"(?:nor|or)\b", follows)):
            continue
        begin = boundary.end()
    return text[begin:start]


def _asked(text: str, end: int) -> bool:
    """Whether the clause after a place ends on a question mark."""
    boundary = _BOUNDARY.search(text, end)
    return boundary is not None and boundary[0] == "?"
