"""The catalogue of services and container images for simulated hosts (`software.yaml`)."""

from functools import cache
from pathlib import Path

from pydantic import Field

from aj.files import Strict, load_yaml


class Software(Strict):
    """A service that can be installed on a host; see `software.yaml`."""

    title: str
    command: str
    user: str
    package: str | None = None
    versions: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    workers: int = 0
    resident: int = 20_000
    config: str | None = None
    text: str = ""
    log: str | None = None
    lines: tuple[str, ...] = ()
    writes: str | None = None
    unit: dict[str, str] = Field(default_factory=dict)
    """Settings of the [Service] section of the unit file that the package ships"""


class Image(Strict):
    image: str
    command: str
    port: int | None = None
    lines: tuple[str, ...]
    trouble: str


class SoftwareCatalogue(Strict):
    linux: dict[str, Software]
    windows: dict[str, Software]
    containers: dict[str, Image]


@cache
def software() -> SoftwareCatalogue:
    return load_yaml(Path(__file__).parent / "software.yaml", SoftwareCatalogue)
