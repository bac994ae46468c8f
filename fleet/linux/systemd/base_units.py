"""Units that systemd itself brings to every host. They are not simulated: who asks for one meets a gap."""

import re

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
