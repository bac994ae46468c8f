"""Rows, pairs and rejects into three files, together or not at all; everything that was read is counted once."""

import json
from pathlib import Path

import pytest

from aj.contract import load_contract
from aj.messages import Pair, Row, calls, read_pairs, read_rows, reply, user
from datasets_build.drawn.offers import checked
from datasets_build.ledger import Refused
from datasets_build.offer import Offer
from datasets_build.write import beside, write_offers

AJ = load_contract()


def _row(text: str, **metadata: object) -> Row:
    return Row((user(text), calls("complete", {"answer": "Done."})), metadata=dict(metadata))


def _pair(text: str) -> Pair:
    metadata = {"pattern": "tool_none_error"}
    return Pair(
        (user(text),),
        calls("complete", {"answer": "Done."}),
        '{"tool": "none", "params": {}}',
        "step",
        metadata=metadata,
    )


def test_every_item_goes_to_its_file_and_is_counted_once(tmp_path):
    output = tmp_path / "rows.jsonl"
    items = [
        Offer(_row("one", quality=0.9), "a:1", ("bom", "action_key")),
        Offer(_row("two", quality=0.2), "a:2", ("bom",)),
        Offer(_row("one", quality=0.9), "a:3"),
        Offer(_pair("three"), "a:4"),
        Offer(Refused("not_json", "it breaks off", "a:5")),
        Offer(Refused("not_json", "so does this", "a:6")),
    ]
    funnel = write_offers(items, output, left_out=lambda i: "min_quality" if i.metadata.get("quality") == 0.2 else None)
    assert list(funnel.to_record().items()) == [
        ("read", 6),
        ("converted", 4),
        ("repaired", 2),
        ("repaired:action_key", 1),
        ("repaired:bom", 2),
        ("rejected:not_json", 2),
        ("duplicate", 1),
        ("filtered:min_quality", 1),
        ("kept", 2),
    ]
    assert read_rows(output) == [_row("one", quality=0.9)]
    assert read_pairs(tmp_path / "rows.pairs.jsonl") == [_pair("three")]
    rejects = [json.loads(line) for line in (tmp_path / "rows.rejects.jsonl").read_text().splitlines()]
    assert rejects == [
        {"where": "a:5", "code": "not_json", "why": "it breaks off"},
        {"where": "a:6", "code": "not_json", "why": "so does this"},
    ]


def test_a_row_and_a_pair_are_never_duplicates_of_each_other(tmp_path):
    funnel = write_offers([Offer(_row("x")), Offer(_pair("x"))], tmp_path / "rows.jsonl")
    assert funnel.outcomes == {"kept": 2}


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, ValueError])
def test_an_interrupted_run_leaves_what_was_there_before(tmp_path, ended_by):
    output = tmp_path / "rows.jsonl"
    write_offers([Offer(_row("before"))], output)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def broken():
        yield Offer(_row("after"))
        raise ended_by

    with pytest.raises(ended_by):
        write_offers(broken(), output)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_utf8_and_json_cannot_hold_is_a_reject_and_stops_nothing(tmp_path):
    items = [
        Offer(_row("half \ud83d"), "a:1"),
        Offer(_row("x", score=float("nan")), "a:2"),
        Offer(_row("fine"), "a:3"),
        Offer(Refused("odd", "half \ud83d", "half \ud83d")),
    ]
    funnel = write_offers(items, tmp_path / "rows.jsonl")
    assert funnel.outcomes == {"rejected:not_json": 2, "rejected:odd": 1, "kept": 1}
    assert read_rows(tmp_path / "rows.jsonl") == [_row("fine")]


def test_a_generated_row_that_breaks_the_contract_is_a_reject():
    assert checked(Offer(_row("x")), AJ).value == _row("x")
    wrong = checked(Offer(Row((user("x"), reply("Sure!"))), "here"), AJ)
    assert isinstance(wrong.value, Refused)
    assert (wrong.value.where, wrong.value.code) == ("here", "no_call")
    pair = checked(Offer(Pair((user("x"),), reply("Sure!"), "y")), AJ)
    assert isinstance(pair.value, Refused)
    assert (pair.value.code, pair.is_pair) == ("no_call", True)
    assert checked(wrong, AJ) == wrong


def test_the_files_beside_keep_the_name():
    assert beside(Path("a/rows.jsonl"), "pairs") == Path("a/rows.pairs.jsonl")
    assert beside(Path("a/rows.v2"), "rejects") == Path("a/rows.v2.rejects.jsonl")
