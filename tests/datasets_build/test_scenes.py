"""Scenes: of the train split only, in plain words, and solved by the oracle in true and valid turns."""

import itertools
import re

import pytest

from aj.acts import finishing, meaning_of
from aj.contract import load_contract
from aj.messages import Row
from datasets_build.drawn.worded.scenes import confirmations, journeys, questions
from datasets_build.drawn.worded.scenes.drawing import draw_scene, scenes
from fleet.names import names
from fleet.snapshot import diff
from scenarios.catalogue import CATEGORIES, templates
from scenarios.oracle import play
from scorers.checks.rows import check_row
from scorers.samples import seen_on
from scorers.world.outcome import check_goal, check_milestones, check_mines
from scorers.world.steps import check_final_answer

AJ = load_contract()
OWN = [made.name for made in (*journeys.made(), *confirmations.made(), *questions.made())]


def test_scenes_are_of_the_train_split_and_their_hosts_too():
    roles = names().train.roles
    assert {made.split for made in scenes().values()} == {"train"}
    for name in OWN:
        hosts = draw_scene(name, 7, "senior_engineer").scenario.hosts
        assert all(any(role in host.name for role in roles) for host in hosts)


def test_own_scenes_are_not_registered_with_the_fleet():
    assert not set(OWN) & templates().keys()


def test_every_category_has_conversations_of_several_turns_and_questions():
    for category in CATEGORIES:
        names_of = [name.partition(".")[2] for name, made in scenes().items() if made.category == category]
        patterns = ("follow_up_deeper", "iterative_refinement", "teaching_conversation", "troubleshooting_journey")
        assert any(name.startswith(patterns) for name in names_of), category
        assert sum(name.startswith("question_") for name in names_of) >= 2


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_oracle_solves_an_own_scene_with_true_answers_and_no_stray_change(name, seed):
    scene = draw_scene(name, seed, "senior_engineer")
    messages, fleet = play(scene.scenario, AJ)
    assert check_row(Row(tuple(messages)), AJ) == []
    turns = iter(scene.scenario.turns)
    for place, message in enumerate(messages):
        if (answer := finishing(message.call, AJ)) is not None:
            assert check_final_answer(answer, next(turns), messages[:place], fleet) == [], answer
    changed = diff(scene.scenario.start, fleet.snapshot())
    assert check_goal(scene.scenario, changed) == []
    assert check_mines(scene.scenario, changed) == []
    names = [host.name for host in scene.scenario.hosts]
    seen = [
        seen_on(meaning_of(call.call, AJ), said.content, names)
        for call, said in itertools.pairwise(messages)
        if call.call and said.role == "tool"
    ]
    assert check_milestones(scene.scenario.milestones, [one for many in seen for one in many]) == []


@pytest.mark.parametrize("name", ["disk_space.space_left", "everyday.train_2", OWN[0]])
def test_a_request_stands_without_a_tone_and_holds_what_fills_its_slots(name):
    """The fleet's own drawing says the same, with the persona's words around it."""
    scene = draw_scene(name, 5, "stressed_oncall")
    for turn, filled in zip(scene.scenario.turns, scene.filled, strict=True):
        assert all(value in turn.text for slot, value in filled.items() if slot != "service" or value in turn.text)
        assert not re.search(r"\{[a-z]+\}", turn.text)
    if name in templates():
        toned = templates()[name].draw(5, "stressed_oncall")
        assert toned.hosts == scene.scenario.hosts
        for plain, other in zip(scene.scenario.turns, toned.turns, strict=True):
            assert (plain.steps, plain.truth, plain.items) == (other.steps, other.truth, other.items)
            assert plain.text.rstrip("?.") in other.text
            assert plain.text != other.text


def test_destructive_scenes_change_nothing_before_the_users_yes():
    for made in confirmations.made():
        scene = draw_scene(made.name, 3, "senior_engineer")
        _, fleet = play(scene.scenario, AJ, until=1)
        assert scene.scenario.turns[0].truth.asks_back
        assert diff(scene.scenario.start, fleet.snapshot()) == {}


def test_an_unknown_or_an_eval_template_is_no_scene():
    for name in ("no.such", next(name for name, made in templates().items() if made.split == "eval")):
        with pytest.raises(KeyError):
            draw_scene(name, 1, "senior_engineer")
