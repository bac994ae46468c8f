"""What is trained on and what evals are made of share no text, no name, no place and no template."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import chain

import pytest

from aj.files import SAMPLES, WORDINGS
from aj.personas import load_personas
from aj.splits import Split
from datasets_build.mix.contamination import asked
from evals.wordings import SEEDS as FROZEN
from evals.wordings import Listening, wordings
from fleet.names import names
from scenarios.both import hard_values, ladder
from scenarios.catalogue import CATEGORIES, templates
from scenarios.requests import catalogue
from scenarios.scenario import Scenario
from scenarios.smalltalk import small_talk

pytestmark = pytest.mark.loop

CATALOGUE, PERSONAS = catalogue(), load_personas().personas
SEEDS = (1, 2)

SPLITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "roles": (names().train.roles, names().eval.roles),
    "small talk": (tuple(talk.text for talk in small_talk().train), tuple(talk.text for talk in small_talk().eval)),
    "dictation": (hard_values.ASK["train"], hard_values.ASK["eval"]),
    **{
        f"{kind} {name}": (getattr(texts, name).train, getattr(texts, name).eval)
        for kind, texts in (
            ("places", CATALOGUE.places),
            ("ladder", ladder.texts()),
            ("commands", hard_values.commands()),
        )
        for name in type(texts).model_fields
    },
    **{f"intent {name}": (intent.train, intent.eval) for name, intent in CATALOGUE.intents.items()},
    **{f"persona {name}": (persona.wrap.train, persona.wrap.eval) for name, persona in PERSONAS.items()},
}


def _plain(text: str) -> str:
    return " ".join(text.lower().strip(" ?!.,").split())


def _shared(left: Iterable[str], right: Iterable[str]) -> set[str]:
    return set(map(_plain, left)) & set(map(_plain, right))


# --- the texts that everything is drawn from ------------------------------------------------------------------------


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


# --- the templates --------------------------------------------------------------------------------------------------


@cache
def _drawn(split: Split) -> tuple[list[Scenario], set[str]]:
    """Scenarios of every template of a split on several seeds, and all phrasings that they could have used, with a
    slot for each host's name."""
    scenarios, phrasings = [], set()
    for made in templates().values():
        for seed in SEEDS if made.split == split else ():
            stage = Listening(made, seed)
            made.build(stage)
            scenarios.append(stage.scenario())
            phrasings |= set(map(_plain, stage.heard))
    return scenarios, phrasings


def test_every_template_writes_its_split_down():
    assert {made.split for made in templates().values()} == {"train", "eval"}
    for name, made in templates().items():
        assert made.name == name
        assert name.startswith(f"{made.category}.") or made.category == "patterns"


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_several_templates_of_both_splits_and_all_difficulties(category):
    made = [made for made in templates().values() if made.category == category]
    by_split = Counter(template.split for template in made)
    assert len(made) >= 6
    assert min(by_split["train"], by_split["eval"]) >= 2
    assert {template.difficulty for template in made if template.split == "eval"} == {"easy", "medium", "hard"}


def test_the_strategys_ten_categories_are_all_there():
    assert len(CATEGORIES) == 10
    assert {made.category for made in templates().values()} == {*CATEGORIES, *OTHERS}


OTHERS = ("everyday", "hard_values", "ladder", "patterns", "talk")


@pytest.mark.loop
def test_every_phrasing_is_named_by_its_split():
    for split, other in (("train", "eval"), ("eval", "train")):
        for scenario in _drawn(split)[0]:
            for turn in scenario.turns:
                assert f".{split}." in turn.phrasing, turn.phrasing
                assert f".{other}." not in turn.phrasing, turn.phrasing


def test_no_phrasing_of_one_split_is_one_of_the_other():
    train, held_out = _drawn("train")[1], _drawn("eval")[1]
    assert min(len(train), len(held_out)) > 500
    assert sorted(train & held_out) == []


FILLS = {"file": "old/notes.txt", "thing": "the oldest kernel", "service": "nginx", "command": "uptime -p | wc -l"}


def _said(split: Split) -> list[str]:
    """Every phrasing of a split as somebody might write it, with its slots filled."""
    fill = re.compile(r"(?<!\$)\{([a-z_]+)\}")
    return [fill.sub(lambda slot: FILLS.get(slot[1], "kappa-3"), text) for text in sorted(_drawn(split)[1])]


def test_a_row_that_says_any_wording_of_the_eval_split_is_refused_without_a_personas_words_around_it():
    """`_drawn` has other seeds than the frozen wordings, lower case, and no punctuation at the end."""
    assert not set(SEEDS) & set(FROZEN)
    assert [text for text in _said("eval") if not asked().wordings.fits(text)] == []


def test_a_row_that_says_any_wording_of_the_training_split_is_kept():
    assert [text for text in _said("train") if asked().wordings.fits(text)] == []


def test_the_frozen_wordings_are_those_of_today():
    """If not: python evals/freeze_samples.py."""
    assert (SAMPLES / WORDINGS).read_text(encoding="utf-8").splitlines() == wordings()


def test_no_request_of_one_split_is_one_of_the_other():
    train, held_out = (
        {_plain(turn.text) for scenario in _drawn(split)[0] for turn in scenario.turns} for split in ("train", "eval")
    )
    assert sorted(train & held_out) == []


def test_no_host_of_one_split_is_one_of_the_other():
    train, held_out = (
        {host.name for scenario in _drawn(split)[0] for host in scenario.hosts} for split in ("train", "eval")
    )
    assert min(len(train), len(held_out)) > 100
    assert sorted(train & held_out) == []


def test_no_phrasing_is_left_with_an_open_slot():
    for split in ("train", "eval"):
        for scenario in _drawn(split)[0]:
            for turn in scenario.turns:
                assert not re.search(r"(?<!\$)\{[a-z_]+\}", turn.text) or turn.exact, turn.text
