"""The state of a simulated host, drawn from a seed, and the text its commands print."""

from dataclasses import dataclass, field, replace
from random import Random

from aj.state import Agent

KERNELS = ("5.15.0-91-generic", "6.1.0-18-amd64", "6.8.0-31-generic", "5.10.0-28-amd64")
SERVICES: tuple[str, ...] = ("nginx", "redis", "postgresql", "grafana", "docker", "cron", "rabbitmq", "haproxy")
CONTAINERS = ("api", "worker", "cache", "proxy", "metrics", "queue", "frontend", "billing")
FILES = ("app.py", "config.yml", "deploy.sh", "README.md", "data.csv", "run.log", "backup.tar", "index.html")
LOG_LINES = (
    "connection timed out",
    "disk quota exceeded",
    "permission denied",
    "upstream unreachable",
    "certificate expired",
    "out of memory",
    "too many open files",
    "login failed",
)


@dataclass(frozen=True, slots=True)
class Host:
    """One machine. Immutable: an action gives a new host, so a snapshot is the object itself."""

    name: str
    address: str
    disk_gb: int
    disk_percent: int
    memory_mb: int
    memory_used_mb: int
    load: float
    cores: int
    days_up: int
    kernel: str
    services: dict[str, str] = field(default_factory=dict)
    """name -> active, failed or inactive"""
    restarts: tuple[str, ...] = ()
    """services restarted since the start, in order"""
    containers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """names in /srv/app (on AJ's own machine: in the workspace)"""
    version: str = ""
    """content of the file VERSION there"""
    log: tuple[str, ...] = ()
    """lines of /var/log/app.log"""

    @property
    def agent(self) -> Agent:
        return Agent(self.name, "linux", f"{self.address}:7000")

    def restart(self, service: str) -> "Host":
        services = self.services | {service: "active"}
        return replace(self, services=services, restarts=(*self.restarts, service))


def draw_host(name: str, rng: Random) -> Host:
    """A host in a plausible state; every value is drawn, so that no answer can be guessed."""
    memory = rng.choice((2048, 4096, 8192, 16384, 32768))
    services = dict.fromkeys(rng.sample(SERVICES[:-1], 4), "active")
    services[rng.choice(list(services))] = rng.choice(("active", "failed", "inactive"))
    minutes = sorted(rng.sample(range(60), 3))
    return Host(
        name=name,
        address=f"10.0.{rng.randrange(10)}.{rng.randrange(2, 99)}",
        disk_gb=rng.choice((20, 40, 50, 80, 100)),
        disk_percent=rng.randrange(11, 98),
        memory_mb=memory,
        memory_used_mb=memory * rng.randrange(15, 95) // 100,
        load=rng.randrange(2, 799) / 100,
        cores=rng.choice((1, 2, 4, 8, 16, 32)),
        days_up=rng.randrange(2, 400),
        kernel=rng.choice(KERNELS),
        services=services,
        containers=tuple(rng.sample(CONTAINERS, rng.randrange(2, 4))),
        files=tuple(sorted(["VERSION", *rng.sample(FILES, rng.randrange(1, 4))])),
        version=".".join(str(rng.randrange(10)) for _ in range(3)),
        log=tuple(f"09:{m:02d} {rng.choice(LOG_LINES)}" for m in minutes),
    )


def human(megabytes: int) -> str:
    """Like `free -h`: 3174 -> 3.1Gi, 512 -> 512Mi."""
    return f"{megabytes / 1024:.1f}Gi" if megabytes >= 1024 else f"{megabytes}Mi"
