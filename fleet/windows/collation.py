"""The order of strings as Windows' own comparison sees it, which Sort-Object, -lt and -gt use.

Punctuation stands before symbols, digits and letters; hyphens and apostrophes only count between strings that are equal
without them, then accents, then case.

Source: "Handling Sorting in Your Applications" (word sort), and the order in which Windows lists names.
"""

import unicodedata
from functools import lru_cache

RANKS = {char: rank for rank, char in enumerate(' \t\n\v\f\r!"#$%&()*,./:;?@[\\]^_`{|}~+<=>')}
PASSED_OVER = "-'"
Order = tuple[tuple[tuple[int, int], ...], tuple[str, ...], tuple[tuple[int, str], ...], tuple[bool, ...]]


@lru_cache(10_000)
def collation_key(text: str, cased: bool = False) -> Order:
    """Sorts as the text does; with `cased`, what differs in case only is sorted too, small letters first."""
    primary, accents, passed, capitals = [], [], [], []
    for char in unicodedata.normalize("NFD", text):
        if char in PASSED_OVER:
            passed.append((len(primary), char))
        elif unicodedata.combining(char):
            accents[-1:] = [accents[-1] + char] if accents else [char]
        else:
            primary.append(_weight(char))
            accents.append("")
            capitals.append(char.isupper())
    return tuple(primary), tuple(accents), tuple(passed), tuple(capitals) if cased else ()


def _weight(char: str) -> tuple[int, int]:
    if char in RANKS:
        return 0, RANKS[char]
    return (1 if char.isdigit() else 2), ord(char.lower())
