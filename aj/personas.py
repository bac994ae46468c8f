"""The five users AJ talks to and AJ's voice for each, as data with measurable rules (`personas.yaml`)."""

from functools import cache
from pathlib import Path
from random import Random

from pydantic import Field

from aj.files import Strict, load_yaml
from aj.splits import Split, Texts


class Rule(Strict):
    """One measurable rule over an answer; exactly the parts that are set are checked."""

    code: str
    why: str
    fix: str
    must: str = ""
    must_not: str = ""
    max_words: int = 0


class VoiceRules(Strict):
    """What AJ never says, whoever asks."""

    max_emoji: int
    robotic: tuple[str, ...]
    apology: tuple[str, ...]
    caveat: tuple[str, ...]


class Voice(Strict):
    """Wording of an answer, by what it tells."""

    facts: tuple[str, ...] = Field(min_length=1)
    count: tuple[str, ...] = Field(min_length=1)
    restart: tuple[str, ...] = Field(min_length=1)


class Persona(Strict):
    """A kind of user: how they write (`wrap`) and how AJ answers (`rules`, `voice`, `notes`)."""

    rules: tuple[Rule, ...]
    notes: tuple[str, ...]
    wrap: Texts
    voice: Voice

    def say(self, text: str, split: Split, rng: Random) -> str:
        """The request `text` in this user's tone."""
        wrap = rng.choice(self.wrap.of(split))
        return wrap.replace("{text}", text.rstrip("?") if "{text}," in wrap else text)


class Personas(Strict):
    voice: VoiceRules
    personas: dict[str, Persona]


@cache
def load_personas() -> Personas:
    return load_yaml(Path(__file__).parent / "personas.yaml", Personas)
