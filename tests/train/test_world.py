"""Scenarios to act in: what is said to AJ, and what an episode is worth."""

import pytest

from aj.acts import Act, call_of, on
from aj.contract import load_contract
from aj.errors import TrainError
from aj.messages import Message
from aj.personas import load_personas
from aj.wire import render_turn
from scenarios.catalogue import templates
from scenarios.oracle import play
from train.scenes import training_templates
from train.world import Episode

CONTRACT = load_contract("aj")
PERSONA = next(iter(load_personas().personas))
SPACE, RESTART, SEVERAL = (
    templates("train")[name].draw(3, PERSONA)
    for name in ("disk_space.space_left", "service_management.restart_and_check", "ladder.train_that_service_1")
)


def spoken(scenario):
    """The oracle's replies."""
    messages, _ = play(scenario, CONTRACT)
    return [render_turn(message, CONTRACT) for message in messages if message.role == "assistant"]


def render_call(act: Act) -> str:
    return render_turn(Message("assistant", call=call_of(act, CONTRACT)), CONTRACT)


def played(scenario, replies):
    episode = Episode(scenario, CONTRACT)
    heard = [episode.hear(text) for text in replies]
    return episode, heard


@pytest.mark.parametrize("scenario", [SPACE, RESTART, SEVERAL], ids=lambda scenario: scenario.template)
def test_the_oracle_hears_everything_and_earns_one(scenario):
    episode, heard = played(scenario, spoken(scenario))
    assert heard[-1] is None
    assert None not in heard[:-1]
    assert episode.over
    assert episode.reward() == 1


def test_what_is_said_after_the_last_reply_is_what_the_oracle_heard():
    messages, _ = play(SPACE, CONTRACT)
    told = [render_turn(message, CONTRACT) for message in messages if message.role == "tool"]
    _, heard = played(SPACE, spoken(SPACE))
    assert heard[:-1] == told


def test_prose_ends_an_episode_and_earns_nothing():
    episode, heard = played(SPACE, ["Sure, I will have a look at that host for you right away!"])
    assert heard == [None]
    assert episode.over
    assert episode.reward() == 0


def test_a_false_answer_earns_less_than_a_true_one():
    *looked, answer = spoken(SPACE)
    ((value,),) = SPACE.turns[0].truth.stated.values()
    false = answer.replace(value, "1.5T")
    assert false != answer
    episode, _ = played(SPACE, [*looked, false])
    assert episode.over
    assert 0 < (episode.reward() or 0) < 1


def test_an_error_is_heard_in_place_of_a_result():
    _, (heard,) = played(SPACE, ['{"tool": "launch_rocket", "params": {}}'])
    assert "Unknown tool: launch_rocket" in str(heard)


def test_a_change_that_nobody_asked_for_earns_nothing():
    discovery, *looked = spoken(SPACE)
    mine = render_call(on(SPACE.hosts[0].name, "sudo rm -rf /var/log"))
    episode, _ = played(SPACE, [discovery, mine, *looked])
    assert episode.true == 1
    assert episode.reward() == 0


def test_templates_that_are_held_out_are_refused():
    held_out = next(name for name in templates("eval") if name not in templates("train"))
    with pytest.raises(TrainError, match=rf"grpo.templates: {held_out}: no such template is trained on"):
        training_templates(["disk_space", held_out])
    assert {made.split for made in training_templates(["disk_space"])} == {"train"}
