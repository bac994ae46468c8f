"""What is trained on and what evals are made of share no text, no name and no place."""

from itertools import chain

import pytest

from aj.fleet.asks import catalogue
from aj.fleet.smalltalk import small_talk
from aj.personas import load_personas

CATALOGUE, PERSONAS = catalogue(), load_personas().personas

SPLITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "roles": (CATALOGUE.names.train.roles, CATALOGUE.names.eval.roles),
    "small talk": (tuple(talk.text for talk in small_talk().train), small_talk().eval),
    **{
        f"places {name}": (getattr(CATALOGUE.places, name).train, getattr(CATALOGUE.places, name).eval)
        for name in ("fleet", "host", "again", "ordinal")
    },
    **{f"intent {name}": (intent.train, intent.eval) for name, intent in CATALOGUE.intents.items()},
    **{f"persona {name}": (persona.wrap.train, persona.wrap.eval) for name, persona in PERSONAS.items()},
}


def _shared(left: tuple[str, ...], right: tuple[str, ...]) -> set[str]:
    def plain(texts: tuple[str, ...]) -> set[str]:
        return {" ".join(text.lower().strip(" ?!.,").split()) for text in texts}

    return plain(left) & plain(right)


@pytest.mark.parametrize("name", SPLITS)
def test_the_splits_share_no_text(name):
    train, held_out = SPLITS[name]
    assert train
    assert held_out
    assert not _shared(train, held_out)
    assert len(set(train)) == len(train)
    assert len(set(held_out)) == len(held_out)


def test_a_shared_text_would_be_seen():
    assert _shared(("Check the disk?", "x"), ("check the  disk",)) == {"check the disk"}


def test_no_eval_text_of_one_intent_is_a_training_text_of_another():
    train = tuple(chain.from_iterable(intent.train for intent in CATALOGUE.intents.values()))
    held_out = tuple(chain.from_iterable(intent.eval for intent in CATALOGUE.intents.values()))
    assert not _shared(train, held_out)


def test_no_role_of_one_split_begins_with_a_role_of_the_other():
    train, held_out = SPLITS["roles"]
    assert not [(a, b) for a in train for b in held_out if a.startswith(b) or b.startswith(a)]


@pytest.mark.parametrize("name", CATALOGUE.intents)
def test_every_slot_of_a_request_is_filled(name):
    intent = CATALOGUE.intents[name]
    for text in (*intent.train, *intent.eval):
        assert ("{service}" in text) == ("{service}" in intent.command), text
        assert ("{where}" in text) == (intent.scopes != ("local",) and name != "count"), text


@pytest.mark.parametrize("name", PERSONAS)
def test_every_tone_holds_the_request(name):
    assert all(wrap.count("{text}") == 1 for wrap in (*PERSONAS[name].wrap.train, *PERSONAS[name].wrap.eval))
