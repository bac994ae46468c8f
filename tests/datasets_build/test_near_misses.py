"""Near misses: the rejected text has the right form and the right facts, and is wrong in one thing."""

from itertools import islice
from random import Random

import pytest

from aj.acts import act_of
from aj.contract import load_contract
from aj.state import discovered
from aj.wire import judge_call, render_turn
from datasets_build.drawn.near_misses import near_misses
from scorers.checks.rows import check_pair
from scorers.checks.said.names import places
from scorers.checks.voice import check_voice

CONTRACT = load_contract("aj")


@pytest.fixture(scope="module")
def pairs():
    return list(islice(near_misses(Random(5), CONTRACT), 16))


def acts(pair):
    judgement = judge_call(pair.rejected, CONTRACT)
    right, wrong = act_of(pair.chosen.call, CONTRACT), act_of(judgement.dispatched, CONTRACT)
    assert right
    assert wrong
    return right, wrong


def test_both_texts_are_valid_calls_and_the_chosen_one_passes_every_check(pairs):
    for pair in pairs:
        acts(pair)
        assert check_pair(pair, CONTRACT) == []
        assert pair.rejected != render_turn(pair.chosen, CONTRACT)


def test_a_rejected_answer_names_the_same_hosts_and_breaks_the_rules_of_its_users_tone(pairs):
    answers = [pair for pair in pairs if pair.layout == "state_block"]
    for pair in answers:
        right, wrong = acts(pair)
        for host in pair.metadata["hosts"]:
            assert len(list(places(right.answer, host))) == len(list(places(wrong.answer, host)))
        assert check_voice(wrong.answer, pair.metadata["persona"], ())
    assert {pair.metadata["persona"] for pair in answers} == {pair.metadata["persona"] for pair in pairs}


def test_a_rejected_command_is_the_right_one_on_another_host_that_was_found(pairs):
    commands = [pair for pair in pairs if pair.layout == "dialogue"]
    assert commands
    for pair in commands:
        right, wrong = acts(pair)
        assert right.command == wrong.command
        assert wrong.host != right.host
        assert {right.host, wrong.host} <= {agent.id for agent in discovered(pair.messages, CONTRACT) or ()}
