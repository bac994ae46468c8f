"""Does the suite fit into a model's context? Counted with the model's own tokenizer, before its server starts."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aj.errors import AJError
from aj.messages import Message, user
from aj.wire import Prompt, render_prompt
from evals.frozen import dataset
from evals.suite import LOOPED, TASKS
from loop.targets import Target
from scenarios.oracle import solve
from scorers.samples import Case, case_of
from scorers.stops import REPLY_TOKENS, THOUGHT_TOKENS

if TYPE_CHECKING:
    from train.serve import Served


def check_room(target: Target, suite: str, limit: int | None = None, reasoning: bool = False) -> None:
    """Refuse a suite that does not fit into the context with which the model would be served.

    Args:
        limit: samples per task.
        reasoning: whether the reply comes after thoughts, which take room as well.

    Raises:
        AJError: a conversation and its last reply have more tokens than the context. A model that is served elsewhere
            is not checked: nobody here knows its context.
    """
    if target.served is None or not target.arguments:
        return
    count, context = _counter(target.served), target.served.context
    reply = REPLY_TOKENS + (THOUGHT_TOKENS if reasoning else 0)
    longest, beyond = 0, []
    for task in TASKS:
        needed = [count(prompt) + reply for prompt in prompts(task, suite, target.contract, limit)]
        longest = max(longest, *needed)
        if over := sum(tokens > context for tokens in needed):
            beyond.append(f"{over} of {len(needed)} samples of {task}")
    if beyond:
        raise AJError(
            f"{', '.join(beyond)} do not fit into the {context} tokens with which {target.name} is served: with "
            f"{reply} tokens for a reply, they take up to {longest}. Set `serve: {{context: {longest}}}` in its recipe "
            "and train it again, or evaluate a model that reads more."
        )


def prompts(task: str, suite: str, contract: str, limit: int | None = None) -> Iterator[Prompt]:
    """The prompt of each sample; where the agent acts in the fleet, the one before the oracle's last reply."""
    for sample in list(dataset(task, suite, contract))[:limit]:
        assert sample.metadata is not None
        case = case_of(sample.metadata)
        past = _played(case) if task in LOOPED else case.past
        yield render_prompt(past, case.contract, case.mode, sample.metadata["layout"])


def _played(case: Case) -> list[Message]:
    """The oracle's conversation up to its last reply."""
    past, fleet = list(case.past), case.fleet()
    for number, turn in enumerate(case.scenario.turns[case.begun - 1 :]):
        past += [user(turn.text)] if number else []
        past += solve(turn, case.scenario.persona, past, fleet, case.contract)
    return past[:-1]


def _counter(served: "Served") -> Callable[[Prompt], int]:
    """Counts a prompt's tokens as the server would."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(served.model, revision=served.revision if served.is_hub else None)
    template = served.template.read_text(encoding="utf-8") if served.template else None

    def count(prompt: Prompt) -> int:
        ids = tokenizer.apply_chat_template(
            prompt, chat_template=template, add_generation_prompt=True, return_dict=False
        )
        return len(ids)

    return count
