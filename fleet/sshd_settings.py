"""What sshd -T prints: every setting of a configuration, with the defaults of Debian 12 (`linux/sshd_defaults.txt`)."""

import re
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fleet.model import File
from fleet.sshd_config import DEEPEST, included

HOST_KEYS = tuple(f"/etc/ssh/ssh_host_{kind}_key" for kind in ("rsa", "ecdsa", "ed25519"))
_SAME = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
}
_LISTS = ("allowusers", "denyusers", "allowgroups", "denygroups", "acceptenv", "setenv")
"""Keywords whose values add up, in the order in which they are printed: a line for each value."""
_REPEATED = ("port", "listenaddress", "hostkey", "subsystem")
_NUMBERS = ("maxauthtries", "maxsessions", "clientalivecountmax", "x11displayoffset", "requiredrsasize")
_TIMES = ("logingracetime", "clientaliveinterval")
_PLAIN = ("banner", "forcecommand", "authorizedkeysfile", "versionaddendum", "pidfile", "xauthlocation",
    "trustedusercakeys", "revokedkeys", "authorizedkeyscommand", "authorizedkeyscommanduser",
    "hostkeyagent", "authenticationmethods")  # fmt: skip
_ALGORITHMS = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class UnknownSetting(Exception):
    """A keyword or a value of which it is not known what sshd -T prints."""


@cache
def _defaults() -> dict[str, str]:
    text = (Path(__file__).parent / "linux" / "sshd_defaults.txt").read_text(encoding="utf-8")
    return {key: value for key, _, value in (line.partition(" ") for line in text.splitlines())}


def settings_text(files: Mapping[str, File], text: str) -> str:
    """The settings of a (valid) configuration, in sshd's order.

    Raises:
        UnknownSetting: that is not known.
    """
    given: dict[str, list[str]] = {}
    _read(files, text, given)
    values = {key: _shown(key, given[key][0]) if key in given else value for key, value in _defaults().items()}
    ports = [_number(port) for port in given.get("port", ["22"])]
    lines = [f"port {port}" for port in ports]
    for key, value in values.items():
        lines += _addresses(given, ports, value) if key == "addressfamily" else [f"{key} {value}"]
        if key == "authorizedkeysfile":
            lines += [f"hostkey {path}" for path in given.get("hostkey", HOST_KEYS)]
            lines += [f"{name} {word}" for name in _LISTS for value in given.get(name, ()) for word in value.split()]
        elif key == "authenticationmethods":
            lines += [f"subsystem {value}" for value in given.get("subsystem", ())]
    return "".join(f"{line}\n" for line in lines)


def _read(
    files: Mapping[str, File], text: str, given: dict[str, list[str]], active: bool = True, depth: int = 0
) -> None:
    """Take the settings of a file; of those in a Match block only if that applies to everybody."""
    if depth > DEEPEST:
        raise UnknownSetting("files that include one another")
    for line in text.splitlines():
        key, value = _pair(line)
        if key == "match":
            active = value.lower() == "all"
        elif key == "include":
            for path in included(files, value):
                _read(files, files[path].content, given, active, depth + 1)
        elif active and key and (key in _LISTS or key in _REPEATED or key not in given):
            given.setdefault(key, []).append(value)
            if key not in _LISTS and key not in _REPEATED:
                _shown(key, value)


def _pair(line: str) -> tuple[str, str]:
    """(keyword, value) of a line; ("", "") if it has none."""
    try:
        words = shlex.split(re.sub(r"^(\s*\w+)\s*=", r"\1 ", line), comments=True)
    except ValueError as error:
        raise UnknownSetting(line.strip()) from error
    key = words[0].lower() if words else ""
    return _SAME.get(key, key), " ".join(words[1:])


def _shown(key: str, value: str) -> str:
    """A value as it is printed."""
    default, word = _defaults().get(key, ""), value.lower()
    if key in _NUMBERS:
        return str(_number(value))
    if key in _TIMES:
        return str(_seconds(value))
    if key in _PLAIN or (key in _ALGORITHMS and value[:1] not in ("+", "-", "^")):
        return value
    if key == "permitrootlogin":
        return "without-password" if word == "prohibit-password" else word
    if key == "loglevel" and value.isalpha():
        return "SILENT" if word == "quiet" else value.upper()
    if key == "syslogfacility":
        return value.upper()
    if key == "maxstartups" and re.fullmatch(r"\d+(?::\d+:\d+)?", value):
        return value if ":" in value else f"{value}:30:{value}"
    if key == "allowtcpforwarding":
        return {"all": "yes"}.get(word, word)
    if key in ("gatewayports", "addressfamily", "permittunnel"):
        return word
    if key == "compression" and word == "delayed":
        return "yes"
    if default in ("yes", "no") and word in ("yes", "no", "true", "false"):
        return {"true": "yes", "false": "no"}.get(word, word)
    raise UnknownSetting(key)


def _number(value: str) -> int:
    if not value.isdecimal():
        raise UnknownSetting(value)
    return int(value)


def _seconds(value: str) -> int:
    parts = re.findall(r"(\d+)([smhdw]?)", value.lower())
    if not parts or "".join(number + unit for number, unit in parts) != value.lower():
        raise UnknownSetting(value)
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def _addresses(given: dict[str, list[str]], ports: list[int], family: str) -> list[str]:
    """The lines about addresses."""
    anywhere = {"any": ("[::]", "0.0.0.0"), "inet": ("0.0.0.0",), "inet6": ("[::]",)}.get(family)
    if anywhere is None:
        raise UnknownSetting("addressfamily")
    listened = given.get("listenaddress", [])
    if any(not re.fullmatch(r"[\d.]+(?::\d+)?", address) for address in listened):
        raise UnknownSetting("listenaddress")
    lines = [f"addressfamily {family}"]
    if not listened:
        return lines + [f"listenaddress {address}:{port}" for port in ports for address in anywhere]
    for address in listened:
        own = [address] if ":" in address else [f"{address}:{port}" for port in ports]
        lines += [f"listenaddress {place}" for place in own]
    return lines
