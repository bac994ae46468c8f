"""Does an answer deny what the oracle says, or say what the oracle denies? Compared word by word."""

import re
from collections.abc import Mapping, Sequence

from scorers.checks.said.kinds import is_up, places
from scorers.checks.said.rivals import contradicts
from scorers.checks.said.spelling import spelled_out
from scorers.checks.said.stance import Stance, in_general, in_lesson, stance
from scorers.checks.said.states import POLES

_WORD = re.compile(r"(?:is|are) still there|[a-z]{3,}|up|(?<=is )in|(?<=are )in|(?<=not )in|(?<=longer )in")
_HIDDEN = re.compile(r"`[^`]*`|\"[^\"]*\"")
_EMPTY = re.compile(
    r"the|and|not|its|they|their|there|that|this|those|these|your?|was|were|are|has|have|had|does|did|can|could|will|"
    r"with|from|for|only|also|but|than|too|again|then|which|who|whose|nor|any|all|both|each|others?|one|two|now|still|"
    r"here|what|where|when|how|why|out|off|into|over|about|after|before|until|during|while|because|since|been|being|more|most|such|just|yet"
)
_DENIED: frozenset[Stance] = frozenset({"denied", "denied then"})
_SAID: frozenset[Stance] = frozenset({"said", "past"})
_TRIED = re.compile(r"\b(?:tried|tries|try|trying|attempt\w*|want\w*|ask\w*|to have|in order)\b(?:\s+\w+){0,3}\s*$")
_FAILED_AFTER = re.compile(
    r"(?:\s+[^\s,.;:]+){0,5}?\s+(?:has |have )?"
    r"(?:failed|did not (?:work|succeed|happen|go through)|was (?:not|unsuccessful|refused))\b"
)
_ACTIONS = frozenset({"start", "restart", "reload", "gon", "kill", "stop", "creat", "commit", "copi", "chang"})
_SAME = {"delet": "gon", "remov": "gon", "eras": "gon", "bounc": "restart", "reboot": "restart"}
"""Stem -> the stem of a word that says the same."""
_FROM_TO = re.compile(r"\bfrom [`'\"]*([\w%.:-]*[\w%])[`'\"]* to [`'\"]*([\w%.:-]*[\w%])")
_NOT_DONE = re.compile(r"\bnot ([a-z]{3,})")
_NEGATIVE = re.compile(
    r"\b(?:not?|none|never|nothing|nobody|neither|nor|without|only|missing|absent|lacks?|unknown|fail\w*|error|unable|"
    r"refus\w+|already|impossible|empty|gone|differ\w*|other|another|except|un\w+ed|left out|outdated|old|absent)\b"
)


def contradicted(answer: str, told: str) -> list[str]:
    """Words that the answer denies and the oracle says, or the other way round.

    Args:
        answer: in one spelling (`spelling.spelled_out`).
        told: the oracle's own words for what is true; without any, nothing is contradicted.
    """
    text = spelled_out(told)
    right, said = _words(text), _words(answer)
    both = {
        _stem(word)
        for poles in POLES.values()
        if _told_sides(poles, right) == {0, 1}
        for side in poles
        for word in side
    }
    found = [word for word in right.keys() & said.keys() - both if _is_denied(right[word], said[word])]
    undone = {_stem(word) for word in _NOT_DONE.findall(_HIDDEN.sub(" ", text))}
    found += [word for word in undone & said.keys() - both if said[word] & _SAID and not said[word] & _DENIED]
    found += _other_pole(answer, right, said)
    found += ["from" for old, new in _FROM_TO.findall(text) if (new, old) in _FROM_TO.findall(answer)]
    if not found and _starts_with_denial(text, right) and not _denies_anything(answer):
        found.append("not")
    return sorted(found)


def _words(text: str) -> dict[str, set[Stance]]:
    """Stem -> how it is said, for all words that say something about this case."""
    bare = _HIDDEN.sub(lambda code: code[0][0] + " " * (len(code[0]) - 2) + code[0][-1], text)
    found: dict[str, set[Stance]] = {}
    for match in _WORD.finditer(bare):
        if _EMPTY.fullmatch(match[0]) or in_general(bare, match.start()):
            continue
        if match[0] == "up" and not is_up(bare, match.start()):
            continue
        how = stance(bare, *match.span())
        if _TRIED.search(bare[: match.start()]):
            how = "open"
        elif how in _SAID and _stem(match[0]) in _ACTIONS and _FAILED_AFTER.match(text, match.end()):
            how = "denied"
        found.setdefault(_stem(match[0]), set()).add(how)
    return found


def _stem(word: str) -> str:
    """A word without its ending; words that say the same have one stem."""
    if "still there" in word:
        return "exist"
    for ending in ("ing", "ent", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    word = word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl" else word
    return _SAME.get(word, word)


def _is_denied(right: set[Stance], said: set[Stance]) -> bool:
    return not right & _DENIED and bool(said & _DENIED) and not said & _SAID


def _told_sides(poles: Sequence[frozenset[str]], words: Mapping[str, set[Stance]]) -> set[int]:
    """Which of two poles are said."""
    return {side for side, of in enumerate(poles) if any("said" in words.get(_stem(word), ()) for word in of)}


def _other_pole(answer: str, right: Mapping[str, set[Stance]], said: Mapping[str, set[Stance]]) -> list[str]:
    """States that exclude the only one that the oracle tells, if the answer does not tell that one, or tells both."""
    found: list[str] = []
    for poles in POLES.values():
        if len(sides := _told_sides(poles, right)) != 1:
            continue
        (side,) = sides
        mine, others = poles[side], poles[1 - side]
        held = [place for word in mine if _stem(word) in said for place in places(answer, word)]
        if not any(said.get(_stem(word), set()) & _SAID for word in mine):
            found += [word for word in others if "said" in said.get(_stem(word), ())]
            found += [word for word in mine if said.get(_stem(word), set()) & _DENIED]
        elif contradicts(answer, others, held):
            found += [word for word in others if _stem(word) in said]
    return found


def _starts_with_denial(told: str, words: Mapping[str, set[Stance]]) -> bool:
    """Whether what the oracle says first is a denial: "`a` is not in `hosts.txt`"."""
    denial = re.search(r"\b(?:not?|never|nothing|none)\b", _HIDDEN.sub(" ", told))
    first = next(iter(words.values()), {"denied"})
    return denial is not None and bool(first & _DENIED)


def _denies_anything(answer: str) -> bool:
    return any(not in_lesson(answer, mark.start()) for mark in _NEGATIVE.finditer(answer))
