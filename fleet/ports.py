"""Finds what listens on a host's TCP ports: services, processes, and container proxies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fleet.model import Host, Process

DOCKER = "docker"
"""The service that every container needs to be reachable."""
_BINDS = re.compile(r"(?:--port[ =]|http\.server |(127\.0\.0\.1|localhost|0\.0\.0\.0|\*):)(\d{2,5})\b")
"""Matches the listening port in a command line."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP port."""

    port: int
    name: str
    """the program: a process's short name, or docker-proxy"""
    pid: int
    address: str = "0.0.0.0"
    """127.0.0.1 when only the host itself can reach it"""
    service: str | None = None
    container: str | None = None


def main_process(host: Host, name: str) -> Process | None:
    """A service's main process: the one not started by another of its processes."""
    own = [p for p in host.processes if p.service == name]
    pids = {p.pid for p in own}
    return next((p for p in own if p.parent not in pids), None)


def listeners(host: Host) -> tuple[Listener, ...]:
    """All listeners, sorted by port; each port has one listener."""
    return host.once("listeners", lambda: _listeners(host))


def _listeners(host: Host) -> tuple[Listener, ...]:
    found: dict[int, Listener] = {}
    for listener in (*_services(host), *_processes(host), *_containers(host)):
        found.setdefault(listener.port, listener)
    return tuple(found[port] for port in sorted(found))


def _services(host: Host) -> Iterator[Listener]:
    for service in host.services.values():
        if service.state == "active" and service.ports:
            main = main_process(host, service.name)
            name, pid = (main.name, main.pid) if main else (service.name, 0)
            for port in service.ports:
                local = "127.0.0.1" if f"127.0.0.1:{port}" in service.command else "0.0.0.0"
                yield Listener(port, name, pid, local, service.name)


def _processes(host: Host) -> Iterator[Listener]:
    for process in host.processes:
        for address, port in _BINDS.findall(process.command) if process.service is None else ():
            local = "127.0.0.1" if address in ("127.0.0.1", "localhost") else "0.0.0.0"
            yield Listener(int(port), process.name, process.pid, local)


def _containers(host: Host) -> Iterator[Listener]:
    if not docker_runs(host):
        return
    daemon = main_process(host, DOCKER)
    for container in host.containers:
        for port, _ in container.ports if container.state in ("running", "paused") else ():
            # the proxy is not in the process list, so its pid is made up
            yield Listener(port, "docker-proxy", (daemon.pid if daemon else 1) + port, container=container.name)


def docker_runs(host: Host) -> bool:
    """Whether the Docker daemon is running."""
    return DOCKER in host.services and host.services[DOCKER].state == "active"


def find_listener(host: Host, port: int) -> Listener | None:
    """The listener on a TCP port, if any."""
    return next((listener for listener in listeners(host) if listener.port == port), None)
