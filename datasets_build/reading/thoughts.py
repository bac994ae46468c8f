"""What an assistant thought before it spoke: between tags at the start, or up to a closing tag whose opening one is in
the prompt, as R1's template has it."""

import re

_NAMES = "think|thinking|antthinking|thoughts?|thought_process|reasoning|reflection|scratch_?pad|inner_monologue"
_BLOCK = re.compile(rf"\s*<({_NAMES})>(.*?)</\1>\s*", re.DOTALL | re.IGNORECASE)
_OTHERS = re.compile(r"\s*(?:◁think▷(.*?)◁/think▷|\[THINK\](.*?)\[/THINK\])\s*", re.DOTALL)
"""Kimi's and Magistral's marks."""
_TAG = re.compile(rf"</?({_NAMES})>", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
"""Where a tag is only mentioned."""


def split_thought(text: str) -> tuple[str, str]:
    """(what was thought, what was said)."""
    if other := _OTHERS.match(text):
        return (other[1] or other[2] or "").strip(), text[other.end() :]
    if "<" not in text:
        return "", text
    thoughts: list[str] = []
    while match := _BLOCK.match(text):
        thoughts.append(match[2].strip())
        text = text[match.end() :]
    closing = None if text.startswith("{") else _TAG.search(_without_code(text))
    if closing and closing[0].startswith("</"):
        thoughts.append(text[: closing.start()].strip())
        text = text[closing.end() :].lstrip()
    return "\n\n".join(filter(None, thoughts)), text


def holds_thought(text: str) -> bool:
    """Whether a tag of a thought stands anywhere outside code."""
    return "<" in text and _TAG.search(_without_code(text)) is not None


def _without_code(text: str) -> str:
    """The text with its code blanked out, in the same length."""
    return _CODE.sub(lambda match: " " * len(match[0]), text)
