"""GRPO as a stage of a run, with a model of random weights."""

import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import cycle, islice, product
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from rich.console import Console

from aj.contract import load_contract
from aj.errors import TrainError
from aj.files import read_jsonl
from aj.wire import render_turn
from scenarios.oracle import play
from tests.train.lottery import rewards as drawn
from tests.train.tiny import MODULES, make_recipe
from train.base import Base
from train.manifest import finish
from train.material import run_hash
from train.memory import GB
from train.preflight import count_steps, refuse_uneven
from train.processes import batches_here, together
from train.recipe import Grpo, Recipe
from train.run import dry_run, train
from train.scenes import draw
from train.tokens import encode_prompt
from train.watch import Watch
from train.world import Episode

STAGE = {"templates": ["disk_space.space_left"], "scenarios": 5, "replies": 2, "max_tokens": 12, "learning_rate": 0.001}
GRPO = {**STAGE, "batch_size": 2, "gradient_accumulation": 2, "max_length": 512, "save_every": 1}
"""Two scenarios a step; the fifth is left over."""


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_grpo_follows_the_other_stages_and_its_rewards_are_in_the_metrics(tiny_base, dataset, tmp_path, monkeypatch):
    written = []

    def measure_and_finish(material, adapter, *others):
        kept = [path for path in adapter.parent.rglob("*") if path.suffix in (".safetensors", ".pt")]
        written.append(sum(path.stat().st_size for path in kept))
        finish(material, adapter, *others)

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr("train.run.finish", measure_and_finish)
    lora = {"rank": 64, "alpha": 8, "dtype": "float32", "target_modules": MODULES}
    run = train(make_recipe(tiny_base, lora=lora, grpo=GRPO, export={"merge": False}), dataset)
    lines = [line for _, line in read_jsonl(run / "metrics.jsonl")]
    assert list(dict.fromkeys(line["stage"] for line in lines)) == ["SFT", "DPO", "GRPO"]
    steps = [line for line in lines if line["stage"] == "GRPO" and "loss" in line]
    assert [line["reward"] for line in steps] == [0, 0]  # random tokens are no call
    assert [line["frac_reward_zero_std"] for line in steps] == [1, 1]  # what the guard goes by
    plan = json.loads((run / "manifest.json").read_text())["plan"]
    assert plan["grpo_steps"] == 2
    # Beside what is left, the plan counts the copy of the adapter, and a checkpoint before the oldest is removed.
    assert 0.75 * plan["disk"] < written[0] / GB < plan["disk"]


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_what_earns_more_becomes_likelier_and_what_others_said_has_no_gradient(
    finished, tiny_base, tokenizer, tmp_path, monkeypatch
):
    """The oracle's replies, which are worth 1, beside idle talk, which is worth nothing."""
    from train import grpo

    sizes = {"scenarios": 1, "epochs": 4, "gradient_accumulation": 1, "max_length": 1024}
    stage = Grpo.model_validate({**GRPO, **sizes})
    recipe, contract = make_recipe(tiny_base), load_contract("aj")
    scene = next(draw(stage.templates, recipe.seed))
    right = [render_turn(said, contract) for said in play(scene, contract)[0] if said.role == "assistant"]
    rounds = cycle([[right[0], IDLE], *([said] for said in right[1:])])
    played, gradients = [], []

    class Scripted(grpo.Rollout):
        def __call__(self, records: Sequence[str], trainer: Any) -> dict[str, Any]:
            played.append(super().__call__(records, trainer))
            return played[-1]

        def _generate(self, trainer: Any, prompts: list[list[int]]) -> list[list[int]]:
            return [reply_ids(said, tokenizer) for said in next(rounds)]

    def watched(*args: Any, **options: Any) -> Any:
        model = load_adapter(*args, **options)
        # From the last norm on, each token goes its own way.
        model.get_submodule("base_model.model.model.norm").register_forward_hook(watch)
        return model

    def watch(_: Any, __: Any, hidden: Any) -> None:
        if hidden.requires_grad:
            hidden.register_hook(gradients.append)

    load_adapter = grpo.load_adapter
    monkeypatch.setattr(grpo, "load_adapter", watched)
    monkeypatch.setattr(grpo, "Rollout", Scripted)
    before = finished[0] / "adapter"
    after = grpo.train_grpo(
        recipe, stage, tiny_base, tokenizer, contract, Watch(), before, tmp_path, Console(file=io.StringIO())
    )
    assert [episode["reward"] for episode in played] == [[1, 0]] * 4
    prompt = played[0]["prompt_ids"][0]
    (better, worse), (better_now, worse_now) = (
        [likelihood(tiny_base, recipe, adapter, prompt, reply_ids(said, tokenizer)) for said in (right[0], IDLE)]
        for adapter in (before, after)
    )
    assert better_now > better + 0.1
    assert worse_now < worse - 0.1
    longest = max(map(len, played[0]["env_mask"]))
    own = [[*mask, *[0] * (longest - len(mask))] for mask in played[0]["env_mask"]]
    heard = len(played[0]["env_mask"][0]) - sum(own[0])
    assert heard > 50
    for gradient in gradients:
        pulled = gradient[:, -longest - 1 : -1].abs().amax(-1) > 0
        assert sorted(pulled.int().tolist()) == sorted(own)
    assert len(gradients) == 4


IDLE = "Well, well."


def reply_ids(said: str, tokenizer: Any) -> list[int]:
    return [*tokenizer(said)["input_ids"], tokenizer.eos_token_id]


def likelihood(base: Path, recipe: Recipe, adapter: Path, prompt: list[int], said: list[int]) -> float:
    """The log-probability of a reply, in nats."""
    import torch

    from train.answering import answering
    from train.model import load_adapter, load_frozen

    model = load_adapter(load_frozen(base, recipe.quantization), adapter, trainable=True)
    with answering(model):
        logits = model(input_ids=torch.tensor([prompt + said])).logits[0, len(prompt) - 1 : -1].float()
    return logits.log_softmax(-1).gather(-1, torch.tensor(said)[:, None]).sum().item()


@pytest.mark.loop
@pytest.mark.timeout(900)
def test_grpo_killed_at_any_point_ends_as_one_that_was_not(tiny_base, dataset, tmp_path, monkeypatch):
    """What is sampled after a resume is what would have been sampled without it."""
    monkeypatch.setattr("train.grpo.world", drawn)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "whole"))
    lora = {"rank": 4, "alpha": 8, "dropout": 0.2, "dtype": "float32", "target_modules": MODULES}
    stage = {**GRPO, "scenarios": 3, "epochs": 2, "batch_size": 1, "gradient_accumulation": 2, "save_every": 2}
    recipe = make_recipe(tiny_base, lora=lora, dpo=None, grpo=stage, export={"merge": False})
    run = train(recipe, dataset)
    points = ["GRPO step 4", "GRPO checkpoint", "after GRPO"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "AJ_LOGS": str(tmp_path / "killed")}
    command = [sys.executable, "-m", "tests.train.killed", recipe.model_dump_json(), str(dataset), *points]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == points, done.stderr
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "killed"))
    again = train(recipe, dataset)
    (first, lines), (second, others) = told(run), told(again)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert all(line["grad_norm"] > 0 for line in lines)
    assert lines == others
    assert first["adapter"] == second["adapter"]


def told(run: Path) -> tuple[dict, list[dict]]:
    """The manifest, and the lines of GRPO without what a clock says."""
    lines = [line for _, line in read_jsonl(run / "metrics.jsonl") if line["stage"] == "GRPO"]
    kept = [{name: value for name, value in line.items() if "time" not in name} for line in lines]
    return json.loads((run / "manifest.json").read_text()), kept


@pytest.mark.loop
def test_what_another_speaker_said_is_not_learned(tokenizer):
    """The tokens of an episode, as the template renders the whole conversation, and which of them are AJ's."""
    from train.grpo import Rollout

    stage = Grpo.model_validate({**GRPO, "max_tokens": 96})
    rollout = Rollout(tokenizer, load_contract("aj"), stage)
    call = '{"tool": "list_agents", "params": {}}'
    stop = tokenizer.eos_token_id
    said = iter([[*tokenizer(call)["input_ids"], stop], [*tokenizer("What?")["input_ids"], stop]])
    rollout._generate = lambda trainer, prompts: [next(said)]
    record = json.dumps({"template": "disk_space.space_left", "seed": 1, "persona": "casual_developer"})
    played = rollout([record], None)
    (ids,), (own,) = played["completion_ids"], played["env_mask"]
    learned = tokenizer.decode([token for token, mine in zip(ids, own, strict=True) if mine])
    assert learned == f"{call}{tokenizer.eos_token}What?{tokenizer.eos_token}"
    heard = tokenizer.decode([token for token, mine in zip(ids, own, strict=True) if not mine])
    assert heard.startswith("\n<|im_start|>user\n")
    assert heard.endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_what_is_played_is_part_of_a_runs_identity():
    recipe = make_recipe("base")
    contract, base = load_contract("aj"), Base("base", "1", None)
    plain, played = (run_hash(made, contract, base, "data") for made in (recipe, make_recipe("base", grpo=GRPO)))
    assert plain != played


SIZES = list(product(range(1, 7), (1, 2, 3, 4, 6), range(1, 10)))
"""Batch size, gradient accumulation, replies."""


def batch_of(stage: dict) -> int | str:
    """Episodes of a step, by TRL's own configuration in this process, or its refusal."""
    from trl.trainer.grpo_config import GRPOConfig

    batches = batches_here(Grpo.model_construct(**GRPO | stage))
    sizes = {"per_device_train_batch_size": stage["batch_size"], "gradient_accumulation_steps": batches}
    try:
        config = GRPOConfig(**sizes, num_generations=stage["replies"], use_cpu=True, bf16=False, report_to="none")
    except ValueError as error:
        return str(error)
    assert config.generation_batch_size
    return config.generation_batch_size


def sized(batch: int, batches: int, replies: int) -> dict:
    return {"batch_size": batch, "gradient_accumulation": batches, "replies": replies}


@pytest.mark.loop
def test_sizes_that_trl_refuses_are_refused_before_training_and_no_others():
    for size in SIZES:
        stage = sized(*size)
        try:
            refuse_uneven(Grpo.model_validate({**GRPO, **stage, "scenarios": 100}))
            refused = False
        except (TrainError, ValidationError):
            refused = True
        assert refused == isinstance(batch_of(stage), str), stage


@pytest.mark.loop
@pytest.mark.parametrize("epochs", [1, 0.4, 2.5])
def test_steps_are_counted_as_trl_counts_them(epochs):
    """Scenarios that are too few for a step are left out, each epoch."""
    from trl.trainer.utils import RepeatSampler

    for batch, batches, replies in ((4, 2, 8), (4, 2, 2), (3, 4, 4), (2, 1, 2)):
        for scenarios in (*range(12 // replies, 30), 24):
            stage = {**GRPO, **sized(batch, batches, replies), "scenarios": scenarios, "epochs": epochs}
            if (a_step := batch * batches // replies) <= scenarios:
                sampler = RepeatSampler(range(scenarios), replies, a_step, batches, shuffle=False)
                per_epoch = len(list(sampler)) // batch // batches // batches
                assert count_steps(make_recipe("base", grpo=stage), 100, 0).grpo == math.ceil(per_epoch * epochs)


@pytest.mark.parametrize(
    ("sizes", "scenarios", "told"),
    [
        (
            (4, 2, 6),
            24,
            "8 episodes .* all 6 of each of its scenarios; make it a multiple of 6",
        ),
        ((2, 1, 4), 24, "2 episodes .* multiple of 4"),
        ((4, 2, 2), 3, "4 scenarios, more than there are; set grpo.scenarios=4 or more"),
    ],
)
def test_a_step_without_whole_scenarios_is_refused_and_it_is_said_what_to_type(sizes, scenarios, told):
    stage = Grpo.model_validate({**GRPO, **sized(*sizes), "scenarios": scenarios})
    with pytest.raises(TrainError, match=told):
        refuse_uneven(stage)


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_processes_that_share_a_step_do_not_change_its_size():
    for size in [(2, 2, 4), (1, 4, 2), (3, 2, 6)]:
        assert together(2, batch_of, sized(*size)) == size[0] * size[1]


@pytest.mark.loop
def test_scenarios_that_leave_no_room_for_a_reply_are_refused_before_training(tiny_base, dataset, tokenizer):
    contract, stage = load_contract("aj"), Grpo.model_validate({**GRPO, "scenarios": 3})
    prompts = [Episode(scene, contract).prompt() for scene in islice(draw(stage.templates, 1), 3)]
    longest = max(len(encode_prompt(prompt, tokenizer)) for prompt in prompts)
    least = longest + stage.max_tokens
    for limit in (least, least - 1, longest):
        recipe = make_recipe(tiny_base, seed=1, grpo={**GRPO, "scenarios": 3, "max_length": limit})
        if limit == least:
            dry_run(recipe, dataset)
            continue
        with pytest.raises(TrainError, match=rf"begins with {longest}, and a reply may have 12 .* grpo.max_length="):
            dry_run(recipe, dataset)
