"""What never ends on a real host: /dev/zero, /dev/urandom, yes. The shell has a part of it; to want more is a gap."""

import re

PARTS = {"/dev/zero": 2**20, "/dev/urandom": 2**12, "/dev/random": 2**12, "yes": 2**16}
"""Bytes that there are of each."""
_AMOUNT = re.compile(r"\bhead\b[^|;&]*?(?:-c *|--bytes=)(\d{1,12})([kKMG]?)")
_LINES = re.compile(r"\bhead\b[^|;&]*?(?:-n *|--lines=|-)(\d{1,12})\b")
_SCALES = {"": 1, "k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3}


def wants_more(line: str) -> str:
    """What a line wants more of than there is; "" if nothing."""
    named = [name for name in PARTS if re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])", line)]
    if not named:
        return ""
    bytes_wanted = [int(number) * _SCALES[scale] for number, scale in _AMOUNT.findall(line)]
    lines_wanted = [2 * int(number) for number in _LINES.findall(line)]
    for name in named:
        wanted = bytes_wanted + (lines_wanted if name == "yes" else [])
        counts_bytes = "random" in name and re.search(r"\bwc -c|\bstat\b|\bls -\w*l", line)
        if counts_bytes or any(amount > PARTS[name] for amount in wanted):
            return name
    return ""
