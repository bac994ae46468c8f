"""Privacy: secrets and private addresses in a text.

A few certain patterns, cheap enough for a million rows. Exports are searched more thoroughly when they are read.
"""

import ipaddress
import re

from aj.findings import Finding
from aj.hints import hint, hints_in

_SECRETS = tuple(
    (word, re.compile(pattern))
    for word, pattern in (
        ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
        ("ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("AIza", r"\bAIza[\w-]{35}\b"),
        ("PRIVATE KEY", r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----\s{0,8}[A-Za-z0-9+/=]{1,80}"),
        ("sk-", r"\bsk-(?:ant-|proj-|live-)?[A-Za-z0-9][\w-]{28,}"),
        ("glpat-", r"\bglpat-[\w-]{20,}"),
        ("xox", r"\bxox[abeoprs]-[\w-]{10,}"),
        ("gh", r"gh(?<!\wgh)[pousr]_[A-Za-z0-9]{36,}\b"),
        ("github_pat_", r"\bgithub_pat_\w{50,}"),
        ("_live_", r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
        ("eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    )
)
"""With a word that every match contains."""
SECRET_HINT = hint(
    r"A[KS]IA[0-9A-Z]|AIza|PRIVATE KEY-----|\bsk-[A-Za-z0-9]|\bglpat-|\bxox[abeoprs]-|gh[pousr]_[A-Za-z0-9]",
    r"\bgithub_pat_|[rs]k_live_[A-Za-z0-9]|\bhf_[A-Za-z0-9]|\beyJ",
)
_DUMMY = re.compile(r"EXAMPLE|example|X{6,}|x{6,}|\*{4,}|0{8,}|1234567890(?!\d)|abcdefghij", re.IGNORECASE)
"""What documentation writes instead of a secret."""
_PRIVATE = re.compile(  # it begins with a plain character: 0.5 µs per kilobyte; with a look-behind first, 14
    r"1(?<![\d.]1)(?:0\.\d{1,3}|92\.168|72\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?![\d.]*\d)(?:/\d{1,2}(?!\d))?"
)
_PRIVATE6 = re.compile(
    r"f(?<![\w:.]f)(?:[cd][0-9a-f]{2}|e[89ab][0-9a-f]):[0-9a-f:]{2,35}(?:/\d{1,3})?(?![\w:])", re.IGNORECASE
)


ADDRESS_HINT = hint(r"1(?:0|92\.168|72)\.", r"(?i)f(?:[cd][0-9a-f]{2}|e[89ab][0-9a-f]):[0-9a-f:]")


def check_privacy(text: str) -> list[Finding]:
    """The first secret and the first private address; a network (10.0.0.0/8, fe80::/10) is not an address."""
    found, hints = [], hints_in(text)
    for pattern in (pattern for word, pattern in _SECRETS if word in text) if hints & SECRET_HINT else ():
        if match := next((m for m in pattern.finditer(text) if not _DUMMY.search(m[0])), None):
            why = f"the text contains a secret ({match[0][:8]}…)"
            found.append(Finding("secret", why, "revoke it, and replace it with a look-alike", match.span()))
            break
    if not hints & ADDRESS_HINT:
        return found
    patterns = (_PRIVATE, _PRIVATE6) if "::" in text or text.count(":") >= 7 else (_PRIVATE,)
    addresses = (match for pattern in patterns for match in pattern.finditer(text) if _is_machine(match[0]))
    if match := next(addresses, None):
        why = f"the text contains the private address {match[0]}"
        found.append(
            Finding("private_address", why, "replace it with a look-alike, the same one everywhere", match.span())
        )
    return found


def _is_machine(address: str) -> bool:
    """Whether it is one machine's, not a network's: with a prefix, some bit behind it is set."""
    try:
        if "/" not in address:
            return bool(ipaddress.ip_address(address))
        machine = ipaddress.ip_interface(address)
    except ValueError:  # a number above 255, or a prefix that is none: an address with something behind it
        return "." in address and "/" in address and _is_machine(address.partition("/")[0])
    return machine.network.num_addresses == 1 or machine.ip != machine.network.network_address
