"""Form: is a reply what its mode asks for? A call goes to `aj.wire.judge_call`; the rest is prose, and thoughts are not
part of it.

AJ's runtime looks for fences and made-up phrases where it expects a call, and nowhere else: a chat may show code.
"""

import re

from aj.contract import Contract
from aj.extract import made_up, reply_start
from aj.findings import Finding
from aj.messages import Mode
from aj.wire import judge_call
from scorers.checks.voice import prose

_ITEM = re.compile(r"^\d+[.)] \S")
_OBJECT = re.compile(r"\{\s*['\"]\w+['\"]\s*:")
_INLINE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_FENCED = re.compile(r"\s*```\w*\s*(\{.*\})\s*```\s*", re.DOTALL)


def check_reply(text: str, contract: Contract, mode: Mode) -> tuple[Finding, ...]:
    """Every deviation of a raw completion from the form that `mode` asks for."""
    kind = contract.modes[mode].reply
    if kind == "call":
        return judge_call(text, contract).findings
    if kind == "call_or_text" and contract.wire.open.strip() in text:
        return judge_call(text, contract).findings
    start = reply_start(text, contract)
    if not text[start:].strip():
        return (contract.finding("empty_output"),)
    if kind == "word":
        allowed = said_word(text, contract) in contract.modes[mode].words
        return () if allowed else (contract.finding("not_a_word", text[start:].strip()[:40]),)
    if kind == "call_or_text":
        return tuple(made_up(text, contract))
    if kind == "numbered_list":
        return (*_dicts(text, start, contract), *_numbered(text[start:], contract, mode))
    return tuple(_json(text, start, contract))


def said_word(text: str, contract: Contract) -> str:
    """The word of a reply that should be one, in lower case as the runtime reads it, without marks around it."""
    return text[reply_start(text, contract) :].strip().strip("\"'`*.!").lower()


def _dicts(text: str, start: int, contract: Contract) -> list[Finding]:
    """Objects in a plan, also in a fence: a step is a sentence, which may quote one as inline code."""
    match = _OBJECT.search(_INLINE.sub(lambda code: " " * len(code[0]), text), start)
    return [contract.finding("plan_as_dict", match[0], match.span())] if match else []


def _json(text: str, start: int, contract: Contract) -> list[Finding]:
    """Objects in a chat: code may contain them, unless the whole reply is a call in a fence."""
    match = _OBJECT.search(prose(text), start)
    if not match and (fenced := _FENCED.fullmatch(text, start)) and judge_call(fenced[1], contract).dispatched:
        match = fenced
    return [contract.finding("json_in_prose", match[0][:40], match.span())] if match else []


def _numbered(text: str, contract: Contract, mode: Mode) -> list[Finding]:
    lines = [line for line in text.splitlines() if line.strip()]
    items = [line for line in lines if _ITEM.match(line.strip())]
    limits = contract.modes[mode]
    if len(items) < len(lines):
        return [contract.finding("not_a_list")]
    if not limits.min_items <= len(items) <= limits.max_items:
        return [contract.finding("plan_length", f"{len(items)} steps")]
    return []
