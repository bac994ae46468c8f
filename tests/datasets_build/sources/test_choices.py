"""Preferences in every form: the same pair, with the context that is not in the prompt."""

import json

from aj.messages import Pair, Row
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
