"""Checks of every text of a row, whoever wrote it: encoding, template tokens, private data, what a prompt may say."""

from collections.abc import Iterator
from functools import lru_cache

from aj.contract import Contract
from aj.findings import Finding
from aj.hints import hints_in
from aj.state import SHORT
from aj.wire import NO_TOOL
from datasets_build.privacy.replacer import REPLACED
from datasets_build.reading.thoughts import holds_thought, split_thought
from datasets_build.reading.transcripts import Transcript, Turn
from scorers.checks.encoding import ENCODING_HINT, check_encoding
from scorers.checks.leaks import TOKEN_HINT, check_request, check_system, check_tokens
from scorers.checks.privacy import ADDRESS_HINT, SECRET_HINT, check_privacy


def check_texts(item: Transcript, contract: Contract) -> Iterator[tuple[int, Finding]]:
    """(turn, finding) of whatever no text of a row may contain; the turn is -1 for the system prompt."""
    nobodys = bool(item.metadata.get("templates"))  # the simulated fleet's addresses and names
    replaced = item.metadata.get("private") == REPLACED["private"]
    left_out = _PRIVACY if nobodys else _LOOK_ALIKES if replaced else _NOTHING
    texts = [all_text(turn) for turn in item.turns]
    # The texts of two turns are searched by other checks as well; those of a conversation are quicker searched as one.
    if any(hints_in(text) & _ANYWHERE_HINT for text in (texts if len(texts) < 3 else ["\n".join(texts)])):
        for number, text in enumerate(texts):
            yield from ((number, finding) for finding in _anywhere(text, left_out))
    if item.system:
        about = _of_prompt if len(item.system) < SHORT else _of_prompt.__wrapped__
        yield from ((-1, finding) for finding in about(item.system, left_out, contract.aliases.tool_keys))
    if any(tool.get("name") == NO_TOOL for tool in item.tools):
        yield (-1, Finding("system_lists_none", f'the record declares a tool "{NO_TOOL}"', "remove it from the tools"))
    for number, turn in enumerate(item.turns):
        if turn.role == "assistant" and turn.target and _tells_thought(turn.text, item, contract):
            why = "the thought of the assistant stands in what it tells the user"
            yield (number, Finding("thought", why, "leave it out, or make it a call's reasoning"))
        if turn.role == "user":
            if not turn.text.strip():
                yield (number, Finding("empty_turn", "the user says nothing", "leave the row out"))
            yield from ((number, finding) for finding in check_request(turn.text))


def _tells_thought(text: str, item: Transcript, contract: Contract) -> bool:
    """Whether a thought would be learned as words for the user; before a call, the contract's own tag is right."""
    thought, said = split_thought(text)
    if item.mode == "step" and text.lstrip().startswith(f"<{contract.wire.think_tag}>"):
        return False
    return bool(thought) or (item.mode != "step" and holds_thought(said))


_ANYWHERE_HINT = ENCODING_HINT | TOKEN_HINT | SECRET_HINT | ADDRESS_HINT
_NOTHING: frozenset[str] = frozenset()
_LOOK_ALIKES = frozenset(("private_address",))
_PRIVACY = frozenset(("private_address", "secret"))


def _anywhere(text: str, left_out: frozenset[str]) -> tuple[Finding, ...]:
    private = check_privacy(text) if left_out != _PRIVACY else ()
    return (*check_encoding(text), *check_tokens(text), *(found for found in private if found.code not in left_out))


@lru_cache(2048)
def _of_prompt(system: str, left_out: frozenset[str], tool_keys: tuple[str, ...]) -> tuple[Finding, ...]:
    return (*_anywhere(system, left_out), *check_system(system, tool_keys))


def all_text(turn: Turn) -> str:
    if turn.call is None:
        return turn.text
    return "\n".join([turn.text, *(value for value in turn.call.params.values() if isinstance(value, str))])
