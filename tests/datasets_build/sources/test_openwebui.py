"""Open-WebUI's and ChatGPT's exports: the active branch, ratings, and what is not a target."""

from typing import Any

import pytest

from datasets_build.reading.transcripts import Preference
from datasets_build.sources.openwebui.exports import matches, parse
from tests.datasets_build.sources.exports import export, lost, message, native, shape, talk, transcript


def test_the_active_branch_is_the_walk_up_from_the_current_message():
    record = export(
        message("u", None, "user", "hi"),
        message("a1", "u", "assistant", "first"),
        message("a2", "u", "assistant", "second"),
        message("u2", "a1", "user", "and then?"),
        message("a3", "u2", "assistant", "this"),
        current="a3",
    )
    found = transcript(record)
    assert [turn.text for turn in found.turns] == ["hi", "first", "and then?", "this"]
    assert (found.mode, found.metadata["branches_left"], found.metadata["origin"]) == ("chat", 1, "c1")
    assert "title" not in found.metadata


def test_without_a_current_message_the_flat_list_says_it_and_then_the_newest_leaf():
    record = export(
        message("u", None, "user", "hi", timestamp=1),
        message("a1", "u", "assistant", "old", timestamp=2),
        message("a2", "u", "assistant", "new", timestamp=3),
    )
    del record["chat"]["history"]["currentId"]
    assert transcript(record).turns[-1].text == "new"
    record["chat"]["messages"] = [{"id": "u"}, {"id": "a1"}]
    assert transcript(record).turns[-1].text == "old"
    record["current_message_id"] = "a2"
    assert transcript(record).turns[-1].text == "new"


def test_missing_links_null_messages_and_rings_are_survived():
    record = export(message("u", None, "user", "hi"), message("a", None, "assistant", "yes"))
    messages = record["chat"]["history"]["messages"]
    del messages["a"]["parentId"]
    messages["u"]["childrenIds"] = ["a", "gone"]
    messages["gone"] = None
    assert [turn.text for turn in transcript(record).turns] == ["hi", "yes"]
    messages["u"]["parentId"] = "a"
    assert [turn.text for turn in transcript(record).turns] == ["hi", "yes"]


@pytest.mark.parametrize("wrap", [lambda chat: chat["chat"], lambda chat: {"snapshot": {"chat": chat}, "data": {}}])
def test_items_without_the_wrapper_and_feedback_exports_are_chats_too(wrap):
    record = wrap(talk("fine"))
    assert matches(record)
    assert [turn.text for turn in transcript(record).turns] == ["how full are the disks?", "fine"]


def test_a_flat_list_alone_is_a_chain():
    record = {"chat": {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]}}
    assert [turn.text for turn in transcript(record).turns] == ["hi", "yes"]


def test_rows_of_other_sources_are_no_chats():
    assert not matches({"messages": [{"role": "user", "content": "hi"}]})
    assert not matches({"system": "s", "chat": "USER: hi"})
    assert lost({"messages": []}) == ["no_chat"]
    assert lost({"chat": {"history": {"messages": {}}}}) == ["empty_chat"]


def test_chatgpt_calls_and_results_stand_in_messages_of_their_own():
    def node(name: str, parent: str | None, role: str, parts: list[str], **more: Any) -> dict[str, Any]:
        author = {"role": role, "name": more.pop("tool", None)}
        text = {"content_type": "text", "parts": parts}
        return {"id": name, "parent": parent, "message": {"author": author, "content": text, **more}}

    nodes = [
        {"id": "root", "parent": None, "message": None},
        node("u", "root", "user", ["2+2?"]),
        node("c", "u", "assistant", ["2+2"], recipient="python"),
        node("r", "c", "tool", ["4"], tool="python"),
        node("a", "r", "assistant", ["It is ", "4."]),
    ]
    found = transcript({"mapping": {n["id"]: n for n in nodes}, "current_node": "a"})
    assert shape(found.turns)[1:3] == [("assistant", ("python", {"code": "2+2"})), ("tool", "python")]
    assert (found.turns[-1].text, found.mode) == ("It is \n4.", "step")


def test_a_failed_reply_is_counted_and_leaves_no_turn():
    record = export(
        message("u", None, "user", "hi"),
        message("a", "u", "assistant", "", error={"content": "load failed"}),
        message("u2", "a", "user", "again"),
        message("a2", "u2", "assistant", "yes"),
    )
    assert [turn.text for turn in transcript(record).turns] == ["hi", "again", "yes"]
    assert lost(record) == ["failed_turn"]
    assert lost(talk("", error={"content": "load failed"})) == ["no_reply", "failed_turn"]


@pytest.mark.parametrize(
    "more", [{"annotation": {"rating": -1}}, {"done": False}, {"error": {"content": "connection lost"}}]
)
def test_a_reply_that_is_rated_bad_or_cut_off_is_no_target(more):
    assert transcript(talk("half of it", **more)).turns[-1].target is False
    assert transcript(talk("all of it")).turns[-1].target is True


def test_the_quality_is_the_share_of_replies_without_a_known_fault():
    record = export(
        message("u", None, "user", "hi"),
        message("a", "u", "assistant", "**list_agents output:**\n```\n  - web01\n```\nThere is web01."),
        message("u2", "a", "user", "and its disk?"),
        message("a2", "u2", "assistant", "No agents were discovered."),
    )
    found = transcript(record)
    assert (found.metadata["quality"], found.metadata["faults"]) == (0.5, ["lost_agents"])
    assert [turn.target for turn in found.turns if turn.role == "assistant"] == [True, True, False]


def test_a_good_and_a_bad_sibling_are_a_preference_over_their_shared_prompt():
    record = export(
        message("u0", None, "user", "hi"),
        message("a0", "u0", "assistant", "hello"),
        message("u", "a0", "user", "status?"),
        message("a1", "u", "assistant", "who knows", annotation={"rating": -1, "comment": "rude"}),
        message("a2", "u", "assistant", "all well", annotation={"rating": 1, "reason": "accurate_information"}),
    )
    (found,) = [item for item in parse(record) if isinstance(item, Preference)]
    assert [turn.text for turn in found.turns] == ["hi", "hello", "status?"]
    assert (found.chosen.text, found.rejected.text, found.mode) == ("all well", "who knows", "chat")
    assert found.metadata["reasons"] == {"chosen": "accurate_information"}


def test_two_good_siblings_are_no_preference_and_ratings_of_tool_use_are_not_certain():
    good, bad = {"annotation": {"rating": 1}}, {"annotation": {"rating": -1}}
    user = message("u", None, "user", "status?")
    record = export(user, message("a", "u", "assistant", "one", **good), message("b", "u", "assistant", "two", **good))
    assert not [item for item in parse(record) if isinstance(item, Preference)]
    tools = native("bash", {"command": "df"}, "ok") + "\nAll well."
    record = export(user, message("a", "u", "assistant", tools, **good), message("b", "u", "assistant", "two", **bad))
    assert "rated_tools" in lost(record)
