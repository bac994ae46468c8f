"""Message Batches as a teacher: against the SDK and the API's own shapes, without a network."""

import json
from dataclasses import replace

import httpx2
import pytest

from aj.contract import load_contract
from aj.errors import AJError, ConfigError, DataError
from aj.messages import Row
from datasets_build.drawn.worded.generate import generate
from datasets_build.drawn.worded.teachers.anthropic_batches import anthropic_teacher
from datasets_build.drawn.worded.teachers.cost import Request, billed, estimate, price_of
from datasets_build.drawn.worded.teachers.ledger import Ledger
from datasets_build.drawn.worded.teachers.message_batches import MAX_TOKENS, Options
from datasets_build.drawn.worded.teachers.prompting import SCHEMA
from datasets_build.drawn.worded.teachers.wording import Wording
from datasets_build.ledger import Refused
from tests.datasets_build.messages_api import KEY, Provider, errored, failing, succeeded
from tests.datasets_build.wordings import drawn_jobs, texts_of

AJ = load_contract()
NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z, when the stand-in creates its batches


@pytest.fixture(scope="module")
def jobs():
    return drawn_jobs(6)


def worded(jobs):
    """A model that words each job as the template teacher does."""
    texts = {job.id: texts_of(job) for job in jobs}

    def reply(request):
        job = request["custom_id"].partition("-")[0]
        if job not in texts:
            return errored("not_found_error")
        entries = texts[job].items()
        return succeeded(json.dumps({"texts": [{"slot": slot, "text": text} for slot, text in entries]}))

    return reply


def teacher(provider, folder, **options):
    slept = []
    given = {"folder": folder, "sleep": slept.append, "clock": lambda: NOW, "poll": 7.0, **options}
    made = anthropic_teacher(AJ, Options(**given), provider.client())
    return made, slept


def crash(*_):
    raise KeyboardInterrupt


# --- the way through ------------------------------------------------------------------------------------------------


def test_jobs_are_worded_in_one_batch_with_results_in_any_order(jobs, tmp_path):
    provider = Provider(worded(jobs), slow=2)
    made, slept = teacher(provider, tmp_path)
    came = dict(made.word(jobs))
    assert {job.id for job in jobs} == came.keys()
    assert all(isinstance(one, Wording) for one in came.values())
    assert len(provider.batches) == 1
    assert slept == [7.0, 7.0]


def test_a_request_caches_the_shared_prompt_and_asks_for_the_schema(jobs, tmp_path):
    provider = Provider(worded(jobs))
    made, _ = teacher(provider, tmp_path)
    list(made.word(jobs))
    (requests,) = provider.batches.values()
    systems = {json.dumps(request["params"]["system"]) for request in requests}
    assert len(systems) == 1
    params = requests[0]["params"]
    assert params["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert params["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    assert not {"temperature", "top_p", "top_k"} & params.keys()


def test_a_wording_that_breaks_a_rule_comes_back_with_what_was_wrong_and_is_mended(tmp_path):
    """The whole way: scenes, prompts, batches, checks, rows."""
    asked = {}

    def noting(jobs):
        for job in jobs:
            asked[job.id] = job
            yield job

    def reply(request):
        """The first try without inline code, the next as it should be."""
        job = asked[request["custom_id"].partition("-")[0]]
        result = worded([job])(request)
        part = result["message"]["content"][0]
        part["text"] = part["text"] if job.attempt else part["text"].replace("`", "")
        return result

    provider = Provider(reply)
    made, _ = teacher(provider, tmp_path)
    rows = list(generate(5, 3, replace(made, word=lambda jobs: made.word(noting(jobs))), AJ))
    assert {type(row) for row in rows} == {Row}
    assert {row.metadata["teacher"] for row in rows if isinstance(row, Row)} == {"anthropic/claude-sonnet-5-5"}
    first, second = list(provider.batches.values())[:2]
    assert len(first) == 5
    assert "is not written as inline code" in str(second[0]["params"]["messages"])


# --- crash and resume -----------------------------------------------------------------------------------------------


def test_what_is_in_the_ledger_is_never_asked_for_again(jobs, tmp_path):
    first = Provider(worded(jobs))
    list(teacher(first, tmp_path)[0].word(jobs))
    second = Provider(crash)
    came = dict(teacher(second, tmp_path)[0].word(jobs))
    assert second.seen == []
    assert all(isinstance(one, Wording) for one in came.values())


def test_a_crash_while_a_batch_runs_is_taken_up_where_it_was(jobs, tmp_path):
    provider = Provider(worded(jobs), slow=3)
    made, _ = teacher(provider, tmp_path, sleep=crash)
    with pytest.raises(KeyboardInterrupt):
        list(made.word(jobs))
    made, _ = teacher(provider, tmp_path)
    provider.seen.clear()
    came = dict(made.word(jobs))
    assert provider.seen[0] == "GET /v1/messages/batches/msgbatch_0", "known batches are looked at before anything else"
    assert "POST /v1/messages/batches" not in provider.seen
    assert all(isinstance(one, Wording) for one in came.values())


def test_a_batch_created_just_before_a_crash_is_found_by_its_results(jobs, tmp_path):
    """The ledger has the intent, but not the id."""
    provider = Provider(worded(jobs))
    provider.after_create = crash
    with pytest.raises(KeyboardInterrupt):
        list(teacher(provider, tmp_path)[0].word(jobs))
    assert Ledger(tmp_path).open_intents
    provider.after_create = lambda: None
    others = [{**request, "custom_id": f"other-{n}"} for n, request in enumerate(provider.batches["msgbatch_0"])]
    provider.batches["msgbatch_other"] = others
    provider.looks["msgbatch_other"] = 0
    came = dict(teacher(provider, tmp_path)[0].word(jobs))
    assert all(isinstance(one, Wording) for one in came.values())
    assert provider.seen.count("POST /v1/messages/batches") == 1
    assert Ledger(tmp_path).batches == {"msgbatch_0"}


def test_a_batch_that_was_never_created_is_created_once(jobs, tmp_path):
    provider = Provider(worded(jobs))
    provider.before = lambda call: crash() if call.startswith("POST") else None
    with pytest.raises(KeyboardInterrupt):
        list(teacher(provider, tmp_path)[0].word(jobs))
    provider.before = lambda _: None
    came = dict(teacher(provider, tmp_path)[0].word(jobs))
    assert len(provider.batches) == 1
    assert all(isinstance(one, Wording) for one in came.values())


def test_a_broken_connection_after_the_creation_does_not_create_twice(jobs, tmp_path):
    provider = Provider(worded(jobs))

    def once():
        provider.after_create = lambda: None
        raise httpx2.ReadError("connection reset")

    provider.after_create = once
    came = dict(teacher(provider, tmp_path)[0].word(jobs))
    assert provider.seen.count("POST /v1/messages/batches") == 1
    assert all(isinstance(one, Wording) for one in came.values())


def test_a_line_that_a_crash_cut_off_is_dropped_and_a_broken_one_is_not(tmp_path):
    path = Ledger(tmp_path).path
    path.write_text('{"kind": "intent", "intent": "a", "jobs": ["1"], "at": 1.0}\n{"kind": "ba')
    assert list(Ledger(tmp_path).open_intents) == ["a"]
    assert path.read_text().endswith("}\n")
    path.write_text('{"kind": "surprise"}\n')
    with pytest.raises(DataError, match=r"ledger\.jsonl:1: .*pay for every job again"):
        Ledger(tmp_path)


def test_two_runs_do_not_share_a_ledger(jobs, tmp_path):
    provider = Provider(worded(jobs))
    running = teacher(provider, tmp_path)[0].word(jobs)
    next(running)
    with pytest.raises(AJError, match="Another run"):
        next(teacher(provider, tmp_path)[0].word(jobs))
    assert len(list(running)) == len(jobs) - 1


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "meant"),
    [
        (succeeded("", "refusal"), Refused("teacher_refused", "the model declines")),
        (
            succeeded("", "model_context_window_exceeded"),
            Refused("teacher_context_exceeded", "the conversation is too long for the model"),
        ),
        (succeeded('{"te', "max_tokens"), Refused("teacher_cut_off", f"longer than {MAX_TOKENS} tokens")),
        (errored("invalid_request_error"), Refused("teacher_errored", "invalid_request_error")),
        ({"type": "expired"}, Refused("teacher_expired", "the request is expired")),
        ({"type": "canceled"}, Refused("teacher_canceled", "the request is canceled")),
        (succeeded("I'd rather not"), Refused("teacher_bad_json", 'JSONDecodeError in "I\'d rather not"')),
        (
            succeeded('{"texts": [{"slot": 1, "text": 2}]}'),
            Refused("teacher_bad_json", "a slot or text is no text"),
        ),
    ],
)
def test_every_way_to_end_has_its_meaning(result, meant, jobs, tmp_path):
    provider = Provider(lambda _: result)
    assert dict(teacher(provider, tmp_path)[0].word(jobs[:1])) == {jobs[0].id: meant}


def test_a_refused_job_is_rejected_and_counted_without_a_retry(tmp_path):
    provider = Provider(lambda _: succeeded("", "refusal"))
    came = list(generate(2, 1, teacher(provider, tmp_path)[0], AJ))
    assert {one.code for one in came if isinstance(one, Refused)} == {"teacher_refused"}
    assert [one for one in came if isinstance(one, Row)] == []


def test_a_result_that_never_came_counts_as_expired(jobs, tmp_path):
    provider = Provider(worded(jobs))
    made, _ = teacher(provider, tmp_path)
    provider.before = lambda call: httpx2.Response(200, content=b"") if call.endswith("/results") else None
    refused = [one for one in dict(made.word(jobs)).values() if isinstance(one, Refused)]
    assert [one.code for one in refused] == ["teacher_expired"] * len(jobs)


def test_rate_limits_are_waited_out_as_the_server_asks(jobs, tmp_path):
    provider, answers = Provider(worded(jobs)), [failing(429, "rate_limit_error", **{"retry-after": "3"})] * 2

    def before(call):
        if call.endswith("/msgbatch_0") and not before.looked:
            before.looked = True
            return failing(429, "rate_limit_error", **{"retry-after-ms": "1"})
        return answers.pop() if call.startswith("POST") and answers else None

    before.looked = False
    provider.before = before
    made, slept = teacher(provider, tmp_path)
    came = dict(made.word(jobs))
    assert all(isinstance(one, Wording) for one in came.values())
    assert slept == [3.0, 3.0]
    assert before.looked


def test_an_error_that_stays_is_one_sentence_and_the_next_run_goes_on(jobs, tmp_path):
    provider = Provider(worded(jobs))
    provider.before = lambda call: (
        failing(529, "overloaded_error", **{"retry-after": "0"}) if call.startswith("POST") else None
    )
    with pytest.raises(AJError, match=r"HTTP 529 \(overloaded_error\); run again later: nothing is paid twice"):
        list(teacher(provider, tmp_path)[0].word(jobs))
    provider.before = lambda _: None
    assert len(dict(teacher(provider, tmp_path)[0].word(jobs))) == len(jobs)
    assert len(provider.batches) == 1


def test_a_refused_key_is_told_without_the_key_and_the_ledger_never_holds_it(jobs, tmp_path):
    provider = Provider(worded(jobs))
    provider.before = lambda _: failing(401, "authentication_error")
    with pytest.raises(AJError, match="ANTHROPIC_API_KEY") as raised:
        list(teacher(provider, tmp_path)[0].word(jobs))
    provider.before = lambda _: None
    list(teacher(provider, tmp_path)[0].word(jobs))
    assert KEY not in str(raised.value)
    assert all(KEY not in path.read_text() for path in tmp_path.iterdir())


# --- money ----------------------------------------------------------------------------------------------------------


def test_an_estimate_above_the_cap_sends_nothing(jobs, tmp_path):
    provider, told = Provider(worded(jobs)), []
    made, _ = teacher(provider, tmp_path, max_cost=0.0001, tell=told.append)
    with pytest.raises(AJError, match=r"about \$0\.\d\d .*above the cap of \$0\.00; raise --max-cost or lower --count"):
        list(made.word(jobs))
    assert provider.seen == []
    assert "at most" in told[0]


def test_no_batch_is_sent_that_could_pass_the_cap(jobs, tmp_path):
    """Two requests fit at a time, however long the replies are; after the bill the rest of the cap is used."""
    one = 0.0265  # at most, for one of these jobs: nearly all of it for 4,000 tokens of output
    provider = Provider(worded(jobs))
    made, _ = teacher(provider, tmp_path, max_cost=2.2 * one)
    came = dict(made.word(jobs))
    sizes = [len(requests) for requests in provider.batches.values()]
    assert max(sizes) == 2
    assert len(sizes) > 2
    spent = Ledger(tmp_path).spent
    assert spent == pytest.approx(
        sum(sizes) * billed("claude-sonnet-5-5", {"input_tokens": 1000, "output_tokens": 400})
    )
    assert spent <= 2.2 * one
    assert len(came) == len(jobs)


def test_jobs_beyond_the_cap_are_rejected_and_nothing_is_tried_in_their_place(tmp_path):
    provider = Provider(lambda _: succeeded("", "refusal", tokens=(2000, 4000)))
    made, _ = teacher(provider, tmp_path, max_cost=0.06)
    came = list(generate(6, 1, made, AJ))
    codes = [one.code for one in came if isinstance(one, Refused)]
    assert codes.count("cost_cap") > 0
    assert codes.count("teacher_refused") > 0
    assert Ledger(tmp_path).spent <= 0.06


def test_a_model_without_a_price_is_refused():
    with pytest.raises(ConfigError, match=r"price of 'claude-next' is not known.*prices\.yaml"):
        price_of("claude-next")
    with pytest.raises(ConfigError):
        anthropic_teacher(AJ, Options(model="claude-next"), Provider(crash).client())


def test_the_estimate_lies_between_what_was_billed_and_the_most():
    requests = [Request(6_000, 5_000, 800)] * 10
    guess = estimate("claude-sonnet-5-5", requests, 4_000)
    bill = 10 * billed(
        "claude-sonnet-5-5", {"input_tokens": 1500, "output_tokens": 500, "cache_read_input_tokens": 1700}
    )
    assert bill < guess.expected < guess.at_most
    longer = estimate("claude-sonnet-5-5", requests * 2, 4_000)
    assert longer.at_most == pytest.approx(2 * guess.at_most)
