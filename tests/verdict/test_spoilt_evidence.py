"""Ways to make PROMOTE of what is none: each starts from an honest PROMOTE, spoils one thing, and must be INVALID."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import EvalLog, EvalSampleLimit, ProvenanceData
from inspect_ai.log._config_update import ConfigUpdate, ConfigValueChange
from inspect_ai.scorer import Score

from aj.files import digest_file, digest_model, digest_weights, write_json, write_jsonl
from tests.made_logs import GRADER, Lab
from verdict.gate import GateOutcome

Spoil = Callable[[Lab], tuple[str | Path, str | Path]]
"""Spoils the lab, and returns the reference and the candidate to judge."""


def test_what_is_spoilt_below_would_be_promoted(lab, policy):
    assert lab.judge(policy, "base", "good").outcome is GateOutcome.PROMOTE


# --- the candidate's log says something else about how it was asked --------------------------------------------------


def asked(name: str, change: Callable[[EvalLog], object]) -> Spoil:
    """The candidate's log of one task, as if it had been asked so."""

    def spoil(lab: Lab) -> tuple[str, Path]:
        def changed(log: EvalLog) -> None:
            change(log)

        return "base", lab.change("good", changed, tasks="tool-format")

    spoil.__name__ = name
    return spoil


def setting(name: str, value: Any) -> Spoil:
    return asked(name, lambda log: setattr(log.eval.config, name, value))


def generating(name: str, value: Any) -> Spoil:
    return asked(name, lambda log: setattr(log.plan.config, name, value))


def retuned(log: EvalLog) -> None:
    """As `inspect ctl config` leaves it."""
    change = ConfigValueChange(config="eval", name="time_limit", value=60)
    log.config_updates = [ConfigUpdate(changes=[change], scope="task", provenance=ProvenanceData(author="me"))]


def a_template_of_ones_own(lab: Lab) -> tuple[str, Path]:
    """`inspect eval --model aj/RUN -M chat_template=FILE`: the provider tells how the run is served, not this."""

    def overrule(log: EvalLog) -> None:
        log.eval.model = "aj/good"
        log.eval.model_args = {"chat_template": "x.jinja"}

    return "base", lab.change("good", overrule)


def another_solver(log: EvalLog) -> None:
    log.plan.steps[0].solver = "chain_of_thought"


def a_step_at_the_end(log: EvalLog) -> None:
    log.plan.finish = log.plan.steps[0]


def another_order(log: EvalLog) -> None:
    log.eval.dataset.sample_ids = list(reversed(log.eval.dataset.sample_ids or []))


ASKED = [
    (setting("time_limit", 60), "eval settings differs"),
    (setting("working_limit", 60), "eval settings differs"),
    (setting("cost_limit", 1.0), "eval settings differs"),
    (setting("token_limit_type", "output"), "eval settings differs"),
    (setting("message_limit", 4), "eval settings differs"),
    (setting("retry_on_error", 3), "eval settings differs"),
    (setting("score_on_error", True), "eval settings differs"),
    (setting("epochs_reducer", ["max"]), "eval settings differs"),
    (setting("sample_shuffle", 7), "eval settings differs"),
    (generating("seed", 1), "generation differs"),
    (generating("stop_seqs", ["}"]), "generation differs"),
    (generating("cache", True), "generation differs"),
    (generating("fallback_models", ["openai/gpt"]), "generation differs"),
    (generating("extra_body", {"guided_json": {}}), "generation differs"),
    (asked("retuned", retuned), "time_limit changed while the eval ran"),
    (asked("another_solver", another_solver), "solver differs"),
    (asked("a_step_at_the_end", a_step_at_the_end), "solver differs"),
    (asked("another_order", another_order), "order of samples differs"),
    (asked("fp8", lambda log: log.eval.model_args.update(dtype="fp8")), "model arguments differs"),
    (a_template_of_ones_own, "model arguments differs"),
    (asked("inspect", lambda log: log.eval.packages.update(inspect_ai="0.4")), "packages differs"),
]


# --- the candidate's scores are not what its answers earned ----------------------------------------------------------


def flipped(lab: Lab) -> tuple[str, Path]:
    """Wrong scores made right in the log."""

    def flip(log: EvalLog) -> None:
        for sample in log.samples or []:
            for score in (sample.scores or {}).values():
                assert isinstance(score.value, dict)
                score.value = dict.fromkeys(score.value, 1.0)

    return "base", lab.change("old", flip, tasks="known-issues", sealed=False)


def scored(name: str, value: Any) -> Spoil:
    """Three samples, each with this value for the gated metric."""

    def change(log: EvalLog) -> None:
        for sample in (log.samples or [])[:3]:
            sample.scores = {"valid": Score(value={"valid": value}, metadata={"grader": GRADER})}

    return asked(name, change)


def wrong_epochs_left_out(log: EvalLog) -> None:
    """Of two epochs, the second of each sample was wrong; NaN leaves it out of the mean."""
    log.eval.config.epochs = 2
    nothing = {"valid": Score(value={"valid": math.nan}, metadata={"grader": GRADER})}
    log.samples = (log.samples or []) + [
        sample.model_copy(update={"epoch": 2, "scores": nothing}) for sample in log.samples or []
    ]


def stopped_by_a_clock(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.limit = EvalSampleLimit(type="time", limit=60)


def a_second_scorer(lab: Lab) -> tuple[str, Path]:
    """As `inspect score --action append` leaves it."""

    def append(log: EvalLog) -> None:
        again = {"valid1": Score(value={"valid": 1.0}, metadata={"grader": GRADER})}
        for sample in log.samples or []:
            sample.scores = {**(sample.scores or {}), **again}

    return "base", lab.change("good", append, tasks="tool-format", sealed=False)


SCORED = [
    (flipped, "its scores were changed after they were written"),
    (scored("the_word_yes", "yes"), "3 values of valid are words, not numbers"),
    (scored("a_grade", "C"), "3 values of valid are words, not numbers"),
    (scored("nothing_to_ask", math.nan), "3 samples ask for valid in only one of the logs"),
    (scored("no_value", None), "3 of 28 sample epochs have no value for valid"),
    (scored("more_than_right", 1.5), "valid has values outside 0..1"),
    (scored("without_end", math.inf), "valid has values outside 0..1"),
    (asked("wrong_epochs_left_out", wrong_epochs_left_out), "28 samples ask for valid in some epochs only"),
    (asked("stopped_by_a_clock", stopped_by_a_clock), "3 of 28 samples ended in an error"),
    (a_second_scorer, "two scorers give valid (valid, valid1)"),
]


# --- the logs are of another model -----------------------------------------------------------------------------------


def answered_by(arm: str, model: str, tasks: str = "") -> Spoil:
    """An arm whose logs (of some tasks) are another model's, with the arm's own metadata."""

    def spoil(lab: Lab) -> tuple[str | Path, str | Path]:
        def rename(log: EvalLog) -> None:
            log.eval.model = model

        folder = lab.change(arm, rename, tasks=tasks)
        return (folder, "good") if arm == "base" else ("base", folder)

    spoil.__name__ = f"{arm} by {model} {tasks}"
    return spoil


def a_stranger_as_base(lab: Lab) -> tuple[Path, str]:
    """A weaker model in a folder of the base's name."""

    def other(log: EvalLog) -> None:
        serving = (log.eval.metadata or {})["serving"]
        log.eval.metadata = {
            **(log.eval.metadata or {}),
            "serving": serving | {"model": serving["model"] | {"revision": "0ther"}},
        }

    return lab.change("base", other), "good"


def an_older_run_as_base(lab: Lab) -> tuple[Path, str]:
    def claim(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "run": "base"}

    return lab.change("old", claim), "good"


def a_champion_that_is_gone(lab: Lab) -> tuple[str, str]:
    shutil.rmtree(lab.run("old"))
    return "old", "good"


OF_ANOTHER = [
    (answered_by("good", "mockllm/model"), "the candidate: tool_format was answered by mockllm/model"),
    (answered_by("good", "vllm//logs/runs/same/merged"), "which is not run good"),
    (answered_by("good", "vllm//logs/runs/good2/merged"), "which is not run good"),
    (answered_by("good", "vllm//logs/runs/same/merged", "known-issues"), "has logs of several models"),
    (answered_by("good", "openai-api/local/aj"), "which is not run good"),
    (answered_by("base", "vllm//models/tiny"), "the reference: tool_format was answered by vllm//models/tiny"),
    (answered_by("base", "vllm//models/tiny", "known-issues"), "has logs of several models"),
    (a_stranger_as_base, "is not the candidate's base, served as the candidate is"),
    (an_older_run_as_base, "which is not the candidate's base"),
    (a_champion_that_is_gone, "manifest.json is missing"),
]


# --- the run was changed after it was scored -------------------------------------------------------------------------


def changed(name: str, change: Callable[[Path], object]) -> Spoil:
    """A change of the candidate's run folder."""

    def spoil(lab: Lab) -> tuple[str, str]:
        change(lab.run("good"))
        return "base", "good"

    spoil.__name__ = name
    return spoil


def told(run: Path, **values: Any) -> None:
    path = run / "manifest.json"
    write_json(path, json.loads(path.read_text()) | values)


def another_merged_model(run: Path) -> None:
    """Other weights, and a manifest that knows them."""
    (run / "merged" / "model.safetensors").write_bytes(b"other")
    serving = json.loads((run / "manifest.json").read_text())["serving"]
    told(run, merged=digest_weights(run / "merged"), serving=serving | {"revision": digest_model(run / "merged")})


def another_adapter(run: Path) -> None:
    (run / "adapter" / "adapter_model.safetensors").write_bytes(b"other")
    told(run, adapter=digest_weights(run / "adapter"))


def weights_that_no_manifest_names(run: Path) -> None:
    (run / "merged" / "model.safetensors").write_bytes(b"other")
    told(run, merged=None)


def not_merged(lab: Lab) -> Path:
    """The candidate's run with an adapter that is served on its base, and its logs."""
    run = lab.run("good")
    shutil.rmtree(run / "merged")
    model = json.loads((run / "manifest.json").read_text())["serving"] | {"adapter": digest_model(run / "adapter")}
    told(run, merged=None, serving=model)

    def on_base(log: EvalLog) -> None:
        log.eval.model = "vllm//models/smollm2://logs/runs/good/adapter"
        serving = (log.eval.metadata or {})["serving"]
        log.eval.metadata = {**(log.eval.metadata or {}), "serving": serving | {"model": model}}

    return lab.change("good", on_base)


def lora_alpha(lab: Lab) -> tuple[str, Path]:
    """The factor of every adapter weight, in a file without weights."""
    folder = not_merged(lab)
    (lab.run("good") / "adapter" / "adapter_config.json").write_text('{"r": 8, "lora_alpha": 64}')
    return "base", folder


def test_an_adapter_that_is_served_on_its_base_is_promoted_too(lab, policy):
    verdict = lab.judge(policy, "base", not_merged(lab))
    assert verdict.outcome is GateOutcome.PROMOTE, verdict.reasons


CHANGED = [
    (
        changed("template", lambda run: (run / "merged" / "chat_template.jinja").write_text("x")),
        "another configuration",
    ),
    (changed("config", lambda run: (run / "merged" / "config.json").write_text("{}")), "another configuration"),
    (changed("tokenizer", lambda run: (run / "merged" / "tokenizer.json").unlink()), "another configuration"),
    (changed("generation", lambda run: (run / "merged" / "generation_config.json").write_text("{}")), "another config"),
    (lora_alpha, "another configuration, tokenizer or chat template than its manifest records"),
    (changed("another_merged_model", another_merged_model), "the model that was scored"),
    (changed("another_adapter", another_adapter), "the adapter that was scored"),
    (
        changed("no_manifest_names_it", weights_that_no_manifest_names),
        "another kind of model than its manifest records",
    ),
    (changed("merged_is_gone", lambda run: shutil.rmtree(run / "merged")), "another kind of model"),
    (changed("not_said", lambda run: told(run, serving=None)), "does not say how the run is served"),
    (changed("another_contract", lambda run: told(run, contract="0ther")), "the contract that was scored (c0ffee)"),
]


# --- the run was trained on the suite, or nobody can say -------------------------------------------------------------


def trained(name: str, change: Callable[[Path], object]) -> Spoil:
    """A change of the candidate's data set."""

    def spoil(lab: Lab) -> tuple[str, str]:
        change(lab.logs / "datasets" / "dgood")
        return "base", "good"

    spoil.__name__ = name
    return spoil


def locked(data: Path, **values: Any) -> None:
    path = data / "lock.json"
    write_json(path, json.loads(path.read_text()) | values)


def rows(data: Path, *templates: str, text: str = "a request") -> None:
    """Other rows, with a lock and a run's manifest that know their file."""
    turn = {"role": "user", "content": text}
    write_jsonl(data / "sft.jsonl", [{"messages": [turn], "metadata": {"templates": list(templates)}}])
    files = json.loads((data / "lock.json").read_text())["files"] | {"sft.jsonl": digest_file(data / "sft.jsonl")}
    locked(data, files=files)
    told(data.parents[1] / "runs" / "good", files=files)


def another_file(data: Path) -> None:
    with (data / "sft.jsonl").open("a") as file:
        file.write('{"messages": []}\n')


def another_file_and_lock(data: Path) -> None:
    another_file(data)
    files = json.loads((data / "lock.json").read_text())["files"]
    locked(data, files=files | {"sft.jsonl": digest_file(data / "sft.jsonl")})


def a_leak_in_capitals(data: Path) -> None:
    rows(data, "TOOL_FORMAT-PROSE-3")
    locked(data, templates=["TOOL_FORMAT-PROSE-3", "train-2"])


TRAINED = [
    (trained("another_file", another_file), "sft.jsonl in"),
    (trained("another_file_and_lock", another_file_and_lock), "is not what the run was trained on"),
    (trained("no_file", lambda data: (data / "sft.jsonl").unlink()), "are not the files that its lock names"),
    (trained("no_lock", lambda data: (data / "lock.json").unlink()), "lock.json is missing"),
    (trained("anothers_lock", lambda data: locked(data, hash="x")), "is not that of data set dgood"),
    (trained("made_up", lambda data: locked(data, templates=["made-up"])), "names other templates than its rows"),
    (trained("one_too_few", lambda data: locked(data, templates=["train-1"])), "names other templates than its rows"),
    (trained("null", lambda data: locked(data, templates=[None])), "does not name the templates"),
    (trained("no_templates", lambda data: locked(data, templates=[])), "does not name the templates"),
    (trained("a_leak", lambda data: rows(data, "tool_format-prose-3")), "1 templates of the suite were trained on"),
    (
        trained("a_leak_in_capitals", a_leak_in_capitals),
        "1 templates of the suite were trained on (TOOL_FORMAT-PROSE-3)",
    ),
    (trained("a_request", lambda data: rows(data, "train-1", text="Tool_format prose 3!")), "1 requests of the suite"),
]


WAYS: list[tuple[Spoil, str]] = [*ASKED, *SCORED, *OF_ANOTHER, *CHANGED, *TRAINED]


@pytest.mark.loop
@pytest.mark.parametrize(("spoil", "reason"), [pytest.param(*way, id=way[0].__name__) for way in WAYS])
def test_spoilt_evidence_is_invalid_and_says_why(lab, policy, spoil, reason):
    verdict = lab.judge(policy, *spoil(lab))
    assert verdict.outcome is GateOutcome.INVALID, verdict.reasons
    assert not verdict.checks
    assert any(reason in given for given in verdict.reasons), verdict.reasons


@pytest.mark.parametrize("name", ["max_connections", "timeout", "max_retries"])
def test_how_a_request_travels_is_not_compared(lab, policy, name):
    assert lab.judge(policy, *generating(name, 3)(lab)).outcome is GateOutcome.PROMOTE


@pytest.mark.parametrize("name", ["max_samples", "log_buffer", "fail_on_error"])
def test_how_many_run_at_once_and_what_is_shown_is_not_compared(lab, policy, name):
    assert lab.judge(policy, *setting(name, 1)(lab)).outcome is GateOutcome.PROMOTE


def test_logs_of_plain_inspect_are_evidence_when_they_say_what_is_needed(lab, policy):
    def by_inspect(log: EvalLog) -> None:
        """As `inspect eval --model aj/RUN` writes them: nothing names a folder of answers, and nothing is sealed."""
        log.eval.metadata = {key: value for key, value in (log.eval.metadata or {}).items() if key != "answers"}
        log.eval.model = "aj/good"

    folder = lab.change("good", by_inspect, sealed=False)
    (folder / "done.json").unlink()
    assert lab.judge(policy, "base", folder).outcome is GateOutcome.PROMOTE


def test_logs_of_plain_inspect_that_do_not_say_it_are_told_what_to_do(lab, policy):
    def by_inspect(log: EvalLog) -> None:
        kept = ("contract", "samples", "suite", "asked", "versions")
        log.eval.metadata = {key: (log.eval.metadata or {})[key] for key in kept}

    verdict = lab.judge(policy, "base", lab.change("good", by_inspect, sealed=False))
    assert verdict.outcome is GateOutcome.INVALID
    for what in ("name its serving", "say which run it evaluates"):
        assert any(f"a log does not {what}; evaluate with `aj eval`, or" in reason for reason in verdict.reasons)


@pytest.mark.parametrize("server", [{"at": "openai-api"}, {"at": "VLLM_BASE_URL"}])
def test_a_server_elsewhere_of_which_both_logs_know_as_little_is_comparable(lab, policy, server):
    def elsewhere(log: EvalLog) -> None:
        serving = (log.eval.metadata or {})["serving"] | {"server": server}
        log.eval.metadata = {**(log.eval.metadata or {}), "serving": serving}
        log.eval.model = log.eval.model.replace("vllm//logs/runs/good/merged", "openai-api/local/aj-good")

    folders = [lab.change(name, elsewhere) for name in ("base", "good")]
    assert lab.judge(policy, *folders).outcome is GateOutcome.PROMOTE
    mixed = lab.judge(policy, "base", folders[1])
    assert any("serving differs" in reason for reason in mixed.reasons)
