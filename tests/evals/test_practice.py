"""The practice suite: as the small one, of the train split; its gold is right, and none of it is asked by the gate."""

import importlib
import math

import pytest

from evals.draws import practice
from evals.identities import identities
from evals.reference import reference
from evals.suite import LOOPED
from scenarios.catalogue import templates
from scorers.samples import case_of

pytestmark = pytest.mark.loop  # draws whole suites


@pytest.mark.parametrize("name", ["tool_format", "known_issues", "persona", "context_retention", "task_success"])
def test_practice_samples_are_of_the_train_split_and_the_oracle_is_right_on_them(evaluate, samples, name):
    task = getattr(importlib.import_module(f"evals.{name}"), name)(suite="practice")
    assert {sample.metadata["split"] for sample in task.dataset} == {"train"}
    assert not {sample.id for sample in task.dataset} & {record["id"] for record in samples[name]}
    assert all(templates()[r["scenario"]["template"]].split == "train" for r in practice(name, 0))
    small = next(record for record in samples[name] if record["small"])
    assert practice(name, 0)[0]["slice"].keys() == small["slice"].keys()
    log = evaluate(task, solver=reference("oracle", name in LOOPED), limit=8)
    for sample in log.samples or []:
        assert all(".train." in turn.phrasing for turn in case_of(sample.metadata).scenario.turns)
        values = [value for score in sample.scores.values() for value in score.value.values()]
        assert {value for value in values if not math.isnan(value)} == {
            1.0
        }  # NaN: the sample does not ask for that part


def test_a_seed_draws_samples_of_its_own_and_always_the_same():
    first, second = (practice("task_success", seed) for seed in (0, 1))
    assert practice.__wrapped__("task_success", 0) == first
    assert not {record["id"] for record in first} & {record["id"] for record in second}


def test_a_practice_log_says_which_samples_it_measured():
    first, second = (identities("task_success", "practice", "aj", seed) for seed in (0, 1))
    assert (first["suite"], first["seed"], second["seed"]) == ("practice", 0, 1)
    assert first["samples"] != second["samples"]
