"""A host's network interfaces, with what they have received and sent."""

from dataclasses import dataclass

from fleet.model import Host
from fleet.ports import DOCKER

GATEWAY = "10.0.0.1"
GATEWAY_MAC = "52:54:00:00:00:01"
INTERFACE = "eth0"


@dataclass(frozen=True, slots=True)
class Interface:
    name: str
    address: str
    prefix: int
    mac: str
    up: bool = True

    @property
    def broadcast(self) -> str:
        """The last address of the network; prefixes here are whole bytes."""
        kept = self.address.split(".")[: self.prefix // 8]
        return ".".join([*kept, *["255"] * (4 - len(kept))])

    @property
    def network(self) -> str:
        kept = self.address.split(".")[: self.prefix // 8]
        return ".".join([*kept, *["0"] * (4 - len(kept))])

    @property
    def mask(self) -> str:
        return ".".join(["255"] * (self.prefix // 8) + ["0"] * (4 - self.prefix // 8))


def interfaces(host: Host) -> list[Interface]:
    """lo, eth0 and, if Docker is installed, its bridge."""
    found = [
        Interface("lo", "127.0.0.1", 8, "00:00:00:00:00:00"),
        Interface(INTERFACE, host.address, 16, host.mac),
    ]
    if DOCKER in host.services:
        runs = any(container.state == "running" for container in host.containers)
        found.append(Interface("docker0", "172.17.0.1", 16, f"02:42:{host.mac[6:]}", runs))
    return found


def packets(host: Host, link: Interface) -> tuple[int, int]:
    """Packets received and sent since boot; both grow with the host's clock."""
    rate = 1 + int(link.mac.replace(":", "")[:8], 16) % 7 + int(host.mac.replace(":", "")[-4:], 16) % 90
    seconds = host.now - host.boot
    return (seconds * rate, seconds * rate * 7 // 10) if link.name != "lo" else (seconds // 3, seconds // 3)
