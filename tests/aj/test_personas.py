"""The personas as data: enough wordings, splits that share none, slots that are filled, rules that name their lists."""

import re
from random import Random

import pytest
from pydantic import ValidationError

from aj.files import digest
from aj.personas import Persona, Personas, VoiceRule, load_personas

PERSONAS = load_personas().personas
FILLED = {"items", "count", "why", "question"}


def plain(wrap: str) -> str:
    return re.sub(r"[^\w{}]+", " ", wrap.lower()).strip()


@pytest.mark.parametrize("name", PERSONAS)
def test_a_tone_has_many_wordings_for_training_and_some_for_evals(name):
    wrap = PERSONAS[name].wrap
    assert len(set(wrap.train)) >= 18
    assert len(set(wrap.eval)) >= 6


def test_no_persona_is_trained_on_a_tone_of_the_evals():
    train = {plain(wrap) for persona in PERSONAS.values() for wrap in persona.wrap.train}
    held_out = {plain(wrap) for persona in PERSONAS.values() for wrap in persona.wrap.eval}
    assert not train & held_out


def test_no_two_personas_share_a_tone():
    wraps = [plain(wrap) for persona in PERSONAS.values() for wrap in (*persona.wrap.train, *persona.wrap.eval)]
    assert len(set(wraps)) == len(wraps)


@pytest.mark.parametrize("name", PERSONAS)
def test_a_wording_names_only_slots_that_are_filled(name):
    for kind, wordings in PERSONAS[name].voice:
        slots = {slot for wording in wordings for slot in re.findall(r"{(\w+)}", wording)}
        assert slots <= FILLED
        assert slots & {"question" if kind == "ask_back" else "items"}, kind


def test_a_question_loses_its_mark_where_the_sentence_goes_on():
    wrap = {"train": ["{text}, plain", "{text}. Nothing more."], "eval": ["raw: {text}"]}
    persona = Persona.model_validate(PERSONAS["senior_engineer"].model_dump() | {"wrap": wrap})
    said = {persona.say("is nginx up?", "train", Random(seed)) for seed in range(20)}
    assert said == {"is nginx up, plain", "is nginx up. Nothing more."}
    assert persona.say("is nginx up?", "eval", Random(0)) == "raw: is nginx up?"


def test_the_same_seed_says_the_same():
    said = [[persona.say("df -h", "train", Random(3)) for persona in PERSONAS.values()] for _ in range(2)]
    assert digest(said[0]) == digest(said[1])


# Faults in the page


def test_a_rule_measures_one_thing():
    with pytest.raises(ValidationError, match="exactly one"):
        VoiceRule(code="x", why="", fix="")
    with pytest.raises(ValidationError, match="exactly one"):
        VoiceRule(code="x", why="", fix="", has=("offer",), max_words=3)


@pytest.mark.parametrize(
    ("phrases", "message"),
    [({"robotic": ["("]}, "not a regular expression"), ({"robotic": ["x"]}, "names the list 'apology'")],
)
def test_a_list_that_is_missing_or_broken_is_named(phrases, message):
    page = load_personas().model_dump() | {"phrases": phrases}
    with pytest.raises(ValidationError, match=message):
        Personas.model_validate(page)


def test_every_list_is_used():
    used = {name for persona in PERSONAS.values() for rule in persona.rules for name in rule.lists}
    used |= {name for rule in load_personas().voice.rules for name in rule.lists}
    assert load_personas().phrases.keys() == used
