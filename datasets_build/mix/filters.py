"""A part's filters: why a row is not wanted, or None. How long a row is, for them and for the card."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from aj.contract import Contract
from aj.errors import ConfigError
from aj.messages import Pair, Row
from aj.wire import render_prompt, render_row, render_turn
from datasets_build.recipe import Filters, ToolFamily

Measure = Callable[[str], int]
"""Length of a text: `len`, or a tokenizer's count."""


GRADES = ("completeness", "conciseness")
"""Of Toucan's own judgement of an answer: from 1 to 5. Its other measures are shares."""

FAMILIES: dict[ToolFamily, str] = {
    "shell": "bash cmd command commands exec execute powershell sh shell ssh terminal",
    "files": "directories directory file files filesystem folder folders path",
    "processes": "pid process processes service services systemctl systemd",
    "logs": "journal journalctl log logs syslog",
    "containers": "container containers docker helm k8s kubectl kubernetes pod pods",
    "monitoring": "alerts cpu disk memory metric metrics monitor monitoring prometheus uptime",
}
"""Words of the names of foreign tools that do what AJ does."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def measure_by(tokenizer: str | None) -> Measure:
    """Raises ConfigError when the file is not a tokenizer."""
    return len if tokenizer is None else _tokens(Path(tokenizer))


def _tokens(path: Path) -> Measure:
    try:
        from tokenizers import Tokenizer  # late: only a recipe that names one needs it

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


def _calls_one_of(families: Sequence[ToolFamily], item: Row | Pair) -> bool:
    """Whether a row of foreign tools calls one of the families; a row of AJ's tools, or without a call, passes."""
    called = {message.call.tool for message in item.messages if message.call}
    if not getattr(item, "tools", ()) or not called:
        return True
    words = {word.lower() for tool in called for word in _WORD.findall(tool)}
    return any(words.intersection(FAMILIES[family].split()) for family in families)


def refused_by(filters: Filters, item: Row | Pair, contract: Contract, measure: Measure) -> str | None:
    """The name of the filter that refuses a row."""
    told = item.metadata
    quality = told.get("quality")
    if filters.min_quality is not None and isinstance(quality, int | float) and quality < filters.min_quality:
        return "min_quality"
    if filters.min_score is not None and isinstance(quality, dict):
        grades = [quality.get(name) for name in GRADES]
        if any(grade < filters.min_score for grade in grades if isinstance(grade, int | float)):
            return "min_score"
    if filters.tool_families and not _calls_one_of(filters.tool_families, item):
        return "tool_families"
    if filters.max_characters is not None and length_of(item, contract, len) > filters.max_characters:
        return "max_characters"
    if filters.max_tokens is not None and length_of(item, contract, measure) > filters.max_tokens:
        return "max_tokens"
    return None
