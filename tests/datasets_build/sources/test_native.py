"""Our own rows and pairs are a source like any other."""

from typing import Any

from aj.contract import load_contract
from aj.messages import Pair, Row, calls, pair_to_record, reply, result, row_to_record, user
from datasets_build.finished.parquet import dpo_record, sft_record
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Preference, Transcript, Turn, message_of
from datasets_build.sources import native
from datasets_build.sources.shapes import parse

AJ = load_contract()

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


def test_a_rendered_row_gives_the_turns_that_it_was_rendered_from():
    talk = (user("Who is online?"), calls("list_agents"), result("list_agents", "No agents available"), reply("None."))
    for row in (
        Row(talk, "step"),
        Row((user("hi"), reply("Hello!")), "chat", metadata={"persona": "casual_developer"}),
    ):
        (item,) = parse(sft_record(row, "part", AJ))
        assert isinstance(item, Transcript)
        assert [turn.role for turn in item.turns] == [message.role for message in row.messages]
        assert (item.mode, item.turns[-1].text, item.metadata) == (row.mode, row.messages[-1].content, row.metadata)
        assert "AJ" in item.system


def test_a_rendered_row_with_its_own_tools_keeps_them():
    tool = {"name": "disk_free", "description": "d", "parameters": {"type": "object", "properties": {}}}
    row = Row((user("Full?"), calls("disk_free"), result("disk_free", "42%"), reply("42% full.")), tools=(tool,))
    (item,) = parse(sft_record(row, "part", AJ))
    assert isinstance(item, Transcript)
    assert (item.tools, tuple(map(message_of, item.turns))) == (row.tools, row.messages)


def test_a_rendered_pair_gives_both_its_turns():
    (item,) = parse(dpo_record(PAIR, "part", AJ))
    assert isinstance(item, Preference)
    assert (item.chosen.text, item.rejected.text, item.turns) == ("Hello!", '{"action": "x"}', (Turn("user", "hi"),))
    (broken,) = parse(dpo_record(PAIR, "part", AJ) | {"chosen": []})
    assert isinstance(broken, Refused)
    assert broken.code == "bad_row"
