"""What rsyslog makes of the journal: /var/log/syslog, auth.log and kern.log, on hosts that have it."""

from datetime import UTC, datetime, timedelta

from fleet.linux.systemd.journal_entries import date, identifier, short
from fleet.model import File, Host, JournalEntry

_AUTH = ("auth", "authpriv")
_OF_AUTH = frozenset(("sshd", "sudo", "su", "login", "systemd-logind", "useradd", "userdel", "usermod", "groupadd",
    "groupdel", "passwd", "chage"))  # fmt: skip
"""Programs that write to the facilities auth and authpriv."""
_BY_FACILITY = {"cron": "cron.log", "mail": "mail.log", "user": "user.log"}
"""Facility -> its file on Debian; all of Ubuntu's are in syslog."""


def has_rsyslog(host: Host) -> bool:
    """Whether a host has rsyslog: Ubuntu installs it by default, Debian 12 does not."""
    return host.system.id == "ubuntu" or "rsyslog" in host.packages


def syslog_files(host: Host) -> dict[str, File]:
    """path -> file, as logrotate has left it on Sunday: what is older is in the file's .1."""
    if not has_rsyslog(host):
        return {}
    owner = "syslog" if host.system.id == "ubuntu" else "root"
    sunday = _sunday(host.now)
    files: dict[str, list[str]] = {"syslog": [], "auth.log": []}
    times: dict[str, int] = {}
    for entry in host.journal:
        line = f"{_line(host, entry)}\n"
        for name in _places(host, entry):
            old = f"{name}.1" if entry.time < sunday else name
            files.setdefault(old, []).append(line)
            times[old] = entry.time
    return {
        f"/var/log/{name}": File("".join(lines), owner=owner, mode=0o640, group="adm", modified=times.get(name, sunday))
        for name, lines in files.items()
    }


def _sunday(now: int) -> int:
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0)
    return int((midnight - timedelta(days=midnight.isoweekday() % 7)).timestamp())


def _places(host: Host, entry: JournalEntry) -> list[str]:
    """The files that an entry goes to."""
    facility = entry.facility or ("auth" if entry.pid != 1 and identifier(host, entry) in _OF_AUTH else "")
    if facility in _AUTH:
        return ["auth.log"]
    if entry.unit == "kernel":
        return ["syslog", "kern.log"]
    own = _BY_FACILITY.get(facility) if host.system.id == "debian" else None
    return ["syslog", own] if own else ["syslog"]


def _line(host: Host, entry: JournalEntry) -> str:
    """Ubuntu 22.04 still has the traditional time, the others that of RFC 5424."""
    old = host.system.version == "22.04"
    line = short(host, entry, "" if old else date(entry.time, "%Y-%m-%dT%H:%M:%S.000000+00:00"))
    if entry.unit != "kernel":
        return line
    head, tag, message = line.partition(" kernel: ")
    return f"{head}{tag}[{max(entry.time - host.boot, 0):5d}.000000] {message}"
