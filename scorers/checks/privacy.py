"""Privacy: secrets and private addresses in a text.

A few certain patterns, cheap enough for a million rows. Exports are searched more thoroughly when they are read.
"""

import re

from aj.findings import Finding

_SECRETS: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    mark: tuple((guard, re.compile(pattern)) for guard, pattern in patterns)
    for mark, patterns in {
        "A": (("AKIA", r"\bAKIA[0-9A-Z]{16}\b"), ("ASIA", r"\bASIA[0-9A-Z]{16}\b"), ("AIza", r"\bAIza[\w-]{35}\b")),
        "-": (
            ("PRIVATE KEY", r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----\s{0,8}[A-Za-z0-9+/=]{1,80}"),
            ("sk-", r"\bsk-(?:ant-|proj-|live-)?[A-Za-z0-9][\w-]{28,}"),
            ("glpat-", r"\bglpat-[\w-]{20,}"),
            ("xox", r"\bxox[abeoprs]-[\w-]{10,}"),
        ),
        "_": (
            ("gh", r"gh(?<!\wgh)[pousr]_[A-Za-z0-9]{36,}\b"),
            ("github_pat_", r"\bgithub_pat_\w{50,}"),
            ("_live_", r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
            ("hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
        ),
        "eyJ": (("eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),),
    }.items()
}
"""By a mark, then a word, that every match contains: searching for those is most of the cost of a text."""
_DUMMY = re.compile(r"EXAMPLE|example|X{6,}|x{6,}|\*{4,}|0{8,}|1234567890(?!\d)|abcdefghij", re.IGNORECASE)
"""What documentation writes instead of a secret."""
_PRIVATE = re.compile(  # it begins with a plain character: 0.5 µs per kilobyte; with a look-behind first, 14
    r"1(?<![\d.]1)(?:0\.\d{1,3}|92\.168|72\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?![\d.]*\d)(?!\.?/\d)"
)


def check_privacy(text: str) -> list[Finding]:
    """The first secret and the first private address; a network (10.0.0.0/8) is not an address."""
    found = []
    possible = [pattern for mark in _SECRETS if mark in text for word, pattern in _SECRETS[mark] if word in text]
    for pattern in possible:
        if match := next((m for m in pattern.finditer(text) if not _DUMMY.search(m[0])), None):
            why = f"the text contains a secret ({match[0][:8]}…)"
            found.append(Finding("secret", why, "revoke it, and replace it with a look-alike", match.span()))
            break
    if match := _PRIVATE.search(text):
        why = f"the text contains the private address {match[0]}"
        found.append(
            Finding("private_address", why, "replace it with a look-alike, the same one everywhere", match.span())
        )
    return found
