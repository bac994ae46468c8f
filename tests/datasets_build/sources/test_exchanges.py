"""One request and its reply, in columns of many names."""

import json

from datasets_build.ledger import Refused
from tests.datasets_build.sources.talks import ASKED, TOLD, TOOL, codes, function, made, row, said, spoken, user


def test_a_request_and_its_reply_are_a_chat_under_every_name():
    for record in (
        {"prompt": ASKED, "completion": TOLD},
        {"prompt": [user()], "completion": [said()]},
        {"prompt": ASKED, "completion": said()},
        {"instruction": ASKED, "input": "", "output": TOLD},
        {"instruction": ASKED, "input": None, "output": TOLD, "system": "You help.", "history": []},
        {"question": ASKED, "answer": TOLD},
        {"input": ASKED, "output": TOLD},
        {"query": ASKED, "response": TOLD},
        {"problem": ASKED, "solution": TOLD},
        {"instruction": ASKED, "context": "", "response": TOLD, "category": "qa"},
    ):
        found = row(record)
        assert (found.mode, spoken(found)) == ("chat", [ASKED, TOLD]), record


def test_what_stands_beside_the_request_is_part_of_it():
    listed = row({"instruction": "Sum it up.", "input": "The disk is full.", "output": "It is full."})
    assert spoken(listed)[0] == "Sum it up.\n\nThe disk is full."
    assert spoken(row({"instruction": "Sum it up.", "input": "It is full.", "response": "Full."}))[0].endswith(
        "It is full."
    )
    for reply in ("answer", "response", "output"):
        found = row({"question": "Is it full?", "context": "The disk is full.", reply: "It is."})
        assert spoken(found)[0] == "Context: The disk is full.\nTask: Is it full?"
    assert spoken(row({"instruction": "Is it full?", "context": "It is.", "response": "Yes."}))[0].startswith(
        "Context:"
    )


def test_history_becomes_the_turns_before():
    found = row({"instruction": ASKED, "output": TOLD, "history": [["hello there", "Hello!"]]})
    assert spoken(found) == ["hello there", "Hello!", ASKED, TOLD]
    assert codes({"instruction": ASKED, "output": TOLD, "history": [["hello there"]]}) == ["no_text"]


def test_answers_that_are_calls_are_calls_and_end_on_the_first():
    record = {"query": ASKED, "answers": json.dumps([function(encoded=0)]), "tools": json.dumps([TOOL])}
    assert spoken(row(record)) == [ASKED, ("disk_free", {"host": "web01"})]
    both = row({**record, "answers": json.dumps([function("web01", 0), function("db01", 0)])})
    assert spoken(both) == [ASKED, ("disk_free", {"host": "web01"})]
    assert both.metadata["cut"] == "calls"
    assert codes({**record, "answers": "[{"}) == ["broken_call"]
    assert spoken(row({**record, "answers": [function("db01", 0)]})) == [ASKED, ("disk_free", {"host": "db01"})]


def test_reasoning_in_a_column_is_no_part_of_the_answer():
    found = row({"question": ASKED, "reasoning": "The host is known.", "answer": TOLD})
    assert (spoken(found), found.metadata["repaired"]) == ([ASKED, TOLD], ["thought"])
    assert row({"question": ASKED, "reasoning": "on", "answer": TOLD}).metadata["repaired"] == []


def test_a_columnless_record_is_of_no_known_shape():
    (found,) = made({"colour": "blue"})
    assert isinstance(found, Refused)
    assert (found.code, "colour; write it as" in found.why) == ("unknown_shape", True)
