"""Does AJ complete the task in the fleet, change nothing else, and answer truthfully?

inspect eval evals/task_success.py --model aj/PATH -T suite=small
inspect eval evals/task_success.py --model aj/PATH -T suite=practice -T seed=1
inspect eval evals/task_success.py --model aj/PATH -T epochs=4 -T temperature=0.7
inspect eval evals/task_success.py --model aj/PATH -T simulated_user=true --model-role user=anthropic/claude-haiku-5-5
"""

from inspect_ai import Epochs, Task, task
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from evals.agent import agent
from evals.arguments import checked, require_role
from evals.frozen import config, dataset
from evals.identities import identities
from evals.suite import Suite
from scorers.task_done import task_done


@task
@checked
def task_success(
    suite: Suite = "full",
    contract: str = "aj",
    constrained: bool = False,
    epochs: PositiveInt = 1,
    temperature: NonNegativeFloat = 0.0,
    simulated_user: bool = False,
    seed: NonNegativeInt = 0,
    reasoning: bool = False,
) -> Task:
    """With `epochs` above 1, also reports pass^k: the share of samples that succeed in every epoch."""
    if simulated_user:
        require_role("user", "simulated_user")
    return Task(
        dataset=dataset("task_success", suite, contract, seed, reasoning),
        solver=agent(constrained, contract, simulated_user),
        scorer=task_done(),
        config=config(temperature, reasoning),
        epochs=Epochs(epochs, ["mean", f"pass_k_{epochs}"]) if epochs > 1 else None,
        metadata=identities("task_success", suite, contract, seed),
        headline_metric="task_done.success",
    )
