"""The agents that change an answer: what they say is what they claim to say, on answers of every kind."""

from random import Random

import pytest

from aj.contract import load_contract
from aj.messages import user
from evals.agents.true_answer import TrueAnswer
from evals.agents.truth_breaking import TRUTH_BREAKING
from evals.agents.truth_keeping import STYLE_CHANGED, TRUTH_KEEPING
from scenarios.catalogue import templates
from scenarios.oracle import solve
from scorers.samples import Case

AJ = load_contract()


def _told(template: str, seed: int = 0, persona: str = "senior_engineer") -> TrueAnswer:
    """The oracle's answer to the last turn of a scenario."""
    scenario = templates()[template].draw(seed, persona)
    fleet, past = scenario.fleet(), []
    for turn in scenario.turns:
        past.append(user(turn.text))
        past += solve(turn, persona, past, fleet, AJ)
    return TrueAnswer(Case(AJ, "step", tuple(past[:-1]), scenario), scenario.turns[-1], tuple(past[:-1]))


@pytest.fixture(scope="module")
def told() -> dict[str, TrueAnswer]:
    """A value of each of several hosts, a count, a state of each, and something that is not there."""
    return {
        "disk": _told("ladder.eval_all_1", 4),
        "count": _told("ladder.eval_count_1", 1),
        "state": _told("multi_agent_health.ssh_daemons"),
        "absent": _told("disk_space.nothing_there_to_delete"),
    }


def _says(answer: TrueAnswer, agent: str) -> str | None:
    return {**TRUTH_KEEPING, **TRUTH_BREAKING}[agent](answer, Random(agent))


def test_what_they_start_from(told):
    assert told["disk"].text == "`gateway09` 84%, `etl05` 46%, `srv06` 35%, `search02` 79%."
    assert told["count"].text == "`vault2`, `vault1`, `vault5` and `vault4`. Count: 4."
    assert told["state"].clauses() == [
        ("store-d", "`ssh` on `store-d` is active"),
        ("gateway-h", "`ssh` on `gateway-h` is failed"),
        ("worker-i", "`ssh` on `worker-i` is active"),
    ]
    assert told["absent"].text.startswith("Failed: `/opt/export/full-dump.sql` does not exist on `kafka-1`")


KEPT = [
    ("disk", "numbered_list", "1. `gateway09` 84%\n2. `etl05` 46%\n3. `srv06` 35%\n4. `search02` 79%"),
    ("disk", "value_first", "84% on `gateway09`, 46% on `etl05`, 35% on `srv06`, 79% on `search02`."),
    ("disk", "reordered", "`etl05` 46%; `srv06` 35%; `search02` 79%; `gateway09` 84%."),
    ("disk", "units_apart", "`gateway09` 84 %, `etl05` 46 %, `srv06` 35 %, `search02` 79 %."),
    ("count", "rows_without_a_header", "| `vault2` |\n| `vault1` |\n| `vault5` |\n| `vault4` |\nCount: 4."),
    ("count", "count_in_words", "`vault2`, `vault1`, `vault5` and `vault4`. Count: four."),
    ("count", "bare", "vault2, vault1, vault5 and vault4. Count: 4."),
    ("count", "as_to_executive_brief", "TL;DR: `vault2`, `vault1`, `vault5` and `vault4`. That's 4."),
    ("state", "key_and_value", "`store-d`: `ssh` is active\n`gateway-h`: `ssh` is failed\n`worker-i`: `ssh` is active"),
    ("absent", "a_synonym", "Failed: `/opt/export/full-dump.sql` is missing on `kafka-1`, so nothing was deleted."),
]
BROKEN = [
    ("disk", "swapped_hosts", "`gateway09` 84%, `search02` 46%, `srv06` 35%, `etl05` 79%."),
    ("disk", "shifted_digit", "`gateway09` 84%, `etl05` 46%, `srv06` 35%, `search02` 89%."),
    ("disk", "wrong_unit", "`gateway09` 84G, `etl05` 46%, `srv06` 35%, `search02` 79%."),
    ("disk", "dropped_host", "`gateway09` 84%, `etl05` 46%, `search02` 79%."),
    ("disk", "hedged", "`gateway09` 84%, `etl05` 46%, `srv06` 35%, `search02` 79% or 46%."),
    ("count", "shifted_digit", "`vault2`, `vault1`, `vault5` and `vault4`. Count: 5."),
    ("count", "renamed_host", "`vault9`, `vault1`, `vault5` and `vault4`. Count: 4."),
    ("absent", "opposite", "Failed: `/opt/export/full-dump.sql` exists on `kafka-1`."),
]


@pytest.mark.parametrize(("kind", "agent", "said"), KEPT + BROKEN)
def test_an_agent_says_what_its_name_says(told, kind, agent, said):
    assert _says(told[kind], agent) == said


def test_states_are_denied_reworded_and_reversed(told):
    ssh = "`ssh` on `store-d` {}, `ssh` on `gateway-h` {}, `ssh` on `worker-i` {}."
    said = {agent: _says(told["state"], agent) for agent in ("no_longer", "a_synonym", "opposite", "rival_denied")}
    assert said == {
        "no_longer": ssh.format("is no longer active", "is no longer failed", "is no longer active"),
        "a_synonym": ssh.format("is running", "has failed", "is running"),
        "opposite": ssh.format("is inactive", "is active", "is inactive"),
        "rival_denied": ssh.format(rival := "is active and has not failed", "is failed, it is not running", rival),
    }


def test_an_agent_draws_the_same_for_the_same_sample(told):
    for answer in told.values():
        for agent in TRUTH_BREAKING:
            assert _says(answer, agent) == _says(answer, agent)


def test_small_talk_is_left_alone():
    talk = _told("talk.eval")
    assert [agent for agent in (*TRUTH_KEEPING, *TRUTH_BREAKING) if _says(talk, agent) is not None] == []


def test_whoever_breaks_a_rule_of_style_says_why():
    assert STYLE_CHANGED.keys() < TRUTH_KEEPING.keys()
    assert all(STYLE_CHANGED.values())


def test_a_name_that_does_not_exist_is_none_that_was_seen(told):
    answer = told["count"]
    for seed in range(40):
        said = TRUTH_BREAKING["renamed_host"](answer, Random(seed)) or ""
        (ghost,) = {*said.split("`")[1::2]} - {*answer.hosts}
        assert ghost not in "".join(answer.results)
