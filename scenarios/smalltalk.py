"""Small talk with AJ's replies (`smalltalk.yaml`)."""

from functools import cache
from pathlib import Path

from aj.files import Strict, load_yaml


class SmallTalk(Strict):
    text: str
    reply: str


class SmallTalks(Strict):
    train: tuple[SmallTalk, ...]
    eval: tuple[SmallTalk, ...]


@cache
def small_talk() -> SmallTalks:
    return load_yaml(Path(__file__).parent / "smalltalk.yaml", SmallTalks)
