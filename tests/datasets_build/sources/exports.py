"""Chat exports in their shortest form, and what is read from them."""

import html
import json
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.sources.openwebui.exports import parse


def message(name: str, parent: str | None, role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"id": name, "parentId": parent, "childrenIds": [], "role": role, "content": content, **more}


def export(*messages: dict[str, Any], current: str | None = None, **more: Any) -> dict[str, Any]:
    history = {"messages": {m["id"]: m for m in messages}, "currentId": current or messages[-1]["id"]}
    return {"id": "c1", "title": "Disks", "chat": {"history": history, "messages": [], **more}}


def talk(reply: str, **more: Any) -> dict[str, Any]:
    return export(message("u", None, "user", "how full are the disks?"), message("a", "u", "assistant", reply, **more))


def transcript(record: dict[str, Any]) -> Transcript:
    (found,) = [item for item in parse(record) if isinstance(item, Transcript)]
    return found


def lost(record: dict[str, Any]) -> list[str]:
    return [item.code for item in parse(record) if isinstance(item, Refused)]


def shape(turns: tuple[Turn, ...]) -> list[tuple[Any, ...]]:
    return [(t.role, (t.call.tool, t.call.params) if t.call else t.tool or t.text) for t in turns]


def native(tool: str, params: dict[str, Any], result: str | None, twice: bool = True) -> str:
    given = json.dumps(params)
    given = html.escape(json.dumps(given) if twice else given)
    if result is None:
        return f'<details type="tool_calls" done="false" id="1" name="{tool}" arguments="{given}">\n</details>'
    out = html.escape(json.dumps(result))
    return (
        f'<details type="tool_calls" done="true" id="1" name="{tool}" arguments="{given}" result="{out}" files="">\n'
        "<summary>Tool Executed</summary>\n</details>"
    )


def plugin(tool: str, params: str, result: str) -> str:
    return (
        f"<details>\n<summary>🔧 Executing Tool: {tool}</summary>\n\n**Parameters:**\n\n```json\n{params}\n```\n\n"
        f"</details>\n\n<details>\n<summary>✅ Tool Result: {tool}</summary>\n\n```text\n{result}\n```\n\n</details>\n"
    )
