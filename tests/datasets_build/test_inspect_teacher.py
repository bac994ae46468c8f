"""Any Inspect model as a teacher, and teachers by name."""

import json
import threading

import pytest
from inspect_ai.model import ModelOutput, ModelUsage, StopReason, get_model

from aj.contract import load_contract
from aj.errors import AJError, ConfigError
from aj.messages import Row
from datasets_build.drawn.worded.generate import generate
from datasets_build.drawn.worded.teachers.inspect_model import inspect_teacher
from datasets_build.drawn.worded.teachers.named import open_teacher
from datasets_build.drawn.worded.teachers.prompting import job_prompt, read_wording, system_prompt
from datasets_build.drawn.worded.teachers.wording import Wording
from datasets_build.ledger import Refused
from tests.datasets_build.wordings import drawn_jobs, texts_of

AJ = load_contract()


@pytest.fixture(scope="module")
def jobs():
    return drawn_jobs(5)


def model(answer):
    def output(messages, tools, tool_choice, config):
        made = answer(messages[-1].text)
        made.usage = ModelUsage()  # left unset, Inspect downloads a tokenizer
        return made

    return get_model("mockllm/model", custom_outputs=output)


def says(text, stop: StopReason = "stop"):
    return ModelOutput.from_content("mockllm/model", text, stop_reason=stop)


def test_a_model_words_jobs_and_its_rows_name_it(jobs):
    texts = {job_prompt(job, AJ): texts_of(job) for job in jobs}

    def answer(prompt):
        return says(json.dumps({"texts": [{"slot": name, "text": text} for name, text in texts[prompt].items()]}))

    rows = list(generate(5, 1, inspect_teacher(model(answer), AJ), AJ))
    assert {type(row) for row in rows} == {Row}
    assert {row.metadata["teacher"] for row in rows if isinstance(row, Row)} == {"mockllm/model"}


def test_no_more_requests_are_open_than_asked_for(jobs):
    """Jobs are taken only as they can be sent."""
    taken, sent = [], threading.Semaphore(0)

    def answer(_):
        sent.release()
        return says("{}")

    def noting():
        for job in jobs:
            taken.append(job)
            yield job

    stream = inspect_teacher(model(answer), AJ, concurrency=2).word(noting())
    next(stream)
    assert len(taken) <= 4
    assert len(list(stream)) == len(jobs) - 1


@pytest.mark.parametrize(
    ("output", "meant"),
    [
        (says("", "content_filter"), Refused("teacher_refused", "the model declines")),
        (says("", "model_length"), Refused("teacher_context_exceeded", "the conversation is too long for the model")),
        (says("{", "max_tokens"), Refused("teacher_cut_off", "the reply is cut off")),
        (says("no"), Refused("teacher_bad_json", "JSONDecodeError in 'no'")),
    ],
)
def test_every_way_to_end_has_its_meaning(output, meant, jobs):
    made = inspect_teacher(model(lambda _: output), AJ)
    assert dict(made.word(jobs[:1])) == {jobs[0].id: meant}


def test_an_error_is_the_jobs_own_and_a_model_that_never_answers_ends_the_run(jobs):
    def broken(_):
        raise RuntimeError("no such server")

    ((_, worded),) = inspect_teacher(model(broken), AJ).word(jobs[:1])
    assert worded == Refused("teacher_error", "RuntimeError: no such server")
    with pytest.raises(AJError, match=r"does not answer .*no such server.*; check its server"):
        list(inspect_teacher(model(broken), AJ).word(jobs * 5))


def test_a_reply_in_a_fence_is_read_and_anything_else_is_no_wording():
    assert read_wording('```json\n{"texts": [{"slot": "a", "text": "b"}]}\n```') == Wording({"a": "b"})
    for text in ("[]", '{"texts": 3}', '{"texts": [3]}', '{"texts": [{"slot": "a"}]}', "[" * 100_000, ""):
        assert isinstance(read_wording(text), Refused), text[:20]


def test_the_prompt_is_one_for_all_and_a_retry_is_told_what_was_wrong(jobs):
    assert all(name in system_prompt() for name in ("casual_developer", "executive_brief"))
    assert len(system_prompt()) > 4096, "shorter prompts are not cached"
    first = job_prompt(jobs[0], AJ)
    assert all(slot.name in first for slot in jobs[0].slots)
    assert job_prompt(jobs[0].again(["'web01' is not named"]), AJ).endswith("- 'web01' is not named")
    assert jobs[0].again([]).id != jobs[0].id


def test_teachers_have_names(monkeypatch):
    assert open_teacher("template", AJ).name == "template"
    assert open_teacher("mockllm/model", AJ).name == "mockllm/model"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-none")
    assert open_teacher("anthropic", AJ, max_cost=1.0).name == "anthropic/claude-sonnet-5-5"
    assert open_teacher("anthropic/claude-haiku-5-5", AJ, max_cost=1.0).name == "anthropic/claude-haiku-5-5"


def test_a_teacher_that_cannot_be_used_is_said_so(monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    for name, cap, why in (
        ("anthropic", None, "--max-cost"),
        ("anthropic", 1.0, "ANTHROPIC_API_KEY"),
        ("nobody", None, "There is no teacher 'nobody'"),
        ("nobody/model", None, "cannot be used as a teacher"),
    ):
        with pytest.raises(ConfigError, match=why):
            open_teacher(name, AJ, max_cost=cap)
