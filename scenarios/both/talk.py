"""Requests that need no tool: AJ answers at once and calls nothing."""

from scenarios.both.everyday import SPLITS
from scenarios.requests import talk
from scenarios.scenario import Template, register

for split in SPLITS:
    register(Template(f"talk.{split}", "talk", split, "easy", talk))
