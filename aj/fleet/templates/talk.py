"""Requests that need no tool: AJ answers at once and calls nothing."""

from aj.fleet.scenarios import Template, register
from aj.fleet.templates.everyday import SPLITS
from aj.fleet.templates.ladder import talk

for split in SPLITS:
    register(Template(f"talk.{split}", "talk", split, "easy", talk))
