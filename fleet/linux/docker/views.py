"""How Docker shows containers and images: rows for tables, JSON for inspect."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fleet.linux.command import table
from fleet.linux.docker.go_templates import render
from fleet.model import Container, Host

GIB = 1024 * 1024
ENVIRONMENT = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def ago(seconds: int) -> str:
    """A duration as Docker prints it: 5 minutes, About an hour, 3 days."""
    minutes, hours = seconds // 60, (seconds + 1800) // 3600
    if seconds < 2:
        return "1 second" if seconds == 1 else "Less than a second"
    if minutes < 2:
        return f"{seconds} seconds" if minutes < 1 else "About a minute"
    if minutes < 46 or hours < 1:
        return f"{minutes} minutes"
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for name, size, limit in (("days", 24, 14), ("weeks", 168, 8), ("months", 720, 24)):
        if hours // size < limit:
            return f"{hours // size} {name}"
    return f"{hours // 8760} years"


def iso(time: int) -> str:
    """2026-01-05T08:00:00.000000000Z; Docker's zero time for 0."""
    return (
        datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000000Z") if time else "0001-01-01T00:00:00Z"
    )


def amount(kib: float) -> str:
    """Memory as docker stats shows it: 43.21MiB."""
    for unit in ("KiB", "MiB"):
        if kib < 1024:
            return f"{kib:.4g}{unit}"
        kib /= 1024
    return f"{kib:.4g}GiB"


def rows(items: list[dict[str, Any]], template: str, default: str, heads: dict[str, str]) -> str:
    """One line per item, by a template; with Docker's `table` prefix also a header line.

    Raises:
        TemplateError: the template uses a missing field.
    """
    template = template or default
    if template == "json":
        template = "{{json .}}"
    if not template.startswith("table "):
        return "".join(f"{render(template, item)}\n" for item in items)
    template = template.removeprefix("table ").replace(r"\t", "\t")
    above = {name: heads.get(name, name.upper()) for name in re.findall(r"\.(\w+)", template)}
    return table([render(template, item).split("\t") for item in (above, *items)], gap=3)


def status(host: Host, container: Container) -> str:
    """Up 3 days (healthy), Exited (137) 5 minutes ago."""
    if container.state == "exited":
        return f"Exited ({container.exit_code}) {ago(host.now - container.finished)} ago"
    if container.state == "restarting":
        return f"Restarting ({container.exit_code}) {ago(host.now - container.finished)} ago"
    note = " (Paused)" if container.state == "paused" else f" ({container.health})" if container.health else ""
    return f"Up {ago(host.now - container.started)}{note}"


def published(container: Container) -> str:
    """The PORTS column: empty while the container is down."""
    shown = container.state in ("running", "paused")
    return ", ".join(f"0.0.0.0:{outer}->{inner}/tcp" for outer, inner in container.ports) if shown else ""


PS_TABLE = "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
PS_HEADS = {"ID": "CONTAINER ID", "RunningFor": "CREATED", "CreatedAt": "CREATED AT"}


def ps_row(host: Host, container: Container, whole: bool = False) -> dict[str, Any]:
    """The fields that `docker ps` shows for a container; `whole` means --no-trunc."""
    command = container.command if whole or len(container.command) <= 20 else container.command[:19] + "…"
    return {
        "ID": container.id if whole else container.id[:12],
        "Image": container.image,
        "Command": f'"{command}"',
        "CreatedAt": datetime.fromtimestamp(container.created, UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        "RunningFor": f"{ago(host.now - container.created)} ago",
        "Status": status(host, container),
        "State": container.state,
        "Ports": published(container),
        "Names": container.name,
        "Labels": "",
        "Mounts": "",
        "Networks": "bridge",
        "Size": "0B",
        "LocalVolumes": "0",
    }


STATS_TABLE = "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}"
STATS_HEADS = {"ID": "CONTAINER ID", "CPUPerc": "CPU %", "MemUsage": "MEM USAGE / LIMIT", "MemPerc": "MEM %",
    "NetIO": "NET I/O", "BlockIO": "BLOCK I/O"}  # fmt: skip


def stats_row(host: Host, container: Container) -> dict[str, Any]:
    """The fields that `docker stats` shows for a container."""
    limit = container.memory_limit or host.memory.total
    digits = int(container.id[:4] or "0", 16)
    return {
        "Container": container.id[:12],
        "Name": container.name,
        "ID": container.id[:12],
        "CPUPerc": f"{container.cpu:.2f}%",
        "MemUsage": f"{amount(container.memory)} / {amount(limit)}",
        "MemPerc": f"{100 * container.memory / limit:.2f}%",
        "NetIO": f"{digits % 900 / 10 + 1:.3g}MB / {digits % 700 / 10 + 1:.3g}MB",
        "BlockIO": f"{digits % 300 / 10:.3g}MB / 0B",
        "PIDs": str(1 + digits % 12) if container.state == "running" else "0",
    }


IMAGES_TABLE = "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
IMAGES_HEADS = {"ID": "IMAGE ID", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT"}


def image_id(image: str) -> str:
    """An image id: 64 hexadecimal digits derived from the image's name."""
    return sha256(image.encode()).hexdigest()


def image_rows(host: Host) -> list[dict[str, Any]]:
    """The images of the host's containers, each listed once."""
    found = []
    for image in sorted({container.image for container in host.containers}):
        repository, _, tag = image.partition(":")
        made = min(c.created for c in host.containers if c.image == image) - 86_400 * (3 + int(image_id(image)[:2], 16))
        found.append(
            {
                "Repository": repository,
                "Tag": tag or "latest",
                "ID": image_id(image)[:12],
                "CreatedSince": f"{ago(host.now - made)} ago",
                "CreatedAt": datetime.fromtimestamp(made, UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
                "Size": f"{20 + int(image_id(image)[2:5], 16) % 900}MB",
            }
        )
    return found


def _state(container: Container) -> dict[str, Any]:
    """The State object of docker inspect."""
    running = container.state in ("running", "paused")
    state: dict[str, Any] = {
        "Status": container.state,
        "Running": running,
        "Paused": container.state == "paused",
        "Restarting": container.state == "restarting",
        "OOMKilled": container.exit_code == 137 and any("memory" in line.lower() for line in container.logs[-1:]),
        "Dead": False,
        "Pid": int(container.id[:4] or "0", 16) + 40_000 if running else 0,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": iso(container.started),
        "FinishedAt": iso(container.finished),
    }
    if container.health:
        state["Health"] = {
            "Status": container.health,
            "FailingStreak": 0 if container.health == "healthy" else 3,
            "Log": [],
        }
    return state


def inspected(host: Host, container: Container) -> dict[str, Any]:
    """What `docker inspect` shows for a container, as JSON-ready data."""
    running = container.state in ("running", "paused")
    place = next(number for number, c in enumerate(host.containers, start=2) if c.name == container.name)
    bound = {f"{inner}/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(outer)}] for outer, inner in container.ports}
    network = {"Gateway": "172.17.0.1" if running else "", "IPAddress": f"172.17.0.{place}" if running else ""}
    return {
        "Id": container.id,
        "Created": iso(container.created),
        "Path": container.command.split(" ")[0],
        "Args": container.command.split(" ")[1:],
        "State": _state(container),
        "Image": f"sha256:{image_id(container.image)}",
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "LogPath": f"/var/lib/docker/containers/{container.id}/{container.id}-json.log",
        "HostConfig": {
            "NetworkMode": "bridge",
            "PortBindings": bound,
            "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
            "Memory": container.memory_limit * 1024,
            "Privileged": False,
        },
        "Mounts": [],
        "Config": {
            "Hostname": container.id[:12],
            "Env": [ENVIRONMENT],
            "Cmd": container.command.split(" "),
            "Image": container.image,
            "ExposedPorts": {f"{inner}/tcp": {} for _, inner in container.ports},
            "Labels": {},
        },
        "NetworkSettings": {"Ports": bound if running else {}, **network, "Networks": {"bridge": network}},
    }
