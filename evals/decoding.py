"""How a reply is decoded: freely, or with the contract's grammar where a call is asked for."""

from inspect_ai.model import ResponseSchema
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import JSONSchema

from aj.contract import load_contract
from aj.decoding import call_schema


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
    calls = grammar(constrained, contract)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        asked = load_contract(contract).modes[state.metadata["mode"]].reply
        return await (generate(state, response_schema=calls) if calls and asked == "call" else generate(state))

    return solve
