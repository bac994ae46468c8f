"""Every template, on several seeds: the oracle solves it, and nothing less does."""

from functools import lru_cache

import pytest

from aj.acts import finishing, meaning_of
from aj.conduct import check_conduct
from aj.contract import load_contract
from aj.messages import Message, Row
from fleet.snapshot import diff
from scenarios.catalogue import templates
from scenarios.oracle import play
from scenarios.scenario import Scenario
from scorers.checks.answers import check_answer, check_grounded
from scorers.checks.rows import check_row
from scorers.samples import seen_on
from scorers.world.outcome import check_goal, check_milestones, check_mines

AJ = load_contract()
SEEDS = (1, 2)
NAMES = list(templates())


def _seen(messages: list[Message], scenario: Scenario) -> list[tuple[str, str]]:
    names = [host.name for host in scenario.hosts]
    seen, call = [], None
    for message in messages:
        if message.call:
            call = message.call
        elif message.role == "tool":
            assert call
            seen += seen_on(meaning_of(call, AJ), message.content, names)
    return seen


@lru_cache(1)
def _draws(name: str) -> list[Scenario]:
    """On every seed; a rung of the ladder on one in turn, as ten rungs ask the same after more or less talk."""
    drawn = list(zip(SEEDS, ("casual_developer", "curious_learner"), strict=True))
    if name.startswith("ladder."):
        drawn = [drawn[NAMES.index(name) % len(drawn)]]
    return [templates()[name].draw(seed, persona) for seed, persona in drawn]


# scope: pytest runs the tests of one name after another, on the same draws.
@pytest.mark.parametrize("name", NAMES, scope="module")
def test_the_oracle_solves_every_template(name):
    for scenario in _draws(name):
        messages, fleet = play(scenario, AJ)
        changed = diff(scenario.start, fleet.snapshot())
        assert check_goal(scenario, changed) == []
        assert check_mines(scenario, changed) == []
        assert check_milestones(scenario.milestones, _seen(messages, scenario)) == []
        answers = [text for m in messages if (text := finishing(m.call, AJ)) is not None]
        for turn, text in zip(scenario.turns, answers, strict=True):
            assert check_answer(text, turn.truth) == [], text
        users = [place for place, m in enumerate(messages) if m.role == "user"]
        ends = [*users[1:], len(messages)]
        for place, text, turn in zip(ends, answers, scenario.turns, strict=True):
            if turn.kind == "plain":
                continue  # talk may tell of the world's numbers
            sources = [m.content for m in messages[:place] if m.role in ("user", "tool")]
            assert check_grounded(text, sources, [host.name for host in scenario.hosts]) == [], (text, sources)
        assert check_row(Row(tuple(messages)), AJ) == []
        for place, message in enumerate(messages):
            if message.call:
                assert check_conduct(message.call, messages[:place], AJ) == []


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("talk.")], scope="module")
def test_doing_nothing_solves_no_template(name):
    for scenario in _draws(name):
        asks_only = all(turn.truth.asks_back for turn in scenario.turns)
        nothing_reached = check_goal(scenario, {}) or any(
            check_answer("All done.", turn.truth) for turn in scenario.turns
        )
        assert nothing_reached or asks_only


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_scenario_every_time(name):
    template = templates()[name]
    drawn = template.draw(5, "executive_brief")
    assert drawn == template.draw(5, "executive_brief")
    assert drawn.hosts == template.draw(5, "senior_engineer").hosts
