"""Does AJ write what his runtime accepts, in every mode and layout, and is it the right next step?

inspect eval evals/tool_format.py --model vllm/PATH -T suite=small
"""

from inspect_ai import Task, task
from inspect_ai.solver import generate

from evals.frozen import Suite, config, dataset, metadata
from scorers.valid_reply import valid_reply

VERSION = 2


@task
def tool_format(suite: Suite = "full", contract: str = "aj", constrained: bool = False) -> Task:
    return Task(
        dataset=dataset("tool_format", suite, contract),
        solver=generate(),
        scorer=valid_reply(),
        config=config(constrained, contract),
        metadata=metadata("tool_format", suite, contract),
        headline_metric="valid_reply.valid",
        version=VERSION,
    )
