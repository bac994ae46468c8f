"""The eight documented patterns: the right turn passes every check, the wrong text shows the pattern it is meant to."""

import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.messages import Call, Layout, calls, result, user
from aj.personas import load_personas
from aj.splits import Split
from aj.state import Agent
from aj.wire import judge_call, render_turn
from scenarios.error_patterns import PATTERNS, PatternCase, draw_case
from scorers.checks.patterns import MODES, known_issue
from scorers.checks.replies import check_reply
from scorers.samples import replay
from scorers.world.steps import check_step

pytestmark = pytest.mark.loop

AJ = load_contract()
PERSONAS = sorted(load_personas().personas)
SEEDS = st.integers(0, 2**31 - 1)
SPLITS = st.sampled_from(["train", "eval"])
LAYOUTS = st.sampled_from(["dialogue", "state_block"])


def _draw(name: str, seed: int, split: Split = "train", layout: Layout = "dialogue") -> PatternCase:
    return draw_case(name, split, seed, PERSONAS[seed % len(PERSONAS)], AJ, layout)


@pytest.mark.parametrize("name", PATTERNS)
@given(SEEDS, SPLITS, LAYOUTS)
@settings(max_examples=4)
def test_the_right_turn_passes_every_check_and_the_wrong_text_shows_its_pattern(name, seed, split, layout):
    case = _draw(name, seed, split, layout)
    right = render_turn(case.right, AJ)
    assert known_issue(case.wrong, case.past, AJ, case.mode) == name
    assert known_issue(right, case.past, AJ, case.mode) is None
    assert _wrong_with(right, case) == []
    assert _wrong_with(case.wrong, case)


def _wrong_with(text: str, case: PatternCase) -> list:
    findings = list(check_reply(text, AJ, case.mode))
    if findings or case.mode != "step":
        return findings
    fleet = replay(case.scenario, case.past, AJ)
    call = judge_call(text, AJ).call
    assert call is not None
    return check_step(call, case.turn, case.past, fleet, AJ)


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
        (_say("complete", answer="`web01` and `db02`: two online agents."), KNOWN, None),
        (_say("complete", answer="There is one agent."), KNOWN, "wrong_count"),
        (_say("complete", answer="There are Three online agents: `web01`, `db02`."), KNOWN, "wrong_count"),
        (_say("complete", answer="3 agents have it stopped."), KNOWN, "wrong_count"),
        (_say("complete", answer="Only 1 agent has it stopped: `web01`."), KNOWN, None),
        (_say("complete", answer="One agent is inactive (`web01`), the other is active."), KNOWN, None),
        (_say("complete", answer="`web01` is inactive; of 2 agents 1 is active."), KNOWN, None),
        (_say("complete", answer="1 Linux agent is inactive: `web01`."), KNOWN, None),
        (_say("complete", answer="There are 3 agents."), COLD, None),
        (_say("complete", answer="There is no agent `gw6`, only `web01` and `db02`."), KNOWN, None),
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


@pytest.mark.parametrize("mode", ["chat", "intent"])
def test_only_an_object_in_place_of_a_chat_shows_a_pattern_of_calls(mode):
    assert known_issue("Do this:\n```bash\nsystemctl restart nginx\n```", KNOWN, AJ, mode) is None
    assert known_issue('{"action": "direct_answer"}', KNOWN, AJ, mode) == "wrong_output_format"


@given(st.text(), st.sampled_from(["step", "plan", "chat", "intent"]))
def test_any_text_can_be_judged(text, mode):
    shown = known_issue(text, KNOWN, AJ, mode)
    assert shown is None or shown in PATTERNS


def test_the_same_seed_gives_the_same_case():
    for name in PATTERNS:
        assert _draw(name, 5) == _draw(name, 5)
        assert _draw(name, 5).past != _draw(name, 10).past


def test_a_case_is_of_the_split_it_was_asked_for():
    for name, split in product(PATTERNS, ("train", "eval")):
        case = _draw(name, 5, split)
        assert all(f".{split}." in turn.phrasing for turn in case.scenario.turns)
        assert case.scenario.template == f"patterns.{split}_{name}"


def test_cases_vary_in_hosts_phrasing_and_wrong_text():
    cases = [_draw("missing_list_agents", seed) for seed in range(12)]
    assert len({tuple(host.name for host in case.scenario.hosts) for case in cases}) > 9
    assert len({case.turn.text for case in cases}) > 7
    assert len({case.scenario.persona for case in cases}) == 5
    assert len({_draw("wrong_count", seed).wrong for seed in range(8)}) > 2


def test_a_plan_is_asked_for_without_a_past():
    case = _draw("plan_as_dict", 5, "train", "state_block")
    assert (case.mode, case.layout, len(case.past)) == ("plan", "dialogue", 1)


def test_a_state_block_case_has_no_note_since_nothing_was_said_before():
    for seed in range(8):
        assert _draw("missing_list_agents", seed, layout="state_block").right.call == Call("list_agents")
    assert any(_draw("missing_list_agents", seed).right.call != Call("list_agents") for seed in range(8))


def test_a_pattern_is_drawn_in_the_mode_in_which_it_occurs():
    assert {name: pattern.mode for name, pattern in PATTERNS.items()} == MODES
