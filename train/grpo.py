"""Reinforcement learning (GRPO): AJ plays scenarios in simulated fleets, and what goes better is made likelier."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from rich.console import Console
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from aj.contract import Contract
from scenarios.catalogue import scenario_from_record
from train.answering import generate
from train.guards import Guard
from train.model import load_adapter, load_frozen
from train.recipe import Grpo, Recipe
from train.scenes import scenes
from train.tokens import encode_prompt
from train.trainer import common_arguments, run_stage, save_adapter
from train.watch import Watch
from train.world import Episode


def train_grpo(
    recipe: Recipe,
    stage: Grpo,
    base: Path,
    tokenizer: Any,
    contract: Contract,
    watch: Watch,
    before: Path,
    staging: Path,
    console: Console,
) -> Path:
    """Continue from the adapter `before` and return the new one's folder `staging/grpo-adapter`; done if it exists."""
    target = staging / "grpo-adapter"
    if target.exists():
        return target
    folder = staging / "grpo"
    records = [json.dumps(scene.to_record()) for scene in scenes(stage, recipe.seed)]
    trainer = GRPOTrainer(
        model=load_adapter(load_frozen(base, recipe.quantization), before, trainable=True),
        reward_funcs=world,
        args=GRPOConfig(
            **common_arguments(recipe, stage, folder),
            num_generations=stage.replies,
            temperature=stage.temperature,
            beta=0.0,  # no reference: it would cost a third of a step
            shuffle_dataset=False,
        ),
        train_dataset=Dataset.from_dict({"prompt": records}),
        processing_class=tokenizer,
        rollout_func=Rollout(tokenizer, contract, stage),
    )
    run_stage(trainer, recipe, "GRPO", watch, folder, console, Guard(), before)
    return save_adapter(trainer, target)


def world(completions: Sequence[str], reward: Sequence[float | None], **_: Any) -> list[float | None]:
    """What the episodes were worth, which the rollout has found out."""
    return list(reward)


class Rollout:
    """Plays one episode for each scenario that TRL hands out, all at once, and returns their tokens and rewards."""

    def __init__(self, tokenizer: Any, contract: Contract, stage: Grpo) -> None:
        self.tokenizer, self.contract, self.stage = tokenizer, contract, stage

    def __call__(self, records: Sequence[str], trainer: Any) -> dict[str, Any]:
        episodes = [Episode(scenario_from_record(json.loads(record)), self.contract) for record in records]
        messages = [episode.prompt() for episode in episodes]
        prompts = [encode_prompt(said, self.tokenizer) for said in messages]
        tokens: list[list[int]] = [[] for _ in episodes]
        own: list[list[int]] = [[] for _ in episodes]
        playing = list(range(len(episodes)))
        while playing:
            replies = self._generate(trainer, [prompts[n] + tokens[n] for n in playing])
            for n, ids in zip(playing, replies, strict=True):
                tokens[n] += ids
                own[n] += [1] * len(ids)
                text = self.tokenizer.decode(ids, skip_special_tokens=True)
                told = episodes[n].hear(text)
                if told is None:
                    continue
                messages[n] += [{"role": "assistant", "content": text}, {"role": "user", "content": told}]
                heard = self._between(messages[n], ids[-1] == self.tokenizer.eos_token_id)
                tokens[n] += heard
                own[n] += [0] * len(heard)
                episodes[n].over = len(prompts[n]) + len(tokens[n]) + self.stage.max_tokens > self.stage.max_length
            playing = [n for n in playing if not episodes[n].over]
        rewards = [episode.reward() for episode in episodes]
        return {"prompt_ids": prompts, "completion_ids": tokens, "logprobs": None, "env_mask": own, "reward": rewards}

    def _generate(self, trainer: Any, prompts: list[list[int]]) -> list[list[int]]:
        """A sampled reply to each, its stop token included."""
        model = trainer.accelerator.unwrap_model(trainer.model)
        return generate(model, self.tokenizer, prompts, self.stage.max_tokens, self.stage.temperature)

    def _between(self, messages: list[dict[str, str]], stopped: bool) -> list[int]:
        """The template's tokens between a reply and the next one: what the fleet or the user said."""
        render = self.tokenizer.apply_chat_template
        text: str = render(messages, tokenize=False, add_generation_prompt=True)
        said: str = render(messages[:-1], tokenize=False)
        stop = self.tokenizer.eos_token
        rest = text[said.rindex(stop) + (len(stop) if stopped else 0) :]
        return list(self.tokenizer(rest, add_special_tokens=False)["input_ids"])
