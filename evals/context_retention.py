"""Does AJ still know, several turns later, which agents exist and which one is meant?

inspect eval evals/context_retention.py --model aj/PATH -T suite=small
inspect eval evals/context_retention.py --model aj/PATH -T suite=practice -T seed=1
"""

from inspect_ai import Task, task
from pydantic import NonNegativeInt

from evals.agent import agent
from evals.arguments import checked
from evals.frozen import config, dataset
from evals.identities import identities
from evals.suite import Suite
from scorers.context_kept import context_kept


@task
@checked
def context_retention(
    suite: Suite = "full",
    contract: str = "aj",
    constrained: bool = False,
    seed: NonNegativeInt = 0,
    reasoning: bool = False,
) -> Task:
    return Task(
        dataset=dataset("context_retention", suite, contract, seed, reasoning),
        solver=agent(constrained, contract),
        scorer=context_kept(),
        config=config(reasoning=reasoning),
        metadata=identities("context_retention", suite, contract, seed),
        headline_metric="context_kept.retained",
    )
