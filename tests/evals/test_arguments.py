"""A wrong argument, or a role without a model, is one sentence of Inspect's before a model is asked."""

from typing import Any

import pytest
from inspect_ai import eval
from inspect_ai._util.error import PrerequisiteError

from aj.errors import ConfigError
from evals.persona import persona
from evals.task_success import task_success


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"suite": "smol"}, "-T suite=smol does not fit: input should be 'small', 'full' or 'practice'."),
        ({"epochs": 0}, "-T epochs=0 does not fit: input should be greater than 0."),
        ({"epochs": -1}, "-T epochs=-1 does not fit: input should be greater than 0."),
        ({"epochs": "many"}, "-T epochs=many does not fit: input should be a valid integer"),
        ({"temperature": [1]}, "-T temperature=[1] does not fit: input should be a valid number."),
        ({"contract": "nope"}, "There is no contract 'nope'; use one of aj"),
        ({"suite": "small", "seed": 7}, "The suite small is frozen and takes no seed; leave -T seed=7 out."),
        ({"simulated_user": True}, "-T simulated_user=true needs a model; add --model-role user=PROVIDER/NAME."),
    ],
)
def test_inspect_says_what_is_wrong_with_an_argument_in_a_sentence(tmp_path, arguments, sentence):
    refused = _refused("evals/task_success.py", arguments, tmp_path)
    assert refused.startswith(sentence)
    assert not list(tmp_path.iterdir())


def test_a_judge_without_a_model_is_noticed_before_anything_is_asked(tmp_path):
    refused = _refused("evals/persona.py", {"judge": True}, tmp_path)
    assert refused == "-T judge=true needs a model; add --model-role grader=PROVIDER/NAME."


def _refused(task: str, arguments: dict[str, Any], logs: Any) -> str:
    with pytest.raises(PrerequisiteError) as refused:
        eval(task, model="mockllm/model", task_args=arguments, log_dir=str(logs), display="none", limit=1)
    return str(refused.value.message).replace("\\[", "[")  # as it is shown


def test_a_task_that_is_made_in_python_raises_our_own_error_and_gets_its_roles_later():
    with pytest.raises(ConfigError, match="-T suite=smol does not fit"):
        task_success(suite="smol")  # type: ignore[arg-type]
    assert persona(suite="small", judge=True).scorer
