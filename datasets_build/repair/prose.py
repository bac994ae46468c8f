"""Explanations written as objects become Markdown; fences that the runtime refuses in an answer become plain."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from aj.contract import Contract
from datasets_build.ledger import Refused
from datasets_build.repair.retired import load_retired

_DEPTH = 4
_MARKDOWN = re.compile(r"\*\*|```|^[ \t]*(?:\d+[.)]|[-*•]) ", re.MULTILINE)


def markdown_of(record: Mapping[str, Any], naming: tuple[str, ...]) -> str:
    """The object's words: its leading text, then a heading for each key, with lists as bullets and code in bare fences.

    It holds every text of the object, except for the labels that `retired.yaml` names.

    Raises:
        Refused: it is nested too deeply, or it is not certain whether a text is code or prose.
    """
    catalogue = load_retired()
    skipped = {*naming, *catalogue.labels}
    left = {key: value for key, value in record.items() if key not in skipped and value not in (None, "", [], {})}
    if not left:
        raise Refused("empty_output", "the object holds no text")
    first = next((key for key in catalogue.prose.lead if isinstance(left.get(key), str)), None)
    keys = [*([first] if first else []), *(key for key in left if key != first)]
    return "\n\n".join(_block(key, left[key], bare=key in (first, "code")) for key in keys)


def without_tags(text: str, contract: Contract) -> str:
    """Fences keep their content and lose the language that makes the runtime reject them."""
    languages = "|".join(map(re.escape, contract.made_up.fences))
    return re.sub(rf"```[ \t]*(?:{languages})[^\s`]*", "```", text, flags=re.IGNORECASE)


def _block(key: str, value: Any, bare: bool) -> str:
    heading = _heading(key)
    if isinstance(value, str):
        text = _text(key, value)
        if bare:
            return text
        return f"**{heading}:**\n\n{text}" if "\n" in text else f"**{heading}:** {text}"
    if isinstance(value, list | dict):
        return f"**{heading}:**\n{_items(key, value, 1)}"
    return f"**{heading}:** {_scalar(value)}"


def _text(key: str, value: str) -> str:
    if _is_code(key, value):
        return _code(value)
    if "\n" in value.strip() and not _MARKDOWN.search(value) and key not in load_retired().prose.lead:
        raise Refused("unclear_text", f"it is not certain whether {key!r} is code or prose")
    return value.strip()


def _is_code(key: str, value: Any) -> bool:
    if not isinstance(value, str) or "```" in value:
        return False
    return key in load_retired().prose.code


def _code(value: str) -> str:
    if "\n" in value.strip() or "`" in value:
        return f"```\n{value.strip(chr(10))}\n```"
    return f"`{value.strip()}`"


def _items(key: str, value: Any, depth: int) -> str:
    """A list or a dict as bullets, with nested ones indented. Steps are numbered."""
    if depth > _DEPTH:
        raise Refused("unclear_text", "the object is nested too deeply for a text")
    if isinstance(value, dict):
        return "\n".join(_item("-", _entry(name, part, depth)) for name, part in value.items())
    ordered = key.endswith("steps")
    marks = [f"{number}." if ordered else "-" for number in range(1, len(value) + 1)]
    return "\n".join(_item(mark, _element(part, depth)) for mark, part in zip(marks, value, strict=True))


def _item(mark: str, text: str) -> str:
    return f"{mark} " + textwrap.indent(text, " " * (len(mark) + 1)).lstrip(" ")


def _entry(name: str, value: Any, depth: int) -> str:
    if isinstance(value, list | dict):
        return f"**{_heading(name)}:**\n{_items(name, value, depth + 1)}"
    return _block(name, value, bare=False)


def _heading(key: str) -> str:
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]  # not capitalize(): a key may be a name, such as AllSigned


def _element(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        parts = {name: part for name, part in value.items() if not (name == "step" and isinstance(part, int))}
        first, *rest = (_entry(name, part, depth) for name, part in parts.items()) if parts else ("",)
        return "\n".join([first, *(_item("-", entry) for entry in rest)])
    if isinstance(value, list):
        return _items("", value, depth + 1)
    return value.strip() if isinstance(value, str) else _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
