"""From a failing sample to the training rows, on real logs and a data set of a few rows."""

import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser
from inspect_ai.tool import ToolCall
from rich.console import Console

from aj.errors import AJError
from aj.files import write_jsonl
from loop.why import phrases, shown, similarity, to_record, why


def row(request: str, *said: str, **metadata):
    messages = [{"role": "user", "content": request}, *({"role": "assistant", "content": text} for text in said)]
    return {"messages": messages, "metadata": metadata}


ROWS = [
    row("how full is the disk of web01?", "It is 40% full.", source="corrections", templates=["disk.1"]),
    row("known_issues prose 1", "old words that nobody else would ever say", source="mine"),
    row("known_issues prose", "fine", source="mine"),
]


@pytest.fixture
def explained(lab, monkeypatch):
    def answer(log: EvalLog) -> None:
        for sample in log.samples or []:
            sample.messages[-1].content = "no: OLD words, that nobody else would ever say!"
            for score in (sample.scores or {}).values():
                score.explanation = "prose: say less."

    monkeypatch.setenv("AJ_LOGS", str(lab.logs))
    write_jsonl(lab.logs / "datasets" / "dgood" / "sft.jsonl", ROWS)
    return why(lab.change("good", answer, tasks="known-issues"), "prose-0")


@pytest.fixture(autouse=True)
def one_task(lab):
    """Sample ids of the made tasks are the same in both."""
    for path in (lab.logs / "evals").glob("*/*tool-format*"):
        path.unlink()


def test_the_rows_most_like_the_request_come_first_with_what_they_teach(explained):
    assert (explained.task, explained.sample, explained.request) == ("known_issues", "prose-0", "known_issues prose 0")
    assert [(lesson.line, lesson.taught) for lesson in explained.lessons][:2] == [
        (3, "fine"),
        (2, "old words that nobody else would ever say"),
    ]
    assert 1 > explained.lessons[0].similarity > explained.lessons[1].similarity > 0
    assert all(lesson.source == "mine" for lesson in explained.lessons), "a row without a common word is left out"


def test_the_words_that_a_row_taught_are_found_in_the_reply(explained):
    (phrase,) = explained.phrases
    assert (phrase.words, phrase.lines) == ("old words that nobody else would ever say", (2,))


def test_it_is_shown_with_the_commands_that_make_rows_against_it(explained):
    told = StringIO()
    Console(file=told, width=80).print(shown(explained))
    assert "known_issues/right = 0, prose  (prose-0)" in told.getvalue()
    assert "prose: say less." in told.getvalue()
    assert "aj data corrections --multiply 20" in told.getvalue()
    assert "aj eval good --suite practice" in told.getvalue()
    assert max(map(len, told.getvalue().splitlines())) <= 80
    assert json.loads(json.dumps(to_record(explained)))["phrases"][0]["lines"] == [2]


def test_a_past_with_tool_calls_is_read(lab, monkeypatch):
    def called(log: EvalLog) -> None:
        for sample in log.samples or []:
            call = ToolCall(id="1", function="bash", arguments={"command": "df -h"})
            past = [ChatMessageUser(content="disk?"), ChatMessageAssistant(content="", tool_calls=[call])]
            sample.input = [*past, ChatMessageUser(content=str(sample.input))]

    monkeypatch.setenv("AJ_LOGS", str(lab.logs))
    write_jsonl(lab.logs / "datasets" / "dold" / "sft.jsonl", ROWS)
    assert why(lab.change("old", called), "old_keys-3").request == "known_issues old_keys 3"


def test_a_model_without_a_data_set_has_no_rows_and_is_explained_all_the_same(lab, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(lab.logs))
    found = why(lab.evals("base"), "made_up-3")
    assert (found.rows, found.lessons, found.phrases) == (None, (), ())
    assert found.reply.code == "made_up"


@pytest.mark.parametrize(("start", "told"), [("prose-1", r"^3 samples in .* type more"), ("nothing", "^No sample in")])
def test_a_start_that_fits_no_sample_or_several_ones_is_refused(lab, start, told):
    with pytest.raises(AJError, match=told) as refused:
        why(lab.evals("good"), start)
    assert refused.value.exit_code == 4, "it says nothing of the logs"


TEXTS = st.text(alphabet="ab c", max_size=30)


@given(TEXTS, TEXTS)
def test_likeness_is_mutual_and_greatest_with_itself(one, other):
    weights = {"a": 1.0, "b": 2.0}
    assert similarity(one, other, weights) == similarity(other, one, weights)
    assert 0 <= similarity(one, other, weights) <= 1
    if one.split():
        assert similarity(one, one, weights) == 1


def test_what_the_prompt_holds_is_no_lesson():
    rows = [(1, row("x", "one two three four five"))]
    assert [found.words for found in phrases("one two three four five", "", rows)] == ["one two three four five"]
    assert phrases("one two three four five", "zero one two three four five six", rows) == []
    assert phrases("one two three", "", rows) == [], "three words are everybody's"
    assert phrases("none two three four none", "", rows) == [], "whole words only, and four of them"
