"""AJ's simulated fleet as an environment for `verifiers` 0.4 (its v1 interface), and so for trainers such as prime-rl.

A task is a scenario from the templates for training; never one of the evals'. The fleet and the scenario's user answer
each reply, and the reward is that of `train.world`: valid calls, the right hosts, the end state, true answers.
"""

from collections.abc import Iterator
from typing import Any

import verifiers.v1 as vf
from pydantic import Field

from aj.contract import load_contract
from scenarios.catalogue import scenario_from_record, templates
from train.scenes import draw
from train.world import Episode

__all__ = ["AjFleetEnv", "AjFleetTaskset"]


class AjFleetConfig(vf.TasksetConfig):
    templates: list[str] = Field(default_factory=list)
    """Names or categories of templates for training; all if there are none."""
    contract: str = "aj"
    """How AJ writes calls: the name of a contract, or the path of its file."""
    seed: int = 0


class AjFleetData(vf.TaskData):
    scenario: dict[str, Any]
    """Template, seed and persona: the whole scenario follows from them."""
    contract: str

    def episode(self) -> Episode:
        return Episode(scenario_from_record(self.scenario), load_contract(self.contract))


class AjFleetTask(vf.Task[AjFleetData]):
    """The reward comes from the world that was played in, so `AjFleetEnv` records it."""


class AjFleetTaskset(vf.Taskset[AjFleetTask, AjFleetConfig]):
    INFINITE = True

    def load(self) -> Iterator[AjFleetTask]:
        for scene in draw(self.config.templates or list(templates("train")), self.config.seed):
            data = AjFleetData(scenario=scene.to_record(), contract=self.config.contract, name=scene.template)
            system, request = data.episode().prompt()
            update = {"system_prompt": system["content"], "prompt": request["content"]}
            yield AjFleetTask(data.model_copy(update=update), self.config.task)


class AjFleetEnvConfig(vf.EnvConfig):
    aj: vf.AgentConfig = vf.AgentConfig(harness={"id": "null"}, runtime=vf.SubprocessConfig())
    """AJ's calls are text in its replies, so it needs a harness without tools, and nothing of it is run: no sandbox,
    for which verifiers 0.4 would otherwise rent a remote one."""


class AjFleetEnv(vf.Env[AjFleetEnvConfig]):
    async def run(self, task: AjFleetTask, agents: vf.Agents) -> None:
        """Play one scenario.

        Raises:
            RuntimeError: the fleet lacks what AJ asked for. Nobody can judge that, so the episode is not to be learned.
        """
        episode = task.data.episode()
        async with agents.aj.interaction(task) as talk:
            heard = await talk.turn()
            while not heard.terminated:
                told = episode.hear(heard.last_reply)
                if told is None:
                    break
                heard = await talk.turn(told)
        if talk.trace.errors:
            return  # not AJ's fault, and no reward: verifiers marks such an episode
        reward = episode.reward()
        if reward is None:
            raise RuntimeError(f"the fleet has no answer to this: {episode.past[-1].content}")
        talk.trace.record_reward("world", reward)
        talk.trace.record_metric("valid", episode.valid / max(1, episode.replies))
        talk.trace.record_metric("true", episode.true / len(episode.scenario.turns))
