"""The same facts to five kinds of user: does AJ match the tone and keep the facts right?

inspect eval evals/persona.py --model vllm/PATH -T suite=small
"""

from inspect_ai import Task, task
from inspect_ai.solver import generate

from evals.frozen import Suite, config, dataset, metadata
from scorers.persona_match import persona_match

VERSION = 1


@task
def persona(suite: Suite = "full", contract: str = "aj", constrained: bool = False) -> Task:
    return Task(
        dataset=dataset("persona", suite, contract),
        solver=generate(),
        scorer=persona_match(),
        config=config(constrained, contract),
        metadata=metadata("persona", suite, contract),
        headline_metric="persona_match.match",
        version=VERSION,
    )
