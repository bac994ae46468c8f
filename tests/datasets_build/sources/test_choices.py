"""Preferences in every form: the same pair, with the context that is not in the prompt."""

import json

import pytest

from aj.messages import Pair, Row
from aj.wire import render_turn
from scorers.checks.patterns import MODES
from tests.datasets_build.repaired import CONTRACT
from tests.datasets_build.sources.talks import ASKED, OPENAI, TOLD, TOOL, codes, made, pair, said, user

CALL = '{"tool": "list_agents", "params": {}}'
OLD = '{"action": "execute_command", "command": "hostname"}'
DUNNO = "No idea, ask someone."


def test_a_preference_is_the_same_pair_in_every_form():
    for record in (
        {"prompt": ASKED, "chosen": TOLD, "rejected": DUNNO},
        {"prompt": [user()], "chosen": [said()], "rejected": [said(DUNNO)]},
        {"chosen": [user(), said()], "rejected": [user(), said(DUNNO)]},
        {"prompt": ASKED, "chosen": [user(), said()], "rejected": [user(), said(DUNNO)], "score_chosen": 9.0},
        {"input": {"messages": [user()], "tools": [], "parallel_tool_calls": True},
         "preferred_output": [said()], "non_preferred_output": [said(DUNNO)]},
        {"conversations": [{"from": "human", "value": ASKED}],
         "chosen": {"from": "gpt", "value": TOLD}, "rejected": {"from": "gpt", "value": DUNNO}},
        {"instruction": ASKED, "input": "", "chosen": TOLD, "rejected": DUNNO},
        {"messages": [user()], "chosen_response": said(), "rejected_response": said(DUNNO)},
        {"messages": [user(), said()], "rejected_response": DUNNO},
        {"messages": [user(), said()], "rejected_messages": [user(), said(DUNNO)]},
        {"chosen": f"\n\nHuman: {ASKED}\n\nAssistant: {TOLD}", "rejected": f"\n\nHuman: {ASKED}\n\nAssistant: {DUNNO}"},
    ):  # fmt: skip
        found = pair(record)
        assert [message.content for message in found.messages] == [ASKED], record
        assert (found.chosen.content, found.rejected, found.mode) == (TOLD, DUNNO, "chat")


def test_each_of_several_rejected_replies_makes_a_pair():
    found = made({"messages": [user(), said()], "rejected_response": [DUNNO, "Ask a colleague."]})
    assert [item.rejected for item in found if isinstance(item, Pair)] == [DUNNO, "Ask a colleague."]


def test_earlier_preferences_keep_what_they_say_of_themselves():
    both = {"prompt": "Who is online?", "chosen": CALL, "rejected": OLD}
    first = pair({**both, "context": "Nothing discovered.", "category": "discovery", "explanation": "discover first"})
    second = pair({**both, "metadata": {"preference_reason": "discovers", "margin": 2, "category": "discovery"}})
    assert first.messages[0].content == "Context: Nothing discovered.\nTask: Who is online?"
    assert second.messages[0].content == "Who is online?"
    assert (first.chosen.call and first.chosen.call.tool, first.rejected, first.mode) == ("list_agents", OLD, "step")
    assert first.metadata["explanation"] == "discover first"
    assert second.metadata["margin"] == 2


def test_a_chosen_reply_in_prose_where_a_call_was_asked_for_is_no_pair():
    for rejected in ('{"tool": "none", "params": {"reason": "known"}}', OLD, CALL):
        assert codes({"prompt": "Who is online?", "chosen": "Two are online.", "rejected": rejected}) == ["no_call"]


def call(tool, **params):
    return json.dumps({"tool": tool, "params": params})


NAMES = "There are 2 agents: `web01` and `db01`."
PATTERNS = {
    "wrong_output_format": (
        call("remote_bash_all", command="hostname"),
        '{"action": "execute_command", "command": "for h in web01 db01; do ssh $h hostname; done"}',
    ),
    "tool_none_error": (call("complete", answer=NAMES), call("none", reason="known")),
    "lost_context": (
        call("remote_bash_all", command="uptime"),
        '{"action": "direct_answer", "response": "No agents."}',
    ),
    "hallucinated_commands": (
        call("remote_bash", agent_id="web01", command="ls -la"),
        call("bash", command="run_on_remote web01 ls -la"),
    ),
    "wrong_count": (call("complete", answer=NAMES), call("complete", answer="There is 1 agent: `web01`.")),
    "code_block_instead_of_action": (
        call("remote_bash", agent_id="web01", command="systemctl restart nginx"),
        "To restart it:\n```bash\nsudo systemctl restart nginx\n```",
    ),
    "missing_list_agents": (CALL, call("remote_bash_all", command="df -h")),
    "plan_as_dict": ("1. Look\n2. Mend", "- {'step': 1, 'action': 'Look'}\n- {'step': 2, 'action': 'Mend'}"),
}


@pytest.mark.parametrize(
    "known",
    [
        "Agents were discovered earlier: web01, db01",
        "Previously discovered agents: web01 (linux) and db01 (linux).",
        "Boxes were found before: web01, db01. The disk was full.",
        "list_agents returned 2 agents: `web01`, `db01`",
        "Available agents:\n  - web01: web01 (linux) @ 203.0.113.5:50051\n  - db01: db01 (linux) @ 203.0.113.6:50051",
    ],
)
@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_every_documented_pattern_whose_chosen_reply_is_right_is_a_pair(pattern, known):
    chosen, rejected = PATTERNS[pattern]
    context = {} if pattern in ("missing_list_agents", "plan_as_dict") else {"context": known}
    found = pair({"prompt": "Please", **context, "chosen": chosen, "rejected": rejected, "category": pattern})
    assert (found.metadata["pattern"], found.rejected, found.mode) == (pattern, rejected, MODES[pattern])
    assert render_turn(found.chosen, CONTRACT) == chosen


@pytest.mark.parametrize(
    ("pattern", "chosen", "rejected"),
    [
        ("wrong_count", NAMES, "There is 1 agent."),
        ("lost_context", "I know two agents.", "I know of no agents."),
        ("code_block_instead_of_action", "I restart it.", "Run:\n```bash\nreboot\n```"),
    ],
)
def test_the_pattern_that_a_pair_is_about_shows_that_a_call_was_asked_for(pattern, chosen, rejected):
    both = {"prompt": "Please", "context": "Agents: web01, db01", "chosen": chosen, "rejected": rejected}
    assert codes({**both, "category": pattern}) == ["no_call"]
    assert pair({**both, "category": "small talk"}).mode == "chat"


def test_a_plan_is_one_by_its_pattern_whatever_the_rejected_reply_looks_like():
    both = {"prompt": "Plan it", "chosen": "- Look\n- Mend", "rejected": "Plan:\n- {'step': 1}\n- {'step': 2}"}
    found = pair({**both, "category": "plan_as_dict"})
    assert (found.chosen.content, found.mode) == ("1. Look\n2. Mend", "plan")


def test_a_call_reaches_only_agents_that_the_context_names():
    both = {"prompt": "Please", "chosen": PATTERNS["hallucinated_commands"][0], "rejected": DUNNO}
    assert codes(both) == codes({**both, "context": "Nothing was discovered."}) == ["before_discovery"]
    assert codes({**both, "context": "Agents: none"}) == ["before_discovery"]
    assert codes({**both, "context": "Agents: db01, web02"}) == ["unknown_agent"]
    assert codes({**both, "prompt": "Agents: web01. Please"}) == ["before_discovery"], "a request is no discovery"


def test_a_pair_with_tools_of_its_own_gives_a_row_and_its_rejected_reply_is_counted():
    chosen, rejected = said("I have no tool for that."), said("<TOOLCALL>[]</TOOLCALL>")
    replies = {"chosen_response": chosen, "rejected_response": rejected}
    record = {"tools": [json.dumps(TOOL)], "messages": [user("Order a pizza")], **replies}
    kept, left_out = made(record)
    assert isinstance(kept, Row)
    assert (kept.messages[-1].content, len(kept.tools)) == ("I have no tool for that.", 1)
    assert codes(record) == ["own_tools_pair"]
    assert not isinstance(left_out, Pair)


def test_what_is_no_pair_says_why():
    both = {"chosen": [said()], "rejected": [said(DUNNO)]}
    refused = {
        "no_user": both,
        "several_turns": {"prompt": ASKED, "chosen": [said(), user(), said()], "rejected": [said(DUNNO)]},
        "mangled_turns": {"chosen": "\n\nHuman: a\n\nHuman: b", "rejected": "\n\nHuman: a\n\nAssistant: b"},
        "bad_tools": {**both, "prompt": ASKED, "tools": [OPENAI, 7]},
        "not_to_learn": {**both, "prompt": ASKED, "weight": 0},
        "same_text": {"prompt": ASKED, "chosen": TOLD, "rejected": TOLD},
        "no_text": {"prompt": ASKED, "chosen": 7, "rejected": TOLD},
    }
    for code, record in refused.items():
        assert codes(record) == [code], record
