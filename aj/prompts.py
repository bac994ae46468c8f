"""The system prompts, rendered from the contract: the same text in training and in evals."""

from aj.contract import Contract, tools_json
from aj.messages import Mode


def system_prompt(contract: Contract, mode: Mode) -> str:
    """The system prompt of a mode. Placeholders are replaced, not formatted, since the text contains JSON braces."""
    text = contract.modes[mode].prompt
    keys = contract.wire.keys
    slots = {
        "{{call}}": f'{{"{keys.tool}": name, "{keys.params}": {{...}}}}',
        "{{tools}}": "\n".join(f"- {tool.signature}" for tool in contract.tools),
        "{{tools_json}}": tools_json(contract),
    }
    for slot, value in slots.items():
        text = text.replace(slot, value)
    return text
