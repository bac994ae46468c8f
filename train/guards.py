"""Reasons to stop a stage: what its metrics say when it does not learn what was meant."""

import math
from collections import deque
from collections.abc import Mapping
from statistics import fmean, median
from typing import Any

TYPICAL = 20
"""Steps whose median loss is called a level, and in which some of GRPO's episodes must differ."""
SUSTAINED = 5
"""Steps for which a loss must stay above the best level: single rows of the demo reach ten times that."""
FALLEN = 5.0
"""In nats: an answer that is 150 times less likely than before the stage."""
AT_ONCE = 10
"""Steps among which DPO must be wrong about a pair."""
TOLD_APART = (
    "every pair has been told apart since the first step, so the pairs teach nothing; make pairs of what this model "
    "gets wrong (`aj harvest`), or train without them (dpo=null)"
)


class Guard:
    """Sees the metrics of one stage, step by step, those before a resume included."""

    def __init__(self, beta: float | None = None) -> None:
        self.beta = beta
        self.losses: deque[float] = deque(maxlen=TYPICAL)
        self.best = math.inf
        self.rewards: deque[float] = deque(maxlen=SUSTAINED)
        self.accuracies: list[float] = []
        self.alike = 0
        """The latest steps in which no scenario's episodes differed."""

    def see(self, line: Mapping[str, Any]) -> str | None:
        """Why the stage should stop after this step, or None.

        Args:
            line: what the trainer logs of a step: "loss" in nats a token; for DPO, "rewards/chosen" is beta times the
                change of the chosen answers' log-probability since the stage began, in nats an answer, and
                "rewards/accuracies" the share of pairs whose chosen answer gained more than the rejected one; for GRPO,
                "frac_reward_zero_std" is the share of scenarios whose episodes all had the same reward.
        """
        if "loss" not in line:
            return None
        if why := self._not_finite(line):
            return why
        if "frac_reward_zero_std" in line:
            return self._episodes(line["frac_reward_zero_std"])  # GRPO's loss is about 0, and has no level
        return self._loss(line["loss"]) or self._chosen(line) or self._accuracy(line)

    def told_at_end(self) -> str | None:
        """What should be said of a stage that came to its end, or None."""
        if self.accuracies and len(self.accuracies) < AT_ONCE and min(self.accuracies) == 1.0:
            return TOLD_APART
        return None

    def _not_finite(self, line: Mapping[str, Any]) -> str | None:
        for name in ("loss", "grad_norm"):
            if not math.isfinite(value := line.get(name, 0.0)):
                return f"the {name} became {value}; lower the learning_rate"
        return None

    def _loss(self, loss: float) -> str | None:
        self.losses.append(loss)
        recent = list(self.losses)[-SUSTAINED:]
        if len(self.losses) == TYPICAL:
            self.best = min(self.best, median(self.losses))
        if min(recent) > 3 * self.best + 0.5:
            return f"the loss has risen from {self.best:.2f} to {fmean(recent):.2f}; lower the learning_rate"
        return None

    def _chosen(self, line: Mapping[str, Any]) -> str | None:
        if self.beta is None or "rewards/chosen" not in line:
            return None
        self.rewards.append(line["rewards/chosen"] / self.beta)
        if len(self.rewards) == SUSTAINED and (change := fmean(self.rewards)) < -FALLEN:
            return (
                f"the right answers have become less likely, by {-change:.1f} nats each; raise dpo.sft_weight, lower "
                "dpo.learning_rate, or remove pairs whose answers hardly differ"
            )
        return None

    def _accuracy(self, line: Mapping[str, Any]) -> str | None:
        if self.beta is None or "rewards/accuracies" not in line:
            return None
        # Until the first update, policy and reference are equal, and the accuracy is 0.
        if self.accuracies or line["rewards/margins"]:
            self.accuracies.append(line["rewards/accuracies"])
        if len(self.accuracies) == AT_ONCE and min(self.accuracies) == 1.0:
            return TOLD_APART
        return None

    def _episodes(self, alike: float) -> str | None:
        self.alike = self.alike + 1 if alike == 1.0 else 0
        if self.alike == TYPICAL:
            return (
                f"in {TYPICAL} steps, all episodes of a scenario had the same reward, so none of them taught anything; "
                "raise grpo.temperature or grpo.replies, lower grpo.learning_rate, or choose other grpo.templates"
            )
        return None
