"""What is rendered is judged valid and read back as it was, in both contracts; native is Qwen2.5's own template."""

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aj.acts import DISCOVER, finish, here, on
from aj.contract import Contract, load_contract
from aj.errors import ContractError
from aj.messages import Call, Message, Row, calls, reply, result, to_record, user
from aj.prompts import system_prompt
from aj.wire import judge_call, render_call, render_earlier, render_prompt, render_row, render_turn
from scenarios.catalogue import templates
from scenarios.oracle import play

AJ, NATIVE = load_contract("aj"), load_contract("native")

# Control characters have no raw form in JSON, and the runtime corrupts \u escapes: they cannot be said at all.
SAYABLE = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\r\"'\\`{}[]$é—😀")
HARD = st.sampled_from(
    [
        'say "hi"',
        "it's",
        "a\nb\n",
        "C:\\temp\\new",
        "C:\\Users\\x y\\",
        "\\\\host\\share",
        "\\u2014",
        '{"tool": "none"}',
        "Disks:\n- a",
        "``` ```",
        "<think>",
        "</tool_call>",
        "ütf—8 😀",
        "a\tb",
        "awk '{print $1}'",
        "",
    ]
)
TEXT = st.lists(st.text(SAYABLE, max_size=12) | HARD, min_size=1, max_size=4).map("".join).filter(bool)
TIMEOUT = st.integers(1, 10**12)


def _params(required: dict, optional: dict | None = None):
    return st.fixed_dictionaries(required, optional=optional or {})


PARAMS = {
    "bash": _params({"command": TEXT}, {"timeout": TIMEOUT, "cwd": TEXT}),
    "remote_bash": _params({"agent_id": TEXT, "command": TEXT}, {"timeout": TIMEOUT}),
    "remote_bash_all": _params({"command": TEXT}, {"timeout": TIMEOUT}),
    "list_agents": st.just({}),
    "think": _params({"thought": TEXT}),
    "complete": _params({"answer": TEXT}) | _params({"error": TEXT}),
}
CALLS = st.sampled_from(sorted(PARAMS)).flatmap(
    lambda tool: st.builds(Call, st.just(tool), PARAMS[tool], st.none() | TEXT, st.none() | TEXT)
)


def _not_a_path_with_lone_backslashes(text: str) -> bool:
    """`x:` before a tab is read as a Windows path with a single backslash; no escape tells them apart."""
    return "lone_backslash" not in [finding.code for finding in judge_call(text, AJ).findings]


def test_every_tool_has_parameters_here():
    assert set(PARAMS) == set(AJ.tool_by_name)


@given(CALLS)
def test_a_rendered_call_is_read_back_as_it_was(call):
    text = render_call(call, AJ)
    assume(_not_a_path_with_lone_backslashes(text))
    verdict = judge_call(text, AJ)
    assert verdict.findings == ()
    assert verdict.call == verdict.dispatched == call
    assert verdict.outcome == "runs"


@given(CALLS)
def test_a_native_call_is_read_back_with_its_tool_and_parameters(call):
    call = Call(call.tool, call.params)
    text = render_call(call, NATIVE)
    assume(_not_a_path_with_lone_backslashes(text))
    assert judge_call(text, NATIVE).call == call


def test_a_native_note_stands_before_the_call_and_is_no_deviation():
    text = render_call(Call("list_agents", {}, "On it!", "look first"), NATIVE)
    said = "<think>\nlook first\n</think>\n\nOn it!\n"
    assert text == said + '<tool_call>\n{"name": "list_agents", "arguments": {}}\n</tool_call>'
    assert judge_call(text, NATIVE).ok


@given(CALLS)
def test_what_is_said_is_raw_utf8_on_one_line(call):
    text = render_call(call, AJ)
    assert "\n" not in text
    assert json.loads(text)["params"] == call.params


def test_a_control_character_cannot_be_said():
    assert not judge_call(render_call(Call("bash", {"command": "\x1b[0m"}), AJ), AJ).ok


def test_a_think_block_before_the_call_is_allowed():
    text = '<think>\nfirst {look}\n</think>\n\n{"tool": "list_agents", "params": {}}'
    assert judge_call(text, AJ).call == Call("list_agents")


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (here("df -h"), '{"action": "execute_command", "command": "df -h", "why": "ü"}'),
        (on("web01", "df"), '{"action": "remote_execute", "agent_id": "web01", "command": "df", "why": "ü"}'),
        (finish("Full."), '{"action": "direct_answer", "response": "Full.", "why": "ü"}'),
    ],
)
def test_an_act_of_the_earlier_data_is_flat_and_under_the_first_of_the_old_keys(act, text):
    assert render_earlier(act, AJ, why="ü") == text
    assert render_earlier(act, NATIVE, why="ü") == f"<tool_call>\n{text}\n</tool_call>"


def test_an_act_that_the_earlier_data_never_wrote_is_refused():
    with pytest.raises(ContractError, match=r"'aj' has no earlier 'discover'; add it to aliases\.earlier\."):
        render_earlier(DISCOVER, AJ)


# --- conversations as chat messages ---------------------------------------------------------------------------------


def test_a_dialogue_is_shown_turn_by_turn_and_ends_on_the_answer():
    row = Row((user("disks?"), calls("list_agents"), result("list_agents", "none"), reply("No agents.")))
    assert render_row(row, AJ) == [
        {"role": "system", "content": system_prompt(AJ, "step")},
        {"role": "user", "content": "disks?"},
        {"role": "assistant", "content": '{"tool": "list_agents", "params": {}}'},
        {"role": "user", "content": "Result:\nnone"},
        {"role": "assistant", "content": "No agents."},
    ]


def test_a_state_block_is_one_user_message_and_the_answer():
    row = Row((user("disks?"), calls("list_agents"), result("list_agents", "none"), reply("ok")), layout="state_block")
    shown = render_row(row, AJ)
    assert [message["role"] for message in shown] == ["system", "user", "assistant"]
    assert shown[1]["content"].endswith("Task: disks?")


def test_a_row_that_teaches_nothing_cannot_be_rendered():
    with pytest.raises(ValueError, match="ends on a user turn"):
        render_row(Row((user("disks?"),)), AJ)


@pytest.mark.parametrize("layout", ["dialogue", "state_block"])
@pytest.mark.parametrize("contract", [AJ, NATIVE], ids=["aj", "native"])
def test_the_prompt_in_training_is_the_prompt_in_evals(contract, layout):
    messages, _ = play(templates()["everyday.train_2"].draw(5, "curious_learner"), contract)
    trained = render_row(Row(tuple(messages), "step", layout), contract)
    assert trained[:-1] == render_prompt(messages[:-1], contract, "step", layout)
    assert trained[-1]["content"] == render_turn(messages[-1], contract)


@pytest.mark.parametrize("mode", ["step", "plan", "chat", "intent"])
@pytest.mark.parametrize("contract", [AJ, NATIVE], ids=["aj", "native"])
def test_no_placeholder_is_left_in_a_system_prompt(contract: Contract, mode):
    prompt = system_prompt(contract, mode)
    assert "{{" not in prompt
    assert ("remote_bash_all" in prompt) == (mode == "step")


# --- native is what Qwen2.5's chat template renders -----------------------------------------------------------------


def _template() -> str:
    spec = importlib.util.find_spec("trl")  # found, not imported: the template is a file beside the code
    assert spec
    assert spec.origin
    return (Path(spec.origin).parent / "chat_templates" / "qwen2_5.jinja").read_text(encoding="utf-8")


def _apply(messages: list[dict], tools: list | None, answer_next: bool = False) -> str:
    from transformers.utils.chat_template_utils import render_jinja_template

    rendered, _ = render_jinja_template(
        [messages], tools=tools, chat_template=_template(), add_generation_prompt=answer_next
    )
    return rendered[0]


def _openai(messages: list[Message]) -> tuple[list[dict], list[dict]]:
    """The same conversation as an OpenAI client would send it: tools apart, calls as `tool_calls`."""
    prompt = system_prompt(NATIVE, "step").split("\n\n# Tools\n")[0]
    tools = [
        {"type": "function", "function": {"name": t.name, "description": t.summary, "parameters": t.parameters}}
        for t in NATIVE.tools
    ]
    return [{"role": "system", "content": prompt}, *(to_record(message) for message in messages)], tools


HARD_TURNS = [
    user("disks? <tool_call> ü"),
    calls("list_agents", note="On it! — é"),
    result("list_agents", 'a\n{"b": 1}\n'),
    calls("bash", {"command": "printf \"it's\\n\" > 'C:\\temp' && <b>&amp;", "timeout": 5}),
    result("bash", ""),
    calls("complete", {"answer": "Done, it's “fine” 😀"}),
    user("thanks"),
]


@pytest.mark.parametrize("until", range(1, len(HARD_TURNS) + 1))
def test_native_renders_what_qwens_own_template_renders(until):
    messages = HARD_TURNS[:until]
    theirs = _apply(*_openai(messages), answer_next=messages[-1].role != "assistant")
    ours = _apply(render_prompt(messages, NATIVE), None, answer_next=messages[-1].role != "assistant")
    assert ours == theirs


def test_native_renders_a_whole_drawn_dialogue_as_qwens_template_does():
    messages, _ = play(templates()["everyday.train_3"].draw(3, "casual_developer"), NATIVE)
    assert _apply(render_row(Row(tuple(messages)), NATIVE), None) == _apply(*_openai(messages))


def test_a_changed_native_prompt_would_be_seen():
    messages = HARD_TURNS[:1]
    ours = render_prompt(messages, NATIVE)
    ours[0]["content"] = ours[0]["content"].replace("# Tools", "# Functions")
    assert _apply(ours, None) != _apply(*_openai(messages))
