"""Does AJ write what its runtime accepts, in every mode and layout, and is it the right next step?

inspect eval evals/tool_format.py --model aj/PATH -T suite=small
inspect eval evals/tool_format.py --model aj/PATH -T suite=practice -T seed=1
"""

from inspect_ai import Task, task
from pydantic import NonNegativeInt

from evals.arguments import checked
from evals.decoding import one_reply
from evals.frozen import config, dataset
from evals.identities import identities
from evals.suite import Suite
from scorers.valid_reply import valid_reply


@task
@checked
def tool_format(
    suite: Suite = "full",
    contract: str = "aj",
    constrained: bool = False,
    seed: NonNegativeInt = 0,
    reasoning: bool = False,
) -> Task:
    return Task(
        dataset=dataset("tool_format", suite, contract, seed, reasoning),
        solver=one_reply(constrained, contract),
        scorer=valid_reply(),
        config=config(reasoning=reasoning),
        metadata=identities("tool_format", suite, contract, seed),
        headline_metric="valid_reply.valid",
    )
