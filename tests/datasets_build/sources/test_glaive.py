"""Glaive: calls in single quotes are read exactly or refused; a chat that was mangled is never guessed at."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.sources.foreign import SPECIAL_TOKEN
from datasets_build.sources.glaive.records import END, matches, parse

TOOL = {"name": "ping", "description": "Pings", "parameters": {"type": "object", "properties": {}}}
HEAD = "SYSTEM: You are a helpful assistant with access to the following functions. Use them if required -\n"
NO_TOOLS = "SYSTEM: You are a helpful assistant, with no access to external functions.\n\n"


def chat(*turns):
    return "\n\n\n".join(f"{speaker}: {text}" for speaker, text in turns)


def a(text):
    return "ASSISTANT", f"{text} {END}"


def written(arguments, name="ping"):
    return f'<functioncall> {{"name": "{name}", "arguments": {arguments}}}'


ASK, DONE, RESULT = ("USER", "Is it up?"), a("It is."), ("FUNCTION RESPONSE", '{"ms": 3}')


def read(*turns, system=None):
    value = {"system": HEAD + json.dumps(TOOL, indent=4) if system is None else system, "chat": chat(*turns)}
    assert matches(value)
    (item,) = parse(value)
    return item


def called(text):
    """The call of a chat whose one answer is `text`; its code where it is refused."""
    item = read(ASK, a(text), RESULT, DONE)
    return item.code if isinstance(item, Refused) else item.turns[1].call if isinstance(item, Transcript) else None


def test_a_chat_becomes_turns():
    item = read(ASK, a("Let me see.\n" + written('\'{"host": "web01"}\'')), RESULT, DONE)
    assert isinstance(item, Transcript)
    assert item.turns == (
        Turn("user", "Is it up?"),
        Turn("assistant", call=Call("ping", {"host": "web01"}, "Let me see.")),
        Turn("tool", '{"ms": 3}', tool="ping"),
        Turn("assistant", "It is."),
    )
    assert (item.mode, item.tools) == ("step", (TOOL,))
    assert item.metadata == {"source": "glaive", "licence": "Apache-2.0", "teacher": "glaive"}


@pytest.mark.parametrize(
    ("arguments", "params"),
    [
        ('\'{"text": "let\'s go"}\'', {"text": "let's go"}),
        ('\'{"text": "let\\\'s go"}\'', {"text": "let's go"}),
        ('\'{\n  "a": 1,\n  "b": "x"\n}\'', {"a": 1, "b": "x"}),
        ('{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ('{"a": 1}}', {"a": 1}),
        ("'{\"a\": 1}'}", {"a": 1}),
        ("null", {}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('\'{"path": "C:\\\\new"}\'', {"path": "C:\\new"}),
        ("'{\"a\": \"it's 'quoted'\"}'", {"a": "it's 'quoted'"}),
    ],
)
def test_the_forms_of_arguments_are_read(arguments, params):
    assert called(written(arguments)) == Call("ping", params)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<functioncall> {"name": "ping", "parameters": {"a": 1}}', Call("ping", {"a": 1})),
        ('AI to= ping: {"a": 1}', Call("ping", {"a": 1})),
        ('Sure.\nAI to=ping: {"a": 1}', Call("ping", {"a": 1}, "Sure.")),
        ("Sure, AI to= ping with a of 1", "broken_call"),
        (written("'[1, 2]'"), "arguments_not_object"),
        (written("[1, 2]"), "arguments_not_object"),
        (written("'{\"a\": Infinity}'"), "broken_call"),
        (written("'{\"a\": [the data]}'"), "broken_call"),
        (written('\'{"a": 1, "a": 2}\''), "duplicate_key"),
        (written("{'a': 1}"), "broken_call"),
        ('<functioncall> {"name": "ping", "arguments": \'{"a": "x', "truncated_call"),
        ('<functioncall> {"name": "ping", "arguments": {"a": "x"', "truncated_call"),
        ('<functioncall> {"name": "ping"}', "broken_call"),
        ('<functioncall> {"name": "ping", "arguments": {}, "id": 3}', "broken_call"),
        ("<functioncall> ping", "broken_call"),
        (written("{}") + " and so on", "text_after_call"),
        (written("{}") + written("{}"), "several_calls"),
        (written("{}", "launch"), "undeclared_tool"),
        ("No call.", "result_without_call"),
    ],
)
def test_a_call_is_read_with_certainty_or_refused_by_its_code(text, expected):
    assert called(text) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab'\"\\", max_size=3), inner, max_size=3),
    max_leaves=5,
)


MARKS = (END, "<functioncall>", "AI to", "SYSTEM:", "USER:", "ASSISTANT:", "FUNCTION RESPONSE:")


@given(st.dictionaries(st.text("abc", min_size=1), VALUES, max_size=3), st.booleans(), st.sampled_from([None, 2]))
@settings(max_examples=50)
def test_any_arguments_come_back_as_they_were_written(params, quoted, indent):
    text = json.dumps(params, ensure_ascii=False, indent=indent)
    found = called(written(f"'{text}'" if quoted else text))
    if isinstance(found, str):
        # A mark of the format cannot be told from the format, and a template's token, such as `<|0|>`, is not learned.
        assert any(mark in text for mark in (*MARKS, "\\'")) or SPECIAL_TOKEN.search(text)
    else:
        assert found == Call("ping", params)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ((ASK, a(f"The Open {END}\n\n\nASSISTANT: Index")), "mangled_turns"),
        ((ASK, ("ASSISTANT", "The ASSISTANT: Index"), ASK, DONE), "mangled_text"),
        ((("USER", f"Say {END} now"), DONE), "mangled_text"),
        ((("USER", "Say <functioncall> now"), DONE), "mangled_text"),
        ((ASK, ASK, DONE), "mangled_turns"),
        ((ASK, a(written("{}")), ASK, DONE), "no_result"),
        ((ASK, RESULT, DONE), "result_without_call"),
        ((ASK, a("Use <|im_start|> here")), "special_token"),
        ((ASK,), "no_answer"),
    ],
)
def test_a_chat_that_was_mangled_is_refused_by_its_code(turns, expected):
    item = read(*turns)
    assert isinstance(item, Refused)
    assert item.code == expected


def test_words_and_their_call_may_stand_in_two_turns():
    item = read(ASK, a("Let me see."), a(written("{}")), RESULT, DONE)
    assert isinstance(item, Transcript)
    assert item.turns[1].call == Call("ping", {}, "Let me see.")


@pytest.mark.parametrize(
    ("rest", "cut"),
    [
        ((ASK,), "ends_on_user"),
        ((ASK, ("ASSISTANT", "It is, as far as")), "unfinished_answer"),
        ((ASK, a(written("{}")), ("FUNCTION RESPONSE", '{"ms": ')), "ends_on_tool"),
    ],
)
def test_a_chat_that_breaks_off_is_cut_at_its_last_answer_and_says_so(rest, cut):
    item = read(ASK, DONE, *rest)
    assert isinstance(item, Transcript)
    assert item.turns[-1].role == "assistant"
    assert item.metadata["cut"] == cut


def test_a_chat_without_functions_is_talk():
    item = read(ASK, DONE, system=NO_TOOLS)
    assert isinstance(item, Transcript)
    assert (item.mode, item.tools) == ("chat", ())


def test_functions_stand_one_after_another_and_twice_alike_is_once():
    other = TOOL | {"name": "trace", "parameters": {}}
    item = read(ASK, DONE, system=HEAD + "\n\n".join(json.dumps(tool, indent=2) for tool in (TOOL, other, TOOL)) + "\n")
    assert isinstance(item, Transcript)
    assert item.tools == (TOOL, TOOL | {"name": "trace"})


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (HEAD + json.dumps(TOOL)[:-3], "bad_tools"),
        (HEAD + json.dumps(TOOL) + " and more", "bad_tools"),
        (HEAD + json.dumps(TOOL) + json.dumps(TOOL | {"description": "x"}), "declared_twice"),
        (HEAD + '{"a":' * 50_000, "bad_tools"),
        ("x" * 2_000_000, "bad_columns"),
    ],
)
def test_functions_that_cannot_be_read_are_refused_by_their_code(system, expected):
    item = read(ASK, DONE, system=system)
    assert isinstance(item, Refused)
    assert item.code == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "ping", "arguments": {' + '"\\' * 200_000,
        '{"name": "ping", "arguments": \'' + "\\'" * 200_000,
        '{"a":' * 50_000,
        "{" + " " * 500_000,
        "<functioncall" * 20_000,
    ],
)
def test_a_call_that_never_ends_costs_no_time(text):
    started = time.process_time()
    item = read(ASK, a(f"<functioncall> {text}"))
    assert isinstance(item, Refused)
    assert time.process_time() - started < 3


PIECES = st.sampled_from(
    [
        "USER:",
        "ASSISTANT:",
        "FUNCTION RESPONSE:",
        "\n\n",
        END,
        "<functioncall>",
        '{"name": "ping", "arguments": \'',
        "'}",
    ]
) | st.text(st.characters(), max_size=8)


@given(st.lists(PIECES, max_size=12).map(" ".join), st.text(st.characters(), max_size=20))
@settings(max_examples=50)
def test_whatever_stands_in_a_record_it_is_read_or_refused(text, system):
    for value in ({"system": system, "chat": text}, {"system": system + json.dumps(TOOL), "chat": f"USER: {text}"}):
        assert matches(value) in (True, False)
        assert [isinstance(item, Transcript | Refused) for item in parse(value)] == [True]


def test_other_records_are_not_taken_for_glaive():
    assert not matches({"system": "x", "instruction": "y"})
    assert not matches({"system": "x", "chat": {"messages": []}})
    assert not matches({"system": "x", "chat": "Hello"})
