"""How a reply is decoded: freely, or with the contract's grammar where a call is asked for; and when it is given up."""

from inspect_ai.model import GenerateConfigArgs, ResponseSchema, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import JSONSchema

from aj.contract import load_contract
from aj.decoding import call_schema
from scorers.stops import REPEATED

LOOP = {"min_pattern_size": 8, "max_pattern_size": 64, "min_count": REPEATED}
"""vLLM gives up a reply that says the same 8 to 64 tokens so many times in a row: a base model fills its room so.
That ended 196 of 411 replies of the embedded base, and saved 45% of all its tokens; of a trained model, none of 956."""
SERVED_BY_VLLM = ("vllm/", "aj/")


def decoding(constrained: bool, contract: str) -> GenerateConfigArgs:
    """What each request to the model under test says beside the task's settings.

    Raises:
        ContractError: see `grammar`.
    """
    found = GenerateConfigArgs()
    if calls := grammar(constrained, contract):
        found["response_schema"] = calls
    if str(get_model()).startswith(SERVED_BY_VLLM):
        found["extra_body"] = {"repetition_detection": LOOP}
    return found


def grammar(constrained: bool, contract: str) -> ResponseSchema | None:
    """The grammar of a contract's calls; None if decoding is free, as it is by default: we measure the model.

    Raises:
        ContractError: the contract's calls have none.
    """
    if not constrained:
        return None
    return ResponseSchema(name="call", json_schema=JSONSchema.model_validate(call_schema(load_contract(contract))))


@solver
def one_reply(constrained: bool, contract: str) -> Solver:
    """The model's one reply. A plan, a chat and an intent are decoded freely in any case."""
    grammar(constrained, contract)  # refused before anything is asked

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        asked = load_contract(contract).modes[state.metadata["mode"]].reply
        return await generate(state, **decoding(constrained and asked == "call", contract))

    return solve
