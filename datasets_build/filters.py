"""A part's filters: why a row is not wanted, or None. How long a row is, for them and for the card."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from aj.contract import Contract
from aj.errors import ConfigError
from aj.messages import Pair, Row
from aj.wire import render_prompt, render_row, render_turn
from datasets_build.recipe import Filters

Measure = Callable[[str], int]
"""Length of a text: `len`, or a tokenizer's count."""


def measure_by(tokenizer: str | None) -> Measure:
    """Raises ConfigError when the file is no tokenizer."""
    return len if tokenizer is None else _tokens(Path(tokenizer))


@cache
def _tokens(path: Path) -> Measure:
    from tokenizers import Tokenizer  # late: only a recipe that names one needs it

    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception on a file it cannot read
        raise ConfigError(f"{path} is no tokenizer.json ({error}); give the path of one as `tokenizer`.") from error
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)


def length_of(item: Row | Pair, contract: Contract, measure: Measure) -> int:
    """Of everything in the prompt and the answer (the longer one of a pair), as rendered; without a chat template's
    own marks."""
    if isinstance(item, Row):
        return sum(measure(message["content"]) for message in render_row(item, contract))
    prompt = render_prompt(item.messages, contract, item.mode, item.layout)
    answer = max(measure(render_turn(item.chosen, contract)), measure(item.rejected))
    return sum(measure(message["content"]) for message in prompt) + answer


def refused_by(filters: Filters, item: Row | Pair, contract: Contract, measure: Measure) -> str | None:
    """The name of the filter that refuses a row."""
    told = item.metadata
    quality, scores = told.get("quality"), told.get("scores")
    if filters.min_quality is not None and isinstance(quality, int | float) and quality < filters.min_quality:
        return "min_quality"
    if filters.min_score is not None and isinstance(scores, dict):
        numbers = [score for score in scores.values() if isinstance(score, int | float)]
        if any(score < filters.min_score for score in numbers):
            return "min_score"
    families = told.get("tool_families")
    if filters.tool_families and families and not set(filters.tool_families) & set(families):
        return "tool_families"
    if filters.max_characters is not None and length_of(item, contract, len) > filters.max_characters:
        return "max_characters"
    if filters.max_tokens is not None and length_of(item, contract, measure) > filters.max_tokens:
        return "max_tokens"
    return None
