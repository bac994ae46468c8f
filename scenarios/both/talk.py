"""Small talk: requests that AJ answers at once, without any tool."""

from scenarios.both.everyday import SPLITS
from scenarios.requests import talk
from scenarios.scenario import Stage, Template, register


def _small_talk(stage: Stage) -> None:
    talk(stage)


for split in SPLITS:
    register(Template(f"talk.{split}", "talk", split, "easy", _small_talk))
