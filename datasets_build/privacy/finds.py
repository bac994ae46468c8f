"""Finds what must not leave the house: secrets, addresses, names of users and of machines in private domains.

For prose, detection aims to be certain rather than complete (a name is found where a path shows it, a phone number
where it is written as one); for secrets it is strict: betterleaks' rules and a few more. Versions look like addresses:
`10.0.19041.1` is none, and `1.2.3.4` is none behind "version", "v", "==" or a product's slash, or before "-1".
"""

import ipaddress
import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from datasets_build.privacy.phones import phones
from datasets_build.privacy.rules import Find, PrivateKind, load_rules
from datasets_build.privacy.secrets import secrets


def finds(text: str) -> list[Find]:
    """All that is private in a text, by place; finds do not overlap, and secrets come before all else.

    Raises:
        AJError: secrets cannot be looked for on this machine; nothing passes unseen.
    """
    found: list[Find] = []
    for look in _LOOKS:
        for find in look(text):
            if find.start < find.end:
                found.append(find)
    found.sort(key=lambda find: (_RANK[find.kind], find.start, -find.end))
    return sorted(_apart(found), key=lambda find: find.start)


def _apart(found: list[Find]) -> Iterator[Find]:
    """The ones that overlap none of those before them."""
    taken: list[tuple[int, int]] = []
    for find in found:
        if _free(taken, find.start, find.end):
            yield find


def _free(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    place = bisect_left(taken, (start, end))
    before = taken[place - 1] if place else (0, 0)
    after = taken[place] if place < len(taken) else (end, end)
    if before[1] > start or after[0] < end:
        return False
    insort(taken, (start, end))
    return True


# --- addresses ------------------------------------------------------------------------------------------------------

_IPV4 = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?!\d)")
_DOTS = re.compile(r"\.\d{1,3}\.\d")
_VERSION_BEFORE = re.compile(
    r"(?:\bv(?:er(?:sion)?)?s?[ .:=]{0,3}|release |build |[=~<>^]=? ?|[A-Za-z]/|[A-Za-z0-9]-)\Z", re.IGNORECASE
)
_VERSION_AFTER = re.compile(r"[-+~_]\w|\.[A-Za-z]|[A-Za-z_]")
_PORT_AFTER = re.compile(r"\.\d{1,5}(?![\w.])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{2,37}(?:(?<=[0-9A-Fa-f])|(?<=::))(?![\w.])")
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])")
_SWITCH_MAC = re.compile(r"(?<![\w.:-])(?=[\d.]*[a-f])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w:-]|\.\w)")
"""As Cisco's switches write it; with a letter in it, as three numbers might be anything."""
_KEPT_MACS = ("00005e0053", "02005e")
_EMAIL = re.compile(r"(?<![\w.+-])([A-Za-z0-9][\w.+-]{0,63})@((?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24})(?![\w-])")
_PLACEHOLDER = re.compile(
    r"(?:you|your(?:[._-]?(?:e-?mail|name))?|user(?:name)?|name|me|old|new|someone)@"
    r"(?:e?mail|domain|company|(?:my|your)[_-]?(?:domain|company|e?mail))\.[a-z]{2,6}",
    re.IGNORECASE,
)
"""What documentation writes for anybody's address."""


def _ipv4(text: str) -> Iterator[Find]:
    if not _DOTS.search(text):
        return
    for match in _IPV4.finditer(text):
        if (private := _rank_of(match[1])) is not None and not _reads_as_version(text, match, private):
            yield Find("private_ipv4" if private else "ipv4", *match.span(1))


@lru_cache(maxsize=65_536)
def _rank_of(value: str) -> bool | None:
    """Whether an address is private; None if it is not an address, or is kept."""
    address = int_of(value)
    return None if address is None or is_kept(address) else is_private(address)


def _reads_as_version(text: str, match: re.Match[str], private: bool) -> bool:
    start, end = match.span(1)
    if text[end : end + 1] == ".":
        if _PORT_AFTER.match(text, end):  # BSD tools write address.port
            return not private
        if text[end + 1 : end + 2].isdigit():
            return True
    before = text[max(start - 12, 0) : start]
    if private:  # replacing a version does no harm, leaving an address does
        return re.search(r"\bv(?:er(?:sion)?)?\.? ?\Z", before, re.IGNORECASE) is not None
    return bool(_VERSION_BEFORE.search(before) or _VERSION_AFTER.match(text, end))


def int_of(value: str) -> int | None:
    """An IPv4 address as a number; None if it is not one."""
    parts = value.split(".")
    if any(len(part) > 1 and part[0] == "0" for part in parts) or any(int(part) > 255 for part in parts):
        return None
    a, b, c, d = map(int, parts)
    return a << 24 | b << 16 | c << 8 | d


@cache
def _ranges() -> tuple[tuple[int, int], ...]:
    networks = map(ipaddress.IPv4Network, load_rules().keep.networks)
    return tuple((int(network[0]), int(network[-1])) for network in networks)


def is_kept(address: int) -> bool:
    """Well-known, reserved for documentation, or the number of a private network itself (10.0.0.0)."""
    network = is_private(address) and address & free_bits(address) in (0, 255)
    return network or any(low <= address <= high for low, high in _ranges())


def is_private(address: int) -> bool:
    return free_bits(address) > 0


def free_bits(address: int) -> int:
    """The bits of a private address that distinguish machines; 0 for a public one."""
    for network, mask in _PRIVATE:
        if address & ~mask == network:
            return mask
    return 0


_PRIVATE = (
    (10 << 24, 0xFFFFFF),
    (192 << 24 | 168 << 16, 0xFFFF),
    (172 << 24 | 16 << 16, 0xFFFFF),
    (169 << 24 | 254 << 16, 0xFFFF),
    (100 << 24 | 64 << 16, 0x3FFFFF),
)


def _ipv6(text: str) -> Iterator[Find]:
    if text.count(":") < 2:
        return
    for match in _IPV6.finditer(text):
        try:
            address = ipaddress.IPv6Address(match[0])
        except ValueError:
            continue
        first = int(address) >> 112
        known = 0x2000 <= first < 0x4000 or 0xFC00 <= first < 0xFE00 or 0xFE80 <= first < 0xFEC0
        if known and not any(address in network for network in _networks6()):
            yield Find("ipv6", *match.span())


@cache
def _networks6() -> tuple[ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.IPv6Network, load_rules().keep.networks6))


def _macs(text: str) -> Iterator[Find]:
    for pattern in (_MAC, _SWITCH_MAC) if text.count(":") >= 5 or text.count("-") >= 5 or "." in text else ():
        for match in pattern.finditer(text):
            digits = re.sub(r"\W", "", match[0]).lower()
            if not digits.startswith(_KEPT_MACS) and digits.strip("0") and digits.strip("f"):
                yield Find("mac", *match.span())


def _emails(text: str) -> Iterator[Find]:
    for match in _EMAIL.finditer(text) if "@" in text else ():
        kept = load_rules().keep
        unit = match[2].rpartition(".")[2] in kept.units  # systemd's getty@tty1.service
        escaped = match[1] in ("n", "r", "t") and text[match.start() - 1 : match.start()] == "\\"  # "\\n@decorator"
        nobodys = match[0].lower() in kept.mailboxes or _PLACEHOLDER.fullmatch(match[0]) or is_reserved(match[2])
        if not unit and not escaped and not nobodys:
            yield Find("email", *match.span())


def is_reserved(domain: str) -> bool:
    """Whether a domain is reserved and belongs to no one, such as example.com."""
    return any(domain.lower() == kept or domain.lower().endswith(f".{kept}") for kept in load_rules().keep.domains)


# --- names ----------------------------------------------------------------------------------------------------------

_HOME = re.compile(r"/(?:home|Users)/([A-Za-z](?:[\w.-]{0,30}\w)?)")
_PROFILE = re.compile(
    r"[A-Za-z]:\\{1,2}(?:Users|Documents and Settings)\\{1,2}"
    r"(?:([^\\/:*?\"<>|\r\n\s]{1,30}(?: [^\\/:*?\"<>|\r\n\s]{1,30}){0,2})(?=\\)|([^\\/:*?\"<>|\r\n\s`',;)]{1,40}))"
)


def _users(text: str) -> Iterator[Find]:
    for match in _HOME.finditer(text) if "/home/" in text or "/Users/" in text else ():
        if is_name(match[1]):
            yield Find("user", *match.span(1))
    for match in _PROFILE.finditer(text) if ":\\" in text else ():
        group = 1 if match[1] else 2
        if is_name(match[group]) and match[group][0].isalnum():
            yield Find("user", *match.span(group))


def is_name(word: str) -> bool:
    """Whether a word may be somebody's: not a role that every system has."""
    return len(word) > 1 and word.lower().rstrip("0123456789") not in load_rules().keep.users


@cache
def _host_pattern() -> re.Pattern[str]:
    suffixes = "|".join(map(re.escape, load_rules().private_domains))
    # A file may end so (/etc/rc.local); a URL's, a UNC path's or a login's machine is none, and a folder is hardly
    # called by a name of three labels.
    start, label = (
        r"(?:(?<![\w.@/\\-])|(?<=//)|(?<=\\\\)|(?<=@)|(?<=/)(?=(?:[\w-]{1,63}\.){2}))",
        r"[A-Za-z0-9_-]{1,63}",
    )
    return re.compile(rf"{start}((?:{label}\.){{1,8}}(?:{suffixes}))(?![\w(-]|\.\w)", re.IGNORECASE)


def _hosts(text: str) -> Iterator[Find]:
    lower = text.lower()
    if not any(f".{suffix}" in lower for suffix in load_rules().private_domains):
        return
    for match in _host_pattern().finditer(text):
        if match[1].lower() not in load_rules().keep.hosts and own_labels(match[1]):
            yield Find("host", *match.span(1))


def own_labels(domain: str) -> list[str]:
    """The labels of a domain that may identify its owner: not its private suffix, nor words that every network has."""
    lower = domain.lower()
    suffix = next((s for s in load_rules().private_domains if lower.endswith(f".{s}")), "")
    labels = lower.removesuffix(f".{suffix}").split(".") if suffix else lower.split(".")[:-1]
    return [label for label in labels if not is_generic(label)]


def is_generic(label: str) -> bool:
    """Whether a label identifies no one: it is short, or made of words that every network has (`web01`, `prod-db`), and
    holds no address (`ip-10-20-3-17`)."""
    words = re.findall(r"[a-z]+", label.lower())
    return len(label) < 3 or (all(word in load_rules().keep.labels for word in words) and not _DASHED.search(label))


_DASHED = re.compile(r"\d(?:-\d{1,3}){3}")


_LOOKS: tuple[Callable[[str], Iterator[Find]], ...] = (
    secrets,
    _emails,
    _ipv4,
    _ipv6,
    _macs,
    phones,
    _users,
    _hosts,
)
_RANK: dict[PrivateKind, int] = {
    kind: rank
    for rank, kind in enumerate(
        ("private_key", "secret", "email", "mac", "ipv6", "ipv4", "private_ipv4", "phone", "host", "user")
    )
}
