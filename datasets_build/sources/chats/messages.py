"""One message of a file in the neutral form, whatever it calls its role, its text and its calls.

{"role", "content", "tool_calls" | "function_call", "reasoning_content"}     OpenAI, Hugging Face, Mistral
{"from": "human" | "gpt" | "function_call" | "observation", "value"}         ShareGPT, LLaMA-Factory
{"role", "content": [text | thinking | tool_use | tool_result | image …]}    Anthropic, content blocks
{"type": "message" | "function_call" | "function_call_output" | "reasoning"} items of OpenAI's Responses
{"input", "output"}, {"human", "assistant"} …                                a request with its reply
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace

from datasets_build.ledger import Refused
from datasets_build.reading.thoughts import split_thought
from datasets_build.sources.chats.marks import is_learned, mask_of
from datasets_build.sources.chats.said import Speaker, Utterance
from datasets_build.sources.chats.written import call_of, calls_of, split_results
from datasets_build.sources.foreign import read_json

UNSEEN = "unseen_source"
"""The code of an answer to something that the row does not hold."""

_ROLES: dict[str, Speaker | Literal["call"]] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter", "customer"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "ai", "chatgpt", "chatbot"), "assistant"),
    **dict.fromkeys(("tool", "function", "observation", "tool_response", "tool_result", "function_response"), "tool"),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
}
_EXCHANGES = (
    ("input", "output"), ("human", "assistant"), ("user", "assistant"), ("question", "answer"), ("prompt", "response"),
)  # fmt: skip
_ITEMS = ("function_call", "function_call_output", "reasoning")
_TEXTS = ("text", "input_text", "output_text")
_THOUGHTS = ("thinking", "reasoning", "redacted_thinking")
_THOUGHT_KEYS = ("reasoning_content", "reasoning", "thinking")
_PICTURES = ("image", "image_url", "input_image", "input_file", "file", "document", "input_audio", "audio", "video")
_SOURCES = ("sources", "citations", "annotations")
SOURCE_MARK = re.compile(r"\[\d{1,3}\]|【\d{1,3}[^】\n]{0,40}】")
"""The number of a source, as it is shown behind a sentence."""
PICTURE = "data:image/"
"""What a picture begins with that stands in a text."""
_COLUMNS = ("images", "image", "videos", "audios", "files", "attachments", "documents")


def messages_of(value: Mapping[str, Any], stated: Any) -> list[Utterance]:
    """The messages of a record, of which `stated` is the list, or JSON text of it.

    Raises:
        Refused: one of them cannot be read, or refers to something that the record does not hold.
    """
    if isinstance(stated, str):
        try:
            stated = read_json(stated)
        except ValueError as error:
            raise Refused("broken_json", f"the messages are a text that is not JSON ({str(error)[:80]})") from error
    if not isinstance(stated, list):
        raise Refused("no_text", "the messages are not a list")
    column = next((name for name in _COLUMNS if value.get(name)), None)
    if column is None and any(map(SOURCE_MARK.search, _cited(value, stated))):
        column = "sources"
    if column:
        raise Refused(UNSEEN, f"the answers are about what stands in {column!r}, which a row cannot hold")
    learned = mask_of(value, len(stated))
    return _joined([one for message, wanted in zip(stated, learned, strict=True) for one in said_of(message, wanted)])


def _cited(value: Mapping[str, Any], messages: list[Any]) -> list[str]:
    """The texts that may rest on sources which the record lists, or the message itself."""
    listed = any(value.get(name) for name in _SOURCES)
    found = [one for one in messages if isinstance(one, dict) and (listed or any(one.get(name) for name in _SOURCES))]
    texts = (one.get("content", one.get("value")) for one in found)
    return [text for text in texts if isinstance(text, str)]


def _joined(said: list[Utterance]) -> list[Utterance]:
    """Without messages that are only a thought: it belongs to what the assistant says or calls next."""
    found: list[Utterance] = []
    for one in said:
        last = found[-1] if found else None
        if last and last.thought and not last.text and not last.calls and one.role == "assistant":
            thought = "\n\n".join(filter(None, (last.thought, one.thought)))
            found[-1] = replace(one, thought=thought)
        else:
            found.append(one)
    return found


def said_of(message: Any, learned: bool = True) -> list[Utterance]:
    """What one message says; a user's message with results in it says several things."""
    if isinstance(message, str):
        try:
            message = read_json(message)
        except ValueError as error:
            raise Refused("broken_json", "a message is a text that is not JSON") from error
    if not isinstance(message, dict):
        raise Refused("no_text", "a message is not an object")
    if column := next((name for name in _COLUMNS if message.get(name)), None):
        raise Refused(UNSEEN, f"a message comes with {column!r}, which a row cannot hold")
    kind = message.get("type")
    if message.get("role") is None and message.get("from") is None and kind in _ITEMS:
        return [_item(message, kind, learned)]
    if both := next((both for both in _EXCHANGES if all(isinstance(message.get(one), str) for one in both)), None):
        request, reply = (message[one] for one in both)
        return [Utterance("user", request), Utterance("assistant", reply, learned=learned and is_learned(message))]
    role = _role(message)
    content = next((message[key] for key in ("content", "value", "text") if message.get(key) is not None), None)
    if content is None and isinstance(message.get("parts"), list):
        content = [_traced(part) for part in message["parts"]]
    learned = learned and is_learned(message)
    if role == "call":
        thought, text = split_thought(_text(content))
        return [Utterance("assistant", thought=thought, calls=calls_of(text), learned=learned)]
    if message.get("requestor") == "user" or (role == "user" and message.get("tool_calls") and not content):
        return []  # tau2's user uses tools of its own, which the assistant does not see
    if role == "tool" and not _blocks(content, "tool_result"):
        return _results(message, _text(content))
    if role == "assistant":
        return [_reply(message, content, learned)]
    if isinstance(content, str) and content.lstrip().startswith("<tool_response>"):
        return [Utterance("tool", output, tool=tool) for tool, output in split_results(content)]
    results = _blocks(content, "tool_result")
    told = [Utterance("tool", _text(one.get("content")), key=_key(one, "tool_use_id")) for one in results]
    text = _text(content)
    if PICTURE in text:
        raise Refused(UNSEEN, "a message holds a picture in its text, which a row cannot hold")
    return [*told, Utterance(role if role != "tool" else "user", text)] if text or not told else told


def _role(message: Mapping[str, Any]) -> Speaker | Literal["call"]:
    stated = next((message[key] for key in ("role", "from", "speaker") if message.get(key) is not None), None)
    role = _ROLES.get(stated.strip().lower()) if isinstance(stated, str) else None
    if role is None:
        raise Refused("unknown_role", f"role {str(stated)[:40]!r} is none of system, user, assistant, tool")
    return role


def _reply(message: Mapping[str, Any], content: Any, learned: bool) -> Utterance:
    thoughts = [_thought(one) for kind in _THOUGHTS for one in _blocks(content, kind)]
    thoughts += [message[key] for key in _THOUGHT_KEYS if isinstance(message.get(key), str)]
    calls = [*_listed(message.get("tool_calls")), *_listed(message.get("function_call")), *_blocks(content, "tool_use")]
    thought = "\n\n".join(dict.fromkeys(filter(None, (one.strip() for one in thoughts))))
    return Utterance("assistant", _text(content), thought, tuple(map(call_of, calls)), learned=learned)


def _results(message: Mapping[str, Any], text: str) -> list[Utterance]:
    name = message.get("name")
    key = _key(message, "tool_call_id", "call_id", "tool_use_id", *(("id",) if "requestor" in message else ()))
    found = split_results(text)
    if len(found) > 1:
        return [Utterance("tool", output, tool=tool) for tool, output in found]
    ((tool, output),) = found
    return [Utterance("tool", output, tool=tool or (name if isinstance(name, str) else ""), key=key)]


def _item(item: Mapping[str, Any], kind: Any, learned: bool) -> Utterance:
    """An item of OpenAI's Responses that is no message."""
    if item.get("status") in ("in_progress", "incomplete"):
        raise Refused("unfinished", f"an item of the output is {item['status']}")
    if kind == "function_call":
        return Utterance("assistant", calls=(call_of(item),), learned=learned)
    if kind == "function_call_output":
        return Utterance("tool", _text(item.get("output")), key=_key(item, "call_id"))
    return Utterance("assistant", thought=_thought(item), learned=learned)


# --- content --------------------------------------------------------------------------------------------------------


def _text(content: Any) -> str:
    """The text of a content, which may be a list of parts; parts that say something else have their own readers.

    Raises:
        Refused: a part is neither text nor known, or is a picture or a file.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, dict) and "type" not in content and "text" not in content:
        return json.dumps(content, ensure_ascii=False)
    if not isinstance(content, list | dict):
        raise Refused("no_text", "a message's content is not a text")
    texts = (_part(part) for part in (content if isinstance(content, list) else [content]))
    return "\n".join(text for text in texts if text is not None)


def _part(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in (*_THOUGHTS, "tool_use", "tool_result"):
        return None
    if kind in _PICTURES or (isinstance(part, dict) and any(part.get(name) for name in _PICTURES)):
        raise Refused(
            UNSEEN,
            f"a message holds {'an' if str(kind)[:1] in 'ai' else 'a'} {kind or 'picture'}, which a row cannot hold",
        )
    text = part.get("text") if isinstance(part, dict) and kind in (None, *_TEXTS) else None
    if not isinstance(text, str):
        raise Refused("no_text", "a message's content is not a text")
    return text


def _traced(part: Any) -> Any:
    """A part of a message in the form of OpenTelemetry's conventions as the block of a content."""
    kind, said = (part.get("type"), part.get("content")) if isinstance(part, dict) else (None, None)
    if kind == "tool_call":
        return {"type": "tool_use", "id": part.get("id"), "name": part.get("name"), "input": part.get("arguments")}
    if kind == "tool_call_response":
        output = part.get("response", part.get("result"))
        return {"type": "tool_result", "tool_use_id": part.get("id"), "content": output}
    return {**part, "text": said} if kind in ("text", "reasoning") and isinstance(said, str) else part


def _blocks(content: Any, kind: str) -> list[dict[str, Any]]:
    parts = content if isinstance(content, list) else []
    return [part for part in parts if isinstance(part, dict) and part.get("type") == kind]


def _thought(part: Mapping[str, Any]) -> str:
    found = next((part[key] for key in ("thinking", "text", "summary", "content") if part.get(key)), "")
    if isinstance(found, list):
        return "\n".join(one["text"] for one in found if isinstance(one, dict) and isinstance(one.get("text"), str))
    return found if isinstance(found, str) else ""


def _key(message: Mapping[str, Any], *names: str) -> str:
    return next((message[name] for name in names if isinstance(message.get(name), str)), "")


def _listed(value: Any) -> list[Any]:
    """A call or a list of calls, perhaps as JSON text, as a list."""
    if isinstance(value, str) and value.strip():
        try:
            value = read_json(value)
        except ValueError as error:
            raise Refused("broken_call", "the calls of a message are a text that is not JSON") from error
    if not value:
        return []
    return value if isinstance(value, list) else [value]
