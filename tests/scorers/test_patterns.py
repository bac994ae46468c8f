"""The eight documented patterns: the right turn passes every check, the wrong text shows the pattern it is meant to."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.fleet.patterns import PATTERNS, draw_case
from aj.messages import Call, calls, result, user
from aj.state import Agent
from aj.wire import judge_call, render_turn
from scorers.checks.patterns import known_issue, pattern_finding
from scorers.checks.replies import check_reply
from scorers.checks.steps import check_step

AJ = load_contract()
SEEDS = st.integers(0, 2**31 - 1)
SPLITS = st.sampled_from(["train", "eval"])


@pytest.mark.parametrize("name", PATTERNS)
@given(SEEDS, SPLITS)
@settings(max_examples=25)
def test_the_wrong_text_shows_its_pattern_and_the_right_turn_none(name, seed, split):
    case = draw_case(Random(seed), split, name, AJ)
    assert known_issue(case.wrong, case.past, AJ, case.mode) == name
    assert known_issue(render_turn(case.right, AJ), case.past, AJ, case.mode) is None


@pytest.mark.parametrize("name", PATTERNS)
@given(SEEDS, SPLITS)
@settings(max_examples=15)
def test_the_right_turn_passes_every_check_and_the_wrong_text_fails_one(name, seed, split):
    case = draw_case(Random(seed), split, name, AJ)
    assert _wrong_with(render_turn(case.right, AJ), case) == []
    assert _wrong_with(case.wrong, case)


def _wrong_with(text, case) -> list:
    findings = list(check_reply(text, AJ, case.mode))
    if findings or case.mode != "step":
        return findings
    fleet = case.scenario.fleet()  # restarts change no fact that the next call could tell
    call = judge_call(text, AJ).call
    assert call is not None
    return check_step(call, case.ask, case.past, fleet, AJ)


KNOWN = [
    user("who is up?"),
    calls("list_agents"),
    result("list_agents", "\n".join(Agent(name, "linux", "10.0.0.2:7000").line for name in ("web01", "db02"))),
]
COLD = [user("who is up?")]


def _say(tool: str, **params: str) -> str:
    return json.dumps({"tool": tool, "params": params})


@pytest.mark.parametrize(
    ("text", "past", "shown"),
    [
        ('{"tool": "none", "params": {}}', KNOWN, "tool_none_error"),
        (_say("complete", answer="nothing to do"), KNOWN, None),
        (_say("complete", answer="There are no agents."), KNOWN, "lost_context"),
        (_say("complete", answer="There are no agents."), COLD, None),
        ('{"action": "direct_answer", "response": "I don\'t know any servers."}', KNOWN, "lost_context"),
        ('{"action": "execute_command", "command": "ls"}', KNOWN, "wrong_output_format"),
        (_say("remote_bash_all", command="ls"), KNOWN, None),
        ("Do this:\n```bash\nsystemctl restart nginx\n```", KNOWN, "code_block_instead_of_action"),
        ("Let me restart it.", KNOWN, None),
        (_say("remote_bash_all", command="df"), COLD, "missing_list_agents"),
        (_say("remote_bash", agent_id="web01", command="df"), COLD, "missing_list_agents"),
        (_say("list_agents"), COLD, None),
        (_say("bash", command="ssh web01 ls"), KNOWN, "hallucinated_commands"),
        (_say("bash", command="ls"), KNOWN, None),
        (_say("complete", answer="There are 3 agents."), KNOWN, "wrong_count"),
        (_say("complete", answer="`web01` and `db02`: 2 agents."), KNOWN, None),
        (_say("complete", answer="`web01` is at 45%."), KNOWN, None),
        (_say("launch_rocket"), KNOWN, None),
        ("", KNOWN, None),
    ],
)
def test_a_completion_is_named_by_the_pattern_it_shows(text, past, shown):
    assert known_issue(text, past, AJ, "step") == shown


def test_a_plan_of_dicts_is_a_pattern_and_a_clean_plan_is_none():
    assert known_issue("- {'step': 1, 'action': 'look'}", COLD, AJ, "plan") == "plan_as_dict"
    assert known_issue("1. Look.\n2. Report.", COLD, AJ, "plan") is None
    assert known_issue("no list at all", COLD, AJ, "plan") is None


@given(st.text(), st.sampled_from(["step", "plan", "chat", "intent"]))
def test_any_text_can_be_judged(text, mode):
    shown = known_issue(text, KNOWN, AJ, mode)
    assert shown is None or pattern_finding(shown).code in PATTERNS


def test_cases_vary_in_hosts_phrasing_persona_and_layout():
    cases = [draw_case(Random(seed), "train", "missing_list_agents", AJ) for seed in range(40)]
    assert len({case.scenario.hosts for case in cases}) > 20
    assert len({case.ask.text for case in cases}) > 20
    assert len({case.ask.persona for case in cases}) == 5
    assert {case.layout for case in cases} == {"dialogue", "state_block"}


def test_a_state_block_case_has_no_note_since_nothing_was_said_before():
    for seed in range(20):
        case = draw_case(Random(seed), "train", "missing_list_agents", AJ, layout="state_block")
        assert case.right.call == Call("list_agents")
