"""Every template: the oracle solves it, and nothing less does."""

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
CATEGORIES = sorted({made.category for made in templates().values()})


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
def _drawn(category: str) -> list[Scenario]:
    """Of each template of a category; of the ladder's every other one, as its ten rungs ask the same after more or less
    talk."""
    some = [made for made in templates().values() if made.category == category][:: 2 if category == "ladder" else 1]
    return [made.draw(1, "casual_developer") for made in some]


def _check_the_oracle(scenario: Scenario) -> None:
    name = scenario.template
    messages, fleet = play(scenario, AJ)
    changed = diff(scenario.start, fleet.snapshot())
    assert check_goal(scenario, changed) == [], name
    assert check_mines(scenario, changed) == [], name
    assert check_milestones(scenario.milestones, _seen(messages, scenario)) == [], name
    answers = [text for m in messages if (text := finishing(m.call, AJ)) is not None]
    for turn, text in zip(scenario.turns, answers, strict=True):
        assert check_answer(text, turn.truth) == [], (name, text)
    users = [place for place, m in enumerate(messages) if m.role == "user"]
    ends = [*users[1:], len(messages)]
    for place, text, turn in zip(ends, answers, scenario.turns, strict=True):
        if turn.kind == "plain":
            continue  # talk may tell of the world's numbers
        sources = [m.content for m in messages[:place] if m.role in ("user", "tool")]
        assert check_grounded(text, sources, [host.name for host in scenario.hosts]) == [], (name, text, sources)
    assert check_row(Row(tuple(messages)), AJ) == [], name
    for place, message in enumerate(messages):
        if message.call:
            assert check_conduct(message.call, messages[:place], AJ) == [], name


# scope: pytest runs the tests of one category after another, on the same draws.
@pytest.mark.loop
@pytest.mark.parametrize("category", CATEGORIES, scope="module")
def test_the_oracle_solves_every_template(category):
    for scenario in _drawn(category):
        if templates()[scenario.template].split == "train":  # `aj selfcheck` plays the oracle on all of the others
            _check_the_oracle(scenario)


@pytest.mark.loop
def test_the_oracle_solves_every_template_on_other_seeds_too():
    for made in templates().values():
        for seed, persona in ((2, "curious_learner"), (3, "executive_brief")):
            _check_the_oracle(made.draw(seed, persona))


@pytest.mark.parametrize("category", [name for name in CATEGORIES if name != "talk"], scope="module")
def test_doing_nothing_solves_no_template(category):
    for scenario in _drawn(category):
        asks_only = all(turn.truth.asks_back for turn in scenario.turns)
        nothing_reached = check_goal(scenario, {}) or any(
            check_answer("All done.", turn.truth) for turn in scenario.turns
        )
        assert nothing_reached or asks_only, scenario.template


@pytest.mark.parametrize("category", CATEGORIES, scope="module")
def test_a_seed_gives_the_same_scenario_every_time(category):
    for scenario in _drawn(category):
        again, to_another = (
            templates()[scenario.template].draw(1, who) for who in (scenario.persona, "senior_engineer")
        )
        assert again == scenario
        assert to_another.hosts == scenario.hosts, scenario.template
