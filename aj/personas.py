"""The five kinds of users, and AJ's voice for each, as data with measurable rules (`personas.yaml`)."""

import re
from functools import cache
from pathlib import Path
from random import Random

from pydantic import Field, field_validator, model_validator

from aj.files import Strict, load_yaml
from aj.splits import Split, SplitTexts


class VoiceRule(Strict):
    """One measurable rule about a reply; exactly one of the measures below is set."""

    code: str
    why: str
    fix: str
    starts: tuple[str, ...] = ()
    """Names of phrase lists: the reply starts with one of their phrases."""
    has: tuple[str, ...] = ()
    """… the reply has one of their phrases."""
    ends: tuple[str, ...] = ()
    """… the reply's last sentence has one of their phrases."""
    lacks: tuple[str, ...] = ()
    """… the reply has none of their phrases."""
    min_words: int = 0
    """Not counting facts, like `max_words`; 0 sets no limit, here and below."""
    max_words: int = 0
    max_lines: int = 0
    answers_only: bool = False
    """Does not apply to a reply that asks the user something."""

    @property
    def lists(self) -> tuple[str, ...]:
        """The phrase lists it names."""
        return self.starts + self.has + self.ends + self.lacks

    @model_validator(mode="after")
    def _measures_one_thing(self) -> "VoiceRule":
        measures = (self.starts, self.has, self.ends, self.lacks, self.min_words, self.max_words, self.max_lines)
        if sum(map(bool, measures)) != 1:
            raise ValueError("a rule sets exactly one of starts, has, ends, lacks, min_words, max_words, max_lines")
        return self


class OwnRules(Strict):
    """Rules for AJ, whoever asks."""

    max_emoji: int
    """In a reply to a casual user; other replies have none."""
    rules: tuple[VoiceRule, ...]


class Voice(Strict):
    """Wording of a reply, by what it says."""

    facts: tuple[str, ...] = Field(min_length=1)
    count: tuple[str, ...] = Field(min_length=1)
    restart: tuple[str, ...] = Field(min_length=1)
    ask_back: tuple[str, ...] = Field(min_length=1)
    failed: tuple[str, ...] = Field(min_length=1)


class Persona(Strict):
    """A kind of user: how they write (`wrap`) and how AJ answers (`rules`, `voice`, `notes`)."""

    rules: tuple[VoiceRule, ...]
    notes: tuple[str, ...]
    wrap: SplitTexts
    voice: Voice

    def say(self, text: str, split: Split, rng: Random) -> str:
        """The request `text` in this user's tone."""
        wrap = rng.choice(self.wrap.of(split))
        goes_on = "{text}," in wrap or "{text}." in wrap
        if goes_on:
            text = text.rstrip("?.")
        elif re.search(r"\{text\} [A-Z]", wrap) and text[-1] not in "?.!":
            text += "."  # another sentence follows
        return wrap.replace("{text}", text)


class Personas(Strict):
    """The whole file; every list that a rule names exists, and every phrase is a regular expression."""

    phrases: dict[str, tuple[str, ...]]
    voice: OwnRules
    personas: dict[str, Persona]

    @field_validator("phrases")
    @classmethod
    def _phrases_are_patterns(cls, phrases: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, entries in phrases.items():
            for entry in entries:
                try:
                    re.compile(entry)
                except re.error as error:
                    raise ValueError(f"{name}: {entry!r} is not a regular expression ({error})") from error
        return phrases

    @model_validator(mode="after")
    def _lists_exist(self) -> "Personas":
        rules = [*self.voice.rules, *(rule for persona in self.personas.values() for rule in persona.rules)]
        for rule in rules:
            for name in rule.lists:
                if name not in self.phrases:
                    raise ValueError(f"rule {rule.code} names the list {name!r}; there are {', '.join(self.phrases)}")
        return self


@cache
def load_personas() -> Personas:
    """The personas in `personas.yaml`; raises ConfigError with file and line if it has a fault."""
    return load_yaml(Path(__file__).parent / "personas.yaml", Personas)
