"""What was written loosely is read where it has one reading, and refused where it has two."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets_build.ledger import Refused
from datasets_build.reading.loose import read_object

CALL = '{"tool": "bash", "params": {"command": "df -h"}}'
RECORD = {"tool": "bash", "params": {"command": "df -h"}}


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        f"```json\n{CALL}\n```",
        f"<tool_call>\n{CALL}\n</tool_call>",
        "{'tool': 'bash', 'params': {'command': 'df -h'}}",
        CALL.removesuffix("}}"),
        CALL.replace("}}", "},}"),
    ],
)
def test_an_object_is_read_out_of_what_stands_around_it(text):
    reading = read_object(text)
    assert reading is not None
    assert (reading.record, reading.before, reading.after) == (RECORD, "", "")


def test_the_words_around_an_object_are_kept():
    reading = read_object(f"<think>\nThe disk.\n</think>\n\nOn it.\n```json\n{CALL}\n```\nDone soon.")
    assert reading is not None
    assert (reading.thought, reading.before, reading.after) == ("The disk.", "On it.", "Done soon.")


@pytest.mark.parametrize("text", [CALL[:-5], '{"tool": bash}', "no object here", "", "{}{"[1:], "{'a': open('x')}"])
def test_what_is_cut_off_or_no_object_is_not_read(text):
    reading = read_object(text)
    assert reading is None or reading.record == {}


def test_a_python_literal_is_never_run_and_its_size_is_bounded():
    assert read_object("{'a': __import__('os').getcwd()}") is None
    assert read_object("{'a': " + "(" * 3000 + ")" * 3000 + "}") is None
    assert read_object("{'a': '" + "x" * 30_000 + "'}") is None


def test_a_python_literal_with_a_key_twice_has_no_certain_reading():
    assert read_object("{'a': 1, 'b': [{'c': None, 'c': True}]}") is None
    assert read_object("{'a': 1, '\\x61': None}") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{CALL}\n{CALL}", "several_calls"),
        ('{"tool": "a", "tool": "b"}', "duplicate_key"),
        (r'{"tool": "a", "\u0074ool": "b"}', "duplicate_key"),
    ],
)
def test_an_object_with_two_readings_is_refused(text, code):
    with pytest.raises(Refused) as refusal:
        read_object(text)
    assert refusal.value.code == code


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8) | st.integers() | st.none(), min_size=1, max_size=4))
@example({"'\x1f": 0})
@example({"it's": "a\x7f", "'": "\xa0'"})
@example({"'\U000e0001": 1})
@example({"it's": 1, "a": 2})
def test_every_object_comes_back_from_json_and_from_a_python_literal(record):
    for text in (json.dumps(record), json.dumps(record, ensure_ascii=False, indent=2), repr(record)):
        reading = read_object(text)
        assert reading is not None
        assert reading.record == record


@settings(max_examples=80)
@given(st.text(alphabet="{}[]\"':,`\\ \nabTrue#-", max_size=60))
def test_hostile_texts_are_read_or_refused_without_an_error(text):
    with suppress(Refused):  # any other error fails
        read_object(text)
