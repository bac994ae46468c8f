"""The repair: what it returns passes the checks and means the same; what is not certain is rejected with its reason."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.messages import Call, Pair, Row, pair_to_record, row_to_record
from aj.wire import render_turn
from datasets_build.lint.items import lint_value
from datasets_build.reading.transcripts import Preference, Transcript, Turn, Unusable
from datasets_build.repair.retired import load_retired
from datasets_build.repair.settle import settle
from datasets_build.sources import existing, native, preferences, trajectories
from scorers.checks.rows import check_pair, check_row

CONTRACT = load_contract()
EXPERT = "You are AJ, an expert for servers."
AGENTS = "Available agents:\n  - web01: web01 (linux) @ 203.0.113.5:50051"


def settled(response, instruction="Show the free space", system=EXPERT):
    text = response if isinstance(response, str) else json.dumps(response)
    (item,) = existing.parse({"system": system, "instruction": instruction, "response": text})
    return settle(item, CONTRACT)


def said(response, **given):
    """What AJ says in the repaired row, as it is trained on."""
    outcome = settled(response, **given)
    assert isinstance(outcome.value, Row), (outcome.code, outcome.why)
    assert check_row(outcome.value, CONTRACT) == []
    return render_turn(outcome.value.messages[-1], CONTRACT)


def call(response, **given):
    return json.loads(said(response, **given))


def code(response, **given):
    outcome = settled(response, **given)
    assert outcome.value is None
    assert outcome.why
    return outcome.code


# --- calls ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "old",
    [
        {"action": "execute_command", "shell": "bash", "command": "df -h", "requires_sudo": False},
        {"tool": "execute_shell", "params": {"cmd": "df -h"}},
        {"tool": "bash", "command": "df -h"},
        {"tool": "bash", "args": {"command": "df -h"}},
        {"name": "run_command", "arguments": '{"script": "df -h"}'},
        {"tool": "terminal", "action": "execute_command", "command": "df -h"},
        "{'tool': 'bash', 'params': {'command': 'df -h'}}",
        '```json\n{"tool": "bash", "params": {"command": "df -h"}}\n```',
    ],
)
def test_every_old_form_of_a_command_becomes_the_call(old):
    assert call(old) == {"tool": "bash", "params": {"command": "df -h"}}
    assert settled(old).repaired


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


def test_prose_where_a_call_belongs_is_rejected():
    catalogue = "Available tools:\n- run: run it"
    assert code("Run df -h and look.", system=catalogue) == "no_call"
    assert said("Run df -h and look.") == "Run df -h and look."


def test_a_windows_request_is_no_work_for_the_local_shell():
    assert code({"action": "run", "command": "dir"}, instruction="[Windows] list files") == "wrong_shell"


# --- plans, explanations, other modes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "old",
    [
        {"steps": ["Look", "Clean up"], "reasoning": "look first"},
        {"action": "multi_step_plan", "steps": [{"step": 1, "action": "Look"}, {"step": 2, "action": "Clean up"}]},
        {"plan": ["1. Look", "Step 2: Clean up"]},
    ],
)
def test_plans_that_are_objects_become_numbered_lists(old):
    assert said(old) == "1. Look\n2. Clean up"


def test_a_plan_of_dict_bullets_becomes_a_numbered_list():
    text = "- {'step': 1, 'action': 'Look'}\n- {'step': 2, 'action': 'Clean up'}"
    outcome = settled(text)
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[-1].content == "1. Look\n2. Clean up"
    assert "plan_as_dict" in outcome.repaired


def test_a_plan_that_is_too_long_is_not_cut():
    assert code({"steps": [f"Step number {n}" for n in range(7)]}) == "plan_length"


def test_an_explanation_that_is_an_object_becomes_markdown():
    old = {
        "status": "known",
        "explanation": "The disk is full.",
        "policies": {"AllSigned": "Signed only"},
        "common_causes": ["Old logs", {"cause": "Core dumps", "fix": "Limit them"}],
        "cleanup_steps": ["Look", "Delete"],
        "code": "du -sh /var/*\nrm old.log",
    }
    assert said(old) == (
        "The disk is full.\n\n**Policies:**\n- **AllSigned:** Signed only\n\n"
        "**Common causes:**\n- Old logs\n- **Cause:** Core dumps\n  - **Fix:** Limit them\n\n"
        "**Cleanup steps:**\n1. Look\n2. Delete\n\n```\ndu -sh /var/*\nrm old.log\n```"
    )


def test_a_fence_that_the_runtime_rejects_loses_its_language_alone():
    assert said("Like so:\n\n```python\nprint(1)\n```") == "Like so:\n\n```\nprint(1)\n```"
    assert said("Like so:\n\n```bash\nls\n```") == "Like so:\n\n```bash\nls\n```"


def test_code_that_may_as_well_be_prose_is_rejected():
    assert code({"status": "x", "remarks": "first line\nsecond line"}) == "unclear_text"


def test_the_word_of_intent_mode_stands_alone():
    assert said("Task.") == "task"


# --- conversations ----------------------------------------------------------------------------------------------------


def conversation(*turns):
    return settle(Transcript(tuple(turns)), CONTRACT)


def test_flattened_history_becomes_turns_of_one_mode():
    history = (
        '[Conversation context: code]\n\n[Previous message]: Say hi\n\n[My response]: {"action": "provide_code", '
        '"language": "bash", "code": "echo hi"}\n\n---\n\n[Current message]: Louder'
    )
    outcome = settled({"action": "provide_code", "language": "bash", "code": "echo HI"}, instruction=history)
    assert isinstance(outcome.value, Row)
    assert [(m.role, m.content) for m in outcome.value.messages] == [
        ("user", "Say hi"),
        ("assistant", "`echo hi`"),
        ("user", "Louder"),
        ("assistant", "`echo HI`"),
    ]
    assert "flattened_history" in outcome.repaired
    mixed = settled({"action": "run", "command": "echo HI"}, instruction=history)
    assert mixed.code == "mixed_modes"


def test_output_that_the_assistant_wrote_becomes_a_result():
    text = (
        '{"action": "run", "command": "df -h"}\n\n**shell output:**\n```\n/dev/sda1 91%\n```\n\nThe disk is 91% full.'
    )
    outcome = conversation(Turn("user", "Is the disk full?"), Turn("assistant", text))
    assert isinstance(outcome.value, Row)
    _, first, result, answer = outcome.value.messages
    assert first.call == Call("bash", {"command": "df -h"})
    assert (result.tool, result.content) == ("bash", "/dev/sda1 91%")
    assert answer.call == Call("complete", {"answer": "The disk is 91% full."})
    assert "made_up_output" in outcome.repaired


def test_output_without_a_call_before_it_is_rejected():
    text = "**shell output:**\n```\n/dev/sda1 91%\n```\n\nNearly full."
    assert conversation(Turn("user", "Is it full?"), Turn("assistant", text)).code == "made_up_output"


def test_stated_calls_with_results_and_a_prose_answer_become_a_whole_conversation():
    outcome = conversation(
        Turn("user", "How long is web01 up?"),
        Turn("assistant", "Looking.", Call("discover", {})),
        Turn("tool", AGENTS, tool="discover"),
        Turn("assistant", "", Call("remote_execute", {"cmd": "uptime"})),
        Turn("tool", "up 3 days", tool="remote_execute"),
        Turn("assistant", "`web01` is up for 3 days."),
    )
    assert isinstance(outcome.value, Row)
    calls = [message.call for message in outcome.value.messages if message.call]
    assert calls == [
        Call("list_agents", {}, "Looking."),
        Call("remote_bash", {"agent_id": "web01", "command": "uptime"}),
        Call("complete", {"answer": "`web01` is up for 3 days."}),
    ]


def test_parallel_calls_with_results_in_order_follow_each_other():
    outcome = conversation(
        Turn("user", "Disk and memory?"),
        Turn("assistant", "", Call("bash", {"command": "df"})),
        Turn("assistant", "", Call("bash", {"command": "free"})),
        Turn("tool", "disk"),
        Turn("tool", "memory"),
        Turn("assistant", "Both fine."),
    )
    assert isinstance(outcome.value, Row)
    assert [m.content for m in outcome.value.messages if m.role == "tool"] == ["disk", "memory"]
    assert "several_calls" in outcome.repaired


def test_a_call_without_its_result_ends_a_row_and_stands_in_no_other_place():
    call_turn = Turn("assistant", "", Call("bash", {"command": "df"}))
    assert isinstance(conversation(Turn("user", "Disk?"), call_turn).value, Row)
    assert conversation(Turn("user", "Disk?"), call_turn, Turn("user", "?"), call_turn).code == "missing_result"


def test_a_row_ends_before_the_runtime_would_detect_a_loop():
    steps = [
        part
        for n in range(4)
        for part in (Turn("assistant", "", Call("bash", {"command": f"ls {n}"})), Turn("tool", "x"))
    ]
    outcome = conversation(Turn("user", "Where is it?"), *steps, Turn("assistant", "Nowhere."))
    assert isinstance(outcome.value, Row)
    assert [m.call.params["command"] for m in outcome.value.messages if m.call] == ["ls 0", "ls 1"]
    assert outcome.value.messages[-1].call is not None
    assert "loop" in outcome.repaired


def test_demonstrations_and_cut_off_turns_are_not_trained_on():
    shown, answer = Turn("assistant", "shown", target=False), Turn("assistant", "42.")
    turns = (Turn("user", "example"), shown, Turn("user", "Real one"), answer, Turn("user", "And?"), shown)
    outcome = settle(Transcript(turns, "chat"), CONTRACT)
    assert isinstance(outcome.value, Row)
    assert [message.content for message in outcome.value.messages] == ["Real one", "42."]
    assert outcome.repaired == ("untrained_turns",)
    assert settle(Transcript(turns[:2], "chat"), CONTRACT).code == "no_target"


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ((Turn("assistant", "hi"),), "no_user"),
        ((Turn("user", "hi"), Turn("tool", "x"), Turn("assistant", "hi")), "stray_result"),
        ((Turn("user", "hi"), Turn("assistant", "a"), Turn("assistant", "b")), "two_answers"),
        ((Turn("user", "hi"), Turn("assistant", " ")), "empty_output"),
    ],
)
def test_turns_that_cannot_follow_each_other_are_rejected(turns, why):
    assert settle(Transcript(turns, "chat"), CONTRACT).code == why


def test_a_trajectory_becomes_a_row():
    steps = [
        {"step_type": "thought", "content": "The disk."},
        {"step_type": "action", "tool": "shell", "tool_input": "df -h"},
        {"step_type": "observation", "content": "91%"},
        {"step_type": "final_answer", "content": "It is 91% full."},
    ]
    (item,) = trajectories.parse({"task": "Is it full?", "trajectory": steps})
    outcome = settle(item, CONTRACT)
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[1].call == Call("bash", {"command": "df -h"}, None, "The disk.")
    assert outcome.value.messages[3].call == Call("complete", {"answer": "It is 91% full."})


def test_an_unusable_part_keeps_its_reason():
    assert settle(Unusable("no_text", "nothing"), CONTRACT).code == "no_text"


def test_a_row_says_where_it_comes_from_and_what_was_repaired():
    outcome = settled({"tool": "execute_shell", "params": {"cmd": "df"}})
    assert outcome.value is not None
    assert outcome.value.metadata == {
        "source": "existing",
        "licence": "owner",
        "templates": [],
        "repaired": ["retired_tool"],
    }


FOUND = (Turn("user", "x"), Turn("assistant", "", Call("list_agents")), Turn("tool", AGENTS), Turn("user", "ask"))


def done(answer):
    return Turn("assistant", "", Call("complete", {"answer": answer}))


@pytest.mark.parametrize(
    ("turns", "code"),
    [
        ((Turn("user", "is 10.1.2.3 up?"), done("It is.")), "private_address"),
        ((Turn("user", "use AKIAQ3EGRUT5NX2PM7WZ"), done("Noted.")), "secret"),
        ((Turn("user", "hi <|im_end|>"), done("Hello.")), "template_token"),
        ((Turn("user", "hi \x07"), done("Hello.")), "control_character"),
        ((*FOUND, done("There are no agents.")), "lost_context"),
        ((*FOUND, done("There are 4 agents.")), "wrong_count"),
        ((*FOUND, Turn("assistant", "", Call("bash", {"command": "ssh web01 uptime"}))), "hallucinated_commands"),
        ((*FOUND[:3], done("`web01` is at 87%.")), "ungrounded"),
    ],
)
def test_what_lint_finds_in_a_repaired_row_rejects_it(turns, code):
    outcome = conversation(*turns)
    assert (outcome.value, outcome.code) == (None, code)
    assert conversation(*FOUND, done("There is 1 agent: `web01`.")).value is not None


# --- pairs ------------------------------------------------------------------------------------------------------------


def pair_of(chosen, rejected):
    (item,) = preferences.parse({"prompt": "Show the free space", "chosen": chosen, "rejected": rejected})
    return settle(item, CONTRACT)


def test_a_preference_becomes_a_pair_that_names_its_pattern():
    outcome = pair_of('{"tool": "bash", "params": {"command": "df -h"}}', '{"action": "bash", "command": "df"}')
    assert isinstance(outcome.value, Pair)
    assert outcome.value.metadata["pattern"] == "wrong_output_format"
    assert check_pair(outcome.value, CONTRACT) == []


def test_a_rejected_text_of_no_known_pattern_names_none():
    outcome = pair_of("Run `df -h`.", "Dunno.")
    assert isinstance(outcome.value, Pair)
    assert "pattern" not in outcome.value.metadata


def test_the_chosen_turn_of_a_pair_is_never_cut_away():
    steps = [
        part for _ in range(2) for part in (Turn("assistant", "", Call("bash", {"command": "ls"})), Turn("tool", "x"))
    ]
    chosen = Turn("assistant", "", Call("bash", {"command": "ls -a"}))
    item = Preference((Turn("user", "Where?"), *steps), chosen, Turn("assistant", "Dunno."))
    assert settle(item, CONTRACT).code == "loop"


def test_a_preference_without_a_right_choice_or_a_difference_is_rejected():
    assert pair_of('{"tool": "none", "params": {}}', "no").code == "tool_none"
    assert pair_of("Run `df -h`.", "Run `df -h`.").code == "same_text"
    assert pair_of("Run `df -h`.", " ").code == "empty_output"


# --- properties -------------------------------------------------------------------------------------------------------

SHELLS = [
    name for mapped in load_retired().tools if mapped.to == "bash" and not mapped.command for name in mapped.names
]
WORDS = st.text(alphabet="abc ./-'\"\\$|\n\téü☂", min_size=1, max_size=20).filter(str.strip)


def again(value):
    record = row_to_record(value) if isinstance(value, Row) else pair_to_record(value)
    (item,) = native.parse(json.loads(json.dumps(record)))
    return settle(item, CONTRACT)


@settings(max_examples=50)
@given(
    st.sampled_from(["tool", "action", "name"]),
    st.sampled_from([name for name in SHELLS if "file" not in name]),
    st.sampled_from(["command", "cmd", "script"]),
    st.sampled_from(["params", "args", "arguments", "parameters", None]),
    WORDS,
)
def test_a_repaired_command_is_the_same_command(key, name, param, nested, command):
    old = {key: name, **({nested: {param: command}} if nested else {param: command})}
    outcome = settled(old)
    if outcome.value is None:  # the checks find a lone backslash or a phrase: rejected, never changed
        assert outcome.code in ("lone_backslash", "escaped_unicode", "made_up_output")
        return
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[-1].call == Call("bash", {"command": command})
    assert again(outcome.value).value == outcome.value
    assert again(outcome.value).repaired == ()


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="abcdef `'./", min_size=1, max_size=20).filter(str.strip), min_size=2, max_size=5))
def test_every_step_of_a_plan_stands_in_its_row(steps):
    outcome = settled({"steps": [{"step": n, "action": step} for n, step in enumerate(steps, start=1)]})
    assert isinstance(outcome.value, Row)
    lines = outcome.value.messages[-1].content.splitlines()
    assert lines == [f"{n}. {step.strip()}" for n, step in enumerate(steps, start=1)]
    assert again(outcome.value).value == outcome.value


TEXTS = st.text(alphabet="abcdef .,", min_size=1, max_size=15).filter(str.strip)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["explanation", "solutions", "tip", "code", "first_steps"]),
        st.recursive(TEXTS, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=4),
        min_size=1,
    )
)
def test_every_text_of_an_explanation_stands_in_its_row(record):
    outcome = settled({"status": "x", **record})
    assert isinstance(outcome.value, Row)
    content = outcome.value.messages[-1].content

    def leaves(value):
        return [value] if isinstance(value, str) else [leaf for part in value for leaf in leaves(part)]

    for leaf in leaves(list(record.values())):
        assert leaf.strip() in content


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["bash", "run", "none", "complete", "provide_code", "multi_step_plan", "write_file", "plan", "x"]
)
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "tool": NAMES | VALUES,
        "action": NAMES | VALUES,
        "params": VALUES,
        "command": VALUES,
        "steps": VALUES,
        "status": VALUES,
        "response": VALUES,
        "code": VALUES,
        "path": VALUES,
        "content": VALUES,
    },
)
TURN = st.builds(
    Turn,
    st.sampled_from(["user", "assistant", "tool"]),
    st.text(max_size=20) | OBJECT.map(json.dumps) | OBJECT.map(repr),
    st.none() | st.builds(Call, NAMES, st.dictionaries(st.text(max_size=6), VALUES, max_size=2)),
    st.none() | st.just("bash"),
    st.booleans(),
)


@settings(max_examples=50)
@given(
    st.lists(TURN, max_size=4).map(lambda turns: (Turn("user", "hi"), *turns, Turn("assistant", "Hello."))),
    st.sampled_from(["step", "chat", "plan", "intent"]),
)
def test_hostile_conversations_give_a_right_row_or_a_reason(turns, mode):
    outcome = settle(Transcript(turns, mode), CONTRACT)
    if outcome.value is None:
        assert outcome.code
        return
    assert isinstance(outcome.value, Row)
    assert check_row(outcome.value, CONTRACT) == []
    assert lint_value(outcome.value, CONTRACT) == []
    assert again(outcome.value).value == outcome.value


@settings(max_examples=50)
@given(OBJECT)
def test_hostile_objects_give_a_right_row_or_a_reason(record):
    outcome = settled(record)
    if outcome.value is None:
        assert outcome.code
        return
    assert isinstance(outcome.value, Row)
    assert check_row(outcome.value, CONTRACT) == []
    assert lint_value(outcome.value, CONTRACT) == []
