"""Every chat template teaches what AJ writes and where it stops, and asks as it was trained, on its family's tokens."""

import pytest

from aj.contract import load_contract
from aj.errors import TrainError
from aj.messages import Row, calls, reply, result, row_from_record, row_to_record, user
from aj.wire import render_prompt, render_row
from tests.train.families import ENDS, FAMILIES, original
from tests.train.tiny import make_row, thoughtful
from train.base import CHAT_TEMPLATES
from train.tokens import IGNORE, encode_prompt, encode_rows

pytestmark = pytest.mark.loop

CONTRACTS = {name: load_contract(name) for name in ("aj", "native")}

ROWS = [
    make_row("web01"),
    thoughtful(),
    Row((user("thanks"), reply("  Any time.\n")), mode="chat"),
    Row((user("hi"), calls("list_agents")), layout="state_block"),
]


def test_every_template_here_has_a_family():
    assert {template for template, _, _ in FAMILIES.values()} == {path.stem for path in CHAT_TEMPLATES.glob("*.jinja")}


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_exactly_what_aj_writes_is_learned_to_its_stop_token(of_family, family, contract):
    from aj.wire import render_turn

    tokenizer, spoken = of_family(family), CONTRACTS[contract]
    end = ENDS.get(family) or str(tokenizer.eos_token)
    for row, example in zip(ROWS, encode_rows(ROWS, spoken, tokenizer), strict=True):
        answers = [turn for turn in row.messages if turn.role == "assistant"]
        learned = tokenizer.decode([label for label in example.labels if label != IGNORE])
        assert learned == "".join(render_turn(turn, spoken) + end for turn in answers)
        ends = [n for n, (a, b) in enumerate(zip(example.labels, [*example.labels[1:], IGNORE], strict=True))
                if a != IGNORE and b == IGNORE]  # fmt: skip
        assert {example.labels[n] for n in ends} == {tokenizer.eos_token_id}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_prompt_of_a_server_is_the_beginning_of_a_row(of_family, family):
    tokenizer, contract = of_family(family), CONTRACTS["aj"]
    for row, example in zip(ROWS[:2], encode_rows(ROWS[:2], contract, tokenizer), strict=True):
        for end in (1, 3):
            prompt = encode_prompt(render_prompt(row.messages[:end], contract), tokenizer)
            assert example.input_ids[: len(prompt)] == prompt
            assert example.labels[len(prompt) - 1] == IGNORE
            assert example.labels[len(prompt)] != IGNORE


ORIGINALS = {
    "qwen2.5": "qwen2_5",
    "qwen3": "qwen3",
    "llama3": "llama3",
    "gemma3": "gemma3",
    "r1": "deepseek_r1_distill",
}
"""Family -> the template of its own, as TRL has it."""
OTHERWISE = {
    # Its own opens the thought; without one, that would be asked for and never learned.
    "r1": ("<think>\n", ""),
}


@pytest.mark.parametrize("family", ORIGINALS)
def test_a_first_prompt_is_that_of_the_familys_own_template(of_family, family):
    tokenizer = of_family(family)
    messages = [{"role": "system", "content": "You are AJ."}, {"role": "user", "content": "hi"}]
    ours = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    theirs = tokenizer.apply_chat_template(
        messages, chat_template=original(ORIGINALS[family]), tokenize=False, add_generation_prompt=True
    )
    assert ours == theirs.replace(*OTHERWISE.get(family, ("", "")))


def test_qwen3_without_thoughts_asks_as_its_own_template_does_when_thinking_is_off(of_family):
    tokenizer = of_family("qwen3, no thoughts")
    messages = [{"role": "system", "content": "You are AJ."}, {"role": "user", "content": "hi"}]
    asked = {"tokenize": False, "add_generation_prompt": True}
    theirs = tokenizer.apply_chat_template(messages, chat_template=original("qwen3"), enable_thinking=False, **asked)
    assert tokenizer.apply_chat_template(messages, **asked) == theirs


def test_the_text_of_a_whole_row_is_as_written_here(of_family):
    """Mistral's own template is nowhere offline: these are its tokens, in its order."""
    messages = [
        {"role": role, "content": text}
        for role, text in (("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    ]
    text = of_family("mistral").apply_chat_template(messages, tokenize=False)
    assert text == "<s>[INST]S\n\na[/INST]b</s>[INST]c[/INST]d</s>"
    text = of_family("gemma3").apply_chat_template(messages, tokenize=False)
    assert text == (
        "<bos><start_of_turn>user\nS\n\na<end_of_turn>\n<start_of_turn>model\nb<end_of_turn><eos>\n"
        "<start_of_turn>user\nc<end_of_turn>\n<start_of_turn>model\nd<end_of_turn><eos>\n"
    )


TOOL = {"name": "disk_usage", "description": "How full?", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_of_a_row_is_dropped(of_family, family, contract):
    """Tools, calls, thoughts and results are text in messages, whatever a template knows of tools."""
    own = Row(
        (user("how full?"), calls("disk_usage", note="On it!"), result("disk_usage", "78%"), reply("78%.")),
        tools=(TOOL,),
    )
    for row in (*ROWS, own):
        messages = render_row(row, CONTRACTS[contract])
        text = of_family(family).apply_chat_template(messages, tokenize=False)
        places = [text.find(message["content"]) for message in messages]
        assert -1 not in places
        assert places == sorted(places)
    assert "disk_usage" in messages[0]["content"]


CALLING = {"role": "assistant", "content": "On it!", "tool_calls": [{"function": {"name": "uptime", "arguments": {}}}]}


@pytest.mark.parametrize("family", FAMILIES)
def test_tools_and_calls_of_a_client_are_written_or_refused_and_never_dropped(of_family, family):
    tokenizer, ask = of_family(family), {"role": "user", "content": "hi"}
    given = [([ask], [{"type": "function", "function": TOOL}], "disk_usage"), ([ask, CALLING], None, "uptime")]
    for messages, tools, word in given:
        if FAMILIES[family][0] == "chatml":
            assert word in tokenizer.apply_chat_template(messages, tools=tools, tokenize=False)
        else:
            with pytest.raises(Exception, match=r"writes no tool.* as the contract does"):
                tokenizer.apply_chat_template(messages, tools=tools, tokenize=False)


def test_originals_drop_what_is_refused_here(of_family):
    """The trap itself: R1's own template writes no tools, and no call that has content beside it."""
    tokenizer, ask = of_family("r1"), {"role": "user", "content": "hi"}
    options = {"chat_template": original("deepseek_r1_distill"), "tokenize": False}
    tools = [{"type": "function", "function": TOOL}]
    assert tokenizer.apply_chat_template([ask], tools=tools, **options) == tokenizer.apply_chat_template(
        [ask], **options
    )
    assert "uptime" not in tokenizer.apply_chat_template([ask, CALLING], **options)


def test_qwens_original_encodes_text_again_and_cannot_read_a_message_without_content(of_family):
    tokenizer, ask = of_family("qwen2.5"), {"role": "user", "content": "hi"}
    options = {"chat_template": original("qwen2_5"), "tokenize": False}
    call = {**CALLING, "tool_calls": [{"function": {"name": "run", "arguments": '{"x": 1}'}}]}
    assert r'"arguments": "{\"x\": 1}"' in tokenizer.apply_chat_template([ask, call], **options)
    with pytest.raises(TypeError):
        tokenizer.apply_chat_template([ask, {"role": "assistant", "content": None}], **options)


@pytest.mark.parametrize("family", ["mistral", "gemma3"])
@pytest.mark.parametrize("after", [[], [{"role": "assistant", "content": "hi"}]])
def test_a_system_text_that_no_turn_of_the_user_can_hold_is_refused(of_family, family, after):
    with pytest.raises(Exception, match="must be followed by a message of the user"):
        of_family(family).apply_chat_template([{"role": "system", "content": "S"}, *after], tokenize=False)


def test_a_row_that_a_template_refuses_is_named(of_family):
    row = Row((user("hi"), calls("list_agents"), reply("Hello.")))
    encode_rows([row], CONTRACTS["aj"], of_family("llama3"))
    told = f"row {row.id} cannot be written by the chat template: an answer must follow a message of the user"
    with pytest.raises(TrainError, match=told):
        encode_rows([row], CONTRACTS["aj"], of_family("mistral"))


@pytest.mark.parametrize("arguments", [{"command": 'echo "ü"'}, '{"command": "echo \\"ü\\""}'])
def test_arguments_are_encoded_once_as_an_object_or_as_text(of_family, arguments):
    call = {**CALLING, "tool_calls": [{"function": {"name": "run", "arguments": arguments}}]}
    text = of_family("qwen2.5").apply_chat_template([{"role": "user", "content": "hi"}, call], tokenize=False)
    assert '{"name": "run", "arguments": {"command": "echo \\"ü\\""}}' in text


@pytest.mark.parametrize("family", FAMILIES)
def test_a_message_without_content_is_an_empty_one_or_an_error(of_family, family):
    tokenizer, ask = of_family(family), {"role": "user", "content": "hi"}
    nothing, empty = ([ask, {"role": "assistant", "content": content}] for content in (None, ""))
    assert tokenizer.apply_chat_template(nothing) == tokenizer.apply_chat_template(empty)
    for role in ("system", "user"):
        with pytest.raises(TypeError):
            tokenizer.apply_chat_template([{"role": role, "content": None}, ask], tokenize=False)


def test_messages_without_content_in_a_data_set_are_empty_ones(of_family):
    """OpenAI's form has null beside calls; without a call, Qwen2.5's own template cannot read it."""
    record = row_to_record(Row((user("hi"), calls("list_agents"), user("so?"), reply("Hello."))))
    messages = [{**message, "content": message["content"] or None} for message in record["messages"]]
    row = row_from_record({**record, "messages": messages})
    silent = row_from_record({"messages": [*messages, {"role": "user", "content": None}, {"role": "assistant"}]})
    for family in FAMILIES:
        example, other = encode_rows([row, silent], CONTRACTS["aj"], of_family(family))
        assert other.input_ids[: len(example.input_ids)] == example.input_ids


@pytest.mark.parametrize("family", FAMILIES)
def test_a_role_that_a_template_does_not_know_is_refused(of_family, family):
    with pytest.raises(Exception, match="role"):
        of_family(family).apply_chat_template([{"role": "observer", "content": "x"}], tokenize=False)
