"""GRPO as a stage of a run, with a model of random weights."""

import json

import pytest

from aj.contract import load_contract
from aj.files import read_jsonl
from tests.train.tiny import MODULES, make_recipe
from train.base import Base
from train.material import run_hash
from train.recipe import Grpo
from train.run import train

STAGE = {"templates": ["disk_space.space_left"], "scenarios": 2, "replies": 2, "max_tokens": 12, "learning_rate": 0.001}
GRPO = {**STAGE, "batch_size": 2, "max_length": 512, "save_every": 1}


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_grpo_follows_the_other_stages_and_its_rewards_are_in_the_metrics(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    lora = {"rank": 4, "alpha": 8, "dtype": "float32", "target_modules": MODULES}
    run = train(make_recipe(tiny_base, lora=lora, grpo=GRPO, export={"merge": False}), dataset)
    lines = [line for _, line in read_jsonl(run / "metrics.jsonl")]
    assert list(dict.fromkeys(line["stage"] for line in lines)) == ["SFT", "DPO", "GRPO"]
    rewards = [line["reward"] for line in lines if "reward" in line]
    assert rewards == [0, 0]  # random tokens are no call
    assert json.loads((run / "manifest.json").read_text())["plan"]["grpo_steps"] == 2


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
