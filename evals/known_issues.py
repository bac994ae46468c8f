"""The eight documented error patterns: does AJ now do the right thing where each was observed?

inspect eval evals/known_issues.py --model aj/PATH -T suite=small
inspect eval evals/known_issues.py --model aj/PATH -T suite=practice -T seed=1
"""

from inspect_ai import Task, task
from pydantic import NonNegativeInt

from evals.arguments import checked
from evals.decoding import one_reply
from evals.frozen import config, dataset
from evals.identities import identities
from evals.suite import Suite
from scorers.no_known_issue import no_known_issue


@task
@checked
def known_issues(
    suite: Suite = "full",
    contract: str = "aj",
    constrained: bool = False,
    seed: NonNegativeInt = 0,
    reasoning: bool = False,
) -> Task:
    return Task(
        dataset=dataset("known_issues", suite, contract, seed, reasoning),
        solver=one_reply(constrained, contract),
        scorer=no_known_issue(),
        config=config(reasoning=reasoning),
        metadata=identities("known_issues", suite, contract, seed),
        headline_metric="no_known_issue.right",
    )
