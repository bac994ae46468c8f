"""Form: is a reply what its mode asks for? Step mode goes to `aj.wire.judge_call`; the rest is prose."""

import re

from aj.contract import Contract
from aj.extract import made_up
from aj.findings import Finding
from aj.messages import Mode
from aj.wire import judge_call

_ITEM = re.compile(r"^\d+[.)] \S")


def check_reply(text: str, contract: Contract, mode: Mode) -> tuple[Finding, ...]:
    """Every deviation of a raw completion from the form that `mode` asks for."""
    kind = contract.modes[mode].reply
    if kind == "call":
        return judge_call(text, contract).findings
    if kind == "call_or_text" and contract.wire.open.strip() in text:
        return judge_call(text, contract).findings
    if not text.strip():
        return (contract.finding("empty_output"),)
    if kind == "word":
        words = contract.modes[mode].words
        return () if text.strip().rstrip(".") in words else (contract.finding("not_a_word", text[:40]),)
    if kind == "call_or_text":
        return tuple(made_up(text, contract))
    found = [*made_up(text, contract), *_dicts(text, contract, kind)]
    if kind == "numbered_list":
        found += _numbered(text, contract, mode)
    return tuple(found)


def _dicts(text: str, contract: Contract, kind: str) -> list[Finding]:
    """Objects in prose: JSON in a chat, Python dicts in a plan."""
    match = re.search(r"\{\s*['\"]\w+['\"]\s*:", text)
    if not match:
        return []
    return [contract.finding("plan_as_dict" if kind == "numbered_list" else "json_in_prose", match[0], match.span())]


def _numbered(text: str, contract: Contract, mode: Mode) -> list[Finding]:
    lines = [line for line in text.splitlines() if line.strip()]
    items = [line for line in lines if _ITEM.match(line.strip())]
    limits = contract.modes[mode]
    if len(items) < len(lines):
        return [contract.finding("not_a_list")]
    if not limits.min_items <= len(items) <= limits.max_items:
        return [contract.finding("plan_length", f"{len(items)} steps")]
    return []
