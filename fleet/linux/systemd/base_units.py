"""Units that systemd itself brings to every host. They are not simulated: who asks for one meets a gap."""

import re

from fleet.linux.mounts import mounted
from fleet.model import Host

_TARGETS = r"""basic bluetooth boot-complete cryptsetup default emergency final getty graphical halt integritysetup
    kexec local-fs local-fs-pre multi-user network network-online network-pre nss-lookup nss-user-lookup paths poweroff
    reboot remote-fs remote-fs-pre rescue rpcbind runlevel\d shutdown sleep slices sockets suspend swap sysinit
    time-set time-sync timers umount veritysetup"""
_SERVICES = r"""apt-daily apt-daily-upgrade dbus dbus-org\.freedesktop\.\w+ dpkg-db-backup e2scrub_all e2scrub_reap
    emergency fstrim getty@tty\d getty-static ifup@\w+ initrd-\w+ keyboard-setup kmod kmod-static-nodes console-setup
    logrotate man-db modprobe@\w+ networking procps rc-local rescue serial-getty@\w+ systemd-[\w@-]+ udev user@\d+
    user-runtime-dir@\d+"""
_TIMERS = "apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim logrotate man-db systemd-tmpfiles-clean"


def _any(names: str) -> str:
    return f"(?:{'|'.join(names.split())})"


_BASE = re.compile(
    rf"{_any(_TARGETS)}\.target|{_any(_SERVICES)}(?:\.service)?|{_any(_TIMERS)}\.timer"
    r"|(?:dbus|syslog|systemd-[\w-]+)\.socket|systemd-ask-password-\w+\.path|/.*"
    r"|(?:-|system|user|machine|user-\d+|system-[\w\\]+)\.slice|session-[c\d]\d*\.scope"
    r"|(?:-|boot|dev-hugepages|dev-mqueue|run-user-\d+|sys-[\w-]+)\.mount"
)


def is_base_unit(word: str) -> bool:
    """Whether a word names such a unit, or a mount by its path."""
    return _BASE.fullmatch(word) is not None


def is_mounted(host: Host, word: str) -> bool:
    """Whether a word is a path on which something is mounted: its unit is active."""
    return _path(word) in (target for _, target, _, _ in mounted(host))


def mount_unit(host: Host, word: str) -> str:
    """A path as the name of its mount unit (systemd.unit(5), "String escaping"), where that is no unit: nothing is
    mounted there. Other words, and paths of devices, stay as they are."""
    path = _path(word)
    if not path.startswith("/") or is_mounted(host, path) or re.match(r"/(?:dev|sys)/", path):
        return word
    name = re.sub(r"^\.|[^\w:./]", lambda found: "".join(f"\\x{byte:02x}" for byte in found[0].encode()), path[1:])
    return name.replace("/", "-") + ".mount"


def _path(word: str) -> str:
    return (re.sub(r"/+", "/", word).rstrip("/") or "/") if word.startswith("/") else word
