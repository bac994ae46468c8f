"""Forms that are known and not read: what each is called, and what makes rows of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.books import is_book
from datasets_build.reading.transcripts import Parsed

_TEMPLATES = {
    "<|im_start|>": "ChatML's",
    "<|start_header_id|>": "Llama 3's",
    "[INST]": "Mistral's or Llama 2's",
    "<start_of_turn>": "Gemma's",
    "<|begin_of_sentence|>": "DeepSeek's",
    "<｜begin▁of▁sentence｜>": "DeepSeek's",
    "### Instruction": "Alpaca's",
    "### Human": "Guanaco's",
    "<|user|>": "Zephyr's or Phi's",
    "<|start|>user": "gpt-oss's",
    "\nASSISTANT:": "Vicuna's",
    " ASSISTANT:": "Vicuna's",
}
"""The mark of each chat template, and whose it is."""


def matches(value: Mapping[str, Any]) -> bool:
    return _said(value) is not None


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    yield Refused("other_form", _said(value) or "the form is not known")


def _said(value: Mapping[str, Any]) -> str | None:
    return next((told for tell in _FORMS if (told := tell(value))), None)


def _book(value: Mapping[str, Any]) -> str | None:
    return "this is no row, but a line of a quarantine, of rejects, or a data set's lock" if is_book(value) else None


def _gemini(value: Mapping[str, Any]) -> str | None:
    contents = value.get("contents")
    if not isinstance(contents, list) or not any(isinstance(one, dict) and "parts" in one for one in contents):
        return None
    return (
        "this is Gemini's form (contents, parts); write each content as a message: role model as assistant, a text "
        "part as content, functionCall as tool_calls, functionResponse as a tool message, functionDeclarations as tools"
    )


def _templated(value: Mapping[str, Any]) -> str | None:
    text = next((value[name] for name in ("text", "prompt", "content") if isinstance(value.get(name), str)), "")
    whose = next((whose for mark, whose in _TEMPLATES.items() if mark in text), None)
    if whose is None:
        return None
    return f'this is text in {whose} chat template; give the messages that it was rendered from, as {{"messages": […]}}'


def _plain(value: Mapping[str, Any]) -> str | None:
    if not isinstance(value.get("text"), str) or any(name in value for name in ("parent_id", "role")):
        return None
    return 'this is plain text for pretraining; rows need a request and a reply: write them as {"prompt", "completion"}'


def _segments(value: Mapping[str, Any]) -> str | None:
    parts = value.get("segments")
    if not isinstance(parts, list) or not any(isinstance(one, dict) and "text" in one for one in parts):
        return None
    return (
        'this is Axolotl\'s form without a template (segments); write it as {"prompt", "completion"}, the segments '
        "with label true as the completion"
    )


def _tree(value: Mapping[str, Any]) -> str | None:
    if "message_id" not in value or not {"parent_id", "role"} & value.keys():
        return None
    return (
        "this is one message of OpenAssistant's trees (message_id, parent_id); join each answer with the messages "
        'above it, as {"messages": […]}, prompter as user'
    )


def _batch(value: Mapping[str, Any]) -> str | None:
    if "custom_id" not in value:
        return None
    if "body" in value and "response" not in value:
        return (
            "this is a request of OpenAI's batch API without its answer; join it with the output file by custom_id, "
            'as {"request": body, "response": response.body}'
        )
    return (
        "this is an answer of a batch API without its request; join it with the input file by custom_id, as "
        '{"request": body, "response": response.body}'
    )


_FORMS: tuple[Callable[[Mapping[str, Any]], str | None], ...] = (
    _book, _gemini, _batch, _tree, _segments, _templated, _plain,
)  # fmt: skip
