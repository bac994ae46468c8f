"""The last pass over the words: what the user reads is whole and in AJ's voice."""

import re

from msgspec.structs import replace

from aj.acts import call_of, kind_of, meaning_of
from aj.contract import Contract
from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.passes import Bench, Mended
from datasets_build.repair.prose import without_tags
from scorers.checks.voice import check_own_voice

_PLACEHOLDER = re.compile(
    r"\[(?:list|summary|insert|your|contents?|details?|describe|add|fill|name)\b[^\]\n]{0,60}\](?!\()"
)
_NOW = re.compile(r"(?:now )?let me (?!know\b)|now i(?:'| wi)ll ", re.IGNORECASE)
_LATER = re.compile(r"i(?:'| wi)ll (?!not\b|never\b|no longer\b|need (?!to\b)|wait\b)", re.IGNORECASE)
_WAITS = re.compile(r"\b(?:once|if|when|whenever|until|unless|before|after|as soon as) (?:you|i)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def voice(item: Transcript, bench: Bench) -> Mended:
    """What the user reads is in AJ's voice; an answer that ends a task is whole and holds no fence that the runtime
    rejects.

    Only AJ's own rules are checked, since it is unknown for which persona the text was written.
    """
    turns: list[Turn] = []
    for turn in item.turns:
        if turn.context:
            pass
        elif turn.call is not None and (call := _answering(turn.call, bench.contract)) is not turn.call:
            turn = replace(turn, call=call)
        elif turn.role == "assistant" and turn.call is None and item.mode == "chat":
            _check_voice(turn.text)
        turns.append(turn)
    return Mended(replace(item, turns=tuple(turns)) if turns != list(item.turns) else item)


def _answering(call: Call, contract: Contract) -> Call:
    act = meaning_of(call, contract) if kind_of(call, contract) == "finish" else None
    if act is None or not (answer := act.answer):
        return call
    if gap := _PLACEHOLDER.search(answer):
        raise Refused("placeholder", f"the answer has a gap to fill: {gap[0]}")
    if _promises(answer):
        raise Refused("unfinished", "the answer ends with something still to be done")
    _check_voice(answer)
    fixed = without_tags(answer, contract)
    return call if fixed == answer else replace(call, params=call_of(replace(act, answer=fixed), contract).params)


def _check_voice(text: str) -> None:
    if broken := check_own_voice(text):
        raise Refused(broken[0].code, broken[0].why)


def _promises(answer: str) -> bool:
    """Whether the answer promises what should have been done. A refusal promises nothing, and after a question or with
    a condition it is the user's turn; only what AJ does at once stays a promise at the end of such an answer."""
    sentences = _SENTENCE.split(answer.strip().replace("’", "'"))
    if _NOW.match(sentences[-1]):
        return True
    if "?" in answer:
        return False
    later = [sentence for sentence in sentences if _LATER.match(sentence) and not _WAITS.search(sentence)]
    return bool(later) or any(map(_NOW.match, sentences))
