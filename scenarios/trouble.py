"""Puts a drawn host into trouble: each function returns the host with one thing wrong."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from fleet.actions import FailedAction, stamp, start, stop
from fleet.draw import draw_container, install
from fleet.linux.ps_columns import percent_of_memory
from fleet.model import File, Host, JournalEntry, Process
from fleet.names import draw_names
from fleet.snapshot import flatten
from fleet.software import software
from scenarios.scenario import Stage


def fill_disk(host: Host, path: str, percent: int) -> Host:
    """Add a file at `path` that fills its file system to `percent`."""
    mount = host.mount_of(path)
    usable = mount.size - mount.reserved
    missing = max(usable * percent // 100 - host.used(mount), 0)
    return host.with_file(path, File(f"{stamp(host.now)} trace\n", bulk=missing * 1024, modified=host.now))


def add_process(
    host: Host, command: str, cpu: float = 0.0, resident: int = 30_000, user: str = "root"
) -> tuple[Host, int]:
    """Add a process that belongs to no service; returns the host and the pid."""
    pid = host.next_pid
    age = 900 + pid * 37 % 20_000
    state, spent = "R" if cpu > 50 else "S", int(age * cpu / 100)
    process = Process(pid, 1, user, cpu, resident, resident * 3, state, "?", host.now - age, spent, command)
    return replace(host, processes=(*host.processes, process), next_pid=pid + 13), pid


def fail_service(host: Host, name: str, why: str) -> Host:
    """Make a service fail some minutes ago, with the reason in the journal (and in its log file)."""
    service, since = host.services[name], host.now - 540
    down = replace(service, state="failed", since=since, exit_code=1)
    entries = (
        JournalEntry(since, name, 0, 3, why),
        JournalEntry(since, name, 1, 3, f"{name}.service: Failed with result 'exit-code'."),
    )
    processes = tuple(p for p in host.processes if p.service != name)
    host = replace(host.with_service(down), processes=processes, journal=(*host.journal, *entries))
    return add_log(host, service.log, [f"{stamp(since)} {why}"]) if service.log else host


def add_log(host: Host, path: str, lines: Sequence[str]) -> Host:
    """Append lines to a log file."""
    old = host.files.get(path, File())
    return host.with_file(
        path, replace(old, content=old.content + "".join(f"{line}\n" for line in lines), modified=host.now)
    )


def add_event(host: Host, provider: str, message: str, priority: int, event: int, ago: int) -> Host:
    """Add an entry to a Windows host's System log, `ago` seconds old; `priority` is syslog's, 3 for an error."""
    entry = JournalEntry(host.now - ago, provider, 0, priority, message, event)
    return replace(host, journal=tuple(sorted((*host.journal, entry), key=lambda entry: entry.time)))


def write(host: Host, path: str, text: str) -> Host:
    """Write a file."""
    return host.with_file(path, File(text, modified=host.now - 7200))


def without_service(host: Host, name: str) -> Host:
    """The host as if the service had never been installed."""
    return replace(
        host,
        services={key: service for key, service in host.services.items() if key != name},
        processes=tuple(process for process in host.processes if process.service != name),
        journal=tuple(entry for entry in host.journal if entry.unit != name),
    )


def with_service(host: Host, name: str) -> Host:
    """The host with a service from the catalogue running, installed if necessary, and nothing else on its ports."""
    catalogue = software().linux if host.platform == "linux" else software().windows
    for other in [s for s in host.services.values() if s.name != name and set(s.ports) & set(catalogue[name].ports)]:
        host = without_service(host, other.name)
    host = install(without_service(host, name), name, catalogue[name], Random(f"{host.name}.{name}"))
    return replace(host, journal=tuple(sorted(host.journal, key=lambda entry: entry.time)))


def healthy(host: Host) -> Host:
    """The host with all of its services running."""
    for name in [service.name for service in host.services.values() if service.state != "active"]:
        host = with_service(host, name)
    return host


def set_value(host: Host, path: str, key: str, value: str) -> Host:
    """The host with a new value for `key` in a configuration file."""
    file = host.files[path]
    text = re.sub(rf'(?m)^(\s*"?{re.escape(key)}"?\s*[=: ]\s*"?)[^\s",]+', rf"\g<1>{value}", file.content, count=1)
    return host.with_file(path, replace(file, content=text))


def with_containers(host: Host, names: Sequence[str], down: str | None = None) -> Host:
    """The host with Docker and these containers from the catalogue, one of them exited."""
    rng = Random(f"{host.name}.{host.now}")
    containers = tuple(draw_container(name, rng, host.now, exited=name == down) for name in names)
    return replace(with_service(host, "docker"), containers=containers)


def with_usage(host: Host, percent: int, target: str = "/") -> Host:
    """The host with a file system filled to `percent` by data outside the listed files."""
    mount = next(mount for mount in host.mounts if mount.target == target)
    held = host.used(mount) - mount.base
    base = max((mount.size - mount.reserved) * percent // 100 - held, 0)
    return replace(host, mounts=tuple(replace(m, base=base) if m == mount else m for m in host.mounts))


def memory_share(host: Host, pid: int) -> str:
    """A process's share of memory in percent, as ps prints it: 45.2"""
    return f"{percent_of_memory(host, next(process for process in host.processes if process.pid == pid)):.1f}"


def with_load(host: Host, load: float) -> Host:
    """The host with the given load, slightly lower in the past."""
    demand = host.load - host.waiting
    loads = round(load * 0.93, 2), round(load * 0.81, 2)
    return replace(host, waiting=round(load - demand, 2), loads=loads)


def free_on_c(host: Host) -> str:
    """Free space on C: of a Windows host in GB, as Get-PSDrive prints it: 52.11"""
    return f"{host.available(host.mount_of('C:')) / 1024 / 1024:.2f}"


def some_hosts(stage: Stage) -> list[str]:
    """A random selection of hosts in the fleet's order: at least one, and not all if there are two or more."""
    names = list(stage.hosts)
    chosen = stage.rng.sample(names, stage.rng.randint(1, max(len(names) - 1, 1)))
    return [name for name in names if name in chosen]


def unknown_host(stage: Stage) -> str:
    """A plausible host name that no host has."""
    return next(name for name in draw_names(stage.rng, stage.split, 9) if name not in stage.hosts)


EMPTY = "e3b0c44298fc 0"
"""The snapshot value of an empty file (see `fleet.snapshot`)."""
DOCKER_PS = "docker ps -a --format '{{.Names}} {{.Status}}'"
"""How the oracle lists a host's containers, in both splits."""
ABSENT = "not|no|none|isn't|doesn't|don't|can't|couldn't|unknown|missing|nothing|never"
"""Ways to say that something is missing; a value in `Truth.stated`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in a service's configuration file."""

    service: str
    path: str
    key: str
    values: tuple[str, ...]

    def put(self, host: Host, value: str) -> Host:
        """The host with the service running and this value in its file."""
        return set_value(with_service(host, self.service), self.path, self.key, value)

    def two(self, rng: Random) -> tuple[str, str]:
        """Two different values."""
        first, second = rng.sample(self.values, 2)
        return first, second


def wants_file(stage: Stage, after: Host, path: str) -> None:
    """Require that at the end a file is as it is on `after`."""
    key = f"{after.name}/files/{path.lstrip('/')}"
    stage.goal(key, flatten({after.name: after})[key])


def log_times(stage: Stage, count: int) -> list[int]:
    """Distinct times within the last hours, oldest first."""
    now = next(iter(stage.hosts.values())).now
    return sorted(now - 60 - ago for ago in stage.rng.sample(range(5 * 3600), count))


def log_of(stage: Stage, messages: Sequence[str], shuffled: bool = True) -> str:
    """A log file's text: the messages, shuffled or in order, each with its time."""
    order = stage.rng.sample(list(messages), len(messages)) if shuffled else messages
    return "".join(f"{stamp(time)} {text}\n" for time, text in zip(log_times(stage, len(order)), order, strict=True))


def version(stage: Stage) -> str:
    """A version number: 3.14.2"""
    return f"{stage.rng.randrange(1, 5)}.{stage.rng.randrange(20)}.{stage.rng.randrange(10)}"


def bumped(number: str) -> str:
    """The next version: 3.14.2 -> 3.14.3"""
    before, _, last = number.rpartition(".")
    return f"{before}.{int(last) + 1}"


def failing(host: Host, service: str) -> Host:
    """The host after a failed attempt to start the service."""
    done = start(stop(host, service), service)
    assert isinstance(done, FailedAction), f"{service} starts"
    return done.host
