"""When a stage stops, by its metrics; the streams are made, as no model is bad on demand."""

from random import Random
from typing import Any

import pytest

from train.guards import Guard


def stopped(lines, beta=None) -> Any:
    """Step and reason of the first stop, or None."""
    guard = Guard(beta)
    return next(((step, why) for step, line in enumerate(lines, start=1) if (why := guard.see(line))), None)


def learning(steps):
    """Losses of single rows: from 2.5 to about 0.05, with a hard row in ten."""
    draw = Random(0)
    return [{"loss": (2.5 * 0.97**n + 0.05) * draw.choice([0.3, 1, 1, 1, 1, 1, 1, 1, 1, 8])} for n in range(steps)]


def dpo(chosen=0.0, accuracy=0.5, margin=0.1):
    told = {"loss": 0.6, "rewards/chosen": chosen, "rewards/accuracies": accuracy, "rewards/margins": margin}
    return {**told, "grad_norm": 1.0}


def test_a_run_that_learns_is_left_alone():
    assert stopped(learning(800)) is None


@pytest.mark.parametrize("name", ["loss", "grad_norm"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_stops_at_once(name, value):
    assert stopped([*learning(3), {"loss": 1.0, "grad_norm": 1.0, name: value}]) == (
        4,
        f"the {name} became {value}; lower the learning_rate",
    )


def test_a_loss_that_rises_and_stays_is_stopped_and_single_hard_rows_are_not():
    assert stopped([*learning(200), *[{"loss": 9.0}] * 4, *learning(200)[100:]]) is None
    step, why = stopped([*learning(200), *[{"loss": 9.0}] * 20])
    assert step == 205
    assert "has risen from 0.0" in why


def test_a_loss_that_creeps_back_is_stopped_too():
    creeping = [{"loss": 0.05 + 0.01 * n} for n in range(300)]
    step, why = stopped([*learning(200), *creeping])
    assert step < 300
    assert "lower the learning_rate" in why


def test_dpo_that_makes_right_answers_less_likely_is_stopped_in_nats_whatever_beta_is():
    for beta in (0.1, 0.5):
        assert stopped([dpo(chosen=-4.9 * beta)] * 50, beta) is None
        step, why = stopped([dpo(chosen=-5.5 * beta)] * 50, beta)
        assert step == 5
        assert "less likely, by 5.5 nats each; raise dpo.sft_weight" in why


def test_pairs_that_are_told_apart_from_the_start_are_stopped():
    still = [
        dpo(accuracy=0.0, margin=0.0)
    ] * 2  # before the first update, and where the warm-up has no learning rate yet
    step, why = stopped([*still, *[dpo(accuracy=1.0)] * 40], 0.1)
    assert step == 12
    assert "the pairs teach nothing" in why
    assert stopped([*still, dpo(accuracy=0.75), *[dpo(accuracy=1.0)] * 40], 0.1) is None
    assert stopped([*still, *[dpo(accuracy=1.0)] * 9], 0.1) is None


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([dpo(accuracy=0.0, margin=0.0), *[dpo(accuracy=1.0)] * 5], True),
        ([dpo(accuracy=1.0)] * 9, True),
        ([dpo(accuracy=1.0), dpo(accuracy=0.75), dpo(accuracy=1.0)], False),
        ([dpo(accuracy=0.0, margin=0.0)], False),  # nothing could be judged
        ([dpo(accuracy=0.75), *[dpo(accuracy=1.0)] * 30], False),
        (learning(30), False),
    ],
)
def test_a_stage_too_short_to_be_stopped_is_told_at_its_end_that_its_pairs_taught_nothing(lines, told):
    guard = Guard(0.1)
    assert [guard.see(line) for line in lines] == [None] * len(lines)
    assert ("the pairs teach nothing" in (guard.told_at_end() or "")) == told


def grpo(loss, alike=0.0):
    return {"loss": loss, "grad_norm": 1.0, "reward": 0.4, "frac_reward_zero_std": alike}


@pytest.mark.parametrize("level", [-0.3, -5.0, 0.0, 0.3])
def test_grpo_is_not_judged_by_its_loss_which_has_a_sign_and_no_level(level):
    draw = Random(1)
    assert stopped([grpo(level)] * 40) is None
    assert stopped([grpo(level + draw.gauss(0, 0.5)) for _ in range(400)]) is None
    assert stopped([*[grpo(level)] * 40, *[grpo(level + 9.0)] * 40]) is None
    assert stopped([grpo(level), grpo(float("nan"))]) == (2, "the loss became nan; lower the learning_rate")


def test_grpo_whose_episodes_no_longer_differ_is_stopped():
    step, why = stopped([*[grpo(0.1)] * 7, *[grpo(0.0, alike=1.0)] * 40])
    assert step == 27
    assert "all episodes of a scenario had the same reward" in why
    assert stopped([*[grpo(0.0, alike=1.0)] * 19, grpo(0.1, alike=0.5)] * 5) is None
    assert stopped([grpo(0.0, alike=float("nan"))] * 40) is None  # nobody could judge


def test_lines_without_a_loss_are_not_judged():
    assert stopped([{"train_runtime": 3.0, "train_loss": float("nan")}]) is None
