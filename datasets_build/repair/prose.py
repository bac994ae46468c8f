"""Explanations written as objects become Markdown; fences that the runtime refuses in an answer become plain."""

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from aj.contract import Contract
from datasets_build.ledger import Refused
from datasets_build.reading.numbering import is_steps
from datasets_build.repair.plans import joined, lead_of, names_steps, ordered_steps
from datasets_build.repair.retired import load_retired

_DEPTH = 4
_DECODER = json.JSONDecoder()
_CODE = re.compile(r"[(){}\[\];=<>$|\\]|(?<!\w)-{1,2}\w|\w[./]\w")
_NAME = re.compile(r"[a-z][A-Z]|\w[./:()-]\S")
_LANGUAGE = re.compile(r"[A-Za-z][\w+#.-]{0,19}")
_MARKDOWN = re.compile(r"\*\*|```|^[ \t]*(?:\d+[.)]|[-*•]) ", re.MULTILINE)


def markdown_of(record: Mapping[str, Any], naming: tuple[str, ...]) -> str:
    """The object's words: its leading text, then a heading for each key, with lists as bullets and code in fences.

    It holds every text of the object, except for the labels that `retired.yaml` names.

    Raises:
        Refused: it is nested too deeply, or it is not certain whether a text is code or prose.
    """
    catalogue = load_retired()
    skipped = {*naming, *catalogue.labels}
    left = {key: value for key, value in _said(record).items() if key not in skipped}
    if not left:
        raise Refused("empty_output", "the object holds no text")
    opening = next(iter(left))  # what the object itself begins with comes first, if that can lead
    leads = (opening, *catalogue.prose.lead) if opening in catalogue.prose.lead else catalogue.prose.lead
    first = next((key for key in leads if isinstance(left.get(key), str)), None)
    keys = [*([first] if first else []), *(key for key in left if key != first)]
    language = str(record.get("language") or "")
    tag = language if _LANGUAGE.fullmatch(language) else ""
    tags = dict.fromkeys(catalogue.prose.tagged, tag)
    return "\n\n".join(_block(key, left[key], key in (first, "code", "question"), tags.get(key, "")) for key in keys)


def without_tags(text: str, contract: Contract) -> str:
    """Fences keep their content and lose the language that makes the runtime reject them."""
    languages = "|".join(map(re.escape, contract.made_up.fences))
    return re.sub(rf"```[ \t]*(?:{languages})[^\s`]*", "```", text, flags=re.IGNORECASE)


def _block(key: str, value: Any, bare: bool, language: str = "") -> str:
    heading = _heading(key)
    if isinstance(value, str):
        text = _text(key, value, language)
        if bare:
            return text
        # Above a block there is no colon: "**df output:**" and a fence are how a call's result was made up.
        return f"**{heading}**\n\n{text}" if "\n" in text else f"**{heading}:** {text}"
    if isinstance(value, list | dict):
        return f"**{heading}:**\n{_items(key, value, 1)}"
    return f"**{heading}:** {_scalar(value)}"


def _text(key: str, value: str, language: str = "") -> str:
    if _is_code(key, value):
        return _code(value, language)
    if "\n" in value.strip() and not _MARKDOWN.search(value) and key not in load_retired().prose.lead:
        raise Refused("unclear_text", f"it is not certain whether {key!r} is code or prose")
    return _words(value)


def _words(text: str) -> str:
    """A text in which JSON that it quotes is inline code, as a chat shows it."""
    place, parts = 0, []
    while "`" not in text and (found := text.find('{"', place)) >= 0:
        try:
            _, end = _DECODER.raw_decode(text, found)
        except (ValueError, RecursionError):
            break
        if "\n" in text[found:end]:
            break
        parts += [text[place:found], f"`{text[found:end]}`"]
        place = end
    return "".join([*parts, text[place:]]).strip()


def _is_code(key: str, value: Any) -> bool:
    if not isinstance(value, str) or "```" in value:
        return False
    form = load_retired().prose
    shown = key in form.examples and ("\n" in value.strip() or _CODE.search(value))
    return bool(shown) or key in form.code or _is_json(value)


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _code(value: str, language: str = "") -> str:
    if "\n" in value.strip() or "`" in value:
        return f"```{language}\n{value.strip(chr(10))}\n```"
    return f"`{value.strip()}`"


def _items(key: str, value: Any, depth: int) -> str:
    """A list or a dict as bullets, with nested ones indented. What has an order is numbered."""
    if depth > _DEPTH:
        raise Refused("unclear_text", "the object is nested too deeply for a text")
    if is_steps(value):
        steps, ordered = ordered_steps(key, value)
        texts = [_element(step, depth) for step in steps]
    else:
        texts, ordered = [_entry(name, part, depth) for name, part in _said(value).items()], names_steps(key)
    marks = [f"{number}." if ordered else "-" for number in range(1, len(texts) + 1)]
    return "\n".join(map(_item, marks, texts))


def _item(mark: str, text: str) -> str:
    return f"{mark} " + textwrap.indent(text, " " * (len(mark) + 1)).lstrip(" ")


def _entry(name: str, value: Any, depth: int) -> str:
    if isinstance(value, list | dict):
        return f"**{_heading(name)}:**\n{_items(name, value, depth + 1)}"
    return _block(name, value, bare=False)


def _heading(key: str) -> str:
    """The words of a key; one that is a name, such as `useState` or `pg_hba.conf`, stays as it is."""
    words = " ".join(key.split()).strip(" :*#`")
    if _NAME.search(words):
        return words
    words = words.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _element(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        first, *rest = _parts(_said(value), depth)
        return "\n".join([first, *(_item("-", entry) for entry in rest)])
    if isinstance(value, list):
        return _items("", value, depth + 1)
    return _words(value) if isinstance(value, str) else _scalar(value)


def _parts(element: dict[str, Any], depth: int) -> list[str]:
    """What an item that is an object says: the sentence that it begins with, then each part under its heading."""
    if not element:
        return [""]
    lead = lead_of(element)
    if lead is None:
        return [_entry(name, part, depth) for name, part in element.items()]
    left = {name: part for name, part in element.items() if name != lead}
    sentence = _words(element[lead])
    if left and not set("*`\n") & set(sentence):
        sentence = f"**{sentence}**"
    told = next((name for name in load_retired().prose.lead if _is_line(left.get(name))), None)
    if told is not None:
        sentence = joined(sentence, _words(left.pop(told)))
    return [sentence, *(_entry(name, part, depth) for name, part in left.items())]


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\n" not in value.strip()


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of an object that say something."""
    return {name: part for name, part in record.items() if part not in (None, "", [], {})}


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
