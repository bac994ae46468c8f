"""docker commands about the daemon: version, info, disk usage, networks; there is no registry to pull from."""

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, fail, parse, table
from fleet.linux.docker import views
from fleet.linux.docker.line import DockerVerb
from fleet.model import Host

_NO_NETWORK = "dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: no such host"


def version(host: Host) -> str:
    """Docker's version, without the distribution's suffix."""
    return host.packages.get("docker.io", "24.0.7").split("+")[0].split("-")[0]


def _show_version(context: CommandContext) -> str:
    flags = parse(context, "f:", ("format=",), {"format": "f"})
    found = version(context.host)
    part = {"Version": found, "ApiVersion": "1.43", "Os": "linux", "Arch": "amd64"}
    if "f" in flags:
        return views.render(flags.get("f"), {"Client": part, "Server": part}) + "\n"
    lines = f" Version:           {found}\n API version:       1.43\n OS/Arch:           linux/amd64\n"
    server = "".join(f" {line}\n" for line in lines.splitlines())
    return f"Client:\n{lines}\nServer:\n Engine:\n{server}"


def _info(context: CommandContext) -> str:
    flags = parse(context, "f:", ("format=",), {"format": "f"})
    host = context.host
    counts = {state: sum(c.state == state for c in host.containers) for state in ("running", "paused")}
    facts = {
        "Containers": len(host.containers),
        "ContainersRunning": counts["running"],
        "ContainersPaused": counts["paused"],
        "ContainersStopped": len(host.containers) - sum(counts.values()),
        "Images": len(views.image_rows(host)),
        "ServerVersion": version(host),
        "Driver": "overlay2",
        "OperatingSystem": host.system.name,
        "KernelVersion": host.system.kernel,
        "NCPU": host.system.cores,
        "MemTotal": host.memory.total * 1024,
        "DockerRootDir": "/var/lib/docker",
        "Name": host.name,
    }
    if "f" in flags:
        return views.render(flags.get("f"), facts) + "\n"
    return (
        f"Client:\n Context:    default\n\nServer:\n Containers: {facts['Containers']}\n"
        f"  Running: {facts['ContainersRunning']}\n  Paused: {facts['ContainersPaused']}\n"
        f"  Stopped: {facts['ContainersStopped']}\n Images: {facts['Images']}\n"
        f" Server Version: {facts['ServerVersion']}\n Storage Driver: overlay2\n"
        f" Kernel Version: {host.system.kernel}\n Operating System: {host.system.name}\n OSType: linux\n"
        f" CPUs: {host.system.cores}\n Total Memory: {views.amount(host.memory.total)}\n Name: {host.name}\n"
        f" Docker Root Dir: /var/lib/docker\n"
    )


def _disk_use(context: CommandContext) -> str:
    host = context.host
    images = views.image_rows(host)
    size = sum(int(row["Size"].removesuffix("MB")) for row in images)
    active = sum(c.state != "exited" for c in host.containers)
    return table(
        [
            ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"],
            ["Images", str(len(images)), str(len(images)), f"{size}MB", "0B (0%)"],
            ["Containers", str(len(host.containers)), str(active), "0B", "0B"],
            ["Local Volumes", "0", "0", "0B", "0B"],
            ["Build Cache", "0", "0", "0B", "0B"],
        ],
        gap=4,
    )


def _networks(context: CommandContext) -> str:
    names = [
        [views.image_id(name)[:12], name, "null" if name == "none" else name] for name in ("bridge", "host", "none")
    ]
    return table([["NETWORK ID", "NAME", "DRIVER", "SCOPE"], *([*row, "local"] for row in names)], gap=3)


def _pull(context: CommandContext) -> BuiltinResult:
    return fail(f'Error response from daemon: Get "https://registry-1.docker.io/v2/": {_NO_NETWORK}')


def _run(context: CommandContext) -> BuiltinResult:
    image = next((word for word in context.argv if not word.startswith("-")), "")
    missing = f"Unable to find image '{image}' locally\n"
    return fail(
        f'{missing}docker: Error response from daemon: Get "https://registry-1.docker.io/v2/": {_NO_NETWORK}.', 125
    )


def _compose(context: CommandContext) -> BuiltinResult:
    return fail("no configuration file provided: not found", 14)


DAEMON: dict[str, DockerVerb] = {
    "version": _show_version,
    "info": _info,
    "system info": _info,
    "system df": _disk_use,
    "pull": _pull,
    "run": _run,
    "image prune": lambda context: "Total reclaimed space: 0B\n",
    "network ls": _networks,
    "volume ls": lambda context: "DRIVER    VOLUME NAME\n",
    **{f"compose {verb}": _compose for verb in ("ps", "up", "down", "restart", "logs", "pull")},
}
