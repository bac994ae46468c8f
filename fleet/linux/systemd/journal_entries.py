"""Entries of the journal: whose they are, and the forms in which they are printed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from fleet.linux.base_accounts import accounts
from fleet.linux.systemd.json_text import json_text
from fleet.model import Host, JournalEntry

FACILITIES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    *("", "", "", ""), *(f"local{number}" for number in range(8)))  # fmt: skip
ALIASES = {
    "sshd": "ssh",
    "redis-server": "redis",
    "rabbitmq-server": "rabbitmq",
    "grafana-server": "grafana",
    "mysqld": "mysql",
}
"""Other names for the same units, as packages use them."""


def unit_name(word: str) -> str:
    """A unit's name as a key of `Host.services`: without suffix, aliases resolved."""
    name = word.removesuffix(".service")
    return ALIASES.get(name, name)


def identifier(host: Host, entry: JournalEntry) -> str:
    """Who wrote an entry: systemd for messages about a unit, otherwise the unit's own program."""
    if entry.pid == 1:
        return "systemd"
    service = host.services.get(entry.unit)
    first = service.command.split(" ", 1)[0].rstrip(":").rsplit("/", 1)[-1] if service else entry.unit
    return first


def short(host: Host, entry: JournalEntry, time: str = "", source: str = "", named: bool = True) -> str:
    """Jan 05 08:00:00 web01 systemd[1]: Started Regular background program processing daemon.

    The time and who wrote it may be given in another form, and the host's name left out.
    """
    source = source or identifier(host, entry)
    source = f"{source}[{entry.pid}]" if entry.pid else source
    parts = [time or date(entry.time, "%b %d %H:%M:%S"), *([host.name] if named else []), f"{source}:"]
    return " ".join([*parts, worded(host, entry)])


def worded(host: Host, entry: JournalEntry) -> str:
    """The message as the host's systemd words it: since 250, with the unit's name before its description."""
    service = host.services.get(entry.unit)
    if service is None or entry.pid != 1 or host.system.version == "22.04":
        return entry.message
    return re.sub(
        rf"^([A-Z][a-z]+(?: to start)?) (?={re.escape(service.title)})", rf"\1 {service.name}.service - ", entry.message
    )


def date(time: int, form: str) -> str:
    return datetime.fromtimestamp(time, UTC).strftime(form)


def of_unit(host: Host, name: str) -> list[JournalEntry]:
    """The entries of a unit: its own, and systemd's about it."""
    return [entry for entry in host.journal if entry.unit == name]


def fields_of(host: Host, entry: JournalEntry) -> dict[str, str]:
    """The fields of an entry, as far as they are known (systemd.journal-fields(7))."""
    unit = f"{entry.unit}.service"
    service = host.services.get(entry.unit)
    own = {"_SYSTEMD_UNIT": "init.scope", "UNIT": unit} if entry.pid == 1 else {"_SYSTEMD_UNIT": unit}
    kernel = entry.unit == "kernel"
    user = service.user if service and entry.pid != 1 else "root"
    program = {"_COMM": identifier(host, entry)[:15], "_UID": str(accounts(host).get(user, 0))}
    return {
        "__REALTIME_TIMESTAMP": f"{entry.time}000000",
        "__MONOTONIC_TIMESTAMP": f"{max(entry.time - host.boot, 0)}000000",
        "_BOOT_ID": f"{host.boot:032x}",
        "_HOSTNAME": host.name,
        "_TRANSPORT": "kernel" if kernel else "journal" if entry.pid == 1 else "stdout",
        "PRIORITY": str(entry.priority),
        "SYSLOG_FACILITY": str(FACILITIES.index(entry.facility or ("kern" if kernel else "daemon"))),
        "SYSLOG_IDENTIFIER": identifier(host, entry),
        **({} if kernel else {"_PID": str(entry.pid), **program, **own}),
        "MESSAGE": worded(host, entry),
    }


def _verbose(host: Host, entry: JournalEntry, named: bool) -> str:
    """The time and the cursor, then every field that the journal stores."""
    cursor = f"[s={host.boot:032x};i={entry.time % 4096:x};b={host.boot:032x};m={entry.time - host.boot:x}]"
    head = date(entry.time, "%a %Y-%m-%d %H:%M:%S.000000 UTC")
    stored = {name: value for name, value in fields_of(host, entry).items() if not name.startswith("__")}
    return "\n".join([f"{head} {cursor}", *(f"    {name}={value}" for name, value in stored.items())])


def _timed(form: str) -> "Form":
    return lambda host, entry, named: short(host, entry, date(entry.time, form), named=named)


def _monotonic(host: Host, entry: JournalEntry, named: bool) -> str:
    return short(host, entry, f"[{entry.time - host.boot:5d}.000000]", named=named)


def _with_unit(host: Host, entry: JournalEntry, named: bool) -> str:
    fields = fields_of(host, entry)
    unit = fields.get("UNIT") or fields.get("_SYSTEMD_UNIT", "")
    return short(host, entry, date(entry.time, "%a %Y-%m-%d %H:%M:%S UTC"), unit, named)


Form = Callable[[Host, JournalEntry, bool], str]
"""How an entry is printed, with or without the host's name."""
FORMS: dict[str, Form] = {
    "short": lambda host, entry, named: short(host, entry, named=named),
    "short-full": _timed("%a %Y-%m-%d %H:%M:%S UTC"),
    "short-iso": _timed("%Y-%m-%dT%H:%M:%S+0000"),
    "short-iso-precise": _timed("%Y-%m-%dT%H:%M:%S.000000+0000"),
    "short-precise": _timed("%b %d %H:%M:%S.000000"),
    "short-monotonic": _monotonic,
    "short-unix": lambda host, entry, named: short(host, entry, f"{entry.time}.000000", named=named),
    "with-unit": _with_unit,
    "verbose": _verbose,
    "export": lambda host, entry, named: "".join(f"{name}={value}\n" for name, value in fields_of(host, entry).items()),
    "cat": lambda host, entry, named: worded(host, entry),
    "json": lambda host, entry, named: json_text(fields_of(host, entry)),
    "json-pretty": lambda host, entry, named: json_text(fields_of(host, entry), pretty=True),
}
