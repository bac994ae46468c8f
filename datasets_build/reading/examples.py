"""Is an object in a text said, or shown? A call in the code of an explanation is an example of one."""

import re

from scorers.checks.voice import prose

_FENCE = re.compile(r"^[ \t]*(?P<fence>```|~~~)[^\n]*\n.*?(?:^[ \t]*(?P=fence)|\Z)", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:\A|\n[ \t]*\n)(?P<code>(?: {4}|\t)[^\n]*)\Z")
_INTRODUCES = re.compile(
    r"\b(?:examples?|e\.g\.|looks? like|like (?:so|this|that)|as follows|form(?:at)?|syntax|shape|schema|write|"
    r"paste|put)\b[^\n]*\Z",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(r"\b(?:I|I['’](?:ll|m)|let me|let['’]s)\b[^\n]*\Z", re.IGNORECASE)
_TAG = re.compile(r"</?\w+>")


def is_shown(text: str, place: int) -> bool:
    """Whether the object at `place` is an example: in inline code, after words that introduce one, or in a fence before
    words that go on. What AJ announces ("Let me look:"), and a fence that the text begins with, is a call."""
    block = _block(text, place)
    if block is None and prose(text)[place] != text[place]:
        return True
    if block is None:
        block = place, len(text)
    before, after = text[: block[0]].rstrip(), text[block[1] :].strip()
    if not before or (not after and _ANNOUNCES.search(before)):
        return False
    return bool(after or _INTRODUCES.search(before))


def _block(text: str, place: int) -> tuple[int, int] | None:
    """Where the block of code around `place` begins and ends: a fence, or a line that is indented as one."""
    for fence in _FENCE.finditer(text):
        if fence.start() <= place < fence.end():
            return fence.span()
    if not (indented := _INDENTED.search(text, 0, place)):
        return None
    end = text.find("\n", place)
    return indented.start("code"), len(text) if end < 0 else end


def in_sentence(before: str, after: str) -> bool:
    """Whether words stand on both sides of an object in its own line."""
    sides = before.rpartition("\n")[2], after.partition("\n")[0]
    return all(re.search(r"\w", _TAG.sub("", side)) for side in sides)
