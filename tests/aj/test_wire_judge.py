"""Every deviation by its code, and what AJ's runtime makes of it. Judging raises nothing, whatever the text is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.findings import codes
from aj.messages import Call
from aj.wire import judge_call

AJ, NATIVE = load_contract("aj"), load_contract("native")
LIST = '{"tool": "list_agents", "params": {}}'
PROSE_CODES = {"json_in_prose", "not_a_list", "plan_length", "plan_as_dict", "not_a_word"}
"""Codes of the modes that want prose: tests/scorers/test_replies.py."""

DEVIATIONS: dict[str, tuple[str, str]] = {  # code: (an output that shows it, what the runtime does with it)
    "empty_output": (" \n", "parse_error"),
    "no_call": ("Sure, let me look.", "parse_error"),
    "prose_before_call": (f"Sure. {LIST}", "runs"),
    "prose_after_call": (f"{LIST} Done.", "runs"),
    "several_calls": (f"{LIST}\n{LIST}", "runs"),
    "unclosed_think": (f"<think>so {LIST}", "runs"),
    "broken_json": ('{"tool": "list_agents", "params": {', "parse_error"),
    "python_dict": ("{'tool': 'list_agents', 'params': {}}", "parse_error"),
    "duplicate_key": ('{"tool": "think", "tool": "list_agents", "params": {}}', "runs"),
    "action_key": ('{"action": "bash", "params": {"command": "ls"}}', "runs"),
    "name_key": ('{"name": "bash", "params": {"command": "ls"}}', "unknown_tool"),
    "tool_missing": ('{"params": {"command": "ls"}}', "unknown_tool"),
    "tool_none": ('{"tool": "none", "params": {}}', "unknown_tool"),
    "retired_tool": ('{"tool": "execute_command", "params": {"command": "ls"}}', "unknown_tool"),
    "unknown_tool": ('{"tool": "launch_rocket", "params": {}}', "unknown_tool"),
    "params_missing": ('{"tool": "list_agents"}', "runs"),
    "params_key": ('{"tool": "bash", "args": {"command": "ls"}}', "bad_arguments"),
    "flat_params": ('{"tool": "remote_bash", "agent_id": "web01", "command": "ls"}', "bad_arguments"),
    "extra_key": ('{"tool": "list_agents", "params": {}, "mood": "good"}', "runs"),
    "bad_argument": ('{"tool": "bash", "params": {"command": ""}}', "bad_arguments"),
    "null_argument": ('{"tool": "bash", "params": {"command": "df", "timeout": null}}', "runs"),
    "escaped_unicode": ('{"tool": "think", "params": {"thought": "a\\u2014b"}}', "runs"),
    "lone_backslash": ('{"tool": "bash", "params": {"command": "dir C:\\temp\\new"}}', "runs"),
    "code_fence": ('{"tool": "complete", "params": {"answer": "```json\\n{}\\n```"}}', "rejected"),
    "made_up_output": ('{"tool": "complete", "params": {"answer": "The command was executed"}}', "rejected"),
}


@pytest.mark.parametrize("code", DEVIATIONS)
def test_each_deviation_is_named_first_and_the_runtime_does_what_it_does(code):
    text, outcome = DEVIATIONS[code]
    verdict = judge_call(text, AJ)
    assert codes(verdict.findings)[0] == code
    assert verdict.outcome == outcome
    assert not verdict.ok
    assert (verdict.dispatched is not None) == (outcome == "runs")


def test_the_table_holds_every_code_of_the_contract():
    assert set(DEVIATIONS) | PROSE_CODES == set(AJ.deviations)


def test_a_valid_call_has_no_finding():
    verdict = judge_call(LIST, AJ)
    assert (verdict.call, verdict.findings, verdict.outcome) == (Call("list_agents"), (), "runs")


# --- the strict verdict ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", AJ.aliases.retired_tools)
def test_a_tool_of_an_older_catalogue_is_called_retired(tool):
    assert codes(judge_call(json.dumps({"tool": tool, "params": {}}), AJ).findings) == ["retired_tool"]


def test_a_finding_says_what_is_wrong_and_where():
    text = json.dumps({"tool": "complete", "params": {"answer": "```json"}})
    (finding,) = judge_call(text, AJ).findings
    assert finding.span
    assert text[slice(*finding.span)] == "```json"
    assert "```json" in finding.why
    assert finding.fix


@pytest.mark.parametrize("value", [None, 3, ["hi"], {"a": 1}])
@pytest.mark.parametrize("key", ["note", "reasoning"])
def test_a_note_that_is_no_text_is_wrong(key, value):
    verdict = judge_call(json.dumps({**json.loads(LIST), key: value}), AJ)
    assert codes(verdict.findings) == ["bad_argument"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 5000, "1.5", "0", "true", '"5"'])
def test_a_timeout_that_is_no_positive_whole_number_is_wrong(number):
    assert not judge_call(f'{{"tool": "bash", "params": {{"command": "ls", "timeout": {number}}}}}', AJ).ok


def test_a_timeout_that_is_a_positive_whole_number_is_right():
    assert judge_call('{"tool": "bash", "params": {"command": "ls", "timeout": 5}}', AJ).ok


@pytest.mark.parametrize(
    "answer",
    [
        *("Disks:\n- a 5%", "I see:\tmuch", "Look in C:\\temp\nand D:\\new", "Drive C:\n- 20% used", 'C:\\"x"', "a:/b"),
        "Drive C:\r\n- 20%",
        "C:\t45%",
        "find .\nls",
        "cd ..\ntouch a.txt",
        "All is well.\nnext.",
        "ls C:\\temp\nls \\\\fs01\\new",
        "printf 'a\\tb\\n'",
        ".\\test.ps1",
        "4.0K\tnotes.txt",
        "cd $HOME\nls",
        "grep '\\bword\\b' a/b",
        "\\\\fs01\\temp\\new",
        "type .\\test.ps1\nGet-Date",
        "cd \\temp\ndir",
        "12K\tsetup.cmd",
        "C:\\temp\t4.0K",
    ],
)
def test_an_escape_that_is_meant_is_no_path(answer):
    assert judge_call(json.dumps({"tool": "complete", "params": {"answer": answer}}), AJ).ok


@pytest.mark.parametrize(
    "path",
    [
        *("C:\\temp", "c:\\new", "D:\\repo\\bin", "C:\\\\temp x:\\foo", "C:\\users", "D:\\Sources"),
        *(".\\test.ps1", "& '..\\tools'", ".\\new.ps1", ".\\build.cmd", "scripts\\run.ps1", "logs\\form.log"),
        "\\\\fs01\\temp",
        "\\\\nas-2\\new",
        "\\\\\\\\fs01\\temp",
        "x \\\\files.example\\reports",
        "scripts\\test.ps1",
        "type C:\\\\logs\\today.log",
        "\\\\srv\\share",
        "HKLM:\\new",
        "HKCU:\\temp",
        "HKEY_USERS\\test",
        "$env:TEMP\\today",
        "%TEMP%\\new.txt",
        "~\\test",
        "$HOME\\tools",
    ],
)
def test_a_path_with_single_backslashes_is_seen(path):
    assert "lone_backslash" in codes(judge_call(f'{{"tool": "bash", "params": {{"command": "{path}"}}}}', AJ).findings)


def test_half_of_a_surrogate_pair_is_no_text():
    verdict = judge_call('{"tool": "bash", "params": {"command": "\\ud800"}}', AJ)
    assert codes(verdict.findings)[0] == "broken_json"


# --- native ---------------------------------------------------------------------------------------------------------


def _native(call: str) -> str:
    return f"<tool_call>\n{call}\n</tool_call>"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"name": "list_agents", "arguments": {}}', "no_call"),
        (_native(LIST), "action_key"),
        (_native('{"name": "bash", "params": {"command": "ls"}}'), "params_key"),
        (_native('{"name": "bash", "arguments": "{}"}'), "params_missing"),
        (_native('{"name": "bash", "arguments": web}'), "broken_json"),
        (_native("{'name': 'bash'}"), "python_dict"),
        (_native('{"name": "list_agents", "arguments": {}}') * 2, "several_calls"),
        (_native('{"name": "list_agents", "arguments": {}}') + "Done.", "prose_after_call"),
        (_native('{"name": "list_agents", "arguments": {}, "note": "x"}'), "extra_key"),
        (_native('{"name": "execute_shell", "arguments": {}}'), "retired_tool"),
    ],
)
def test_native_calls_are_held_to_the_native_form(text, code):
    assert codes(judge_call(text, NATIVE).findings)[0] == code


def test_a_native_call_may_stand_after_words():
    assert judge_call("On it! " + _native('{"name": "list_agents", "arguments": {}}'), NATIVE).ok


# --- nothing raises -------------------------------------------------------------------------------------------------

PIECES = ["{", "}", "[", "]", '"', "'", ":", ",", "\\", "\\u", "\\ud800", "tool", "params", "bash", "command", "action"]
PIECES += [
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "```json",
    "**a output:**",
    "null",
    "NaN",
    "1e999",
    "\n",
    "\x00",
    "é",
]
MOSAIC = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(st.text() | MOSAIC | st.text(st.characters(categories=["Cs", "Ll"]), max_size=9), st.sampled_from([AJ, NATIVE]))
def test_any_text_gets_a_verdict(text, contract):
    verdict = judge_call(text, contract)
    assert verdict.ok == (verdict.findings == ())
    assert (verdict.dispatched is not None) == (verdict.outcome == "runs")
    assert (verdict.attempted is not None) == (verdict.outcome in ("unknown_tool", "bad_arguments"))
    assert set(codes(verdict.findings)) <= set(contract.deviations)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["command", "timeout", "a", ""]), inner)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["tool", "action", "name", "params", "args", "command", "note", "reasoning", ""])


@given(st.dictionaries(KEYS, JSON | st.sampled_from(["bash", "list_agents", "none"])), st.sampled_from([AJ, NATIVE]))
def test_any_object_gets_a_verdict(record, contract):
    verdict = judge_call(f"<tool_call>\n{json.dumps(record, ensure_ascii=False)}\n</tool_call>", contract)
    assert verdict.ok == (verdict.findings == ())


@pytest.mark.parametrize("opening", ['{"tool": "bash", "params": {"command": ', '{"tool": ', "{"])
def test_nesting_of_any_depth_gets_a_verdict(opening):
    for depth in (*range(100, 1000, 7), *range(960, 1010), 100_000):
        for left, right in (("[", "]"), ('{"a":', "}")):
            assert not judge_call(opening + left * depth + "1" + right * depth + "}}", AJ).ok


@pytest.mark.parametrize(
    "piece",
    [
        *("{", "[", '"', "\\", "<think>", "```", ":", "{:", "a:", "**a ", "\\u0", " ", '{"a":', "}{"),
        *(".\\\\x", " \\\\a1", "HKEY_a\\n"),
    ],
)
@pytest.mark.timeout(20)
def test_a_huge_text_gets_a_verdict_in_time(piece):
    for contract in (AJ, NATIVE):
        assert not judge_call(f"<tool_call>{piece * 100_000}", contract).ok


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('{"tool": "launch_rocket", "params": {}}', "unknown_tool", "there is no such tool (launch_rocket)"),
        ('{"tool": "list_agents", "params": {}, "mood": 1, "tone": 2}', "extra_key", "know (mood, tone)"),
        ('{"tool": "list_agents", "params": {}, "action": "a", "name": "b"}', "extra_key", "know (action, name)"),
        ('{"tool": "bash", "params": {"cmd": "ls"}}', "bad_argument", "(bash: "),
        ('{"tool": "list_agents", "params": {}, "note": 3}', "bad_argument", "(note and reasoning are text)"),
    ],
)
def test_a_finding_names_what_it_is_about(text, code, said):
    (finding,) = judge_call(text, AJ).findings
    assert finding.code == code
    assert said in finding.why


def test_the_arguments_of_a_tool_under_another_key_are_held_against_that_tool():
    said = judge_call('{"action": "bash", "params": {"command": ""}}', AJ)
    assert codes(said.findings) == ["action_key", "bad_argument"]


def test_what_is_said_of_an_argument_is_cut():
    said = judge_call(json.dumps({"tool": "bash", "params": {"command": "ls", "timeout": "x" * 500}}), AJ)
    (finding,) = said.findings
    assert finding.why.endswith(f'(bash: "{"x" * 79})')
