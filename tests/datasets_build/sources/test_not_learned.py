"""What a record marks as not to be learned is no target; what was thought is no answer."""

import json

import pytest

from aj.messages import Call, Row, read_rows, row_from_record, row_to_record
from datasets_build.build import build
from datasets_build.lint.config import LintConfig, find_files
from datasets_build.lint.items import lint_item, lint_value
from datasets_build.lint.run import lint_files
from datasets_build.recipe import DataRecipe
from datasets_build.repair.files import fix_files
from datasets_build.sources.shapes import parse
from tests.datasets_build.sources.talks import (
    AJ,
    ASKED,
    TOLD,
    TOOL,
    call,
    calling,
    codes,
    made,
    pair,
    result,
    row,
    said,
    spoken,
    user,
)  # fmt: skip

BAD = "Look yourself, please."
LISTED = "Available agents:\n  - web01: web01 (linux) @ 203.0.113.4:22\n  - db01: db01 (linux) @ 203.0.113.5:22"


@pytest.mark.parametrize("no", [False, 0, 0.0, "false", "0"])
def test_a_record_marked_as_undesirable_is_refused(no):
    for name in ("label", "kto_tag", "weight", "train", "trainable", "loss"):
        for record in (
            {"messages": [user(), said(BAD)]},
            {"prompt": [user()], "completion": [said(BAD)]},
            {"prompt": ASKED, "completion": BAD},
            {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": BAD}]},
            {"instruction": ASKED, "response": BAD},
        ):
            assert codes(record | {name: no}) == ["not_to_learn"], (name, record)
    for mark in ({"metadata": {"label": False}}, {"rejected": True}, {"success": False}, {"correct": False}):
        assert codes({"messages": [user(), said(BAD)]} | mark) == ["not_to_learn"]
    for mark in ({"rejected": False}, {"correct": 0}, {"success": "no"}, {"label": True}):
        assert isinstance(row({"messages": [user(), said()]} | mark), Row)
    for mark in ({"label": -1}, {"label": "undesirable"}, {"rating": -1}, {"feedback": "Thumbs down"}, {"thumb": "-1"}):
        assert codes({"messages": [user(), said(BAD)]} | mark) == ["not_to_learn"]
    for mark in ({"label": 3}, {"label": 1}, {"rating": 0}, {"rating": 5}, {"feedback": "It was good"}):
        assert isinstance(row({"messages": [user(), said()]} | mark), Row)


MARKS = (
    {"weight": 0}, {"weight": 0.0}, {"train": False}, {"trainable": False}, {"loss": False}, {"loss": 0},
    {"finish_reason": "length"}, {"stop_reason": "max_tokens"},
    {"loss_weight": 0}, {"masked": True}, {"mask": 1}, {"loss_mask": 0}, {"training": "false"},
    {"loss_scale": 0.0}, {"is_masked": True}, {"no_loss": 1},
    {"train_detail": [{"begin_offset": 0, "end_offset": 4, "train": False}]},
)  # fmt: skip


def learned(item: Row) -> list[bool]:
    return [message.learned for message in item.messages if message.role == "assistant"]


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_a_marked_reply_is_context_of_the_next_one_and_no_target(mark):
    found = row({"messages": [user(), said(BAD, **mark), user("And db01?"), said()]})
    assert (spoken(found), learned(found)) == ([ASKED, BAD, "And db01?", TOLD], [False, True])
    assert found.metadata["repaired"] == []
    assert codes({"messages": [user(), said(BAD, **mark)]}) == ["not_to_learn"]
    seen = row({"messages": [user(), calling(call("a"), **mark), result("a"), said()], "tools": [TOOL]})
    assert (spoken(seen)[1], learned(seen)) == (("disk_free", {"host": "web01"}), [False, True])


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_what_follows_the_last_reply_to_learn_is_cut(mark):
    found = row({"messages": [user(), said(), user("And db01?"), said(BAD, **mark)]})
    assert (spoken(found), learned(found)) == ([ASKED, TOLD], [True])


def test_a_reply_that_is_context_stands_as_it_is_however_wrong():
    listed = {"function": {"name": "list_agents", "arguments": "{}"}}
    wrong = '{"tool": "none", "params": {}}'
    talk = [user("Who is there?"), said(wrong, weight=0), user("Look!"), calling(listed), result(text=LISTED),
            said("2: `web01` and `db01`.")]  # fmt: skip
    found = row({"messages": talk})
    assert (found.mode, spoken(found)[1], learned(found)) == ("step", wrong, [False, True, True])
    assert lint_value(found, AJ) == []
    called = '{"tool": "list_agents", "params": {}}'
    read = row({"messages": [user("Who is there?"), said(called, weight=0), result(text=LISTED),
                             said("2: `web01` and `db01`.")]})  # fmt: skip
    assert (spoken(read)[1], learned(read)) == (("list_agents", {}), [False, True])


def test_a_mask_beside_the_messages_marks_them():
    talk = [user(), said(BAD), user("And db01?"), said()]
    for mask in ([0, 0, 0, 1], [1, False, 1, True], ["0", "0", "0", "1"]):
        assert learned(row({"messages": talk, "loss_mask": mask})) == [False, True]
    assert codes({"messages": talk, "loss_mask": [0, 0, 0, 0]}) == ["not_to_learn"]
    assert codes({"messages": talk, "loss_mask": [1, 0]}) == ["not_to_learn"]


def test_a_rejected_reply_beside_the_messages_makes_a_pair():
    assert pair({"messages": [user(), said()], "rejected_response": BAD}).rejected == BAD


# --- thoughts -------------------------------------------------------------------------------------------------------

THOUGHTS = (
    "<think>\nthey want web01\n</think>\n\n", "they want web01\n</think>\n\n", "<thinking>they want web01</thinking>\n",
    "<reasoning>they want web01</reasoning>", "<thought>they want web01</thought>\n\n",
    "◁think▷they want web01◁/think▷", "[THINK]they want web01[/THINK]\n",
    "<THINK>they</THINK><think>want web01</think>",
)  # fmt: skip


@pytest.mark.parametrize("thought", THOUGHTS)
def test_a_thought_goes_from_a_chat_and_is_a_finding(thought):
    record = {"messages": [user(), said(thought + TOLD)]}
    (item,) = parse(record)
    assert "thought" in [found.finding.code for found in lint_item(item, AJ)]  # pyright: ignore
    found = row(record)
    assert (spoken(found), found.metadata["repaired"]) == ([ASKED, TOLD], ["thought"])
    own = row(record | {"tools": [TOOL]})
    assert (spoken(own), own.metadata["repaired"]) == ([ASKED, TOLD], ["thought"])


@pytest.mark.parametrize("thought", THOUGHTS)
def test_a_thought_before_an_answer_in_step_mode_is_its_reasoning(thought):
    talk = [user("How many?"), calling({"function": {"name": "list_agents", "arguments": "{}"}}), result(text=LISTED)]
    last = row({"messages": [*talk, said(f"{thought}2: `web01` and `db01`.")]}).messages[-1].call
    assert last is not None
    assert last.params == {"answer": "2: `web01` and `db01`."}
    assert "want web01" in (last.reasoning or "")


@pytest.mark.parametrize(
    ("thought", "kept"),
    [
        ("It was executed already.", False),
        ("I could use ```python\nx\n```.", False),
        ("Output:\n```\nx\n```", True),
        ("Nobody has looked.", True),
    ],
)
def test_a_thought_that_a_call_may_not_hold_is_left_out_and_counted(thought, kept):
    system = {"role": "system", "content": 'Reply with {"tool": name, "params": {}}.'}
    stated = calling({"function": {"name": "list_agents", "arguments": "{}"}}, reasoning_content=thought)
    written = said(f'<think>\n{thought}\n</think>\n\n{{"tool": "list_agents", "params": {{}}}}')
    for reply in (written, stated):
        found = row({"messages": [system, user("Who is there?"), reply]})
        assert found.messages[-1].call == Call("list_agents", {}, reasoning=thought if kept else None)
        assert ("thought" in found.metadata["repaired"]) is not kept


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_a_thought_beside_a_call_is_its_reasoning_and_beside_words_it_is_counted(key):
    listed = {"function": {"name": "list_agents", "arguments": "{}"}}
    last = row({"messages": [user("Who is there?"), calling(listed, **{key: "Not discovered."})]}).messages[-1]
    assert last.call is not None
    assert last.call.reasoning == "Not discovered."
    found = row({"messages": [user(), said(**{key: "Look it up."})]})
    assert (spoken(found), found.metadata["repaired"]) == ([ASKED, TOLD], ["thought"])


def test_a_thought_without_an_end_or_in_the_middle_is_refused_and_a_mention_is_not():
    for text in ("<think>so far", "It is <thinking>no</thinking> full.", "<think>a</think>"):
        assert codes({"messages": [user(), said(text)]}) in (["unclosed_think"], ["empty_output"])
    mention = "R1 writes `<think>` first:\n\n```text\n<think>…</think>\n```"
    assert spoken(row({"messages": [user(), said(mention)]}))[1] == mention


# --- parallel calls -------------------------------------------------------------------------------------------------


def _both(*results, keys=("a", "b")):
    listed = {"function": {"name": "list_agents", "arguments": "{}"}}
    calls = [
        {"id": key, "function": {"name": "remote_bash", "arguments": {"agent_id": host, "command": "uptime -p"}}}
        for host, key in zip(("web01", "db01"), keys, strict=True)
    ]
    return {"messages": [user("Compare them."), calling(listed), result(text=LISTED), calling(*calls), *results]}


DONE = said("`web01` is up 3 days, `db01` 91.")


def test_results_of_parallel_calls_go_to_the_calls_whose_ids_they_have():
    swapped = row(_both(result("b", "up 91 days"), result("a", "up 3 days"), DONE))
    assert [text for text in spoken(swapped) if isinstance(text, str)][2:] == ["up 3 days", "up 91 days"]
    assert swapped.metadata["repaired"][0] == "several_calls"
    unnamed = row(_both(result(None, "up 3 days"), result(None, "up 91 days"), DONE, keys=(None, None)))
    assert [text for text in spoken(unnamed) if isinstance(text, str)][2:] == ["up 3 days", "up 91 days"]


def test_results_whose_ids_are_not_those_of_the_calls_are_refused():
    first, second = result("a", "up 3 days"), result("b", "up 91 days")
    for record in (
        _both(first, result("c", "up 91 days"), DONE),
        _both(first, first, DONE),
        _both(first, DONE),
        _both(first, result(None, "up 91 days"), DONE),
        _both(first, second, DONE, keys=("a", "a")),
        _both(first, second, DONE, keys=("a", None)),
        _both(first, second, DONE, keys=(None, None)),
        _both(first, second, second, DONE),
    ):
        assert codes(record) == ["several_calls"], record
    single = _both()
    single["messages"] = [single["messages"][0], calling({"id": "x", "function": {"name": "list_agents"}}),
                          result("y", LISTED), said("2: `web01` and `db01`.")]  # fmt: skip
    assert codes(single) == ["stray_result"]


def test_own_tools_are_paired_by_id_as_well():
    calls = calling(call("a", "web01"), call("b", "db01"))
    talk = [user(), calls, result("b", "91%"), result("a", "42%"), said()]
    assert spoken(row({"messages": talk, "tools": [TOOL]})) == [
        ASKED, ("disk_free", {"host": "web01"}), "42%", ("disk_free", {"host": "db01"}), "91%", TOLD,
    ]  # fmt: skip
    for wrong in ([result("a"), result("c")], [result("a"), result()], [result("a"), result("a")], [result("a")]):
        (found,) = made({"messages": [user(), calls, *wrong, said()], "tools": [TOOL]})
        assert not isinstance(found, Row)


# --- kept to the end ------------------------------------------------------------------------------------------------

MARKED = {"messages": [user(), said(BAD, weight=0), user("And db01?"), said()]}


def test_a_row_is_written_and_read_with_the_mark_and_is_another_row_without_it():
    found = row(MARKED)
    record = row_to_record(found)
    assert [message.get("weight") for message in record["messages"]] == [None, 0, None, None]
    assert row_from_record(record) == found
    assert row({"messages": [user(), said(BAD), user("And db01?"), said()]}).id != found.id
    unmarked = [{key: value for key, value in message.items() if key != "weight"} for message in record["messages"]]
    assert codes(record | {"messages": unmarked}) == ["bad_row"]


@pytest.mark.parametrize("mark", MARKS[2:], ids=str)
def test_our_own_rows_are_marked_by_every_name(mark):
    record = {key: value for key, value in row_to_record(row(MARKED)).items() if key != "id"}
    marked = [message | mark if message.pop("weight", 1) == 0 else message for message in record["messages"]]
    assert learned(row(record | {"messages": marked})) == [False, True]
    assert codes(record | {"messages": [user(), said(BAD, **mark)]}) == ["no_target"]


def test_the_mark_lasts_through_the_repair_the_linter_and_the_mix(tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "marked.jsonl").write_text(json.dumps(MARKED) + "\n", encoding="utf-8")
    fix_files([tmp_path / "in"], tmp_path / "out", AJ)
    (fixed,) = read_rows(tmp_path / "out" / "marked.jsonl")
    assert learned(fixed) == [False, True]
    part = {"kind": "converted", "files": ["marked.jsonl"], "count": 1}
    recipe = {"name": "marked", "seed": 3, "rows": 2, "parts": {"marked": part, "plans": {"kind": "plans", "count": 1}}}
    folder = build(DataRecipe.model_validate(recipe), tmp_path / "out")
    assert fixed.id in [one.id for one in read_rows(folder / "sft.jsonl")]
    assert all(not one.by_code for one in lint_files(find_files([str(folder)]), LintConfig()))
    exported = (folder / "trl" / "sft.jsonl").read_text(encoding="utf-8")
    assert (BAD in exported, len(exported.splitlines())) == (False, 1)
    assert "lack 1 rows" in (folder / "card.md").read_text(encoding="utf-8")
