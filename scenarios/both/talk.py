"""Small talk: requests that AJ answers at once, without any tool."""

from scenarios.both.everyday import SPLITS
from scenarios.requests import talk
from scenarios.scenario import Template, register

for split in SPLITS:
    register(Template(f"talk.{split}", "talk", split, "easy", talk))
