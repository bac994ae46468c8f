"""Encoding: text that was read with the wrong character set, or contains what no keyboard writes."""

import re

from aj.findings import Finding
from aj.hints import hint, hints_in

_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_LOST = "\ufffd"
# UTF-8 read as Windows-1252: the letter of a lead byte (ÂÃà-ô), then those of the following bytes. With two letters,
# only the leads of Latin-1 are certain: "Å²" is an area.
_FOLLOWS = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MOJIBAKE = re.compile(f"[ÂÃ][{_FOLLOWS}]|[à-ï][{_FOLLOWS}]{{2}}|[ð-ô][{_FOLLOWS}]{{3}}")
_FIRST_CONTROL = re.compile(f"[{_CONTROL}]")
ENCODING_HINT = hint(f"[{_CONTROL}]", _LOST, "[ÂÃà-ô][^\\x00-\\x7f]")


def check_encoding(text: str) -> list[Finding]:
    """Control characters, characters lost in reading, and UTF-8 that was read as Windows-1252."""
    found: list[Finding] = []
    if not hints_in(text) & ENCODING_HINT:
        return found
    if match := _FIRST_CONTROL.search(text):
        why = f"the character U+{ord(match[0]):04X} does not belong in a text"
        found.append(Finding("control_character", why, "remove it, or the escape code that it starts", match.span()))
    if (place := text.find(_LOST)) >= 0:
        why = "a character was lost when the text was read"
        found.append(Finding("lost_character", why, "take the text from its source again", (place, place + 1)))
    if match := next((m for m in _MOJIBAKE.finditer(text) if read_rightly(m[0])), None):
        why = f"{match[0]!r} is {read_rightly(match[0])!r}, read in the wrong character set"
        found.append(Finding("mojibake", why, "read the file as UTF-8", match.span()))
    return found


def read_rightly(text: str) -> str | None:
    """The original text, before UTF-8 was read as Windows-1252; None if that is not what happened."""
    # Windows-1252 leaves five bytes undefined, which decoders pass through.
    data = b"".join(c.encode("cp1252") if ord(c) > 0x9F else c.encode("latin-1") for c in text)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
