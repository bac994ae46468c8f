"""The linter's own checks: encoding, leaks, structure, privacy, and the patterns that a row teaches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.findings import codes
from aj.messages import calls, result, user
from aj.wire import judge_call
from scorers.checks.encoding import check_encoding, read_rightly
from scorers.checks.leaks import check_no_result, check_request, check_system, check_tokens
from scorers.checks.privacy import check_privacy
from scorers.checks.structure import check_ends, check_order
from scorers.checks.taught import agents_shown, patterns_taught

AJ = load_contract()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a tab\tand a line\r\nare text", []),
        ("déjà vu, naïve — “quoted” 10 °C", []),
        ("\x1b[31mred", ["control_character"]),
        ("nul\x00", ["control_character"]),
        ("lost \ufffd", ["lost_character"]),
        ("dÃ©jÃ  vu", ["mojibake"]),
        ("itâ€™s", ["mojibake"]),
        ("ðŸ˜€", ["mojibake"]),
        ("Â°", ["mojibake"]),
        ("SÃO PAULO, 25 Å²", []),
    ],
)
def test_text_that_went_through_the_wrong_character_set(text, found):
    assert codes(check_encoding(text)) == found


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=1))
@settings(max_examples=60)
def test_what_was_read_as_windows_1252_is_read_rightly(text):
    try:
        wrong = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    assert read_rightly(wrong) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x < y and [link](a) </div> <|", []),
        ("done<|im_end|>", ["template_token"]),
        ("[INST] hi [/INST]", ["template_token"]),
        ("<｜end▁of▁sentence｜>", ["template_token"]),
        ("bye</s>", ["template_token"]),
    ],
)
def test_tokens_of_a_chat_template(text, found):
    assert codes(check_tokens(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[My response] was late", []),
        ("The user: and the AI: are here", []),
        ("[Previous message]: hi\n\n[My response]: {}", ["flattened_history"]),
        ("User: hi\nAssistant: hello\nUser: bye", ["flattened_history"]),
    ],
)
def test_history_in_the_users_text(text, found):
    assert codes(check_request(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The output: two files.", []),
        ("Result:\nok", ["written_result"]),
        ("**bash output:**\n```\nok\n```", ["written_result"]),
        ("<tool_response>ok", ["written_result"]),
    ],
)
def test_results_that_the_reply_writes(text, found):
    assert codes(check_no_result(text)) == found


@pytest.mark.parametrize(
    ("system", "found"),
    [
        ("You are AJ. There are none: say so.\n- bash: run", []),
        ("- `none`: nothing", ["system_lists_none"]),
        ("* none", ["system_lists_none"]),
        ("INCORRECT response: {}", ["wrong_in_system"]),
        *(
            (text, ["wrong_in_system"])
            for text in (
                "WRONG (do NOT do this):\nTwo boxes are online.",
                "**WRONG** (never): x",
                "Wrong — do not copy:\nx",
                "### WRONG answer [do not copy]:\nno",
                "1. WRONG (seen in production):\n```bash\nuptime\n```",
                "Wrong example (never send this) :\nx",
                "WRONG RESPONSE -> foo",
                "Don't answer like this:\nTwo boxes.",
                "### Incorrect\nTwo boxes.",
            )
        ),
        ("If something is wrong, tell the user: the host", []),
        ("Wrong paths break scripts; check them.", []),
        ("Never write files outside /tmp.", []),
        ('Never do {"action": "x"}', ["wrong_in_system"]),
        ('Reply with {"tool": name}', []),
    ],
)
def test_system_prompts_that_teach_a_failure(system, found):
    assert codes(check_system(system, AJ.aliases.tool_keys)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.0/8 is a network, 1.10.2.3.4 a version, 198.51.100.7 a document's", []),
        ("ping 172.16.0.9", ["private_address"]),
        ("172.32.0.9 and 192.169.0.1", []),
        ("inet 10.20.3.17/24 brd 10.20.3.255", ["private_address"]),
        ("inet 10.20.3.17/32", ["private_address"]),
        ("`10.20.3.17/24`", ["private_address"]),
        ("10.20.3.17/33", ["private_address"]),
        ("10.20.3.0/24, 192.168.0.0/16 and 172.16.0.0/12 are networks", []),
        ("inet6 fd12:3456:789a:1::5/64", ["private_address"]),
        ("fe80::1c2d:3e4f:5a6b:7c8d%eth0", ["private_address"]),
        ("fd12:3456:789a:1:2:3:4:5", ["private_address"]),
        ("fe80::/10, fd00::/8, 2001:db8::7/64, ::1/128, std::fe80, ff02::1", []),
        ("AKIAIOSFODNN7EXAMPLE", []),
        ("AKIAQ3EGRUT5NX2PM7WZ", ["secret"]),
        ("sk-ant-api03-Zq8RkWmT4vLpNc7sYxUe2hBdGfJa9oKi", ["secret"]),
        ("a task-force of twenty-eight-people-or-so-more-or-less", []),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow", ["secret"]),
        ("the PRIVATE KEY is elsewhere", []),
    ],
)
def test_secrets_and_private_addresses(text, found):
    assert codes(check_privacy(text)) == found


@pytest.mark.parametrize(
    ("roles", "turn"),
    [
        (["user", "assistant", "tool", "assistant", "user", "assistant"], None),
        (["user", "assistant", "tool", "user"], None),
        (["assistant", "user"], 0),
        (["user", "user"], 1),
        (["user", "assistant", "assistant"], 2),
        (["user", "assistant", "tool", "tool"], 3),
        (["user", "tool"], 1),
    ],
)
def test_the_first_turn_out_of_order_is_told(roles, turn):
    assert [place for place, _ in check_order(roles)] == ([] if turn is None else [turn])


def test_a_turn_out_of_order_is_told_with_what_it_follows():
    ((turn, found),) = check_order(["user", "assistant", "assistant"])
    assert (turn, found.code, found.why) == (2, "role_order", "a turn of assistant follows a turn of assistant")
    ((turn, found),) = check_order(["tool", "user"])
    assert (turn, found.why) == (0, "a turn of tool opens the conversation")
    assert found.fix == "put every result after its own call"


def test_a_row_ends_on_a_turn_to_learn():
    assert check_ends(["user", "assistant"], [1]) == []
    ((turn, found),) = check_ends(["user", "assistant"], [])
    assert (turn, found.code, found.fix) == (-1, "no_target", "leave the row out")
    ((turn, found),) = check_ends(["user", "assistant", "tool"], [1])
    assert (turn, found.code) == (2, "unanswered_end")
    assert found.why == "the row ends with an unanswered turn of tool"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Agents: web01 (linux), db02 (windows)\nTask: x", ["web01", "db02"]),
        ("Agents: none discovered\nTask: x", []),
        ("Context: list_agents found: a1, b2 and c3.", ["a1", "b2", "c3"]),
        ("Available agents:\n  - web01: web01 (linux) @ 10.0.0.1:7000", ["web01"]),
        ("Our agents: they are good people who travel", []),
        ("Available servers: none", []),
    ],
)
def test_agents_that_a_text_lists(text, names):
    assert [agent.id for agent in agents_shown(text)] == names


KNOWN = [
    user("x"),
    calls("list_agents"),
    result("list_agents", "  - web01: web01 (linux) @ 10.0.0.1:7\n  - db02: db02 (linux) @ 10.0.0.2:7"),
]
COLD = [user("x")]


@pytest.mark.parametrize(
    ("text", "past", "request_", "shown"),
    [
        (
            '{"action": "direct_answer", "response": "There are no agents."}',
            KNOWN,
            "x",
            ["lost_context", "wrong_output_format"],
        ),
        (
            '{"action": "direct_answer", "response": "There is 1 agent."}',
            KNOWN,
            "x",
            ["wrong_output_format", "wrong_count"],
        ),
        ('{"tool": "remote_execute", "params": {}}', COLD, "x", ["missing_list_agents"]),
        ('{"tool": "remote_execute", "params": {}}', KNOWN, "x", []),
        ('{"action": "multi_step_plan", "steps": [{"step": 1}]}', COLD, "x", ["wrong_output_format", "plan_as_dict"]),
        ('{"plan": [{"action": "Back up"}]}', COLD, "x", ["plan_as_dict"]),
        ('\n {"plan": [{"action": "Back up"}]}', COLD, "x", ["plan_as_dict"]),
        ('So: {"plan": [{"action": "Back up"}]}', COLD, "x", []),
        ('{"say": "so"}\n- {"step": 1}', COLD, "x", ["plan_as_dict"]),
        ('{"why": "x", "plan": ["Look", {"step": 2}]}', COLD, "x", ["plan_as_dict"]),
        ('{"tasks": [{"step": 1, "do": "x"}]}', COLD, "x", ["plan_as_dict"]),
        ('{"plan": ["Back up"], "steps": "two", "hosts": [{"name": "a"}]}', COLD, "x", []),
        ('{"action": "multi_step_plan", "steps": ["look"]}', COLD, "x", ["wrong_output_format"]),
        ('{"tool": "bash", "params": {"command": "run_on_remote w ls"}}', COLD, "x", ["hallucinated_commands"]),
        ('{"tool": "bash", "params": {"command": "ssh web01 ls"}}', KNOWN, "x", ["hallucinated_commands"]),
        ('{"tool": "bash", "params": {"command": "echo \'web01 up\' > f"}}', KNOWN, "x", []),
        ("Run:\n```bash\nls\n```", COLD, "list the files", ["code_block_instead_of_action"]),
        ("Run:\n```bash\nls\n```", COLD, "How do I list files?", []),
        ('{"tool": "list_agents", "params": {}}', COLD, "x", []),
    ],
)
def test_a_row_names_every_pattern_that_it_teaches(text, past, request_, shown):
    assert patterns_taught(text, judge_call(text, AJ), past, AJ, request_) == shown


@given(st.text(max_size=60), st.sampled_from([KNOWN, COLD]))
@settings(max_examples=80)
def test_any_text_can_be_checked(text, past):
    for check in (check_encoding, check_tokens, check_request, check_no_result, check_privacy, agents_shown):
        check(text)
    check_system(text, AJ.aliases.tool_keys)
    patterns_taught(text, judge_call(text, AJ), past, AJ, text)
    patterns_taught(text, None, past, AJ, text)


@pytest.mark.parametrize(
    "piece", ["\n", " ", "User:\n", "[", "- {", '{"steps": [', "*" * 3, "a, ", "agents: ", "Result:\n", "10."]
)
def test_no_text_takes_long(piece):
    text = piece * (60_000 // len(piece))
    for check in (check_encoding, check_tokens, check_request, check_no_result, check_privacy, agents_shown):
        check(text)
    check_system(text, AJ.aliases.tool_keys)
