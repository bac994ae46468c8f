"""A user played by a model (Inspect role "user"), which says the scripted lines in its own words.

A line that loses a name or a number is tried again, then given up: such a sample is unscored, and never counts against
AJ.
"""

import re
from collections.abc import Collection

from inspect_ai.model import ChatMessageSystem, ChatMessageUser, get_model

TRIES = 2
PROMPT = """You play a user who talks to an operations assistant. Say the line below in your own words, in the same
tone and about as long. Keep every host name, service, path, command and number exactly. Add no new wish. Give the line
only."""
_TERM = re.compile(r"[\w./-]*\d[\w./%-]*|/[\w./-]+|[\w-]+\.[a-z]{2,4}\b|`[^`]+`|\"[^\"]+\"")
"""Numbers and names with digits, paths, file names, and what is in inline code or quotes."""


class SimulatorFailure(Exception):
    """The simulated user did not say what the script requires."""


async def reworded(line: str, persona: str, names: Collection[str] = ()) -> str:
    """`line` in the model's words.

    Args:
        line: the scripted line.
        persona: the manner of the user.
        names: names of hosts and services; those in the line must survive, like numbers, paths and quotes.

    Raises:
        SimulatorFailure: a name or a number was lost in each of `TRIES` tries.
    """
    model = get_model(role="user", required=True)
    lost: set[str] = set()
    for _ in range(TRIES):
        messages = [ChatMessageSystem(content=f"{PROMPT}\nYour manner: {persona}."), ChatMessageUser(content=line)]
        wording = (await model.generate(messages)).completion.strip()
        lost = {term for term in terms(line, names) if not _stands(term, wording)}
        if wording and not lost:
            return wording
    raise SimulatorFailure(f"lost {', '.join(sorted(lost)) or 'the line'} of {line!r}")


def terms(line: str, names: Collection[str] = ()) -> set[str]:
    """The terms that must survive a rewording."""
    found = {match.rstrip(".,?!").strip('`"') for match in _TERM.findall(line)}
    return found | {name for name in names if _stands(name, line)}


def _stands(term: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", text) is not None
