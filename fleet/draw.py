"""Draws hosts in a plausible state from a seed. Every value is random, so no answer can be guessed."""

from dataclasses import replace
from random import Random

from fleet.actions import stamp
from fleet.hardware import GIB, draw_machine
from fleet.model import Container, File, Host, JournalEntry, Platform, Process, Service
from fleet.software import Software, software

START = 1_767_600_000
"""2026-01-05 08:00 UTC; a fleet's clock starts within the following half year."""
APP_FILES = (
    "app.py",
    "config.yml",
    "deploy.sh",
    "README.md",
    "data.csv",
    "requirements.txt",
    "index.html",
    "backup.tar",
)
MESSAGES = (
    "connection timed out",
    "disk quota exceeded",
    "permission denied",
    "upstream unreachable",
    "certificate expired",
    "out of memory",
    "too many open files",
    "login failed",
)


ALWAYS = {"linux": ("cron", "ssh"), "windows": ("WinRM", "EventLog")}
"""Services found on every host of a platform."""


def draw_host(name: str, rng: Random, platform: Platform = "linux", now: int | None = None) -> Host:
    """Draw a host; `now` is the fleet's clock (drawn if not given)."""
    now = now or draw_clock(rng)
    host = draw_machine(name, rng, platform, now)
    catalogue = software().linux if platform == "linux" else software().windows
    optional = [key for key in catalogue if key not in ALWAYS[platform]]
    chosen = _without_clashes([*ALWAYS[platform], *rng.sample(optional, min(6, len(optional)))], catalogue)[:6]
    for key in chosen:
        host = install(host, key, catalogue[key], rng)
    host = _perhaps_down(host, [key for key in chosen if key not in ALWAYS[platform]], rng)
    host = _with_app(host, rng)
    if "docker" in chosen:
        host = replace(host, containers=_containers(rng, now))
    return _settled(host, rng)


def draw_clock(rng: Random) -> int:
    return START + rng.randrange(180 * 86_400)


def _without_clashes(names: list[str], catalogue: dict[str, Software]) -> list[str]:
    """The names in order, without those whose port is already taken by an earlier one."""
    taken: set[int] = set()
    kept = []
    for name in names:
        if not taken & set(catalogue[name].ports):
            taken |= set(catalogue[name].ports)
            kept.append(name)
    return kept


def install(host: Host, name: str, software: Software, rng: Random) -> Host:
    """Install a running service on a host: files, package, processes, and a history of log lines."""
    since = host.boot + rng.randrange(5, 90)
    service = Service(
        name=name,
        title=software.title,
        state="active",
        enabled=True,
        command=software.command,
        user=software.user,
        ports=software.ports,
        workers=software.workers,
        resident=software.resident * rng.randrange(80, 130) // 100,
        cpu=rng.randrange(1, 25) / 10,
        since=since,
        config=software.config,
        log=software.log,
        writes=software.writes,
    )
    files = dict(host.files)
    if software.config:
        files[software.config] = File(software.text.replace("{host}", host.name), modified=host.boot)
    lines, entries = _history(host, name, software, rng)
    if software.log:
        files[software.log] = File("".join(lines), bulk=rng.randrange(1, 400) * 4096, modified=host.now - 60)
    packages = {**host.packages, software.package: rng.choice(software.versions)} if software.package else host.packages
    host = replace(host, files=files, packages=packages, journal=(*host.journal, *entries))
    return _running(host.with_service(service), service, rng)


def _running(host: Host, service: Service, rng: Random) -> Host:
    """Add the processes of a service running since `service.since`."""
    first = host.next_pid
    processes = tuple(
        Process(
            pid=first + place,
            parent=(1 if host.platform == "linux" else 716) if place == 0 else first,
            user=service.user if place == 0 or service.name != "nginx" else "www-data",
            cpu=service.cpu,
            resident=service.resident,
            virtual=service.resident * 4,
            state="Ss" if place == 0 else "S",
            tty="?",
            started=service.since,
            seconds=rng.randrange(20, 4000),
            command=service.command if place == 0 or service.name != "nginx" else "nginx: worker process",
            service=service.name,
        )
        for place in range(1 + service.workers)
    )
    return replace(
        host, processes=(*host.processes, *processes), next_pid=first + len(processes) + rng.randrange(2, 60)
    )


def _history(host: Host, name: str, software: Software, rng: Random) -> tuple[list[str], list[JournalEntry]]:
    """The last hours of a service: lines for its log file, and its start for the journal."""
    times = sorted(host.now - rng.randrange(60, 6 * 3600) for _ in range(rng.randrange(4, 9)))
    lines = [f"{stamp(time)} {fill(rng.choice(software.lines), rng)}\n" for time in times] if software.lines else []
    started = JournalEntry(host.boot + 30, name, 1, 6, f"Started {software.title}.")
    if host.platform == "windows":
        text = f"The {software.title} service entered the running state."
        started = JournalEntry(host.boot + 30, "Service Control Manager", 0, 6, text, 7036)
    return lines, [started]


def fill(text: str, rng: Random) -> str:
    """A log line with its placeholders filled in."""
    address = f"10.0.{rng.randrange(10)}.{rng.randrange(2, 250)}"
    version = f"{rng.randrange(1, 5)}.{rng.randrange(20)}.{rng.randrange(10)}"
    return text.replace("{n}", str(rng.randrange(10, 9000))).replace("{ip}", address).replace("{v}", version)


def _perhaps_down(host: Host, names: list[str], rng: Random) -> Host:
    """On two hosts out of three, one service is down."""
    state = rng.choice(("active", "failed", "inactive"))
    if state == "active" or not names:
        return host
    service = host.services[rng.choice(names)]
    since = host.now - rng.randrange(300, 80_000)
    why = (
        f"{service.name}.service: Main process exited, code=exited, status=1/FAILURE"
        if state == "failed"
        else f"Stopped {service.title}."
    )
    entry = JournalEntry(since, service.name, 1, 3 if state == "failed" else 6, why)
    if host.platform == "windows":
        end = "terminated unexpectedly." if state == "failed" else "entered the stopped state."
        text = f"The {service.title} service {end}"
        entry = JournalEntry(
            since,
            "Service Control Manager",
            0,
            3 if state == "failed" else 6,
            text,
            7034 if state == "failed" else 7036,
        )
    down = replace(service, state=state, since=since, exit_code=1 if state == "failed" else 0)
    processes = tuple(p for p in host.processes if p.service != service.name)
    return replace(host.with_service(down), processes=processes, journal=(*host.journal, entry))


def _with_app(host: Host, rng: Random) -> Host:
    """Add the deployed application's folder and its log."""
    home, log = (
        ("/srv/app", "/var/log/app.log") if host.platform == "linux" else (r"C:\Apps\Shop", r"C:\Apps\Shop\app.log")
    )
    joint = "/" if host.platform == "linux" else "\\"
    version = ".".join(str(rng.randrange(10)) for _ in range(3))
    old = host.now - rng.randrange(1, 60) * 86_400
    files = {
        f"{home}{joint}{name}": File(f"{name}\n", modified=old) for name in rng.sample(APP_FILES, rng.randrange(1, 4))
    }
    files[f"{home}{joint}VERSION"] = File(f"{version}\n", modified=old)
    times = sorted(host.now - rng.randrange(60, 3 * 3600) for _ in range(3))
    files[log] = File("".join(f"{stamp(t)[11:16]} {rng.choice(MESSAGES)}\n" for t in times), modified=times[-1])
    return replace(host, files={**host.files, **files})


def _containers(rng: Random, now: int) -> tuple[Container, ...]:
    """Two to four containers, at most one of them exited."""
    names = rng.sample(sorted(software().containers), rng.randrange(2, 5))
    broken = rng.choice([*names, None])
    return tuple(draw_container(name, rng, now, exited=name == broken) for name in names)


def draw_container(name: str, rng: Random, now: int, exited: bool = False) -> Container:
    image = software().containers[name]
    created = now - rng.randrange(3 * 86_400, 40 * 86_400)
    lines = [fill(rng.choice(image.lines), rng) for _ in range(rng.randrange(3, 7))]
    return Container(
        id=f"{rng.getrandbits(256):064x}",
        name=name,
        image=fill(image.image, rng),
        command=image.command,
        state="exited" if exited else "running",
        created=created,
        started=created + 2,
        finished=now - rng.randrange(300, 50_000) if exited else 0,
        exit_code=rng.choice((1, 137)) if exited else 0,
        ports=((image.port + 20_000, image.port),) if image.port else (),
        cpu=0.0 if exited else rng.randrange(1, 80) / 10,
        memory=0 if exited else rng.randrange(10_000, 400_000),
        memory_limit=GIB,
        logs=(*lines, image.trouble) if exited else tuple(lines),
    )


def _settled(host: Host, rng: Random) -> Host:
    """Add load averages and swap usage, and sort the journal by time.

    About one host in 3,000 draws more than its memory holds: it gets twice as much.
    """
    host = replace(host, waiting=rng.randrange(0, 300) / 100, journal=tuple(sorted(host.journal, key=lambda e: e.time)))
    loads = tuple(round(host.load * rng.randrange(70, 115) / 100, 2) for _ in range(2))
    swap = host.memory.swap_total * rng.randrange(0, 30) // 100
    total = host.memory.total * (2 if host.memory_used >= host.memory.total else 1)
    return replace(host, loads=(loads[0], loads[1]), memory=replace(host.memory, swap_used=swap, total=total))
