"""The exam of a stage: which samples it asks, which checkpoint is kept, and when it stops."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aj.errors import TrainError
from aj.files import read_jsonl
from tests.train.lottery import EXAM, QUESTIONS, examiner, lottery
from tests.train.tiny import MODULES, make_recipe
from train.exam import Results, choose
from train.material import prepare
from train.recipe import ExamOptions
from train.run import train

MOVING = {"epochs": 4, "batch_size": 1, "max_length": 512, "learning_rate": 0.01, "save_every": 6}
"""SFT whose result is no mean."""
OPTIONS = ExamOptions(metric="tool_format/right", every=4, samples=3, patience=2)


def results(*scores: float, patience: int | None = 2) -> Results:
    return Results(OPTIONS.model_copy(update={"patience": patience}), dict(enumerate(scores, start=1)))


@pytest.mark.parametrize(
    ("scores", "best", "declined"),
    [
        ([0.5], 1, False),
        ([0.5, 0.4], 1, False),
        ([0.5, 0.4, 0.3], 1, True),
        ([0.5, 0.4, 0.5], 3, False),  # as good, and has learned more
        ([0.5, 0.4, 0.6, 0.1], 3, False),
        ([0.1, 0.6, 0.4, 0.5], 2, True),  # recovering, and still worse
        ([0.0, 0.0, 0.0], 3, False),
    ],
)
def test_the_last_of_the_best_checkpoints_counts_and_so_many_worse_ones_after_it_end_the_stage(scores, best, declined):
    assert results(*scores).best == best
    assert results(*scores).declined == declined
    assert not results(*scores, patience=None).declined


def test_nothing_has_declined_before_the_first_exam():
    assert not Results(OPTIONS).declined


def test_results_are_those_of_one_stage_up_to_a_step():
    lines = [
        {"stage": "SFT", "step": 4, "loss": 1.0},
        {"stage": "SFT exam", "step": 4, "tool_format/right": 0.5},
        {"stage": "SFT exam", "step": 8, "tool_format/right": 0.25},
        {"stage": "DPO exam", "step": 4, "tool_format/right": 1.0},
    ]
    assert Results.of(OPTIONS, lines, "SFT").scores == {4: 0.5, 8: 0.25}
    assert Results.of(OPTIONS, lines, "SFT", 7).scores == {4: 0.5}
    assert Results.of(OPTIONS, lines, "GRPO").scores == {}


@pytest.mark.loop
def test_a_sample_that_a_row_answers_is_not_asked(tokenizer):
    from train.tokens import TokenizedPair, TokenizedRow, encode_prompt

    learned, compared = (encode_prompt(QUESTIONS[name], tokenizer) for name in ("sample 2", "sample 5"))
    rows = [TokenizedRow("row", [*learned, 7, 8], [-100] * len(learned) + [7, 8])]
    pairs = [TokenizedPair("pair", compared, [7], [8])]
    asked = choose(EXAM, OPTIONS.model_copy(update={"samples": 9}), rows, pairs, tokenizer)
    assert asked == [name for name in QUESTIONS if name not in ("sample 2", "sample 5")]
    assert choose(EXAM, OPTIONS, rows, pairs, tokenizer) == ["sample 1", "sample 6", "sample 9"]
    with pytest.raises(TrainError, match=r"exam\.samples is 11, but of the 11 practice samples of tool_format, 9 ask"):
        choose(EXAM, OPTIONS.model_copy(update={"samples": 11}), rows, pairs, tokenizer)


def told(run: Path) -> tuple[dict, list[dict]]:
    return json.loads((run / "manifest.json").read_text()), [line for _, line in read_jsonl(run / "metrics.jsonl")]


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_the_best_checkpoint_is_kept_and_is_what_the_next_stage_starts_from(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    recipe = make_recipe(tiny_base, exam={"metric": "tool_format/right", "every": 3, "samples": 9})

    drawn = iter([0.2, 0.5, 0.9, 0.4, 0.9, 0.1, 0.8, 0.3])  # of the two best, the later one is kept

    def until_dpo(samples, answer):
        if any(tmp_path.rglob("sft-adapter")):
            raise TrainError("the exam is over")
        return lottery(samples, answer) | {"tool_format/right": next(drawn)}

    with pytest.raises(TrainError, match="the exam is over"):
        train(recipe, dataset, examiner=lambda _: replace(EXAM, take=until_dpo))
    (staging,) = (tmp_path / "runs").glob(".aj-unfinished-*")
    kept = {int(path.name.rpartition("-")[2]): path for path in (staging / "sft").glob("checkpoint-*")}
    run = train(recipe, dataset, examiner=examiner)
    manifest, lines = told(run)
    scores = {line["step"]: line["tool_format/right"] for line in lines if line["stage"] == "SFT exam"}
    assert sorted(scores) == [3, 6, 9, 12, 15, 18, 21, 24]
    assert sorted(kept) == [15, 21, 24]
    assert manifest["exam"]["chosen"]["SFT"] == {"step": 15, "tool_format/right": 0.9}
    begun = next(line for line in lines if line["stage"] == "DPO exam")
    assert (begun["step"], begun["tool_format/right"]) == (0, 0.9)


@pytest.mark.loop
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("dpo", "patience", "scores", "chosen"),
    [
        ({}, None, {"SFT": [0.2, 0.9, 0.4, 0.1], "DPO": [0.95]}, ("DPO", 4)),
        ({}, None, {"SFT": [0.2, 0.9, 0.4, 0.1], "DPO": [0.3]}, ("SFT", 8)),
        ({"dpo": None}, 1, {"SFT": [0.9, 0.4]}, ("SFT", 4)),  # it stops early
    ],
)
def test_the_manifest_tells_of_the_model_that_the_run_is(
    tiny_base, dataset, tmp_path, monkeypatch, dpo, patience, scores, chosen
):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    drawn = iter([score for stage in scores.values() for score in stage])
    recipe = make_recipe(
        tiny_base,
        exam={"metric": "tool_format/right", "every": 4, "samples": 9, "patience": patience},
        held_out=0.2,
        held_out_every=1000,
        sft=MOVING,
        export={"merge": False},
        **dpo,
    )
    sit = replace(EXAM, take=lambda samples, _: {"tool_format/right": next(drawn), "samples": len(samples)})
    manifest, lines = told(train(recipe, dataset, examiner=lambda _: sit))
    held_out = {
        (line["stage"].partition(" held out, ")[0], line["step"]): line["loss"]
        for line in lines
        if line["stage"].endswith(" held out, call")
    }
    assert list(held_out) == [(stage, 4 * n) for stage, taken in scores.items() for n in range(1, len(taken) + 1)]
    assert len(set(held_out.values())) == len(held_out)
    assert manifest["held_out"]["call"] == held_out[chosen]
    best = manifest["exam"]["chosen"]["SFT"]["step"]
    losses = [line["loss"] for line in lines if line["stage"] == "SFT" and line["step"] <= best]
    assert len(losses) == best < max(line["step"] for line in lines if line["stage"] == "SFT")
    assert manifest["train_tokens"] == manifest["plan"]["tokens"] * best / 4  # a row a step, and four rows
    assert manifest["final_loss"] == round(sum(losses) / len(losses), 4)


@pytest.mark.loop
def test_an_exam_must_not_stop_a_stage_before_the_steps_whose_mean_is_its_result(tiny_base, dataset):
    exam = {"metric": "tool_format/right", "every": 3, "samples": 9, "patience": 1}
    with pytest.raises(TrainError, match=r"^exam\.patience may stop SFT before its last steps.*sft\.averaged=0"):
        prepare(make_recipe(tiny_base, exam=exam), dataset, examiner=examiner)


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_a_stage_that_is_killed_around_its_exams_ends_as_one_that_was_not(tiny_base, dataset, tmp_path, monkeypatch):
    """In the line of a result, in the checkpoint after it, and when it has stopped because the results declined."""
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "whole"))
    options = {"metric": "tool_format/right", "every": 3, "samples": 9, "patience": 1}
    lora = {"rank": 4, "alpha": 8, "dropout": 0.2, "target_modules": MODULES}
    recipe = make_recipe(tiny_base, exam=options, dpo=None, lora=lora, sft=MOVING, export={"merge": False})
    run = train(recipe, dataset, examiner=examiner)
    points = ["SFT step 6", "SFT checkpoint", "after SFT"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "AJ_LOGS": str(tmp_path / "killed")}
    command = [sys.executable, "-m", "tests.train.killed", recipe.model_dump_json(), str(dataset), *points]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == points, done.stderr
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "killed"))
    again = train(recipe, dataset, examiner=examiner)
    (first, lines), (second, others) = told(run), told(again)
    assert max(line["step"] for line in lines) < 24  # or it has not stopped early
    assert lines == others
    assert (first["exam"], first["adapter"]) == (second["exam"], second["adapter"])


@pytest.mark.loop
@pytest.mark.timeout(900)
def test_two_processes_share_an_exam_and_stop_together(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    options = {"metric": "tool_format/right", "every": 1, "samples": 9, "patience": 1}
    stage = {"epochs": 4, "batch_size": 1, "gradient_accumulation": 2, "max_length": 512, "learning_rate": 0.01}
    recipe = make_recipe(tiny_base, exam=options, dpo=None, sft=stage, export={"merge": False})
    manifest, lines = told(train(recipe, dataset, processes=2, examiner=examiner))
    scores = {line["step"]: line["tool_format/right"] for line in lines if line["stage"] == "SFT exam"}
    best = manifest["exam"]["chosen"]["SFT"]["step"]
    assert sorted(scores) == list(range(1, best + 2))
    assert scores[best] == max(scores.values()) > scores[best + 1]
