"""Voice: AJ's own rules, and those for the persona (`aj/personas.yaml`)."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache, reduce
from operator import or_

from aj.findings import Finding
from aj.hints import HintSearch, in_any_case
from aj.personas import VoiceRule, load_personas
from scorers.checks.said.names import places

CASUAL = "casual_developer"
"""The only user whose answer may contain an emoji."""

_CODE = re.compile(r"```.*?(?:```|\Z)|^~~~.*?(?:^~~~|\Z)|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_HIDDEN = "\0"
"""Replaces each character that is not prose, so that offsets stay the same."""
# A flag, or a picture with its skin tone and joined parts, is one emoji; check marks of a list are none.
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_SIGNS = "\u231a\u231b\u23e9-\u23f3\u2600-\u26ff\u2705\u270a-\u270d\u2714\u2728\u274c\u2753-\u2757\u2764\u2b50"
_PICTURE = f"[\U0001f300-\U0001faff{_SIGNS}][\ufe0f\U0001f3fb-\U0001f3ff]*"
_EMOJI = re.compile(f"{_FLAG}|{_PICTURE}(?:\u200d{_PICTURE})*")
_OPENING = re.compile(r"[\s*_#>-]*")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def check_voice(answer: str, persona: str, technical: Sequence[str], asks_back: bool = False) -> list[Finding]:
    """Findings about the wording of a reply; AJ's own rules first.

    Args:
        answer: the reply, as the user reads it.
        persona: a name in `personas.yaml`; any other is a KeyError.
        technical: terms that belong in inline code: host and service names, addresses, paths, commands.
        asks_back: the reply should ask the user something, so rules for answers do not apply.
    """
    own, rules = load_personas().voice.rules, load_personas().personas[persona].rules
    asked = [rule for rule in (*own, *rules) if not (asks_back and rule.answers_only)]
    broken = [finding for rule in asked if (finding := _apply(rule, answer, technical))]
    return [*_check_emoji(answer, persona), *_check_code(answer, technical), *broken]


def check_own_voice(answer: str) -> list[Finding]:
    """AJ's own rules alone, for replies to an unknown persona (which may be a casual user, with an emoji)."""
    emoji = _check_emoji(answer, CASUAL)
    if not _hints_of(prose(answer), *_lacking()):
        return emoji
    return [*emoji, *(finding for rule in load_personas().voice.rules if (finding := _apply(rule, answer, ())))]


@cache
def _lacking() -> tuple[str, ...]:
    """The lists of what no answer may say."""
    return tuple(name for rule in load_personas().voice.rules for name in rule.lacks)


@lru_cache(16)
def _bare(answer: str) -> str:
    """Cached, since all rules of a reply ask for the same text."""
    shown = answer.replace("’", "'")
    return _CODE.sub(lambda code: _HIDDEN * len(code[0]), shown) if "`" in shown or "~~~" in shown else shown


def prose(answer: str, technical: Sequence[str] = ()) -> str:
    """The reply with code and technical terms hidden and quotes straightened; its length does not change."""
    shown = _bare(answer)
    for term in technical:
        for place in places(shown, term):
            shown = f"{shown[:place]}{_HIDDEN * len(term)}{shown[place + len(term) :]}"
    return shown


def words(answer: str, technical: Sequence[str] = ()) -> int:
    """Number of words that are not facts: no code, no technical term, nothing with a digit."""
    said = prose(answer, technical).split()
    return sum(1 for word in said if word.isalpha() or (_LETTER.search(word) and not _DIGIT.search(word)))


@cache
def phrases(*lists: str) -> re.Pattern[str]:
    """Matches a phrase of any of the `lists` in `personas.yaml`, as whole words, in any case."""
    return _any_of(tuple(entry for name in lists for entry in load_personas().phrases[name]))


@lru_cache(4096)
def _any_of(entries: tuple[str, ...]) -> re.Pattern[str]:
    # A boundary only where the phrase has a word's edge: "!" and "\?$" are phrases as well.
    either = "|".join(f"(?:{entry})" for entry in entries)
    return re.compile(rf"(?:(?<!\w)|(?!\w))(?:{either})(?:(?!\w)|(?<!\w))", re.IGNORECASE)


def _find(text: str, *lists: str) -> re.Match[str] | None:
    """As `phrases(*lists).search(text)`, but ten times as fast: phrases that cannot match are left out."""
    hints = _hints_of(text, *lists)
    return _any_of(_possible(hints, *lists)).search(text) if hints else None


_SEARCH = HintSearch()
"""For phrases, apart from that of the checks: only answers are searched for them."""


def _hints_of(text: str, *lists: str) -> int:
    """The hints of the lists' phrases that stand in a text."""
    wanted = _all_hints(*lists)  # first: a hint that is not known yet is not found
    return wanted & _SEARCH.hints_in(text)


@cache
def _all_hints(*lists: str) -> int:
    return reduce(or_, (_every_entry()[entry] for name in lists for entry in load_personas().phrases[name]))


@lru_cache(4096)
def _possible(hints: int, *lists: str) -> tuple[str, ...]:
    """The phrases that have one of the hints."""
    every, phrases = _every_entry(), load_personas().phrases
    return tuple(entry for name in lists for entry in phrases[name] if hints & every[entry])


@cache
def _every_entry() -> dict[str, int]:
    entries = (entry for listed in load_personas().phrases.values() for entry in listed)
    return {entry: _SEARCH.hint(*in_any_case(_WORD_OR_EDGE.sub(_widened, entry))) for entry in entries}


_WORD_OR_EDGE = re.compile(r"\\[wdb]")


def _widened(match: re.Match[str]) -> str:
    """What a hint has in place of `\\w`, `\\d` or `\\b`, which it knows for ASCII alone."""
    return "" if match[0] == r"\b" else r"\S"


def _check_emoji(answer: str, persona: str) -> list[Finding]:
    if answer.isascii():
        return []
    allowed = load_personas().voice.max_emoji if persona == CASUAL else 0
    extra = list(_EMOJI.finditer(answer))[allowed:]
    return [Finding("emoji", "too many emoji", "one at most, and only for a casual user", e.span()) for e in extra[:1]]


def _check_code(answer: str, technical: Sequence[str]) -> list[Finding]:
    bare = prose(answer)
    found = []
    for term in technical:
        if (place := next(places(bare, term), None)) is not None:
            span = (place, place + len(term))
            found.append(Finding("no_inline_code", f"{term} is not written as inline code", f"write `{term}`", span))
    return found


def _apply(rule: VoiceRule, answer: str, technical: Sequence[str]) -> Finding | None:
    if rule.min_words or rule.max_words:
        said = words(answer, technical)
        return _outside(rule, said, rule.min_words, rule.max_words, "words that are not facts")
    if rule.max_lines:
        return _outside(rule, sum(1 for line in answer.splitlines() if line.strip()), 0, rule.max_lines, "lines")
    text = prose(answer)
    if rule.lacks:
        place = _find(text, *rule.lacks)
        return Finding(rule.code, f"{rule.why}: says {place[0]!r}", rule.fix, place.span()) if place else None
    if rule.starts:
        text = _OPENING.sub("", text, count=1)
        fits = phrases(*rule.starts).match(text)
    else:
        fits = _find(_last_sentence(text) if rule.ends else text, *rule.has, *rule.ends)
    return None if fits else Finding(rule.code, rule.why, rule.fix)


def _outside(rule: VoiceRule, number: int, low: int, high: int, unit: str) -> Finding | None:
    fits = low <= number and (not high or number <= high)
    return None if fits else Finding(rule.code, f"{rule.why} ({number} {unit})", rule.fix)


def _last_sentence(text: str) -> str:
    """Without what may follow it: an emoji, a closing quote, spaces."""
    return _SENTENCE_END.split(_EMOJI.sub("", text).rstrip(" \n\t*_\"')"))[-1]
