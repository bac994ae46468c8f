"""Makes look-alikes: of the same kind and length, the same for the same value and key, never the value itself.

A name keeps its shape (a vowel for a vowel, a digit for a digit), a long secret its public prefix and the mark
`EXAMPLE`. A private address stays in its private range, and two addresses that share their first one, two or three
numbers still do. Everything else comes from what is reserved for documentation.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterator
from itertools import count
from random import Random

from datasets_build.privacy.finds import free_bits, int_of
from datasets_build.privacy.rules import MARK, PrivateKind, load_rules

_CLASSES = ("aeiou", "bcdfghjklmnprstvw", "AEIOU", "BCDFGHJKLMNPRSTVW", "0123456789")
_KEPT = "-_.:/+=@\\ \n\t"
_PUBLIC = tuple(int(ipaddress.IPv4Address(net)) for net in ("192.0.2.0", "198.51.100.0", "203.0.113.0"))
_OVERFLOW = int(ipaddress.IPv4Address("198.18.0.0"))
_TRIES = 1_000


class Maker:
    """Makes look-alikes under one key."""

    def __init__(self, seed: int | str) -> None:
        self._key = hashlib.sha256(f"look-alikes {seed}".encode()).digest()
        self._orders: dict[str, dict[int, int]] = {}

    def make(self, kind: PrivateKind, value: str, free: Callable[[str], bool]) -> str:
        """The first of this value's look-alikes that is `free`: not taken by another value, not in the text already."""
        candidates = self._candidates(kind, value)
        for candidate, _ in zip(candidates, range(_TRIES), strict=False):
            last = candidate
            if candidate != value and free(candidate):
                return candidate
        return last

    def address(self, value: str) -> str:
        """The look-alike of a private IPv4 address: each number exchanged among those that share what is before it."""
        number = int_of(value)
        if number is None or not free_bits(number):
            raise ValueError(f"{value} is no private address")
        mask = free_bits(number)
        made = number & ~mask
        for shift in (16, 8, 0):
            part = number >> shift & 0xFF
            width = mask >> shift & 0xFF
            prefix = number >> (shift + 8)
            exchanged = self._exchange(f"{prefix}/{shift}", width, last=shift == 0).get(part & width, part & width)
            made |= exchanged << shift if width else 0
        return str(ipaddress.IPv4Address(made))

    def _exchange(self, place: str, width: int, last: bool) -> dict[int, int]:
        """A keyed exchange of the numbers 1 to `width` (254 for a machine's): one cycle, so that none stays."""
        if place not in self._orders:
            numbers = [*range(1, width if last else width + 1)]
            Random(self._digest("order", place, 0).hex()).shuffle(numbers)
            self._orders[place] = dict(zip(numbers, [*numbers[1:], *numbers[:1]], strict=True))
        return self._orders[place]

    def _candidates(self, kind: PrivateKind, value: str) -> Iterator[str]:
        makers: dict[str, Callable[[str, int], str]] = {
            "secret": self._secret,
            "private_key": self._key_block,
            "ipv4": self._public,
            "ipv6": self._ipv6,
            "mac": self._mac,
            "phone": self._phone,
        }
        make = makers.get(kind, self._shaped)
        return (make(value, attempt) for attempt in count())

    def _digest(self, kind: str, value: str, attempt: int) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{value}\0{attempt}".encode("utf-8", "surrogatepass"), "sha256")

    def _bytes(self, kind: str, value: str, attempt: int) -> Iterator[int]:
        start = self._digest(kind, value, attempt)
        for block in count():
            yield from hashlib.sha256(start + block.to_bytes(4, "big")).digest()

    def _shaped(self, value: str, attempt: int) -> str:
        """Each letter and digit exchanged for another of its class; what follows a backslash stays."""
        stream = self._bytes("shape", value.lower(), attempt)
        made: list[str] = []
        for char in value:
            escaped = bool(made) and made[-1] == "\\"
            made.append(char if escaped or char in _KEPT else _other(char, next(stream)))
        return "".join(made) if any(map(str.isalnum, made)) else "x" * len(value)

    def _secret(self, value: str, attempt: int) -> str:
        prefix = next((known for known in load_rules().secret_prefixes if value.startswith(known)), "")
        rest = self._shaped(value[len(prefix) :], attempt)
        return prefix + (MARK + rest[len(MARK) :] if len(rest) >= 12 else rest)

    def _key_block(self, value: str, attempt: int) -> str:
        """The lines of a private key, with the mark in place of its first characters."""
        made = self._shaped(value, attempt)
        start = len(made) - len(made.lstrip())
        return made[:start] + MARK + made[start + len(MARK) :] if len(made) - start > len(MARK) else made

    def _public(self, value: str, attempt: int) -> str:
        """In one of three networks for documentation, by the first three numbers; if they are full, for benchmarks."""
        network = value.rpartition(".")[0]
        if attempt < 250:
            base = _PUBLIC[self._digest("net", network, 0)[0] % len(_PUBLIC)]
            host = (self._digest("machine", value, 0)[0] + attempt) % 254 + 1
            return str(ipaddress.IPv4Address(base + host))
        net = int.from_bytes(self._digest("net", network, 1)[:2], "big") % 512
        return str(ipaddress.IPv4Address(_OVERFLOW + net * 256 + self._digest("machine", value, attempt)[0] % 254 + 1))

    def _ipv6(self, value: str, attempt: int) -> str:
        """2001:db8::/32 for a public one, else its own range; what shares 64 bits still does."""
        number = int(ipaddress.IPv6Address(value))
        network, first = number >> 64, number >> 112
        private = first >= 0xFC00
        head = (first << 48) if private else 0x20010DB8 << 32
        drawn = 0 if 0xFE80 <= first < 0xFEC0 else int.from_bytes(self._digest("net6", str(network), 0)[:4], "big")
        machine = int.from_bytes(self._digest("machine6", str(number), attempt)[:8], "big")
        return str(ipaddress.IPv6Address((head | drawn) << 64 | machine))

    def _mac(self, value: str, attempt: int) -> str:
        drawn = self._digest("mac", re.sub(r"\W", "", value.lower()), attempt)[:3]
        digits = iter(bytes((0x02, 0x00, 0x5E, *drawn)).hex())
        made = "".join(next(digits) if char.isalnum() else char for char in value)
        return made.upper() if value.isupper() or value.upper() == value else made

    def _phone(self, value: str, attempt: int) -> str:
        """Country code 999 or area code 555, which are unassigned; the other digits are drawn, the format stays."""
        stream = self._bytes("phone", value, attempt)
        lead = iter("999" if value.startswith("+") else "555")
        return "".join(next(lead, str(next(stream) % 10)) if char.isdigit() else char for char in value)


def _other(char: str, drawn: int) -> str:
    for among in _CLASSES:
        if char in among:
            others = among.replace(char, "")
            return others[drawn % len(others)]
    if char.isalpha():  # letters of no class: other scripts, and q, x, y, z
        others = _CLASSES[3] if char.isupper() else _CLASSES[1]
        return others[drawn % len(others)]
    others = "!#%*?".replace(char, "")
    return others[drawn % len(others)]
