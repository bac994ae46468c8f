"""What is read of a log, part by part: scores of epochs, edits, seals, settings, costs and files."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from inspect_ai.log import EvalLog, EvalPlan, EvalPlanStep, EvalSpec
from inspect_ai.log._log import EvalConfig, EvalDataset
from inspect_ai.model import GenerateConfig

from aj.errors import EvidenceError
from verdict import samples
from verdict.costs import Cost, cost_of
from verdict.epochs import Epoch, Sample, graders_of, samples_of, values_of
from verdict.scores import in_order, logs_in
from verdict.settings import retuned, settings
from verdict.summaries import Summary

PATH = Path("logs/1.eval")


# --- scores ---------------------------------------------------------------------------------------------------------


def epoch(value: Any, metadata: dict[str, Any] | None = None, error: bool = False, **about: Any) -> Epoch:
    told = {} if error else {"valid": (value, metadata or {})}
    return Epoch("a", about, told, error)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"right": 1.0, "brief": 0}, {"right": 1.0, "brief": 0.0}),
        (0.5, {"valid": 0.5}),
        ("C", {"valid": 1.0}),
        (True, {"valid": 1.0}),
        (math.nan, {}),
        ({"right": 1.0, "why": None, "parts": [1]}, {"right": 1.0}),
        (None, {}),
    ],
)
def test_the_values_of_an_epoch_are_numbers_by_metric(value, read):
    assert values_of(epoch(value), PATH) == read


def test_a_metric_that_is_not_asked_for_stays_as_nan_and_two_scorers_of_one_are_refused():
    assert math.isnan(values_of(epoch({"right": math.nan}), PATH)["right"])
    twice = Epoch("a", {}, {"x": ({"b": 1, "a": 1}, {}), "y": ({"a": 1, "b": 1}, {})}, False)
    with pytest.raises(EvidenceError) as caught:
        values_of(twice, PATH)
    assert str(caught.value) == (
        "logs/1.eval: two scorers give a (x, y), and one would hide the other; score again with one of them "
        "(`inspect score --action overwrite`)."
    )


def test_a_sample_is_the_mean_of_its_epochs_that_have_a_value():
    first = epoch(
        {"right": 1.0, "brief": math.nan}, {"code": "prose"}, slice={"kind": 3}, family=7, template="t", split="eval"
    )
    rest = [epoch({"right": 0.0, "brief": 0.5}, {"code": 9}), epoch(None), epoch(0, error=True)]
    read = samples_of([first, *rest, Epoch("b", {"slice": "x"}, {}, False)], PATH)
    assert read["a"] == Sample(
        id="a",
        values={"right": 0.5, "brief": 0.5},
        slices={"kind": "3"},
        family="7",
        template="t",
        split="eval",
        codes=("prose", "9"),
        epochs=4,
        errors=1,
        unscored=1,
        scored={"right": 2, "brief": 1},
        unasked={"right": 0, "brief": 1},
    )
    assert (read["b"].values, read["b"].slices, read["b"].family, read["b"].unscored) == ({}, {}, None, 1)


@pytest.mark.parametrize(
    "value", [{"right": 0.25, "brief": math.nan}, {"right": "C"}, {"right": True}, 1, "I", math.nan]
)
def test_one_epoch_says_what_two_of_the_same_say(value):
    (one,), (two,) = (samples_of([epoch(value)] * count, PATH).values() for count in (1, 2))
    assert one.values == two.values
    for name in ("scored", "unasked"):
        once, twice = getattr(one, name), getattr(two, name)
        assert {metric: 2 * count for metric, count in once.items()} == twice
    assert (2 * one.unscored, 2 * one.errors) == (two.unscored, two.errors)


def test_graders_are_named_by_scorer_in_order_once_each():
    named = [epoch(1, {"grader": name}) for name in ("g2", "g1", "g2")]
    assert graders_of([*named, epoch(1)]) == {"valid": ("", "g1", "g2")}


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ({}, False),
        ({"error": {"message": "boom"}}, True),
        ({"limit": {"type": "time"}}, True),
        ({"limit": {"type": "token"}}, False),
        ({"limit": None, "error": None, "scores": None, "metadata": None}, False),
    ],
)
def test_an_epoch_that_ended_in_an_error_has_no_scores(sample, error):
    given = {"id": 3, "scores": {"valid": {"value": 1}}, "metadata": {"x": 1}} | sample
    read = Epoch.of_sample(given)
    assert (read.id, read.error) == ("3", error)
    assert read.scores == ({} if error or not given["scores"] else {"valid": (1, {})})
    assert read.metadata == (given["metadata"] or {})


def test_names_with_numbers_are_in_the_order_of_their_numbers():
    assert sorted(["d=16", "d=2", "c=3", "d=1", "d=x"], key=in_order) == ["c=3", "d=1", "d=2", "d=16", "d=x"]


def test_logs_are_found_below_a_folder_oldest_first_and_other_files_are_none(tmp_path):
    for name in (
        "b/2026-01-02T1_x.json",
        "2026-01-03T1_x.eval",
        "2026-01-01T1_x.eval",
        "logs.json",
        "2026.json",
        "a.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in logs_in(tmp_path)]
    assert found == ["2026-01-01T1_x.eval", "b/2026-01-02T1_x.json", "2026-01-03T1_x.eval"]
    assert logs_in(tmp_path / "a.txt") == [tmp_path / "a.txt"]


def test_a_cost_is_the_models_tokens_and_the_working_time_of_all_epochs():
    used = {"m": {"input_tokens": 3, "output_tokens": 5}, "judge": {"input_tokens": 100, "output_tokens": 1}}
    told = [{"model_usage": used, "working_time": 1.5}, {"model_usage": used, "working_time": None},
            {"model_usage": None, "working_time": 2}, {}]  # fmt: skip
    summaries = msgspec.convert([{"id": 1, "epoch": 1} | about for about in told], list[Summary])
    assert cost_of(summaries, "m") == Cost(4, 6, 10, 3.5)


# --- what the samples say themselves --------------------------------------------------------------------------------


def edit(**provenance: str) -> dict[str, Any]:
    return {"provenance": provenance}


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([edit(author="me", reason="typo"), edit(author="you", reason="no")], ["you (no)"]),
        ([edit(author="me", reason="typo"), {}], ["me (typo)"]),
        ([edit(author="", reason="")], ["somebody (no reason given)"]),
        ([{}], ["somebody (no reason given)"]),
        ([], []),
        (None, []),
    ],
)
def test_an_edited_score_names_who_edited_it_last_and_why(history, told):
    assert list(samples._edits({"scores": {"valid": {"history": history}}})) == told
    assert list(samples._edits({"scores": None})) == []


def test_the_most_frequent_editors_are_named():
    edits = ("a (x)", *["b (x)"] * 3, *["c (x)"] * 2, "d (x)")
    assert samples.edited(edits) == "3 by b (x), 2 by c (x), 1 by a (x)"


def test_values_that_are_words_are_told_by_metric():
    assert list(samples._words(epoch({"right": "yes", "brief": 1}))) == ["right"]
    assert list(samples._words(epoch("C"))) == ["valid"]


def test_an_input_is_its_roles_and_words_without_the_names_of_its_messages():
    parts = [{"type": "text", "text": "b"}]
    assert samples._text("how?") == "how?"
    assert samples._text([{"id": "1", "role": "system", "content": "a"}, {"role": "user", "content": parts}]) == (
        'system: a\nuser: [{"text": "b", "type": "text"}]\n'
    )


def test_empty_parts_of_a_header_are_as_none():
    assert samples._dense({"a": None, "b": {}, "c": [], "d": {"e": None, "f": 0}, "g": [{"h": []}, ""]}) == {
        "d": {"f": 0},
        "g": [{}, ""],
    }


HEADER = {"eval": {"model": "m", "scorers": [{"name": "valid"}], "metrics": None}, "plan": {"steps": []}, "tags": ["x"]}


def test_a_seal_changes_with_its_answers_or_with_its_scores_and_how_they_were_scored():
    seal = samples._seal(HEADER, ["a", "b"], ["s"])
    assert seal == samples._seal({**HEADER, "tags": [], "results": 3}, ["b", "a"], ["s"]), "labels and order are free"
    for key in samples.LABELS:
        assert samples._seal(HEADER | {key: "other"}, ["a", "b"], ["s"]) == seal
    rescored = samples._seal(HEADER, ["a", "b"], ["t"])
    assert (rescored.answers, rescored.scores != seal.scores) == (seal.answers, True)
    for key in samples.GRADING:
        graded = samples._seal(HEADER | {"eval": HEADER["eval"] | {key: ["lenient"]}}, ["a", "b"], ["s"])
        assert (graded.answers, graded.scores != seal.scores) == (seal.answers, True)
    for other in (
        samples._seal(HEADER, ["a", "c"], ["s"]),
        samples._seal(HEADER | {"plan": {"steps": ["x"]}}, ["a", "b"], ["s"]),
        samples._seal(HEADER | {"eval": HEADER["eval"] | {"model": "n"}}, ["a", "b"], ["s"]),
    ):
        assert (other.answers != seal.answers, other.scores) == (True, seal.scores)


def test_the_samples_of_some_names_are_read_epoch_by_epoch(tmp_path):
    told = [{"id": name, "epoch": number} for name, number in (("a", 2), ("b", 1), ("a", 1))]
    path = tmp_path / "2026-01-01T1_x.json"
    path.write_text(json.dumps({"samples": told}))
    assert samples.read_samples(path, ["a", "c"]) == {"a": [{"id": "a", "epoch": 1}, {"id": "a", "epoch": 2}]}
    path.write_text("{}")
    with pytest.raises(
        EvidenceError, match=r"2026-01-01T1_x.json cannot be read \(KeyError\('samples'\)\); run its eval"
    ):
        samples.read_samples(path, ["a"])


# --- settings -------------------------------------------------------------------------------------------------------


def header(**changes: Any) -> EvalLog:
    spec = EvalSpec(
        created="2026-01-01T10:00:00+00:00",
        task="known",
        model="vllm/m",
        dataset=EvalDataset(sample_ids=[2, "a"]),
        config=EvalConfig(limit=3, max_samples=4, message_limit=9),
        model_generate_config=GenerateConfig(top_p=0.5, temperature=1, max_connections=8),
        model_args={"dtype": "fp8", "port": 8000, "revision": "r", "max_model_len": 2048},
        metadata={"serving": {"server": {"max_model_len": 2048}, "model": {}}},
        task_args={"suite": "small"},
        packages={"inspect_ai": "0.3"},
    )
    step = EvalPlanStep(solver="generate", params={"x": 1})
    plan = EvalPlan(steps=[step], finish=EvalPlanStep(solver="tidy"), config=GenerateConfig(temperature=0, timeout=3))
    return EvalLog(eval=spec.model_copy(update=changes), plan=plan)


def test_every_setting_is_compared_but_those_that_change_no_answer():
    found = settings(header())
    assert [(step["solver"], step["params"]) for step in found.pop("solver")] == [("generate", {"x": 1}), ("tidy", {})]
    assert found == {
        "generation": {"top_p": 0.5, "temperature": 0.0},
        "task arguments": {"suite": "small"},
        "scorers": [],
        "model graders": {},
        "model arguments": {"dtype": "fp8"},
        "eval settings": {"epochs": 1, "score_on_error": False, "message_limit": 9},
        "sandbox": None,
        "order of samples": ["2", "a"],
        "packages": {"inspect_ai": "0.3"},
    }


def test_arguments_for_ones_own_provider_overrule_what_serving_tells():
    assert settings(header(model="aj/one"))["model arguments"] == {"dtype": "fp8", "revision": "r"}
    everything = {"dtype": "fp8", "revision": "r", "max_model_len": 2048}
    assert settings(header(metadata=None))["model arguments"] == everything
    flat = settings(header(metadata={"serving": {"dtype": "fp8"}}))["model arguments"]
    assert flat == {"max_model_len": 2048}


def test_what_was_changed_while_the_eval_ran_is_told_if_it_bears_on_answers():
    def change(name: str, config: str) -> Any:
        return SimpleNamespace(name=name, config=config)

    updates = [SimpleNamespace(changes=[change("top_p", "generate"), change("max_samples", "eval")])]
    updates += [SimpleNamespace(changes=[change("limit", "x"), change("a", "concurrency"), change("epochs", "eval")])]
    log: Any = SimpleNamespace(config_updates=updates)
    assert retuned(log) == ("epochs", "top_p")
    assert retuned(header()) == ()
