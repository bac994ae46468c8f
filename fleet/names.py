"""Draws host names; those of eval fleets never occur in training data."""

from functools import cache
from pathlib import Path
from random import Random

from aj.files import Strict, load_yaml
from aj.splits import Split


class HostNameParts(Strict):
    formats: tuple[str, ...]
    roles: tuple[str, ...]


class HostNames(Strict):
    train: HostNameParts
    eval: HostNameParts


@cache
def names() -> HostNames:
    return load_yaml(Path(__file__).parent / "names.yaml", HostNames)


def draw_names(rng: Random, split: Split, count: int) -> list[str]:
    """Distinct host names from a split; within a fleet the roles are either all different or all the same (web01,
    web02)."""
    parts = names().train if split == "train" else names().eval
    form = rng.choice(parts.formats)
    alike = rng.random() < 0.4
    roles = [rng.choice(parts.roles)] * count if alike else rng.sample(parts.roles, count)
    numbers = rng.sample(range(1, 10), count)

    def name(role: str, number: int) -> str:
        slots = {"role": role, "one": str(number), "two": f"{number:02d}", "letter": "abcdefghi"[number - 1]}
        return form.format(**slots)

    return [name(role, number) for role, number in zip(roles, numbers, strict=True)]
