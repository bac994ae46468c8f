"""What wording jobs costs: an estimate before anything is sent, and the price of what came back."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aj.errors import ConfigError
from aj.files import Strict, load_yaml

CHARS_PER_TOKEN = 2.8
"""Fewer than the usual 3.5 to 4 of English: command output and JSON take more tokens, and recent tokenizers too."""
WORDED_SHARE = 1.6
"""Tokens written for each token of the old texts: new texts are longer, and wrapped in JSON."""
THINKING = 250
"""Tokens that a model at low effort thinks before it writes; they are billed as output."""


class Price(Strict):
    """US dollars for a million tokens; see `prices.yaml`. `cache_write` is that of the cache that lives an hour."""

    input: float
    output: float
    cache_write: float
    cache_read: float


class Prices(Strict):
    as_of: datetime.date
    batch_discount: float
    models: dict[str, Price]


@dataclass(frozen=True, slots=True)
class Request:
    """One request's sizes, in characters."""

    system: int
    prompt: int
    old_texts: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars: what is to be expected, and what it cannot exceed."""

    expected: float
    at_most: float


@cache
def prices() -> Prices:
    return load_yaml(Path(__file__).parent / "prices.yaml", Prices)


def price_of(model: str) -> Price:
    """Raises ConfigError on a model without a price: nothing is sent without a known cost."""
    known = prices().models
    if model not in known:
        raise ConfigError(
            f"The price of {model!r} is not known (known: {', '.join(known)}); add it to "
            "datasets_build/teachers/prices.yaml, or name one of these."
        )
    return known[model]


def estimate(model: str, requests: Sequence[Request], max_tokens: int) -> Estimate:
    """Expected: the system prompt is written to the cache once and read from then on. At most: it is never found there,
    and every reply is as long as it may be."""
    price, discount = price_of(model), prices().batch_discount
    expected = at_most = 0.0
    for number, request in enumerate(requests):
        system, prompt, texts = (
            chars / CHARS_PER_TOKEN for chars in (request.system, request.prompt, request.old_texts)
        )
        cached = price.cache_write if number == 0 else price.cache_read
        written = min(texts * WORDED_SHARE + THINKING, max_tokens)
        expected += system * cached + prompt * price.input + written * price.output
        at_most += system * price.cache_write + prompt * price.input + max_tokens * price.output
    return Estimate(expected * discount / 1e6, at_most * discount / 1e6)


def billed(model: str, usage: Mapping[str, int | None]) -> float:
    """Dollars for the `usage` of a message of a batch."""
    price = price_of(model)
    rates = {
        "input_tokens": price.input,
        "output_tokens": price.output,
        "cache_creation_input_tokens": price.cache_write,
        "cache_read_input_tokens": price.cache_read,
    }
    return sum((usage.get(name) or 0) * rate for name, rate in rates.items()) * prices().batch_discount / 1e6
