"""How Debian orders versions (deb-version(7)): dpkg --compare-versions."""

import re
from itertools import zip_longest

SIGNS = {
    **dict.fromkeys(("lt", "lt-nl", "<<"), (-1,)),
    **dict.fromkeys(("le", "le-nl", "<=", "<"), (-1, 0)),
    **dict.fromkeys(("eq", "="), (0,)),
    "ne": (-1, 1),
    **dict.fromkeys(("ge", "ge-nl", ">=", ">"), (0, 1)),
    **dict.fromkeys(("gt", "gt-nl", ">>"), (1,)),
}
"""Relation -> the orders for which it holds."""


def order(first: str, second: str) -> int:
    """-1, 0 or 1: the first version is earlier, the same, or later."""
    for one, other in zip(_parts(first), _parts(second), strict=True):
        if found := _order_of_parts(one, other):
            return found
    return 0


def _parts(version: str) -> tuple[str, str, str]:
    """Epoch, upstream version, revision."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return epoch, upstream if dash else rest, revision if dash else "0"


def _order_of_parts(first: str, second: str) -> int:
    pieces = [re.findall(r"(\D*)(\d*)", text) for text in (first, second)]
    for (words, digits), (other_words, other_digits) in zip_longest(*pieces, fillvalue=("", "")):
        pairs = zip_longest(map(_weight, words), map(_weight, other_words), fillvalue=0)
        for one, other in pairs:
            if one != other:
                return 1 if one > other else -1
        if int(digits or 0) != int(other_digits or 0):
            return 1 if int(digits or 0) > int(other_digits or 0) else -1
    return 0


def _weight(letter: str) -> int:
    """A tilde comes before the end, letters before other signs."""
    return -1 if letter == "~" else ord(letter) if letter.isalpha() else ord(letter) + 256
