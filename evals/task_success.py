"""Does AJ get the task done in the fleet, there and only there, and answer truly?

inspect eval evals/task_success.py --model vllm/PATH -T suite=small
"""

from inspect_ai import Task, task

from evals.agent import agent
from evals.frozen import Suite, config, dataset, metadata
from scorers.task_done import task_done

VERSION = 1


@task
def task_success(suite: Suite = "full", contract: str = "aj", constrained: bool = False) -> Task:
    return Task(
        dataset=dataset("task_success", suite, contract),
        solver=agent(),
        scorer=task_done(),
        config=config(constrained, contract),
        metadata=metadata("task_success", suite, contract),
        headline_metric="task_done.success",
        version=VERSION,
    )
