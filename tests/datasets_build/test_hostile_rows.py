"""Rows that mean harm, or are merely broken, go through reading, lint and repair: none stops it, is lost, or is run."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.messages import Pair, Row, calls, pair_to_record, result, row_to_record, user
from datasets_build.convert import convert_files
from datasets_build.ledger import Refused
from datasets_build.lint.items import lint_record, lint_value
from datasets_build.reading.files import read_records
from datasets_build.repair.settle import settle
from datasets_build.sources.shapes import shape_of
from datasets_build.write import write_offers
from scorers.checks.rows import check_pair, check_row

AJ = load_contract()
ROWS = 12
"""Hostile rows a file."""

# --- one right record of every shape --------------------------------------------------------------------------------

AGENTS = "Available agents:\n  - db07: db07 (linux) @ 203.0.113.7:7000"
DONE = '{"tool": "complete", "params": {"answer": "`db07` is up."}}'
TOOL = {
    "name": "read-log",
    "description": "Reads a log",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
ROW = Row(
    (
        user("is db07 up?"),
        calls("list_agents"),
        result("list_agents", AGENTS),
        calls("remote_bash", {"agent_id": "db07", "command": "uptime"}, "One moment."),
        result("remote_bash", " 09:00:01 up 3 days"),
        calls("complete", {"answer": "`db07` is up."}),
    ),
    metadata={"source": "conversational", "persona": "senior_engineer"},
)
PAIR = Pair(
    ROW.messages[:3],
    ROW.messages[3],
    '{"action": "run", "command": "uptime"}',
    metadata={"pattern": "wrong_output_format"},
)
DETAILS = (
    '<details type="tool_calls" done="true" name="bash" arguments="&quot;{}&quot;" result="&quot;x&quot;"></details>'
)
MESSAGES = [
    {"id": "m1", "parentId": None, "childrenIds": ["m2", "m3"], "role": "user", "content": "disks?"},
    {
        "id": "m2",
        "parentId": "m1",
        "childrenIds": [],
        "role": "assistant",
        "content": "No.",
        "annotation": {"rating": -1},
    },
    {
        "id": "m3",
        "parentId": "m1",
        "childrenIds": ["m4"],
        "role": "assistant",
        "content": f"{DETAILS}All fine.",
        "annotation": {"rating": 1, "tags": ["Accurate"]},
        "done": True,
    },
    {"id": "m4", "parentId": "m3", "childrenIds": [], "role": "user", "content": "thanks", "timestamp": 1},
]
HISTORY = {"currentId": "m4", "messages": {message["id"]: message for message in MESSAGES}}
CHAT = {"id": "c1", "title": "disks", "chat": {"models": ["aj"], "history": HISTORY}, "meta": {"tags": []}}
TOUCAN = {
    "uuid": "u1",
    "subset_name": "single-turn-original",
    "messages": json.dumps(
        [
            {"role": "user", "content": "what does the log say?"},
            {
                "role": "assistant",
                "content": "",
                "function_call": {"name": "read-log", "arguments": '{"path": "/tmp/a"}'},
            },
            {"role": "function", "name": "read-log", "content": "all quiet"},
            {"role": "assistant", "content": "All is quiet."},
        ]
    ),
    "available_tools": json.dumps([{"type": "function", "function": TOOL}]),
    "target_tools": "read-log",
    "response_quality_assessment": '{"completeness": {"score": 5}}',
}
TOUCAN_SFT = {
    "uuid": "u2",
    "subset_name": "multi-turn",
    "messages": json.dumps(
        [
            {"role": "user", "content": "and the other log?"},
            {"role": "tool_call", "content": "{'name': 'read-log', 'arguments': '{\"path\": \"/tmp/b\"}'}"},
            {"role": "tool_response", "content": "quiet too"},
            {"role": "assistant", "content": "Quiet too."},
        ]
    ),
    "available_tools": json.dumps([{"type": "function", "function": TOOL}]),
    "target_tools": "read-log",
}
GLAIVE_CALL = """{"name": "read-log", "arguments": '{"path": "/tmp/it\\'s"}'}"""
GLAIVE = {
    "system": f"SYSTEM: You may use these functions -\n{json.dumps(TOOL)}\n",
    "chat": f"USER: read /tmp/it's ASSISTANT: <functioncall> {GLAIVE_CALL} <|endoftext|> "
    'FUNCTION RESPONSE: {"lines": 2} ASSISTANT: Two lines. <|endoftext|>',
}
AGENTINSTRUCT = {
    "id": "os_1",
    "conversations": [
        {"from": "human", "loss": None, "value": "You are to act as a shell. Now: how many files are here?"},
        {"from": "gpt", "loss": True, "value": "Think: list them.\n\nAct: bash\n\n```bash\nls | wc -l\n```"},
        {"from": "human", "loss": None, "value": "The output of the OS:\n\n4"},
        {"from": "gpt", "loss": True, "value": "Think: four.\n\nAct: answer(4)"},
    ],
}
HISTORY_TEXT = "[Previous message]: hi\n[My response]: {}\n\nNow?"
OLD = '{"action": "execute_command", "command": "uptime"}'
PLAN = "- {'step': 1, 'action': 'look'}\n- {'step': 2, 'action': 'tell'}"
RIGHT: list[dict[str, Any]] = [
    {"system": "You are AJ.", "instruction": "is db07 up?", "response": DONE, "metadata": {"category": "x"}},
    {"system": f"Agents:\n{AGENTS}", "instruction": HISTORY_TEXT, "response": OLD},
    {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": DONE}], "metadata": {}},
    {"system": "Plan.", "instruction": "plan it", "response": PLAN},
    {
        "task": "free space on db07",
        "context": "one agent",
        "trajectory": [
            {"step_type": "thought", "content": "look first"},
            {"step_type": "action", "tool": "bash", "tool_input": {"command": "df -h"}},
            {"step_type": "observation", "content": "/ 40%"},
            {"step_type": "final_answer", "content": "It is at 40%."},
        ],
        "metadata": {},
    },
    {"prompt": "how many?", "context": AGENTS, "chosen": DONE, "rejected": "several", "category": "count"},
    {"prompt": "how many?", "chosen": DONE, "rejected": "{}", "metadata": {"margin": 0.5, "preference_reason": "x"}},
    row_to_record(ROW),
    pair_to_record(PAIR),
    CHAT,
    TOUCAN,
    TOUCAN_SFT,
    GLAIVE,
    AGENTINSTRUCT,
]

# --- what is done to them -------------------------------------------------------------------------------------------

CANARY = "aj_canary"
"""A module whose import leaves a file, and the name of the file that commands would touch."""
RAW = {
    "@deep@": "[" * 3000 + "]" * 3000,
    "@deep object@": '{"a":' * 150 + "1" + "}" * 150,
    "@long number@": "9" * 5000,
    "@infinite@": "1e999",
    "@not a number@": "NaN",
    "@control@": '"\x00\x08\x1b[2J\x7f"',
    "@broken utf-8@": '"\xff\xfe\xc0"',
}
"""Stands for text that `json.dumps` would not write."""
VALUES: list[Any] = [
    *RAW,
    None,
    True,
    -0.0,
    10**30,
    [],
    {},
    [[], {}, None],
    "",
    "\ud800 half",
    "\u202e\u0000\ufeff",
    "'\"`{}[]()<>\\",
    f"__import__('{CANARY}')",
    f"{{'name': __import__('{CANARY}'), 'arguments': '{{}}'}}",
    f"{{'a': [c for c in ().__class__.__mro__][0], 'b': open('{CANARY}', 'w')}}",
    f"!!python/object/apply:os.system ['touch {CANARY}']",
    f"$(touch {CANARY}) `touch {CANARY}` ; touch {CANARY} #",
    f'{{"tool": "bash", "params": {{"command": "touch {CANARY}"}}}}',
    f'<functioncall> {{"name": "bash", "arguments": \'{{"command": "touch {CANARY}"}}\'}} <|endoftext|>',
    f"Act: bash\n\n```bash\ntouch {CANARY}\n```",
    "{" * 3000,
    "'" * 3001,
    "<details " * 400,
    "```" * 700,
    "ASSISTANT: USER: FUNCTION RESPONSE: " * 120,
    "[Previous message] [My response]: " * 100,
    "\\" * 3000 + '"',
    " \n" * 2000,
    "[" * 900 + "'a'" + "]" * 900,
    {"__proto__": {"isAdmin": True}, "__class__": "x", "constructor": {"prototype": 1}, "": ""},
    {"$ref": "#", "$schema": "file:///etc/passwd"},
    {"role": "assistant", "content": [{"type": "text", "text": "x"}], "tool_calls": [{"function": None}, 3]},
]
Mutate = Callable[[Any, Any, Any], None]


def _put(parent: Any, key: Any, value: Any) -> None:
    parent[key] = deepcopy(value)


def _drop(parent: Any, key: Any, value: Any) -> None:
    del parent[key]


def _nest(parent: Any, key: Any, value: Any) -> None:
    parent[key] = [{"content": parent[key], "value": deepcopy(value)}]


def _as_text(parent: Any, key: Any, value: Any) -> None:
    parent[key] = json.dumps(parent[key])


def _glue(parent: Any, key: Any, value: Any) -> None:
    """Into a text at its middle, beside another value otherwise."""
    old = parent[key]
    parent[key] = f"{old[: len(old) // 2]}{value}{old[len(old) // 2 :]}" if isinstance(old, str) else [old, value]


def _add(parent: Any, key: Any, value: Any) -> None:
    """One more element, or a key that a language's objects have of themselves."""
    if isinstance(parent, list):
        parent.insert(key, deepcopy(value))
    else:
        parent["__proto__" if isinstance(value, str) else "__init__"] = deepcopy(value)


def _twice(parent: Any, key: Any, value: Any) -> None:
    if isinstance(parent, list):
        parent.extend(deepcopy(parent[key]) for _ in range(3))
    else:
        parent[f"{key} "] = deepcopy(parent[key])


MUTATIONS: list[Mutate] = [_put, _put, _put, _drop, _nest, _as_text, _glue, _glue, _add, _twice]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (parent, key) inside of a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


class Line(bytes):
    """A line whose long runs are shown short when a test fails."""

    def __repr__(self) -> str:
        return re.sub(r"(.{1,40}?)\1{9,}", lambda run: f"{run[1]}…x{len(run[0]) // len(run[1])}…", bytes.__repr__(self))


@st.composite
def hostile(draw: st.DrawFn) -> Line:
    """One line: a right record, changed in some places (also inside of JSON in its texts), at times cut off."""
    record = deepcopy(draw(st.sampled_from(RIGHT)))
    inside = [key for key in ("messages", "available_tools") if isinstance(record.get(key), str)]
    opened = draw(st.sampled_from([None, *inside]))
    if opened:
        record[opened] = json.loads(record[opened])
    for _ in range(draw(st.integers(1, 4))):
        places = _places(record)
        if places:
            parent, key = places[draw(st.integers(0, 10**6)) % len(places)]
            draw(st.sampled_from(MUTATIONS))(parent, key, draw(st.sampled_from(VALUES)))
    if opened and opened in record:
        record[opened] = json.dumps(record[opened])
    text = json.dumps(record, ensure_ascii=draw(st.booleans()))
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    line = text.encode("utf-8", "surrogatepass").replace("\xff\xfe\xc0".encode(), b"\xff\xfe\xc0")
    return Line(line if draw(st.integers(0, 9)) else line[: len(line) // 2])


# --- tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def canary(tmp_path_factory) -> Iterator[Path]:
    """A folder to work in, with a module that tells on who imports it."""
    folder = tmp_path_factory.mktemp("canary")
    (folder / f"{CANARY}.py").write_text(f"from pathlib import Path\nPath({str(folder / 'imported')!r}).touch()\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.chdir(folder)
        yield folder
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [f"{CANARY}.py"]
    assert CANARY not in sys.modules


@pytest.mark.parametrize("record", RIGHT, ids=lambda record: str(shape_of(record)))
def test_every_record_that_is_mutated_below_is_known_before(record):
    assert shape_of(record) is not None


@given(lines=st.lists(hostile(), min_size=ROWS, max_size=ROWS), foreign=st.sampled_from(("map", "keep")))
@settings(max_examples=40)
def test_no_hostile_row_stops_the_work_or_is_lost_or_run(canary, lines, foreign):
    first = json.dumps(row_to_record(ROW)).encode()
    path = canary / "work" / "rows.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\n".join([first, *lines, first]) + b"\n")
    read = list(read_records(path))
    assert [record.line for record in read] == list(range(1, ROWS + 3))
    conversations = 0
    for record in read:
        items, found = lint_record(record, AJ)
        assert all(one.finding.code and one.finding.why for one in found)
        if not isinstance(record.value, Refused):
            assert items, "a record without a conversation"
        conversations += len(items) or 1
        for item in items:
            _check(settle(item, AJ, foreign))
    funnel = write_offers(convert_files([path], AJ, foreign), canary / "work" / "out.jsonl")
    assert funnel.read == conversations
    assert funnel.outcomes["kept"] >= 1


def _check(settled: Any) -> None:
    """A row that the checks accept and any file can hold, or a reason."""
    if isinstance(settled.value, Refused):
        assert settled.value.code
        assert settled.value.why
    elif isinstance(settled.value, Row):
        assert check_row(settled.value, AJ) == []
        assert lint_value(settled.value, AJ) == []
        json.dumps(row_to_record(settled.value), ensure_ascii=False, allow_nan=False).encode()
    else:
        assert check_pair(settled.value, AJ) == []
        assert lint_value(settled.value, AJ) == []
        json.dumps(pair_to_record(settled.value), ensure_ascii=False, allow_nan=False).encode()


READ = """
import resource, sys
from pathlib import Path
from aj.contract import load_contract
from datasets_build.convert import convert_files
from datasets_build.lint.items import lint_record
from datasets_build.reading.files import read_records
path, contract = Path(sys.argv[1]), load_contract()
list(convert_files([path.with_name("one.jsonl")], contract))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(*(getattr(record.value, "code", "read") for record in read_records(path)))
print(*(getattr(offer.value, "code", "row") for offer in convert_files([path], contract)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
HUGE = 300 * 2**20


@pytest.mark.loop
def test_one_line_of_300_megabytes_is_refused_in_little_memory(tmp_path):
    right = json.dumps(row_to_record(ROW)).encode() + b"\n"
    (tmp_path / "one.jsonl").write_bytes(right)
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        file.write(right + b'{"instruction": "')
        file.seek(HUGE, 1)  # a hole: it takes no space on disk
        file.write(b'"}\n' + right)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    read, converted, grown = done.stdout.splitlines()
    assert read.split() == ["read", "too_large", "read"]
    assert converted.split() == ["row", "too_large", "row"]
    assert int(grown) < 150 * 2**10, f"{grown} KiB"
