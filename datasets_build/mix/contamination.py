"""Does a row hold anything that the evals ask, or could ask? Compared with every sample and every wording."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aj.acts import act_of
from aj.contract import Contract
from aj.errors import DataError
from aj.files import SAMPLES, WORDINGS, digest_file, read_jsonl
from aj.messages import Message, Pair, Row
from aj.state import agents_listed
from datasets_build.mix.wordings import Wordings

GRAM = 8
"""Consecutive words that are no coincidence. An eval's request of fewer words counts when it is the whole request."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the samples of the evals ask, in the forms in which a row might repeat it."""

    templates: frozenset[str]
    hosts: frozenset[str]
    """Agents that the samples' fleets list: ids of the eval split, so a row that acts on one is of an eval's world."""
    phrases: frozenset[str]
    """Runs of GRAM words of their requests, and shorter requests whole."""
    wordings: Wordings
    files: tuple[tuple[str, str], ...]
    """(name, hash) of the samples' files."""

    def met_in(self, item: Row | Pair, contract: Contract) -> str | None:
        """What a row has in common with the evals: a `template`, `host`, `phrase` or `wording`; None for nothing."""
        if not self.templates.isdisjoint(item.metadata.get("templates", ())):
            return "template"
        turns = item.messages if isinstance(item, Row) else (*item.messages, item.chosen)
        if any(host in self.hosts for turn in turns for host in _hosts(turn, contract)):
            return "host"
        requests = [turn.content for turn in turns if turn.role == "user"]
        if any(phrase in self.phrases for request in requests for phrase in _phrases(request)):
            return "phrase"
        return "wording" if any(map(self.wordings.fits, requests)) else None


@cache
def asked(samples: Path = SAMPLES) -> Asked:
    """Read every sample.

    Raises:
        DataError: there are none to compare with, or one is not a sample.
    """
    paths = [*sorted(samples.glob("*.jsonl")), samples / WORDINGS]
    templates: set[str] = set()
    hosts: set[str] = set()
    phrases: set[str] = set()
    for path in paths[:-1]:
        for number, record in read_jsonl(path):
            try:
                turns = [(turn["role"], turn["content"]) for turn in record["messages"]]
                templates |= {record["template"], record["scenario"]["template"]}
            except (KeyError, TypeError) as error:
                raise DataError(f"{path}:{number}: not a sample ({error!r}); run evals/freeze_samples.py.") from error
            hosts |= {agent.id for role, text in turns if role == "tool" for agent in agents_listed(text)}
            phrases |= {phrase for role, text in turns if role == "user" for phrase in _phrases(text)}
    if not phrases:
        raise DataError(f"{samples} holds no eval samples to compare with; run evals/freeze_samples.py.")
    try:
        wordings = Wordings.read(paths[-1])
    except OSError as error:
        raise DataError(f"{paths[-1]} cannot be read ({error.strerror}); run evals/freeze_samples.py.") from error
    files = tuple((path.name, digest_file(path)) for path in paths)
    return Asked(frozenset(templates), frozenset(hosts), frozenset(phrases), wordings, files)


def _phrases(text: str) -> Iterator[str]:
    words = _WORD.findall(text.lower())
    if 0 < len(words) < GRAM:
        yield f"{' '.join(words)}."  # the full stop distinguishes a whole request from a run of words
    for start in range(len(words) - GRAM + 1):
        yield " ".join(words[start : start + GRAM])


def _hosts(turn: Message, contract: Contract) -> Iterator[str]:
    if turn.role == "tool":
        yield from (agent.id for agent in agents_listed(turn.content))
    elif (act := act_of(turn.call, contract)) and act.host:
        yield act.host
