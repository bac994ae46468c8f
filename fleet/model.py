"""The state of a simulated host as data: drawn from a seed, read by commands, changed by AJ's actions.

Everything is immutable: an action returns a new host (`fleet.actions`), so a snapshot is simply the object. Sizes are
in KiB and times in seconds since the epoch (UTC), unless a field says otherwise.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, Literal, TypeVar

from aj.state import Agent
from fleet.gaps import Gap

_WINDOWS_PROGRAM = re.compile(r'"?[A-Za-z]:\\(?:[^"]*?\\)?([^"\\]+?\.exe)(?![^"\s])', re.IGNORECASE)


@lru_cache(4096)
def _program(command: str) -> str:
    if program := _WINDOWS_PROGRAM.match(command):
        return program[1]
    first = command.split(" ", 1)[0]
    return first.strip("[]") if first.startswith("[") else first.replace("\\", "/").rsplit("/", 1)[-1].rstrip(":")


Platform = Literal["linux", "windows"]
ServiceState = Literal["active", "inactive", "failed"]
ContainerState = Literal["running", "exited", "paused", "restarting"]


_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class System:
    """Operating system and processor."""

    id: str
    """debian, ubuntu, or windows"""
    name: str
    """as in /etc/os-release or Win32_OperatingSystem: "Debian GNU/Linux 12 (bookworm)" """
    version: str
    """12, 22.04, 10.0.20348"""
    kernel: str
    cpu: str
    """model name of the processor"""
    cores: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Physical memory; the memory of processes is added on top of `base` (see `Host.memory_used`)."""

    total: int
    base: int
    """used by the kernel and anything `ps` does not show"""
    shared: int
    cache: int
    """buffers and page cache; released when processes need it"""
    swap_total: int
    swap_used: int
    swap_off: int = field(default=0, repr=False)
    """of the swap file while it is not in use"""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system (on Windows a volume, whose target is a drive letter such as "C:")."""

    device: str
    target: str
    kind: str
    """ext4, xfs, tmpfs, NTFS"""
    size: int
    base: int
    """used by data outside the listed files"""
    label: str = ""

    @property
    def reserved(self) -> int:
        """Reserved for root: the 5% by which ext4's `Avail` falls short of size - used."""
        return self.size // 20 if self.kind == "ext4" else 0


@dataclass(frozen=True, slots=True)
class File:
    """A file. `bulk` counts bytes that are not stored: a 12 GB log is a few lines and a number."""

    content: str = ""
    bulk: int = 0
    """bytes"""
    owner: str = "root"
    mode: int = 0o644
    modified: int = 0
    group: str = field(default="", repr=False)
    """if it is another one than the owner's"""
    encoded: int = field(default=0, repr=False)
    """bytes that its encoding adds on Windows: a byte order mark, carriage returns, half of each character"""
    raw: bytes = field(default=b"", repr=False)
    """the bytes of a file that is no text, whose content is then what can be read of them; it goes with that content"""

    def __post_init__(self) -> None:
        if self.raw and self.raw.decode("utf-8", "replace") != self.content:
            object.__setattr__(self, "raw", b"")

    @property
    def data(self) -> bytes:
        """The bytes that are stored."""
        return self.raw or self.content.encode("utf-8", "replace")

    def holding(self, data: bytes) -> "File":
        """The file with other bytes."""
        content = data.decode("utf-8", "replace")
        return replace(self, content=content, raw=b"" if content.encode() == data else data)

    @property
    def size(self) -> int:
        """Bytes."""
        if self.raw:
            return len(self.raw) + self.bulk + self.encoded
        stored = len(self.content) if self.content.isascii() else len(self.content.encode("utf-8", "replace"))
        return stored + self.bulk + self.encoded


@dataclass(frozen=True, slots=True)
class Process:
    """A running process; `service` names the service that it belongs to, as main process or worker."""

    pid: int
    parent: int
    user: str
    cpu: float
    """percent of one core"""
    resident: int
    virtual: int
    state: str
    """as ps shows it: Ss, S, R, Sl, D, Z"""
    tty: str
    started: int
    seconds: int
    """processor time used"""
    command: str
    """the whole command line"""
    service: str | None = None
    nice: int = 0
    """-20 to 19: how much it gives way to others"""

    @property
    def name(self) -> str:
        """The short name that top shows; on Windows the executable's name, whose path may contain spaces."""
        first_of_all = self.pid == 1 and self.command.endswith("init")  # systemd, which runs as /sbin/init
        return "systemd" if first_of_all else _program(self.command)


@dataclass(frozen=True, slots=True)
class Service:
    """A systemd unit or a Windows service."""

    name: str
    title: str
    """systemd's Description, Windows' DisplayName"""
    state: ServiceState
    enabled: bool
    command: str
    user: str
    ports: tuple[int, ...] = ()
    workers: int = 0
    """processes in addition to the main one"""
    resident: int = 20_000
    """of each process"""
    cpu: float = 0.1
    """of each process"""
    since: int = 0
    """when it entered its current state"""
    restarts: int = 0
    """restarts since the initial state, whoever caused them"""
    reloads: int = 0
    config: str | None = None
    """path of its configuration, checked before a start or reload (see `fleet.actions`)"""
    log: str | None = None
    """path of its log file, if it has one besides the journal"""
    writes: str | None = None
    """folder it has to write to: on a full disk it does not start"""
    exit_code: int = 0
    """of the last run, if it failed"""
    masked: bool = field(default=False, repr=False)
    """nothing may start it: a masked unit, a Windows service of the start type Disabled"""
    loaded: Mapping[str, File] | None = field(default=None, repr=False, compare=False)
    """nginx's configuration as it was read at the last start or reload; None: that was before anybody came"""


@dataclass(frozen=True, slots=True)
class Container:
    """A Docker container."""

    id: str
    """64 hexadecimal digits"""
    name: str
    image: str
    command: str
    state: ContainerState
    created: int
    started: int
    finished: int = 0
    exit_code: int = 0
    restarts: int = 0
    """restarts since the initial state"""
    ports: tuple[tuple[int, int], ...] = ()
    """(host port, container port)"""
    health: Literal["", "healthy", "unhealthy"] = ""
    cpu: float = 0.0
    memory: int = 0
    memory_limit: int = 0
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A journal line, or an event in a Windows event log."""

    time: int
    unit: str
    """service name, "kernel" or "sshd"; on Windows the provider"""
    pid: int
    priority: int
    """syslog level: 3 error, 4 warning, 6 information"""
    message: str
    event: int = 0
    """Windows event id"""
    log: str = "System"
    """Windows log name"""
    facility: str = field(default="", repr=False)
    """syslog's: auth, user; "" if whoever wrote it decides"""


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    tty: str
    origin: str
    start: int
    end: int | None = None
    """None while logged in"""


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    """40 hexadecimal digits"""
    author: str
    time: int
    subject: str
    files: Mapping[str, str] = field(default_factory=dict)
    """the whole tree at this commit: path from the repository's root -> content"""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, newest commit first."""

    path: str
    branch: str
    commits: tuple[Commit, ...]
    branches: tuple[str, ...] = ()
    staged: Mapping[str, str | None] = field(default_factory=dict)
    """path -> content to be committed; None for a removal"""


@dataclass(frozen=True, slots=True)
class Host:
    """One machine of the fleet, or AJ's own workspace."""

    name: str
    platform: Platform
    address: str
    mac: str
    system: System
    memory: Memory
    boot: int
    now: int
    """the fleet's clock; it advances with each action and never follows the real clock"""
    mounts: tuple[Mount, ...]
    processes: tuple[Process, ...]
    waiting: float = 0.0
    """load not caused by any process (waiting for disks)"""
    loads: tuple[float, float] = (0.0, 0.0)
    """5- and 15-minute load averages: history, which killing a process does not change at once"""
    services: Mapping[str, Service] = field(default_factory=dict)
    containers: tuple[Container, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    """name -> version"""
    files: Mapping[str, File] = field(default_factory=dict)
    """absolute path -> file; a folder exists if a file is in it"""
    journal: tuple[JournalEntry, ...] = ()
    logins: tuple[Login, ...] = ()
    repository: Repository | None = None
    next_pid: int = 5000
    holds: frozenset[str] = field(default=frozenset(), repr=False)
    """packages that are held back"""
    kernel: Mapping[str, str] = field(default_factory=dict, repr=False)
    """settings of the kernel that differ from its defaults: vm.swappiness -> 10"""
    lost: frozenset[str] = field(default=frozenset(), repr=False)
    """files that every server has and that were removed from this one"""
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """what `once` has computed"""

    @property
    def agent(self) -> Agent:
        return Agent(self.name, self.platform, f"{self.address}:7000")

    @property
    def load(self) -> float:
        """One-minute load average: demand for processor time, in cores."""
        return round(sum(process.cpu for process in self.processes) / 100 + self.waiting, 2)

    @property
    def memory_used(self) -> int:
        return self.memory.base + sum(process.resident for process in self.processes)

    @property
    def memory_free(self) -> int:
        return max(self.memory.total - self.memory_used - self.memory.cache, self.memory.total // 50)

    @property
    def memory_available(self) -> int:
        return max(self.memory.total - self.memory_used - self.memory.shared, 0)

    def mount_of(self, path: str) -> Mount:
        """The mount that holds a path: the one with the longest matching target (on Windows, ignoring case)."""
        wanted = path.replace("\\", "/").rstrip("/").lower() + "/"
        return next((mount for prefix, mount in self._prefixes() if wanted.startswith(prefix)), self.mounts[0])

    def _prefixes(self) -> list[tuple[str, Mount]]:
        """(path prefix, mount), longest prefix first."""
        pairs = [(mount.target.rstrip("/").lower() + "/", mount) for mount in self.mounts]
        return sorted(pairs, key=lambda pair: -len(pair[0]))

    def once(self, key: object, compute: Callable[[], _Found]) -> _Found:
        """What `compute` makes of the host: called once until anything but the clock changes, so it must not read the
        clock."""
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

    def held(self) -> dict[str, int]:
        """Bytes of the listed files on each mount, by target."""
        return self.once("held", self._count_held)

    def _count_held(self) -> dict[str, int]:
        prefixes = self._prefixes()
        held = dict.fromkeys((mount.target for mount in self.mounts), 0)
        for path, file in self.files.items():
            wanted = path.replace("\\", "/").rstrip("/").lower() + "/"
            mount = next((mount for prefix, mount in prefixes if wanted.startswith(prefix)), self.mounts[0])
            held[mount.target] += file.size
        return held

    def used(self, mount: Mount) -> int:
        """KiB in use on a mount, at most its capacity."""
        return min(mount.base + self.held().get(mount.target, 0) // 1024, mount.size - mount.reserved)

    def available(self, mount: Mount) -> int:
        return mount.size - mount.reserved - self.used(mount)

    def percent(self, target: str = "/") -> int:
        """Use% of a mount, rounded up as df does."""
        mount = next(m for m in self.mounts if m.target.lower() == target.lower())
        used, free = self.used(mount), self.available(mount)
        return -(-100 * used // (used + free)) if used + free else 0

    def later(self, seconds: int) -> "Host":
        """The same host after some time, with what `once` has computed, which `replace` would drop. It would also take
        twice as long, and every command line ends with this."""
        host = object.__new__(Host)
        deque(map(object.__setattr__, repeat(host), Host.__slots__, _HELD(self)), maxlen=0)
        object.__setattr__(host, "now", self.now + seconds)
        return host

    def with_service(self, service: Service) -> "Host":
        return replace(self, services={**self.services, service.name: service})

    def with_kernel(self, settings: Mapping[str, str]) -> "Host":
        return replace(self, kernel=settings)

    def with_file(self, path: str, file: File | None) -> "Host":
        """The host with `file` at `path`, or with the file removed if it is None."""
        files = {key: value for key, value in self.files.items() if key != path}
        return replace(self, files=files if file is None else {**files, path: file})


_HELD = attrgetter(*Host.__slots__)
"""All that a host holds."""


@dataclass(slots=True)
class Machine:
    """The host that commands act on: the one mutable cell, shared by a shell and its commands."""

    host: Host
    fleet: "Mapping[str, Machine]" = field(default_factory=dict)
    """every machine by name, for commands that use the network (ping, curl); empty where there is none"""
    hangs: bool = False
    """whether the last line ended only because its time was up: it followed a file, or waited for input"""
    first: Host = field(init=False)
    """as it was before anybody came"""
    gaps: list[Gap] = field(default_factory=list)
    """what commands asked of this host and the fleet could not answer"""

    def __post_init__(self) -> None:
        self.first = self.host
