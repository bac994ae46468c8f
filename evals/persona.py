"""The same facts for five kinds of user: does AJ match the tone and keep the facts right?

inspect eval evals/persona.py --model aj/PATH -T suite=small
inspect eval evals/persona.py --model aj/PATH -T suite=practice -T seed=1
inspect eval evals/persona.py --model aj/PATH -T judge=true --model-role grader=anthropic/claude-sonnet-5-5
"""

from inspect_ai import Task, task
from pydantic import NonNegativeInt

from evals.arguments import checked, require_role
from evals.decoding import one_reply
from evals.frozen import config, dataset
from evals.identities import identities
from evals.suite import Suite
from scorers.judge import persona_judge
from scorers.persona_match import persona_match


@task
@checked
def persona(
    suite: Suite = "full",
    contract: str = "aj",
    constrained: bool = False,
    judge: bool = False,
    seed: NonNegativeInt = 0,
    reasoning: bool = False,
) -> Task:
    if judge:
        require_role("grader", "judge")
    return Task(
        dataset=dataset("persona", suite, contract, seed, reasoning),
        solver=one_reply(constrained, contract),
        scorer=[persona_match(), persona_judge()] if judge else persona_match(),
        config=config(reasoning=reasoning),
        metadata=identities("persona", suite, contract, seed),
        headline_metric="persona_match.match",
    )
