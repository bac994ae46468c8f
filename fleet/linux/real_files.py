"""Files that a real host has and the simulated one lacks: asking for one is a gap, not an error of whoever asks."""

import re

from fleet.gaps import Gap
from fleet.model import Host

_EVERYWHERE = re.compile(
    r"/etc/(?:fstab|resolv\.conf|crontab|g?shadow|sudoers|profile|bash\.bashrc|login\.defs|nsswitch\.conf|services"
    r"|protocols|shells|environment|timezone|localtime|host\.conf|issue|motd|logrotate\.conf|sysctl\.conf|adduser\.conf"
    r"|pam\.d|security|skel|default|init\.d|logrotate\.d|sysctl\.d|udev|dpkg|alternatives|apt"
    r"|cron\.(?:d|daily|hourly|weekly|monthly)|apt/(?:sources\.list|apt\.conf\.d|sources\.list\.d|preferences\.d)"
    r"|default/(?:grub|ssh|cron|locale|useradd)|security/limits\.conf|pam\.d/(?:login|sshd|su|sudo|passwd|common-\w+)"
    r"|logrotate\.d/(?:dpkg|apt|nginx)|systemd/(?:journald|logind|system|timesyncd|resolved)\.conf)"
    r"|/proc/(?:net|bus|irq|fs|driver)(?:/\S*)?"
    r"|/proc/sys/(?:dev|user|debug|abi|sunrpc|crypto|net/(?:netfilter|bridge|mptcp)|fs/(?:xfs|quota|mqueue|fuse|verity))/\S*"
    r"|/proc/sys/kernel/(?:perf_|sched_|print-|auto_|bpf_|cad_|domain|io_uring|keys|ns_|sem_|shm_|msg_|seccomp|stack|trace"
    r"|usermode|apparmor|hard|soft|poweroff|firmware|version)\S*|/sys(?:/\S*)?|/dev/(?:tcp|udp|disk|mapper)(?:/\S*)?"
    r"|/proc/(?:interrupts|filesystems|modules|swaps|diskstats|mounts|partitions|devices|cmdline|vmstat|stat|slabinfo"
    r"|softirqs|zoneinfo|buddyinfo|kallsyms|iomem|ioports|crypto|locks|cgroups|mdstat|pressure\S*|self\S*)"
    r"|/boot/(?:vmlinuz|initrd|config|System)\S*|/run/(?:systemd|lock|user|udev)|/root/\.(?:bashrc|profile)"
    r"|/var/log/(?:wtmp|btmp|lastlog|faillog|dpkg\.log|alternatives\.log|apt|apt/(?:history|term)\.log|journal)"
    r"|/var/lib/(?:dpkg|apt|systemd)|/usr/share/(?:doc|zoneinfo|man)"
)
_UBUNTU = re.compile(r"/var/log/(?:kern\.log|cloud-init\S*\.log)|/etc/(?:netplan|cloud)(?:/\S*)?")
_MISSED = re.compile(r"(/[\w./@+:-]+[\w@+-])['’]?(?: for reading)?: No such file or directory")


def missed_files(errors: str, host: Host) -> list[Gap]:
    """The gaps among the files that a line has not found, as its standard error names them."""
    found = dict.fromkeys(match[1] for match in _MISSED.finditer(errors))
    return [Gap("command", f"file {path}") for path in found if is_real(path, host)]


def is_real(path: str, host: Host) -> bool:
    """Whether a real host has a file that this one lacks."""
    if path in host.lost:
        return False
    if _EVERYWHERE.fullmatch(path) or (host.system.id == "ubuntu" and _UBUNTU.fullmatch(path)):
        return True
    if path == "/swapfile":
        return bool(host.memory.swap_total or host.memory.swap_off)
    service = re.fullmatch(r"/(?:var/)?run/([\w-]+)(?:/[\w-]+)?\.pid", path)
    if service and service[1] in host.services:
        return host.services[service[1]].state == "active"
    return path == "/var/log/nginx/access.log" and "nginx" in host.services
