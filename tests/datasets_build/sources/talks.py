"""One small conversation in many forms, and what is made of it."""

import json
from typing import Any

from aj.contract import load_contract
from aj.messages import Pair, Row, to_record
from datasets_build.ledger import Refused
from datasets_build.repair.settle import Foreign, settle
from datasets_build.sources.shapes import parse

AJ = load_contract()
ASKED = "How full is the disk of web01?"
TOLD = "The disk of `web01` is 42% full."
USED = '{"used": "42%"}'
TOOL = {
    "name": "disk_free",
    "description": "free space of a host",
    "parameters": {"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]},
}
OPENAI = {"type": "function", "function": TOOL}


def function(host: Any = "web01", encoded: int = 1) -> dict[str, Any]:
    arguments: Any = {"host": host}
    for _ in range(encoded):
        arguments = json.dumps(arguments)
    return {"name": "disk_free", "arguments": arguments}


def call(key: str | None = None, host: str = "web01", encoded: int = 1) -> dict[str, Any]:
    return {"type": "function", "function": function(host, encoded)} | ({"id": key} if key else {})


def user(text: Any = ASKED) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: Any = TOLD, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def calling(*calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **more}


def result(key: str | None = None, text: str = USED, **more: Any) -> dict[str, Any]:
    return {"role": "tool", "content": text} | ({"tool_call_id": key} if key else {}) | more


def made(record: dict[str, Any], foreign: Foreign = "keep") -> list[Row | Pair | Refused]:
    """What the conversations of a record become."""
    return [settle(item, AJ, foreign).value for item in parse(record)]


def codes(record: dict[str, Any], foreign: Foreign = "keep") -> list[str]:
    return [item.code for item in made(record, foreign) if isinstance(item, Refused)]


def row(record: dict[str, Any]) -> Row:
    (found,) = made(record)
    assert isinstance(found, Row), found
    return found


def pair(record: dict[str, Any]) -> Pair:
    (found,) = made(record)
    assert isinstance(found, Pair), found
    return found


def spoken(item: Row) -> list[Any]:
    """(tool, arguments) of each call, the text of each other message."""
    return [(m.call.tool, m.call.params) if m.call else to_record(m)["content"] for m in item.messages]
