"""What a user reads of each finding, word for word: the place in the text, what is wrong with it, and what to do."""

from collections.abc import Callable, Sequence

import pytest

from aj.contract import load_contract
from aj.findings import Finding
from aj.messages import Mode, Pair, Row, calls, reply, user
from scenarios.truth import Truth
from scorers.checks.answers import check_answer, check_count
from scorers.checks.contrast import check_contrast, check_recipient
from scorers.checks.encoding import check_encoding
from scorers.checks.grounding import check_grounded
from scorers.checks.leaks import check_no_result, check_request, check_system, check_tokens
from scorers.checks.privacy import check_privacy
from scorers.checks.replies import check_reply
from scorers.checks.rows import check_pair, check_row
from scorers.checks.structure import check_ends, check_order
from scorers.checks.voice import check_voice

AJ = load_contract()
TOOL = {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
DISKS = Truth({"web01": ("45%",), "db01": ("91%",)})


def in_mode(mode: Mode) -> Callable[[str], Sequence[Finding]]:
    return lambda text: check_reply(text, AJ, mode)


def to(persona: str) -> Callable[[str], Sequence[Finding]]:
    return lambda text: check_voice(text, persona, ["web01"])


def told(truth: Truth, *results: str) -> Callable[[str], Sequence[Finding]]:
    return lambda text: check_answer(text, truth, results, ("web01", "db01", "mail7"))


def system(text: str) -> Sequence[Finding]:
    return check_system(text, AJ.aliases.tool_keys)


OF_A_TEXT = [  # (check, text, code, the place, why, fix)
    (
        check_encoding,
        "a\x1b[31m \x07",
        "control_character",
        "\x1b",
        "the character U+001B does not belong in a text",
        "remove it, or the escape code that it starts",
    ),
    (
        check_encoding,
        "ab\ufffd c\ufffd",
        "lost_character",
        "\ufffd",
        "a character was lost when the text was read",
        "take the text from its source again",
    ),
    (
        check_encoding,
        "dÃ©jÃ  vu",
        "mojibake",
        "Ã©",
        "'Ã©' is 'é', read in the wrong character set",
        "read the file as UTF-8",
    ),
    (
        check_tokens,
        "done<|im_end|>",
        "template_token",
        "<|im_end|>",
        "<|im_end|> belongs to a chat template",
        "remove it",
    ),
    (
        check_request,
        "  [Previous message]: hi",
        "flattened_history",
        "  [Previous message]:",
        "earlier turns are written into the user's text ([Previous message]:)",
        "make each of them a separate turn",
    ),
    (
        check_request,
        "So:\nUser: hi\nAssistant: hello",
        "flattened_history",
        "User: hi\nAssistant:",
        "a dialogue is written into the user's text",
        "make each of them a separate turn",
    ),
    (
        check_no_result,
        f"So:\n  **{'long ' * 8}output:**\n```\nok\n```",
        "written_result",
        f"  **{'long ' * 8}output:**\n```",
        "the reply writes a tool's result itself (**long long long long long long long lon)",
        "make it a tool's result, after the call",
    ),
    (
        system,
        "Tools:\n- none: nothing",
        "system_lists_none",
        "- none:",
        'the system prompt lists a tool "none"',
        "leave the system prompt to the contract",
    ),
    (
        system,
        "Hi.\n  WRONG (an answer that was once seen in production): no",
        "wrong_in_system",
        "  WRONG (an answer that was once seen in production): n",
        "the system prompt, which is trained on, contains a wrong answer (WRONG (an answer that was once seen in p)",
        "leave it out, or make it a pair's rejected text",
    ),
    (
        check_privacy,
        "key AKIAQ3EGRUT5NX2PM7WZ, glpat-abcdefghijklmnopqrstu",
        "secret",
        "AKIAQ3EGRUT5NX2PM7WZ",
        "the text contains a secret (AKIAQ3EG…)",
        "revoke it, and replace it with a look-alike",
    ),
    (
        check_privacy,
        "10.0.0.0/8, 10.1.2.3 and 10.1.2.4",
        "private_address",
        "10.1.2.3",
        "the text contains the private address 10.1.2.3",
        "replace it with a look-alike, the same one everywhere",
    ),
    (
        in_mode("intent"),
        f"<think>no</think> {'It is a task, I would say. ' * 3}",
        "not_a_word",
        None,
        "the reply is not one of the allowed words (It is a task, I would say. It is a task,)",
        "write only the word",
    ),
    (
        in_mode("chat"),
        f"Sure: {{'{'a' * 50}': 1}}",
        "json_in_prose",
        f"{{'{'a' * 50}':",
        f"a reply that must be prose contains JSON ({{'{'a' * 38})",
        "write Markdown",
    ),
    (
        in_mode("plan"),
        "1. Look at `{'a': 1}`.\n2. {'step': 2}",
        "plan_as_dict",
        "{'step':",
        "a step of the plan is written as a dict ({'step':)",
        "write the step as a sentence",
    ),
    (
        in_mode("plan"),
        "1. Look.",
        "plan_length",
        None,
        "the plan has fewer or more steps than allowed (1 steps)",
        "write 2 to 5 steps",
    ),
    (
        to("casual_developer"),
        "Yep, `web01` 45% 😀 🚀 👍. Want more?",
        "emoji",
        "🚀",
        "too many emoji",
        "one at most, and only for a casual user",
    ),
    (
        to("senior_engineer"),
        "45% on web01, and web01 again.",
        "no_inline_code",
        "web01",
        "web01 is not written as inline code",
        "write `web01`",
    ),
    (
        lambda text: check_grounded(text, ["web01 is fine"], ["web01"]),
        "web01: `45%`, `45%`.",
        "ungrounded",
        None,
        "'45%' occurs neither in a result nor in the user's words",
        "say only what was seen",
    ),
    (
        lambda text: check_recipient(text, "senior_engineer", []),
        "TL;DR: it is at 91%.",
        "no_contrast",
        None,
        "reads like a reply to executive_brief",
        "answer as senior_engineer would like it",
    ),
    (
        told(Truth({}, asks_back=True)),
        "web01 it is.",
        "no_question",
        None,
        "nothing is asked back",
        "ask which one is meant",
    ),
    (
        told(DISKS),
        "web01 45%.",
        "name_missing",
        None,
        "db01 is not named",
        "name every host it is about",
    ),
    (
        told(Truth({"web01": ()}, never=("db01",))),
        "web01 and db01.",
        "wrong_name",
        None,
        "db01 is named, but it is not one of them",
        "name only those that fit",
    ),
    (
        told(DISKS),
        "web01 45%, db01 19%.",
        "wrong_fact",
        None,
        "'91%' is not what is said about db01",
        "copy it from the result",
    ),
    (
        told(Truth({"": ("91%",)})),
        "The disk is at 19%.",
        "wrong_fact",
        None,
        "'91%' is not what is said about it",
        "copy it from the result",
    ),
    (
        told(Truth({"": ("nginx",)}, told="`nginx` is active")),
        "`nginx` is down.",
        "wrong_fact",
        None,
        "'down' is the opposite of what is true",
        "say what was seen",
    ),
    (
        told(DISKS),
        "web01 45%, db01 91%, mail7 91%.",
        "wrong_name",
        None,
        "'91%' is said about mail7 as well",
        "say it only of the host that it is true of",
    ),
    (
        told(Truth({"": ("done",)}), "a first line\na second line\na third line"),
        "done\na first line\na second line\na third line",
        "pasted_result",
        None,
        "lines of a result are copied as they are",
        "tell what was asked for",
    ),
    (
        told(Truth({"": ("done",)})),
        "done" + "!" * 1_020,
        "too_long",
        None,
        "1024 characters where 1016 are plenty",
        "tell what was asked for",
    ),
    (
        lambda text: check_count(text, ["web01"], 3),
        "There are 4 hosts.",
        "wrong_count",
        None,
        "4 where 3 is right",
        "count the names in the list",
    ),
    (
        lambda text: check_count(text, ["web01"], 3),
        "Some hosts.",
        "wrong_count",
        None,
        "no number where 3 is right",
        "count the names in the list",
    ),
]


@pytest.mark.parametrize(("check", "text", "code", "place", "why", "fix"), OF_A_TEXT, ids=[row[2] for row in OF_A_TEXT])
def test_a_finding_about_a_text_shows_its_place_and_says_what_is_wrong_and_what_to_do(
    check, text, code, place, why, fix
):
    finding = next(finding for finding in check(text) if finding.code == code)
    assert (finding.why, finding.fix) == (why, fix)
    assert (finding.span and text[slice(*finding.span)]) == place
    assert finding.span is None or finding.span[0] == text.index(place)


TONES = {"senior_engineer": "It's done now.", "curious_learner": "Done.", "executive_brief": "That's fine."}
CALLED = calls("list_agents")
NONE = '{"tool": "none", "params": {}}'

OF_TURNS: list[tuple[Callable[[], Sequence[Finding]], str, str, str]] = [  # (findings, code, why, fix)
    (
        lambda: [found for _, found in check_order(["user", "tool"])],
        "role_order",
        "a turn of tool follows a turn of user",
        "put every result after its own call",
    ),
    (
        lambda: [found for _, found in check_ends(["user"], [])],
        "no_target",
        "there is no turn by AJ to learn from",
        "leave the row out",
    ),
    (
        lambda: [found for _, found in check_ends(["user", "assistant", "user"], [1])],
        "unanswered_end",
        "the row ends with an unanswered turn of user",
        "cut it after AJ's last turn",
    ),
    (
        lambda: check_row(Row((user("hi"),)), AJ),
        "no_target",
        "the row does not end on a turn of AJ's to learn",
        "cut it after AJ's last turn",
    ),
    (
        lambda: check_row(Row((user("hi"), reply("Hi!")), "chat", "state_block", tools=(TOOL,)), AJ),
        "bad_mode",
        "own tools in chat mode as a state_block",
        "use step mode and a dialogue",
    ),
    (
        lambda: check_row(Row((user("hi"), reply("Hi!")), tools=({"name": "look", "parameters": 3},)), AJ),
        "bad_schema",
        "The row's tools are invalid (Input should be a valid dictionary)",
        "leave the row out",
    ),
    (
        lambda: check_pair(Pair((user("hi"),), CALLED, NONE, metadata={"pattern": "wrong_count"}), AJ),
        "wrong_pattern",
        "the rejected text shows tool_none_error, not wrong_count",
        "fix the generator",
    ),
    (
        lambda: check_contrast(TONES),
        "contrast_length",
        "3 words to senior_engineer, 1 to curious_learner",
        "say more to a learner, less to an expert or an executive",
    ),
    (
        lambda: check_contrast({"casual_developer": "Done.", "executive_brief": "That's it."}),
        "contrast_formality",
        "0 relaxed words to casual_developer, 1 to executive_brief",
        "be relaxed with the casual user, plain with the executive",
    ),
    (
        lambda: check_contrast(TONES),
        "contrast_explanation",
        "0 reasons to curious_learner, 0 to senior_engineer",
        "give reasons to a learner, none to an expert",
    ),
]


@pytest.mark.parametrize(("found", "code", "why", "fix"), OF_TURNS, ids=[row[1] for row in OF_TURNS])
def test_a_finding_about_turns_or_replies_says_what_is_wrong_and_what_to_do(found, code, why, fix):
    finding = next(finding for finding in found() if finding.code == code)
    assert (finding.why, finding.fix, finding.span) == (why, fix, None)
