"""Parts of the mix from the real converters and the real worded generator."""

import json

from aj.contract import load_contract
from aj.messages import Row
from datasets_build.ledger import Refused
from datasets_build.mix.collect import STREAMS, Context, files_of
from datasets_build.offer import Offer
from datasets_build.recipe import ConvertedPart, WordedPart
from scorers.checks.rows import check_row

AJ = load_contract()


def _part(**values: object) -> ConvertedPart:
    return ConvertedPart.model_validate({"kind": "converted", "count": 9, "files": ["a/*.jsonl"], **values})


def test_files_are_each_found_once_in_the_order_of_their_paths(tmp_path):
    for name in ("a/2.jsonl", "a/1.jsonl", "a/deep/3.jsonl", "b/4.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = files_of(["a/*.jsonl", "a/1*", "a/**/*.jsonl", "b"], tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/1.jsonl", "a/2.jsonl", "a/deep/3.jsonl"]
    assert files_of(["a"], tmp_path) == found
    assert files_of(["a/*.jsonl"], tmp_path / "[none]") == []


def test_every_record_of_a_file_is_offered_with_its_place(tmp_path):
    call = '{"action": "execute_command", "command": "uptime"}'
    records = [
        json.dumps({"system": "You are AJ.", "instruction": "how long is this machine up?", "response": call}),
        "{broken",
        json.dumps({"nothing": "known"}),
    ]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text("\n".join(records) + "\n")
    row, *refused = STREAMS[ConvertedPart]("old", _part(), Context(AJ, 3, tmp_path))
    assert isinstance(row.value, Row)
    assert row.where == row.value.metadata["file"] == "a/x.jsonl:1"
    assert row.repaired
    assert check_row(row.value, AJ) == []
    reasons = [offer.value for offer in refused if isinstance(offer.value, Refused)]
    assert [(one.where, bool(one.code and one.why)) for one in reasons] == [
        ("a/x.jsonl:2", True),
        ("a/x.jsonl:3", True),
    ]
    assert len(refused) == len(reasons)


def test_a_record_is_counted_once_and_a_pair_as_a_pair_also_when_it_is_lost(tmp_path):
    call, old = '{"tool": "list_agents", "params": {}}', '{"action": "list_agents"}'
    records = [
        {"prompt": "Who is online?", "chosen": call, "rejected": old},
        {"prompt": "Who is online?", "chosen": call, "rejected": call},
        {"mapping": {}, "title": "an empty chat"},
        _rated_chat(),
    ]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    offers = list(STREAMS[ConvertedPart]("old", _part(), Context(AJ, 3, tmp_path)))
    found = [(_place(offer)[-1], offer.opens, offer.is_pair, not isinstance(offer.value, Refused)) for offer in offers]
    assert found == [
        ("1", True, True, True),
        ("2", True, True, False),
        ("3", True, False, False),
        ("4", True, False, True),
        ("4", False, True, True),
    ]


def _place(offer: Offer) -> str:
    return offer.value.where if isinstance(offer.value, Refused) else offer.where


def _rated_chat() -> dict[str, object]:
    """A chat whose one answer was made twice: a row, and a pair of the good answer and the bad one."""

    def answer(name: str, text: str, rating: int) -> dict[str, object]:
        told = {"id": name, "parentId": "q", "childrenIds": [], "role": "assistant", "content": text, "done": True}
        return {**told, "annotation": {"rating": rating}}

    asked = {"id": "q", "parentId": None, "childrenIds": ["a", "b"], "role": "user", "content": "What is a load?"}
    good = answer("a", "The load is how many processes want to run at the same time.", 1)
    messages = {"q": asked, "a": good, "b": answer("b", "No idea, ask somebody else about that.", -1)}
    return {"id": "c", "title": "load", "chat": {"title": "load", "history": {"currentId": "a", "messages": messages}}}


def test_a_private_part_shows_no_address_of_its_files(tmp_path):
    messages = [
        {"role": "user", "content": "which machine is 10.20.30.40?"},
        {"role": "assistant", "content": "10.20.30.40 is the mail relay of the office."},
    ]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text(json.dumps({"messages": messages, "mode": "chat"}) + "\n")
    (shown,) = STREAMS[ConvertedPart]("open", _part(), Context(AJ, 3, tmp_path))
    (hidden,) = STREAMS[ConvertedPart]("closed", _part(private=True), Context(AJ, 3, tmp_path))
    assert isinstance(shown.value, Refused)
    assert shown.value.code == "private_address"
    assert isinstance(hidden.value, Row)
    assert "10.20.30.40" not in str(hidden.value.messages)


def test_worded_rows_name_their_teacher_and_licence(tmp_path):
    part = WordedPart(kind="worded", count=3)
    first = next(STREAMS[WordedPart]("talk", part, Context(AJ, 3, tmp_path)))
    assert isinstance(first.value, Row)
    assert (first.value.metadata["teacher"], first.value.metadata["licence"]) == ("template", "Apache-2.0")
    assert {"persona", "category", "templates"} <= first.value.metadata.keys()
    assert next(STREAMS[WordedPart]("talk", part, Context(AJ, 3, tmp_path))).value == first.value
