"""Teachers by name, as the command line takes them."""

import os
from collections.abc import Callable
from dataclasses import replace

from aj.contract import Contract
from aj.errors import ConfigError
from datasets_build.drawn.worded.teachers.template import template_teacher
from datasets_build.drawn.worded.teachers.wording import Teacher


def open_teacher(
    name: str,
    contract: Contract,
    *,
    seed: int = 0,
    max_cost: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Teacher:
    """`template` (offline), `anthropic` or `anthropic/MODEL` (Message Batches), or any Inspect model by its name.

    Raises:
        ConfigError: no cap was given for a teacher that costs money, or there is no key, or no such provider.
    """
    if name == "template":
        return template_teacher(seed)
    provider, _, model = name.partition("/")
    if provider == "anthropic":
        return _anthropic(model, contract, max_cost, tell)
    if not model:
        raise ConfigError(f"There is no teacher {name!r}; name template, anthropic, or a model such as vllm/NAME.")
    from datasets_build.drawn.worded.teachers.inspect_model import inspect_teacher

    try:
        return inspect_teacher(name, contract)
    except (ValueError, ImportError) as error:
        raise ConfigError(
            f"{name!r} cannot be used as a teacher ({error}); check the provider's name and packages."
        ) from error


def _anthropic(model: str, contract: Contract, max_cost: float | None, tell: Callable[[str], None]) -> Teacher:
    if max_cost is None:
        raise ConfigError("Wording with anthropic costs money; give its cap in dollars with --max-cost.")
    if not os.environ.get("ANTHROPIC_API_KEY"):
        raise ConfigError("Wording with anthropic needs a key; set ANTHROPIC_API_KEY, or name --teacher template.")
    import anthropic

    from datasets_build.drawn.worded.teachers.anthropic_batches import Options, anthropic_teacher

    options = Options(max_cost=max_cost, tell=tell)
    chosen = replace(options, model=model) if model else options
    return anthropic_teacher(contract, chosen, anthropic.Anthropic(max_retries=5))
