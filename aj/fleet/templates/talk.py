"""Requests that need no tool: AJ answers at once and calls nothing."""

from aj.fleet.asks import talk
from aj.fleet.scenarios import Template, register
from aj.fleet.templates.everyday import SPLITS

for split in SPLITS:
    register(Template(f"talk.{split}", "talk", split, "easy", talk))
