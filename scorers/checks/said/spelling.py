"""One spelling of what can be written in many ways: quotes, sizes, percentages, contractions, numbers in words."""

import re

NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PERCENT_IN_WORDS = re.compile(
    rf"\b(?:({'|'.join(_TENS)})(?:[ -]({'|'.join(NUMBERS)}))?|({'|'.join(NUMBERS)}))(?= per ?cent\b)", re.IGNORECASE
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u202f": " ", "\u2009": " "})
_SIZE = re.compile(
    r"(\d) ?(?=[KMGTkmgt])"
    r"(?:([KMGT])(?:i?[Bb]|i)?|([kmgt])i?[bB]|([KMGTkmgt])(?:ilo|ega|iga|era|ibi|ebi)bytes?|([gG])igs?|"
    r"([mM])egs?)(?!\w)"
)
_PERCENT = re.compile(r"(\d) ?(?:%|(?:percent|per cent|pct)\b)", re.IGNORECASE)
_CONTRACTED = ((re.compile(r"\bwon't\b", re.I), "will not"), (re.compile(r"\b(?:can't|cannot)\b", re.I), "can not"),
    (re.compile(r"\bain't\b", re.I), "is not"), (re.compile(r"(?<=[a-z])n't\b", re.I), " not"))  # fmt: skip


def plain(text: str) -> str:
    """Straight quotes, and one spelling of sizes and percentages: 3.1 GiB, 3.1GB and 3.1Gi are 3.1G."""
    if not text.isascii():
        text = text.translate(_QUOTES)
    if " percent" in text or " per cent" in text:
        text = _PERCENT_IN_WORDS.sub(_in_digits, text)
    text = _SIZE.sub(lambda size: size[1] + size[size.lastindex or 1].upper(), text)
    if " %" in text or "ercent" in text or "pct" in text or "per cent" in text:
        text = _PERCENT.sub(r"\1%", text)
    return text


def _in_digits(match: re.Match[str]) -> str:
    tens, ones, small = (said and said.lower() for said in match.groups())
    return str((20 + 10 * _TENS.index(tens) if tens else 0) + NUMBERS.get(ones or small or "", 0))


def spelled_out(text: str) -> str:
    """As `plain`, in lower case, without emphasis and contractions: for reading what is said and denied."""
    text = plain(text).replace("**", "").lower()
    if "'" in text or "cannot" in text:
        for short, long in _CONTRACTED:
            text = short.sub(long, text)
    return text
