"""What is private and what is kept (`privacy.yaml`), and what a find is."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from aj.files import Strict, load_yaml

PrivateKind = Literal["secret", "private_key", "email", "ipv4", "private_ipv4", "ipv6", "mac", "phone", "user", "host"]

MARK = "EXAMPLE"
"""Part of every long look-alike of a secret, and of those in documentation: whatever contains it is no secret."""

SHORT = 8
"""A secret below this length is looked for as a word, not as a part of one."""


class Keep(Strict):
    """What is no one's secret."""

    networks: tuple[str, ...]
    networks6: tuple[str, ...]
    domains: tuple[str, ...]
    mailboxes: frozenset[str]
    users: frozenset[str]
    labels: frozenset[str]
    values: frozenset[str]
    units: frozenset[str]
    hosts: frozenset[str]


class Rules(Strict):
    keep: Keep
    private_domains: tuple[str, ...]
    secret_prefixes: tuple[str, ...]


@cache
def load_rules() -> Rules:
    """Raises ConfigError, with file and line, on a file that is not as above."""
    return load_yaml(Path(__file__).with_name("privacy.yaml"), Rules)


@dataclass(frozen=True, slots=True)
class Find:
    """One private thing: the span and what it is."""

    kind: PrivateKind
    start: int
    end: int
