"""What the kernel tells of networks and disks in /proc and /sys."""

from ipaddress import IPv4Address

from fleet.linux.base_accounts import accounts
from fleet.linux.interfaces import GATEWAY, INTERFACE, Interface, interfaces, packets
from fleet.linux.mounts import block_devices
from fleet.linux.sockets import Socket, sockets
from fleet.model import Host

BYTES_PER_PACKET = 312
FILE_SYSTEMS = (
    *(f"nodev\t{name}" for name in ("sysfs", "tmpfs", "bdev", "proc", "cgroup", "cgroup2", "cpuset", "devtmpfs")),
    *(f"nodev\t{name}" for name in ("debugfs", "tracefs", "securityfs", "sockfs", "bpf", "pipefs", "ramfs")),
    *(f"nodev\t{name}" for name in ("hugetlbfs", "devpts", "mqueue", "pstore", "autofs", "configfs")),
    *(f"\t{name}" for name in ("ext3", "ext2", "ext4", "vfat", "fuseblk")),
    *(f"nodev\t{name}" for name in ("fuse", "fusectl", "binfmt_misc")),
)
_DEV_HEAD = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast"
    "|bytes    packets errs drop fifo colls carrier compressed\n"
)
_ROUTE_HEADS = ["Iface", "Destination", "Gateway ", "Flags", "RefCnt", "Use", "Metric", "Mask", "", "MTU", "Window",
    "IRTT"]  # fmt: skip
_STATES = {"ESTAB": "01", "LISTEN": "0A"}
_TCP_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
_TCP6_HEAD = _TCP_HEAD.replace("rem_address   ", f"{'':24}remote_address{'':24}")
_NAMES = "rx_bytes rx_packets rx_errors rx_dropped tx_bytes tx_packets tx_errors tx_dropped multicast collisions"


def kernel_files(host: Host) -> dict[str, str]:
    """path -> content."""
    files = {
        "/proc/filesystems": "".join(f"{line}\n" for line in FILE_SYSTEMS),
        "/proc/cmdline": f"BOOT_IMAGE=/boot/vmlinuz-{host.system.kernel} root=/dev/sda1 ro quiet\n",
        "/proc/mdstat": "Personalities : \nunused devices: <none>\n",
        "/proc/partitions": _partitions(host),
        "/proc/diskstats": _disk_counters(host),
        "/proc/net/dev": _DEV_HEAD + "".join(_interface_line(host, link) for link in interfaces(host)),
        "/proc/net/route": _routes(host),
        "/proc/net/tcp": _sockets(host),
        "/proc/net/tcp6": f"{_TCP6_HEAD}\n",
        "/proc/net/udp": f"  {_TCP_HEAD} ref pointer drops\n",
    }
    for number, link in enumerate(interfaces(host), start=1):
        files |= _interface_files(host, link, number)
    for disk in block_devices(host):
        name = disk["NAME"]
        at = f"/sys/block/{name if disk['TYPE'] == 'disk' else f'{name[:3]}/{name}'}"
        files |= {f"{at}/size": f"{int(disk['SIZE']) // 512}\n", f"{at}/ro": "0\n"}
        if disk["TYPE"] == "disk":
            files |= {f"{at}/removable": "0\n", f"{at}/queue/rotational": "1\n"}
            files |= {f"{at}/queue/scheduler": "[mq-deadline] none\n"}
    return files


def _counters(host: Host, link: Interface) -> tuple[int, int, int, int]:
    """Bytes and packets received, bytes and packets sent."""
    received, sent = packets(host, link)
    return received * BYTES_PER_PACKET, received, sent * BYTES_PER_PACKET, sent


def _interface_line(host: Host, link: Interface) -> str:
    first, second, third, fourth = _counters(host, link)
    zeros = f"{0:4} {0:4} {0:4}"
    left = f"{link.name:>6}: {first:7} {second:7} {zeros} {0:5} {0:10} {0:9}"
    return f"{left} {third:8} {fourth:7} {zeros} {0:5} {0:7} {0:10}\n"


def _interface_files(host: Host, link: Interface, number: int) -> dict[str, str]:
    at, loop = f"/sys/class/net/{link.name}", link.name == "lo"
    first, second, third, fourth = _counters(host, link)
    counts = dict.fromkeys(_NAMES.split(), 0)
    counts |= {"rx_bytes": first, "rx_packets": second, "tx_bytes": third, "tx_packets": fourth}
    values = {
        "address": link.mac,
        "broadcast": "00:00:00:00:00:00" if loop else "ff:ff:ff:ff:ff:ff",
        "carrier": str(int(link.up)),
        "ifindex": str(number),
        "mtu": "65536" if loop else "1500",
        "operstate": "unknown" if loop else "up" if link.up else "down",
        "tx_queue_len": "1000",
        "type": "772" if loop else "1",
        **({"duplex": "full", "speed": "10000"} if link.name == INTERFACE else {}),
        **{f"statistics/{name}": str(count) for name, count in counts.items()},
    }
    return {f"{at}/{name}": f"{value}\n" for name, value in values.items()}


def _hexadecimal(address: str) -> str:
    """An address as the kernel prints it: its bytes from the last to the first."""
    return f"{int.from_bytes(IPv4Address(address).packed, 'little'):08X}"


def _routes(host: Host) -> str:
    rows = [_ROUTE_HEADS]
    ways = [(INTERFACE, "0.0.0.0", GATEWAY, "0003", "0.0.0.0")]
    ways += [(link.name, link.network, "0.0.0.0", "0001", link.mask) for link in interfaces(host)[1:]]
    for name, to, via, marks, mask in ways:
        rows.append([name, _hexadecimal(to), _hexadecimal(via), marks, "0", "0", "0", _hexadecimal(mask), *"000"])
    lines = ["\t".join(row) for row in rows]
    return "".join(f"{line:<127}\n" for line in lines)


def _sockets(host: Host) -> str:
    users = accounts(host)
    owners = {process.pid: users.get(process.user, 0) for process in host.processes}
    rows = [f"{_TCP_HEAD}"]
    for number, socket in enumerate(sockets(host)):
        uid = owners.get(socket.users[0][1], 0)
        inode = 20_000 + socket.local[1] + number
        ends = f"{_end(socket.local)} {_end(socket.peer)} {_STATES[socket.state]}"
        rows.append(
            f"{number:4}: {ends} 00000000:00000000 00:00000000 00000000 {uid:5} {0:8} {inode} 1 {_pointer(socket)}"
        )
    return "".join(f"{row:<149}\n" for row in rows)


def _end(end: tuple[str, int | None]) -> str:
    return f"{_hexadecimal(end[0])}:{end[1] or 0:04X}"


def _pointer(socket: Socket) -> str:
    return f"{0:016x} {'100 0 0 10 0' if socket.state == 'LISTEN' else '20 4 30 10 -1'}"


def _partitions(host: Host) -> str:
    text = "major minor  #blocks  name\n\n"
    for disk in block_devices(host):
        major, minor = disk["MAJ:MIN"].split(":")
        text += f"{major:>4}  {minor:>7} {int(disk['SIZE']) // 1024:10} {disk['NAME']}\n"
    return text


def _disk_counters(host: Host) -> str:
    """Reads and writes since boot, which grow with the host's clock."""
    up, text = host.now - host.boot, ""
    for disk in block_devices(host):
        (major, minor), size = disk["MAJ:MIN"].split(":"), int(disk["SIZE"]) // 1024
        reads, writes = 9_000 + up // 40 + size % 997, up // 7 + size % 499
        counts = (reads, reads // 9, reads * 46, reads // 3, writes, writes // 2, writes * 24, writes * 2)
        busy = f"0 {reads // 2 + writes // 3} {reads // 3 + writes * 2} 0 0 0 0 0 0"
        text += f"{major:>4} {minor:>7} {disk['NAME']} {' '.join(map(str, counts))} {busy}\n"
    return text
