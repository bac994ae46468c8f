"""docker commands about the daemon: version, info, disk usage, networks; there is no registry to pull from."""

from bashkit import BuiltinResult

from fleet.linux.command import NO_OPTIONS, CommandContext, fail, lacking, table
from fleet.linux.docker import views
from fleet.linux.docker.line import DockerVerb, arguments
from fleet.linux.options import options
from fleet.model import Host

_NO_NETWORK = "dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: no such host"


def version(host: Host) -> str:
    """Docker's version, without the distribution's suffix."""
    return host.packages.get("docker.io", "24.0.7").split("+")[0].split("-")[0]


FORMAT = options("""
    -f --format=
""")


def _show_version(context: CommandContext) -> str:
    flags = arguments(context, FORMAT, most=0)
    found = version(context.host)
    part = {"Version": found, "ApiVersion": "1.43", "Os": "linux", "Arch": "amd64"}
    if "f" in flags:
        return views.render(flags.get("f"), {"Client": part, "Server": part}) + "\n"
    lines = f" Version:           {found}\n API version:       1.43\n OS/Arch:           linux/amd64\n"
    server = "".join(f" {line}\n" for line in lines.splitlines())
    return f"Client:\n{lines}\nServer:\n Engine:\n{server}"


def _info(context: CommandContext) -> str:
    flags = arguments(context, FORMAT, most=0)
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
    arguments(context, NO_OPTIONS, most=0)
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


LISTS = options("""
    -q --quiet
    --format=
""")


def _networks(context: CommandContext) -> str:
    flags = arguments(context, LISTS, most=0)
    items = [
        {"ID": views.image_id(name)[:12], "Name": name, "Driver": "null" if name == "none" else name, "Scope": "local"}
        for name in ("bridge", "host", "none")
    ]
    form = "{{.ID}}" if "q" in flags else flags.get("format")
    return views.rows(items, form, "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}", {"ID": "NETWORK ID"})


def _volumes(context: CommandContext) -> str:
    flags = arguments(context, LISTS, most=0)
    return "" if "q" in flags else views.rows(
        [], flags.get("format"), "table {{.Driver}}\t{{.Name}}", {"Name": "VOLUME NAME"}
    )  # fmt: skip


PULL = options("""
    ~ -q --quiet
    ~ --platform=
""")


def _pull(context: CommandContext) -> BuiltinResult:
    image = arguments(context, PULL, 1, 1).words[0]
    told = "" if ":" in image.rpartition("/")[2] or "@" in image else "Using default tag: latest\n"
    return BuiltinResult(
        told, f'Error response from daemon: Get "https://registry-1.docker.io/v2/": {_NO_NETWORK}\n', 1
    )


RUN = options("""
    ~ -d --detach
    ~ -i --interactive
    ~ -t --tty
    ~ -P --publish-all
    ~ -p --publish=
    ~ -v --volume=
    ~ -e --env=
    ~ -u --user=
    ~ -w --workdir=
    ~ -h --hostname=
    ~ -m --memory=
    ~ -l --label=
    ~ --name=
    ~ --rm
    ~ --restart=
    ~ --network= --net=
    ~ --env-file=
    ~ --entrypoint=
    ~ --mount=
    ~ --cpus=
    ~ --privileged
    ~ --init
    ~ --read-only
    ~ --pull=
    ~ --platform=
    ~ --log-driver=
    ~ --log-opt=
    ~ --cap-add=
    ~ --cap-drop=
    ~ --device=
    ~ --add-host=
    ~ --dns=
    ~ --link=
""")
"""None has an effect: no image comes to a host."""


def _run(context: CommandContext) -> BuiltinResult:
    image = arguments(context, RUN, 1, mixed=False).words[0]
    name = image if ":" in image.rpartition("/")[2] else f"{image}:latest"
    if name in [f"{row['Repository']}:{row['Tag']}" for row in views.image_rows(context.host)]:
        return lacking(context, "docker run of an image that is here", BuiltinResult(exit_code=125))
    missing = f"Unable to find image '{name}' locally\n"
    error = f'docker: Error response from daemon: Get "https://registry-1.docker.io/v2/": {_NO_NETWORK}.'
    return fail(f"{missing}{error}\nSee 'docker run --help'.", 125)


COMPOSE = options("""
    ~ -a --all
    ~ -d --detach
    ~ -f --follow
    ~ -n --tail=
    ~ -q --quiet
    ~ -v --volumes
    ~ -t --timeout=
    ~ --build
    ~ --force-recreate
    ~ --remove-orphans
    ~ --no-deps
    ~ --format=
""")
"""None has an effect: no host has a file for compose."""


def _compose(context: CommandContext) -> BuiltinResult:
    arguments(context, COMPOSE)
    return fail("no configuration file provided: not found", 14)


IMAGE_PRUNE = options("""
    -f --force
    -a --all
""")


def _image_prune(context: CommandContext) -> str:
    flags = arguments(context, IMAGE_PRUNE, most=0)
    kind = "all images without at least one container associated to them" if "a" in flags else "all dangling images"
    asked = "" if "f" in flags else f"WARNING! This will remove {kind}.\nAre you sure you want to continue? [y/N] "
    return asked if asked and context.stdin.strip()[:1].lower() != "y" else f"{asked}Total reclaimed space: 0B\n"


DAEMON: dict[str, DockerVerb] = {
    "version": _show_version,
    "info": _info,
    "system info": _info,
    "system df": _disk_use,
    "pull": _pull,
    "run": _run,
    "image prune": _image_prune,
    "network ls": _networks,
    "volume ls": _volumes,
    **{f"compose {verb}": _compose for verb in ("ps", "up", "down", "restart", "logs", "pull")},
}
