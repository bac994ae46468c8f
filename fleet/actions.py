"""What actions do to a host: services start or fail, processes die, and logs and ports follow.

Every function takes a host and returns the new one. A `FailedAction` says why the action failed and what the attempt
left behind.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fleet.config_checks import config_error
from fleet.model import Container, File, Host, JournalEntry, Process, Service
from fleet.nginx_config import nginx_files, nginx_ports
from fleet.ports import DOCKER, Listener, find_listener, main_process
from fleet.unit_files import EXEC, PROGRAMS, is_own, setting, start_fault, unit_type, with_settings

FULL = 1024
"""KiB; a service that has to write does not start when less than this is available."""
RELOADING = frozenset({"nginx", "apache2", "haproxy", "postgresql", "ssh", "docker", "prometheus", "W3SVC"})
"""Services that can reload their configuration without a restart."""


@dataclass(frozen=True, slots=True)
class FailedAction:
    """Why an action failed, in the words of the program that failed."""

    host: Host
    """the host after the attempt: for example, a service that failed to start is now failed and its journal says why"""
    why: str


def tick(host: Host, seconds: int = 1) -> Host:
    """The host, `seconds` later."""
    return host.later(seconds)


# --- services -------------------------------------------------------------------------------------------------------


def start(host: Host, name: str) -> Host | FailedAction:
    """Start a service (KeyError if there is none); one that is already running is left alone."""
    service = with_settings(host, _configured(host, host.services[name]))
    if service.state == "active":
        return host
    if why := _obstacle(host, service):
        return FailedAction(_failed_start(host, service, why), why)
    code, why = start_fault(host, service)
    if code:
        return _ended_at_once(host, service, code, why)
    if unit_type(host, name) == "oneshot":
        return _ran_once(host, service)
    pids = range(host.next_pid, host.next_pid + 1 + service.workers)
    host = replace(host, processes=(*host.processes, *_processes(host, service, pids)), next_pid=pids[-1] + 7)
    host = _announced(host, service, pids[0])
    if name == DOCKER:
        # Containers run as with `--restart unless-stopped`: those that stopped with the daemon come back with it.
        host = _each_container(host, "exited", service.since, lambda c: _run(c, host.now))
    return host.with_service(replace(service, state="active", since=host.now, exit_code=0))


def _announced(host: Host, service: Service, pid: int) -> Host:
    """What the service manager and the program write at a start. systemd does not wait for a unit of type simple."""
    said = f"{service.name} started, pid {pid}"
    if is_own(host, service.name) and unit_type(host, service.name) == "simple":
        host = manager_says(host, service, f"Started {service.title}.")
        return host if service.command.startswith(PROGRAMS) else _log_by_service(host, service, pid, 6, said)
    host = _log_by_service(manager_says(host, service, f"Starting {service.title}..."), service, pid, 6, said)
    return log_by_manager(host, service, f"Started {service.title}.", "entered the running state")


def stop(host: Host, name: str) -> Host:
    """Stop a service (KeyError if there is none); one that is not running is left alone, failed or not."""
    service = host.services[name]
    if service.state != "active":
        return host
    host = replace(host, processes=tuple(p for p in host.processes if p.service != name))
    if name == DOCKER:
        host = _each_container(host, "running", None, lambda c: _end(c, host.now, 0))
    host = manager_says(host, service, f"Stopping {service.title}...")
    host = manager_says(host, service, f"{name}.service: Deactivated successfully.")
    host = log_by_manager(host, service, f"Stopped {service.title}.", "entered the stopped state")
    return host.with_service(replace(service, state="inactive", since=host.now, exit_code=0))


def restart(host: Host, name: str) -> Host | FailedAction:
    """Stop and start; counts as a restart even if the start fails. As in reality, a broken config leaves the service
    down."""
    host = stop(host, name)
    service = host.services[name]
    host = host.with_service(replace(service, state="inactive", restarts=service.restarts + 1))
    return start(host, name)


def reload(host: Host, name: str) -> Host | FailedAction:
    """Make a running service reload its config; a bad config is refused and the old one stays in use."""
    service = host.services[name]
    if service.state != "active":
        return FailedAction(host, f"{name}.service is not active, cannot reload.")
    if why := config_error(host, service):
        return FailedAction(_log_by_service(host, service, host.next_pid, 3, _error_line(service, why)), why)
    service = _configured(host, replace(service, reloads=service.reloads + 1))
    for port in service.ports:
        if (holder := find_listener(host, port)) and holder.service != name:
            why = _port_in_use(service, holder)
            return FailedAction(_log_by_service(host, service, host.next_pid, 3, _error_line(service, why)), why)
    workers = [p for p in host.processes if p.service == name and p is not main_process(host, name)]
    for worker in workers:
        host = respawned(host, worker)
    return log_by_manager(host.with_service(service), service, f"Reloaded {service.title}.", "reloaded")


def enable(host: Host, name: str, enabled: bool = True) -> Host:
    """Set whether a service starts at boot (KeyError if there is none)."""
    return host.with_service(replace(host.services[name], enabled=enabled))


def reset_failed(host: Host, name: str) -> Host:
    """Clear a failure: the service becomes inactive."""
    service = host.services[name]
    return host.with_service(replace(service, state="inactive", exit_code=0)) if service.state == "failed" else host


def _processes(host: Host, service: Service, pids: range) -> list[Process]:
    """The main process of a starting service, followed by its workers."""
    main = Process(
        pid=pids[0],
        parent=1 if host.platform == "linux" else 716,  # init, services.exe
        user=service.user,
        cpu=service.cpu,
        resident=service.resident,
        virtual=service.resident * 4,
        state="Ss",
        tty="?",
        started=host.now,
        seconds=0,
        command=service.command,
        service=service.name,
    )
    worker = replace(main, parent=main.pid, state="S")
    if service.name == "nginx":
        worker = replace(worker, user="www-data", command="nginx: worker process")
    return [main, *(replace(worker, pid=pid) for pid in pids[1:])]


def _configured(host: Host, service: Service) -> Service:
    """The service with what its config sets: nginx listens on the ports of its `listen` lines, and keeps what it has
    read."""
    if service.name != "nginx" or service.config is None:
        return service
    loaded = {path: host.files[path] for path in nginx_files(host.files, service.config)}
    return replace(service, ports=nginx_ports(host.files, service.config) or service.ports, loaded=loaded)


def _obstacle(host: Host, service: Service) -> str | None:
    """Why a service cannot start: a bad config, a full disk, or a port already in use."""
    if why := config_error(host, service):
        return why
    if service.writes and host.available(host.mount_of(service.writes)) < FULL:
        full = "No space left on device" if host.platform == "linux" else "There is not enough space on the disk."
        return f"could not write to {service.writes}: {full}"
    holders = (find_listener(host, port) for port in service.ports)
    return next((_port_in_use(service, holder) for holder in holders if holder), None)


def _port_in_use(service: Service, holder: Listener) -> str:
    if service.name == "nginx":
        return f"bind() to 0.0.0.0:{holder.port} failed (98: Address already in use)"
    return f"listen tcp 0.0.0.0:{holder.port}: bind: address already in use"


def _error_line(service: Service, why: str) -> str:
    return f"nginx: [emerg] {why}" if service.name == "nginx" else f"{service.name}: {why}"


def _failed_start(host: Host, service: Service, why: str) -> Host:
    host = manager_says(host, service, f"Starting {service.title}...")
    host = replace(host, next_pid=host.next_pid + 1)
    host = _log_by_service(host, service, host.next_pid - 1, 3, _error_line(service, why))
    exited = "Control process exited, code=exited, status=1/FAILURE"
    for priority, text in ((5, exited), (4, "Failed with result 'exit-code'.")):
        host = manager_says(host, service, f"{service.name}.service: {text}", priority)
    host = log_by_manager(
        host, service, f"Failed to start {service.title}.", f"terminated with the following error: {why}", 3
    )
    return host.with_service(replace(service, state="failed", since=host.now, exit_code=1))


def _ended_at_once(host: Host, service: Service, code: int, why: str) -> Host | FailedAction:
    """A program that cannot be run, or says at once that it failed. Only some types of a unit wait to see that."""
    unit, waits = f"{service.name}.service", unit_type(host, service.name) != "simple"
    host = manager_says(host, service, f"{'Starting' if waits else 'Started'} {service.title}{'...' if waits else '.'}")
    if code == EXEC:
        path = service.command.partition(" ")[0]
        host = manager_says(host, service, f"{unit}: Failed to locate executable {path}: {why}", 3)
        host = manager_says(host, service, f"{unit}: Failed at step EXEC spawning {path}: {why}", 3)
    told = f"code=exited, status={code}/{'EXEC' if code == EXEC else 'FAILURE'}"
    host = manager_says(host, service, f"{unit}: Main process exited, {told}", 5)
    host = manager_says(host, service, f"{unit}: Failed with result 'exit-code'.", 4)
    host = host.with_service(replace(service, state="failed", since=host.now, exit_code=code))
    if not waits:
        return host
    host = manager_says(host, service, f"Failed to start {service.title}.", 3)
    return FailedAction(host, why or "exit-code")


def _ran_once(host: Host, service: Service) -> Host:
    """Run a unit of type oneshot, which is over when it has started; with RemainAfterExit= it counts as active."""
    stays = setting(host, service.name, "RemainAfterExit") in ("yes", "true", "on", "1")
    host = manager_says(host, service, f"Starting {service.title}...")
    if not stays:
        host = manager_says(host, service, f"{service.name}.service: Deactivated successfully.")
    host = manager_says(host, service, f"Finished {service.title}.")
    return host.with_service(replace(service, state="active" if stays else "inactive", since=host.now, exit_code=0))


# --- containers ---------------------------------------------------------------------------------------


def respawned(host: Host, worker: Process) -> Host:
    new = replace(worker, pid=host.next_pid, started=host.now, seconds=0)
    others = tuple(p for p in host.processes if p.pid != worker.pid)
    return replace(host, processes=(*others, new), next_pid=host.next_pid + 1)


def set_container(host: Host, container: Container) -> Host:
    """The host with the container of the same name replaced."""
    return replace(host, containers=tuple(container if c.name == container.name else c for c in host.containers))


def container_start(host: Host, name: str) -> Host | FailedAction:
    """Start a container (StopIteration if there is none); a running one is left alone."""
    old = next(c for c in host.containers if c.name == name)
    if old.state == "running":
        return host
    for port, _ in old.ports:
        if find_listener(host, port):
            where = f"driver failed programming external connectivity on endpoint {name} ({old.id})"
            return FailedAction(host, f"{where}: Bind for 0.0.0.0:{port} failed: port is already allocated")
    return set_container(host, _run(old, host.now))


def container_stop(host: Host, name: str, exit_code: int = 0) -> Host:
    """Stop a container (StopIteration if there is none); exit code 137 means it was killed."""
    old = next(c for c in host.containers if c.name == name)
    return host if old.state == "exited" else set_container(host, _end(old, host.now, exit_code))


def container_restart(host: Host, name: str) -> Host | FailedAction:
    """Restart a container (StopIteration if there is none); counted only if it comes back up."""
    done = container_start(container_stop(host, name), name)
    if isinstance(done, FailedAction):
        return done
    new = next(c for c in done.containers if c.name == name)
    return set_container(done, replace(new, restarts=new.restarts + 1))


def _run(container: Container, now: int) -> Container:
    """The container, running from now on; if it had no resource usage yet, it gets one derived from its id."""
    digits = int(container.id[:6] or "0", 16)
    return replace(
        container,
        state="running",
        started=now,
        finished=0,
        exit_code=0,
        health="healthy" if container.health else "",
        cpu=container.cpu or digits % 40 / 10 + 0.1,
        memory=container.memory or 10_000 + digits % 200_000,
    )


def _end(container: Container, now: int, exit_code: int) -> Container:
    return replace(container, state="exited", finished=now, exit_code=exit_code, cpu=0.0, memory=0)


def _each_container(host: Host, state: str, finished: int | None, change: Callable[[Container], Container]) -> Host:
    """Apply `change` to the containers in `state`, optionally only those that finished at a given time."""
    fits = [c.state == state and finished in (None, c.finished) for c in host.containers]
    containers = tuple(change(c) if fit else c for c, fit in zip(host.containers, fits, strict=True))
    return replace(host, containers=containers)


# --- what is written down -------------------------------------------------------------------------------------------


def log_by_manager(host: Host, service: Service, linux: str, windows: str, priority: int = 6) -> Host:
    """Add a journal entry written by the service manager."""
    if host.platform == "windows":
        event = {3: 7023, 4: 7034}.get(priority, 7036)
        entry = JournalEntry(
            host.now, "Service Control Manager", 0, priority, f"The {service.title} service {windows}.", event
        )
    else:
        entry = JournalEntry(host.now, service.name, 1, priority, linux)
    return replace(host, journal=(*host.journal, entry))


def manager_says(host: Host, service: Service, text: str, priority: int = 6) -> Host:
    """Add an entry that only systemd writes."""
    return log_by_manager(host, service, text, "", priority) if host.platform == "linux" else host


def _log_by_service(host: Host, service: Service, pid: int, priority: int, text: str) -> Host:
    """Add an entry written by the service itself: to the journal, and to its log file if it has one and there is
    room."""
    if host.platform == "linux" or priority <= 3:  # on Windows only errors reach the event log
        event = (1000, "Application") if host.platform == "windows" else (0, "System")
        host = replace(host, journal=(*host.journal, JournalEntry(host.now, service.name, pid, priority, text, *event)))
    if service.log is None or host.available(host.mount_of(service.log)) < FULL:
        return host
    old = host.files.get(service.log, File())
    content = f"{old.content}{stamp(host.now)} {text}\n"
    return host.with_file(service.log, replace(old, content=content, modified=host.now))


def stamp(time: int) -> str:
    """2026-03-04 10:15:00, in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
