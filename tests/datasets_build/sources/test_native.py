"""Our own rows and pairs are a source like any other."""

from typing import Any

from aj.messages import Pair, Row, calls, pair_to_record, reply, result, row_to_record, user
from datasets_build.reading.transcripts import Preference, Transcript
from datasets_build.sources import native

ROW = Row((user("Who is online?"), calls("list_agents", note="On it."), result("list_agents", "No agents available")))
PAIR = Pair((user("hi"),), reply("Hello!"), '{"action": "x"}', "chat")


def parsed(value) -> Any:
    (item,) = native.parse(value)
    return item


def test_a_row_gives_its_turns():
    item = parsed(row_to_record(ROW))
    assert isinstance(item, Transcript)
    assert item.turns[1].call is not None
    assert (item.turns[1].text, item.turns[1].call.tool, item.turns[1].call.note) == ("On it.", "list_agents", None)
    assert (item.turns[2].tool, item.turns[2].text) == ("list_agents", "No agents available")


def test_a_pair_gives_both_its_turns():
    item = parsed(pair_to_record(PAIR))
    assert isinstance(item, Preference)
    assert (item.chosen.text, item.rejected.text, item.mode) == ("Hello!", '{"action": "x"}', "chat")


def test_a_row_whose_content_was_changed_is_unusable():
    assert parsed(row_to_record(ROW) | {"id": "000000000000"}).code == "bad_row"
    assert parsed({"messages": [], "mode": "step", "layout": "dialogue"}).code == "bad_row"


def test_only_our_own_records_match():
    assert native.matches(row_to_record(ROW))
    assert native.matches(pair_to_record(PAIR))
    assert not native.matches({"messages": []})
