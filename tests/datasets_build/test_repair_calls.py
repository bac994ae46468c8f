"""Every earlier form of a call becomes the call; what is not certain is refused with its reason."""

import json

import pytest

from aj.acts import DISCOVER, act_of, call_of, finish, here, on
from aj.messages import Call, Row
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Turn
from datasets_build.repair.settle import settle
from datasets_build.sources import agentinstruct
from tests.datasets_build.repaired import AGENTS, call, code, conversation, last_call, row_of, said, settled
from tests.renamed import renamed_contract

RENAMED = renamed_contract()
OLD_FORMS = [
    {"action": "execute_command", "shell": "bash", "command": "df -h", "requires_sudo": False},
    {"tool": "execute_shell", "params": {"cmd": "df -h"}},
    {"tool": "bash", "command": "df -h"},
    {"tool": "bash", "args": {"command": "df -h"}},
    {"name": "run_command", "arguments": '{"script": "df -h"}'},
    {"tool": "terminal", "action": "execute_command", "command": "df -h"},
    "{'tool': 'bash', 'params': {'command': 'df -h'}}",
    '```json\n{"tool": "bash", "params": {"command": "df -h"}}\n```',
]


@pytest.mark.parametrize("old", OLD_FORMS)
def test_every_old_form_of_a_command_becomes_the_call(old):
    assert call(old) == {"tool": "bash", "params": {"command": "df -h"}}
    assert settled(old).repaired


@pytest.mark.parametrize("old", OLD_FORMS)
def test_under_a_contract_with_other_names_it_becomes_that_contracts_call(old):
    assert last_call(settled(old, contract=RENAMED)) == call_of(here("df -h"), RENAMED)


def test_a_tool_of_that_contract_with_wrong_parameters_is_read_like_a_retired_one():
    old = {"tool": RENAMED.acts["here"].tool, "params": {"cmd": "df -h"}}
    assert last_call(settled(old, contract=RENAMED)) == call_of(here("df -h"), RENAMED)


def test_the_repair_speaks_acts_over_a_whole_conversation():
    turns = (
        Turn("user", "How long is web01 up?"),
        Turn("assistant", "", Call("discover", {})),
        Turn("tool", AGENTS, tool="discover"),
        Turn("assistant", "", Call("remote_execute", {"cmd": "uptime"})),
        Turn("tool", "up 3 days", tool="remote_execute"),
        Turn("assistant", "`web01` is up for 3 days."),
    )
    row = row_of(conversation(*turns, contract=RENAMED))
    said = [act_of(message.call, RENAMED) for message in row.messages if message.call]
    assert said == [DISCOVER, on("web01", "uptime"), finish("`web01` is up for 3 days.")]
    assert [message.tool for message in row.messages if message.role == "tool"] == [
        RENAMED.acts["discover"].tool,
        RENAMED.acts["on_one"].tool,
    ]


def test_what_a_source_knows_to_be_an_act_is_one_under_any_contract():
    record = {
        "id": "os_1",
        "conversations": [
            {"from": "human", "value": "Now, my problem is: How full is the disk?"},
            {"from": "gpt", "value": "Think: look.\n\nAct: bash\n\n```bash\ndf -h /\n```"},
            {"from": "human", "value": "The output of the OS:\n45%"},
            {"from": "gpt", "value": "Think: done.\n\nAct: answer(45%)"},
        ],
    }
    (item,) = agentinstruct.parse(record)
    row = row_of(settle(item, RENAMED))
    assert [act_of(message.call, RENAMED) for message in row.messages if message.call] == [
        here("df -h /"),
        finish("45%"),
    ]


def test_a_right_call_is_converted_as_it_was():
    outcome = settled({"tool": "bash", "params": {"command": "df -h"}, "note": "On it."})
    assert outcome.repaired == ()
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[-1].call == Call("bash", {"command": "df -h"}, "On it.")


def test_words_beside_a_call_become_its_note():
    old = {"action": "execute_command", "command": "df -h", "explanation": "Shows free space"}
    assert call(old)["note"] == "Shows free space"
    assert call(f"Let me see.\n{json.dumps(old)}")["note"] == "Let me see.\nShows free space"


def test_a_thought_becomes_the_calls_reasoning():
    assert call('<think>\nDisk.\n</think>\n\n{"action": "run", "command": "df"}')["reasoning"] == "Disk."


@pytest.mark.parametrize(
    ("old", "command"),
    [
        ({"tool": "read_file", "params": {"file_path": "/srv/a b.txt"}}, "cat -- '/srv/a b.txt'"),
        ({"tool": "list_dir", "params": {"path": "/srv"}}, "ls -la -- /srv"),
        ({"tool": "scan_workspace", "params": {}}, "find . -type f"),
        ({"tool": "grep", "params": {"pattern": "$HOME", "path": "src"}}, "grep -rn -e '$HOME' -- src"),
        ({"tool": "write_file", "params": {"path": "a", "content": "x\ny"}}, "cat > a <<'EOF'\nx\ny\nEOF"),
        ({"tool": "append_to_file", "params": {"path": "a", "content": "it's"}}, "printf '%s' 'it'\"'\"'s' >> a"),
    ],
)
def test_file_tools_become_quoted_commands(old, command):
    assert call(old)["params"] == {"command": command}


def test_an_old_answer_completes_the_task():
    assert call({"action": "direct_answer", "response": "All fine."}) == {
        "tool": "complete",
        "params": {"answer": "All fine."},
    }
    assert (
        call({"action": "block", "response": "That would wipe the disk.", "guardrail": "danger"})["tool"] == "complete"
    )
    assert call({"tool": "none", "params": {"message": "You're welcome."}})["params"] == {"answer": "You're welcome."}


@pytest.mark.parametrize(
    ("old", "why"),
    [
        ({"tool": "none", "params": {}}, "tool_none"),
        ({"tool": "complete", "params": {}}, "bad_argument"),
        ({"tool": "launch_rocket", "params": {}}, "unknown_tool"),
        ({"tool": "replace_in_file", "params": {"path": "a"}}, "retired_tool"),
        ({"action": "use_cached", "response": "See above."}, "retired_tool"),
        ({"tool": "remote_execute", "params": {"command": "uptime"}}, "before_discovery"),
        ({"tool": "remote_execute", "params": {"agent_name": "web01", "command": "uptime"}}, "before_discovery"),
        ({"action": "execute_command", "shell": "powershell", "command": "ipconfig"}, "wrong_shell"),
        ({"action": "execute_command", "command": "Get-Process | Sort-Object CPU"}, "wrong_shell"),
        ({"action": "execute_command", "command": "apt update", "requires_sudo": True}, "bad_argument"),
        ({"action": "execute_command", "command": "df", "then": "sum it up"}, "extra_key"),
        ({"tool": "bash", "command": "df", "params": {"command": "du"}}, "bad_argument"),
        ({"tool": "write_file", "params": {"path": "a", "content": "x" * 2000}}, "content_too_long"),
        ({"tool": "write_file", "params": {"path": "a"}}, "bad_argument"),
        ({"tool": "bash", "params": r'{"command": "df", "\u0063ommand": "du"}'}, "bad_argument"),
        ({"action": "direct_answer", "response": "Found these: [list of hosts]"}, "placeholder"),
        ({"action": "direct_answer", "response": "Not sure. Let me check the logs."}, "unfinished"),
        ({"action": "direct_answer", "response": "I am so sorry, it failed."}, "over_apology"),
        ({"action": "direct_answer", "response": "The script was executed."}, "made_up_output"),
        ('{"tool": "bash", "params": {"command": "ls -', "no_call"),
        ('{"tool": "bash", "params": {}} {"tool": "bash", "params": {}}', "several_calls"),
    ],
)
def test_what_is_not_certain_is_rejected_with_its_code(old, why):
    assert code(old) == why


@pytest.mark.parametrize(
    ("answer", "unfinished"),
    [
        ("That would erase the box. I will not run it.", False),
        ("I'll never do that on a production host.", False),
        ("Three boxes match. Which one do you mean? I'll need a yes before I delete anything.", False),
        ("Shall I restart it? I’ll do it then.", False),
        ("I will delete them once you confirm.", False),
        ("I'll wait for your word.", False),
        ("I'll check the logs next.", True),
        ("It is down. I will restart it now.", True),
        ("I'll need to look at the logs first.", True),
        ("Odd, isn't it? Let me look.", True),
        ("Let me know if it happens again.", False),
    ],
)
def test_an_answer_is_unfinished_if_it_promises_what_nobody_has_to_allow(answer, unfinished):
    outcome = settled({"action": "direct_answer", "response": answer})
    assert (isinstance(outcome.value, Refused) and outcome.value.code == "unfinished") == unfinished


@pytest.mark.parametrize(
    "words",
    [
        "A call looks like this: {}",
        "For example:\n{}",
        "The form is as follows\n\n```json\n{}\n```",
        "It is {} in the log.",
        "Write `{}` there.",
        "~~~\n{}\n~~~\nis the form, and ~~~ ends it.",
    ],
)
def test_a_call_that_is_shown_is_never_taken_for_one(words):
    shown = words.format('{"tool": "bash", "params": {"command": "df"}}')
    for system in ("", "Available tools:\n- run: run it"):
        outcome = settled(f"See below.\n{shown}", system=system)
        assert not isinstance(outcome.value, Row) or outcome.value.mode == "chat"


@pytest.mark.parametrize(
    "words", ["I look at the disk: {}", "Let me see for example the disk:\n{}", "<think>Like this: {}"]
)
def test_a_call_that_is_announced_is_one(words):
    shown = words.format('{"tool": "bash", "params": {"command": "df"}}')
    assert call(shown, system="Available tools:\n- run: run it")["params"] == {"command": "df"}


def test_prose_where_a_call_belongs_is_rejected():
    catalogue = "Available tools:\n- run: run it"
    assert code("Run df -h and look.", system=catalogue) == "no_call"
    assert said("Run df -h and look.") == "Run df -h and look."


def test_a_windows_request_is_no_work_for_the_local_shell():
    assert code({"action": "run", "command": "dir"}, instruction="[Windows] list files") == "wrong_shell"
