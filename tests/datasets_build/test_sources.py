"""Parts of the mix from the real converters and the real worded generator."""

import json

import pytest

from aj.contract import load_contract
from aj.messages import Row
from datasets_build.mix.collect import KINDS, Context, files_of
from datasets_build.recipe import ConvertedPart, WordedPart
from scorers.checks.rows import check_row

AJ = load_contract()


def _part(**values: object) -> ConvertedPart:
    return ConvertedPart.model_validate({"kind": "converted", "count": 9, "files": ["a/*.jsonl"], **values})


def test_files_are_each_found_once_in_the_order_of_their_paths(tmp_path):
    for name in ("a/2.jsonl", "a/1.jsonl", "a/deep/3.jsonl", "b/4.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = files_of(_part(files=["a/*.jsonl", "a/1*", "a/**/*.jsonl", "b"]), tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/1.jsonl", "a/2.jsonl", "a/deep/3.jsonl"]
    assert files_of(_part(), tmp_path / "[none]") == []


def test_every_record_of_a_file_is_offered_with_its_place(tmp_path):
    pytest.importorskip("datasets_build.reading.files", reason="reading and the shapes are not merged here")
    call = '{"action": "execute_command", "command": "uptime"}'
    records = [
        json.dumps({"system": "You are AJ.", "instruction": "how long is this machine up?", "response": call}),
        "{broken",
        json.dumps({"nothing": "known"}),
    ]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text("\n".join(records) + "\n")
    row, *rejects = KINDS["converted"]("old", _part(), Context(AJ, 3, tmp_path))
    assert isinstance(row.value, Row)
    assert row.where == row.value.metadata["file"] == "a/x.jsonl:1"
    assert row.repaired
    assert check_row(row.value, AJ) == []
    assert [(offer.value, offer.where, bool(offer.code and offer.why)) for offer in rejects] == [
        (None, "a/x.jsonl:2", True),
        (None, "a/x.jsonl:3", True),
    ]


def test_a_private_part_shows_no_address_of_its_files(tmp_path):
    pytest.importorskip("datasets_build.reading.files", reason="reading and the shapes are not merged here")
    messages = [
        {"role": "user", "content": "which machine is 10.20.30.40?"},
        {"role": "assistant", "content": "10.20.30.40 is the mail relay of the office."},
    ]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text(json.dumps({"messages": messages, "mode": "chat"}) + "\n")
    (shown,) = KINDS["converted"]("open", _part(), Context(AJ, 3, tmp_path))
    (hidden,) = KINDS["converted"]("closed", _part(private=True), Context(AJ, 3, tmp_path))
    assert (shown.value, shown.code) == (None, "private_address")
    assert isinstance(hidden.value, Row)
    assert "10.20.30.40" not in str(hidden.value.messages)


def test_worded_rows_name_their_teacher_and_licence(tmp_path):
    pytest.importorskip("datasets_build.worded.teachers.named", reason="the worded generator is not merged here")
    part = WordedPart(kind="worded", count=3)
    first = next(KINDS["worded"]("talk", part, Context(AJ, 3, tmp_path)))
    assert isinstance(first.value, Row)
    assert (first.value.metadata["teacher"], first.value.metadata["licence"]) == ("template", "Apache-2.0")
    assert {"persona", "category", "templates"} <= first.value.metadata.keys()
    assert next(KINDS["worded"]("talk", part, Context(AJ, 3, tmp_path))).value == first.value
