"""Every form of training data in common use: one record of each, and what becomes of it, whatever file it is in."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aj.messages import Pair, Row, row_to_record
from datasets_build.convert import convert_files
from datasets_build.ledger import Refused
from datasets_build.lint.items import lint_record
from datasets_build.reading.files import read_records
from datasets_build.repair.files import fix_files
from tests.datasets_build.sources.talks import (
    AJ,
    ASKED,
    OPENAI,
    TOLD,
    TOOL,
    USED,
    call,
    calling,
    function,
    made,
    result,
    said,
    spoken,
    user,
)  # fmt: skip

CALL = {"name": "disk_free", "arguments": {"host": "web01"}}
TAGGED = f"<tool_call>\n{json.dumps(CALL)}\n</tool_call>"
LISTED = f"<tools>{json.dumps([OPENAI])}</tools>"
GPT = {"from": "gpt", "value": TOLD}
HUMAN = {"from": "human", "value": ASKED}
CALLED = [
    HUMAN,
    {"from": "function_call", "value": json.dumps(CALL)},
    {"from": "observation", "value": USED},
    GPT,
]
PYTHON = {"name": "disk_free", "parameters": {"type": "dict", "properties": {"host": {"type": "string"}}}}
BATCH = {"status_code": 200, "body": {"choices": [{"index": 0, "message": said(), "finish_reason": "stop"}]}}
LOOK = {"id": "c0", "type": "function", "function": {"name": "list_agents", "arguments": "{}"}}
AGENTS = "Available agents:\n  - web01: web01 (linux) @ 203.0.113.4:50051"
DF = {"name": "remote_bash", "arguments": json.dumps({"agent_id": "web01", "command": "df -h /"})}
THOUGHT = {"type": "thinking", "thinking": "Look it up.", "signature": "s"}

CHAT = [ASKED, TOLD]
USE = [ASKED, ("disk_free", {"host": "web01"}), USED, TOLD]
PAIR = (ASKED, TOLD, "dunno")

CHATS: dict[str, dict[str, Any]] = {
    "alpaca": {"instruction": ASKED, "input": "", "output": TOLD},
    "anthropic_thinking": {"messages": [user(), said([THOUGHT, {"type": "text", "text": TOLD}])]},
    "dolly": {"instruction": ASKED, "context": "", "response": TOLD, "category": "qa"},
    "input_output": {"input": ASKED, "output": TOLD},
    "openai_log_pair": {
        "request": {"model": "m", "messages": [user()]},
        "response": {"choices": [{"message": said()}]},
    },
    "question_answer": {"question": ASKED, "answer": TOLD},
    "reasoning_content": {"messages": [user(), said(reasoning_content="Look it up first.")]},
    "sharegpt": {"conversations": [HUMAN, GPT]},
    "sharegpt_system": {"id": "x", "conversations": [{"from": "system", "value": "You help."}, HUMAN, GPT]},
    "sharegpt_user_assistant": {"conversations": [user(), said()]},
    "trl_prompt_completion": {"prompt": ASKED, "completion": TOLD},
    "trl_prompt_completion_conv": {"prompt": [user()], "completion": [said()]},
}
USES: dict[str, dict[str, Any]] = {
    "apigen_mt": {"conversations": CALLED, "tools": json.dumps([TOOL]), "system": "policy"},
    "hermes_messages": {"messages": [
        {"role": "system", "content": LISTED}, user(), said(TAGGED),
        {"role": "tool", "content": f"<tool_response>\n{USED}\n</tool_response>"}, said()]},
    "hermes_sharegpt": {"id": "1", "category": "ops", "conversations": [
        {"from": "system", "value": LISTED}, HUMAN, {"from": "gpt", "value": TAGGED},
        {"from": "tool", "value": f"<tool_response>\n{USED}\n</tool_response>"}, GPT]},
    "hf_arguments_object": {"tools": [OPENAI], "messages": [
        user(), {"role": "assistant", "tool_calls": [{"type": "function", "function": CALL}]},
        {"role": "tool", "name": "disk_free", "content": USED}, said()]},
    "llamafactory_tools": {"conversations": CALLED, "system": "You help.", "tools": json.dumps([TOOL])},
    "mistral_ft": {"messages": [user(), calling(call("TX92Jm8Zi")), result("TX92Jm8Zi"), said()], "tools": [OPENAI]},
    "openai_finetune_tools": {"tools": [OPENAI], "parallel_tool_calls": False, "messages": [
        {"role": "system", "content": "You help."}, user(), calling(call("c1")), result("c1"), said()]},
    "openai_functions_legacy": {"functions": [TOOL], "messages": [
        user(), {"role": "assistant", "content": None, "function_call": function()},
        {"role": "function", "name": "disk_free", "content": USED}, said()]},
    "tau2_traj": {"id": "s1", "tools": [OPENAI], "reward_info": {"reward": 1.0}, "messages": [
        said("Hi! How can I help?", tool_calls=None, turn_idx=0), user(),
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "requestor": "assistant", **CALL}]},
        {"id": "c1", "role": "tool", "content": USED, "requestor": "assistant", "error": False}, said()]},
    "toolace": {"system": f"Here is a list of functions: {json.dumps([PYTHON])}", "conversations": [
        {"from": "user", "value": ASKED}, {"from": "assistant", "value": '[disk_free(host="web01")]'},
        {"from": "tool", "value": USED}, {"from": "assistant", "value": TOLD}]},
}  # fmt: skip
PAIRS: dict[str, dict[str, Any]] = {
    "hh_rlhf": {
        "chosen": f"\n\nHuman: {ASKED}\n\nAssistant: {TOLD}",
        "rejected": f"\n\nHuman: {ASKED}\n\nAssistant: dunno",
    },
    "openai_preference": {
        "input": {"messages": [user()], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [said()],
        "non_preferred_output": [said("dunno")],
    },
    "trl_dpo_conv": {"prompt": [user()], "chosen": [said()], "rejected": [said("dunno")]},
    "trl_dpo_implicit": {"chosen": [user(), said()], "rejected": [user(), said("dunno")]},
    "trl_dpo_text": {"prompt": ASKED, "chosen": TOLD, "rejected": "dunno"},
}
OTHERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "axolotl_completion": ({"segments": [{"label": False, "text": ASKED}, {"text": TOLD}]}, ["other_form"]),
    "chatml_text": ({"text": f"<|im_start|>user\n{ASKED}<|im_end|>"}, ["other_form"]),
    "gemini": ({"contents": [{"role": "user", "parts": [{"text": ASKED}]}]}, ["other_form"]),
    "lf_kto": ({"messages": [user(), said("Go away.")], "label": False}, ["not_to_learn"]),
    "llama3_text": ({"text": f"<|start_header_id|>user<|end_header_id|>\n\n{ASKED}<|eot_id|>"}, ["other_form"]),
    "oasst_flat": ({"message_id": "a", "parent_id": None, "role": "prompter", "text": ASKED}, ["other_form"]),
    "openai_batch_output": ({"id": "b", "custom_id": "r1", "response": BATCH, "error": None}, ["other_form"]),
    "openai_responses": (
        {"input": [user()], "output": [{"type": "function_call", "call_id": "c1", **function()},
                                       {"type": "function_call_output", "call_id": "c1", "output": USED},
                                       {"type": "message", **said([{"type": "output_text", "text": TOLD}])}]},
        ["unknown_tool"],
    ),
    "tau2_failed": ({"messages": [user(), said()], "reward_info": {"reward": 0.0}}, ["failed_task"]),
    "trl_kto": ({"prompt": [user()], "completion": [said("go away")], "label": False}, ["not_to_learn"]),
}  # fmt: skip
MORE: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "aj_via_openai": (
        {"tools": [OPENAI], "messages": [
            user(), calling(LOOK), result("c0", AGENTS), calling({"id": "c1", "function": DF}), result("c1"), said()]}
        | {"tools": [{"type": "function", "function": {"name": "remote_bash", "parameters": {"type": "object"}}}]},
        [ASKED, ("list_agents", {}), AGENTS, ("remote_bash", json.loads(DF["arguments"])), USED,
         ("complete", {"answer": TOLD})],
    ),
    "alpaca_history": (
        {"instruction": ASKED, "input": "", "output": TOLD, "system": "You help.", "history": [["hi", "hello"]]},
        ["hi", "hello", *CHAT],
    ),
    "anthropic_blocks": (
        {"system": "You help.", "tools": [{"name": "disk_free", "input_schema": TOOL["parameters"]}], "messages": [
            user(), said([{"type": "text", "text": "Let me look."},
                          {"type": "tool_use", "id": "t1", "name": "disk_free", "input": {"host": "web01"}}]),
            user([{"type": "tool_result", "tool_use_id": "t1", "content": USED}]),
            said([{"type": "text", "text": TOLD}])]},
        USE,
    ),
    "messages_parallel": (
        {"tools": [OPENAI], "messages": [user(), calling(call("a"), call("b", "db01")), result("b", "91%"),
                                         result("a"), said()]},
        [ASKED, ("disk_free", {"host": "web01"}), USED, ("disk_free", {"host": "db01"}), "91%", TOLD],
    ),
    "openai_weight_zero": (
        {"messages": [user(), said("No idea!", weight=0), user("Try again"), said(weight=1)]},
        [ASKED, "No idea!", "Try again", TOLD],
    ),
    "when2call_sft": (
        {"tools": [json.dumps(TOOL)], "messages": [user("Order a pizza"), said("I have no tool for that.")]},
        ["Order a pizza", "I have no tool for that."],
    ),
    "xlam": ({"id": 0, "query": ASKED, "answers": json.dumps([CALL]), "tools": json.dumps([TOOL])}, USE[:2]),
}  # fmt: skip
RIGHT: dict[str, Any] = {
    **{name: (record, CHAT) for name, record in CHATS.items()},
    **{name: (record, USE) for name, record in USES.items()},
    **{name: (record, PAIR) for name, record in PAIRS.items()},
    **OTHERS,
    **MORE,
    "when2call_pref": (
        {"tools": [json.dumps(TOOL)], "messages": [user("Order a pizza")],
         "chosen_response": said("I have no tool for that."),
         "rejected_response": said(f"<TOOLCALL>[{CALL}]</TOOLCALL>")},
        ["Order a pizza", "I have no tool for that.", "own_tools_pair"],
    ),
}  # fmt: skip


def what(items: list[Row | Pair | Refused]) -> Any:
    """The texts and calls of a row or a pair, the code of what is refused."""
    if len(items) == 1 and isinstance(pair := items[0], Pair):
        return (pair.messages[0].content, pair.chosen.content, pair.rejected)
    return [one for item in items for one in (spoken(item) if isinstance(item, Row) else [item.code])]  # pyright: ignore


@pytest.mark.parametrize("name", RIGHT)
def test_each_form_is_read_or_named(name):
    record, right = RIGHT[name]
    assert what(made(record)) == right


@pytest.mark.parametrize("name", RIGHT)
def test_what_lint_calls_clean_is_not_repaired_but_for_thoughts(name, tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps(RIGHT[name][0]), encoding="utf-8")
    found = lint_record(next(read_records(tmp_path / "rows.jsonl")), AJ)[1]
    total = fix_files([tmp_path / "rows.jsonl"], tmp_path / "out", AJ).total
    assert bool(found) == bool(total.rejected or set(total.repairs) - {"thought"})


COLUMNS = sorted({column for record, _ in RIGHT.values() for column in record})
LISTS = ("messages", "conversations", "prompt", "completion", "chosen", "rejected", "history", "tools", "functions",
         "segments", "contents", "answers")  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_form_is_the_same_among_the_empty_columns_of_all_others(name):
    record, right = RIGHT[name]
    assert what(made({column: record.get(column) for column in COLUMNS})) == right
    assert what(made({**{column: [] for column in LISTS}, **record})) == right
    assert what(made({**record, "split": "train", "score": 0.5, "lang": "en", "metadata": {}})) == right


@pytest.mark.parametrize("name", USES)
def test_messages_may_be_rows_of_a_table_with_nulls_where_nothing_is_said(name):
    record, right = RIGHT[name]
    column = "messages" if "messages" in record else "conversations"
    keys = ["weight", *(("from", "value") if column != "messages" else ("tool_calls", "name", "function_call", "type"))]
    padded = [dict.fromkeys(keys) | message for message in record[column]]
    assert what(made(record | {column: padded})) == right


def test_a_file_of_all_forms_gives_each_as_if_it_were_alone(tmp_path: Path):
    records = [record for record, _ in RIGHT.values()]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    files = {
        "rows.jsonl": "\n".join(lines).encode(),
        "rows.json": json.dumps(records).encode(),
        "indented.json": json.dumps(records, indent=2).encode("utf-16"),
        "rows.jsonl.gz": gzip.compress("\n".join(lines).encode()),
    }
    alone = [what([item]) for record in records for item in made(record)]
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert [what([offer.value]) for offer in convert_files([tmp_path / name], AJ, "keep")] == alone, name


def test_a_table_of_each_form_gives_the_row_of_its_lines(tmp_path: Path):
    for name, (record, right) in RIGHT.items():
        try:
            pq.write_table(pa.Table.from_pylist([record]), tmp_path / "rows.parquet")
        except pa.ArrowException:  # texts and lists in one column
            continue
        found = [offer.value for offer in convert_files([tmp_path / "rows.parquet"], AJ, "keep")]
        assert what(found) == right, name
        assert all(row_to_record(one)["id"] == one.id for one in found if isinstance(one, Row))
