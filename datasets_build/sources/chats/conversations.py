"""Records that hold a list of messages, in any of the forms that `messages` reads.

{"messages", "tools" | "functions", "system"}     OpenAI's fine-tuning files, Hugging Face, Mistral, Anthropic
{"conversations", "tools", "system"}              ShareGPT, LLaMA-Factory, Hermes, ToolACE, APIGen-MT
{"messages", "reward_info"}                       trajectories of tau2
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources import native
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk, Utterance
from datasets_build.sources.chats.turns import transcript_of
from datasets_build.sources.declared import listed_in, tools_of
from datasets_build.sources.inferred import metadata_of

COLUMNS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "traj")
_LISTED = re.compile(r'\s*\[\s*\{\s*"')
MANY = "simulations"
"""Where a file of tau2's results holds its trajectories."""


def matches(value: Mapping[str, Any]) -> bool:
    return (_is_list(value.get(MANY)) or column_of(value) is not None) and not native.matches(value)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    for one in value[MANY] if _is_list(value.get(MANY)) else [value]:
        yield from one_conversation(_transcript, one)


def column_of(value: Mapping[str, Any]) -> str | None:
    """The column with the messages: a list of objects, or JSON text of one."""
    return next((name for name in COLUMNS if name in value and _is_list(value[name])), None)


def chat_of(value: Mapping[str, Any]) -> Talk:
    """The conversation of a record as it stands, marks aside."""
    column = column_of(value)
    said = messages_of(value, value[column] if column else [])
    if isinstance(system := value.get("system"), str | list) and system:
        said = [Utterance("system", _system(system)), *said]
    told = "\n\n".join(one.text for one in said if one.role == "system")
    tools = tools_of(value, told)
    if not tools and any(one.text.lstrip().startswith("[") for one in said if one.role == "assistant"):
        tools = listed_in(told)
    return Talk(tuple(said), tools, metadata_of(value))


def _transcript(value: Mapping[str, Any]) -> Transcript:
    stated = value.get("reward_info", value if "traj" in value else None)
    if isinstance(stated, dict) and isinstance(got := stated.get("reward"), int | float) and got < 1:
        raise Refused("failed_task", f"the trajectory failed (reward {got}); only those with a reward of 1 are learned")
    return transcript_of(chat_of(value))


def _is_list(value: Any) -> bool:
    if isinstance(value, str):
        return _LISTED.match(value) is not None
    return isinstance(value, list) and all(isinstance(one, dict) or _is_object(one) for one in value[:1])


def _is_object(value: Any) -> bool:
    """Whether a message is stored as the JSON text of one."""
    return isinstance(value, str) and value.startswith("{")


def _system(system: Any) -> str:
    """A system prompt, which Anthropic also takes as a list of text blocks."""
    if isinstance(system, str):
        return system
    return "\n\n".join(one["text"] for one in system if isinstance(one, dict) and isinstance(one.get("text"), str))
