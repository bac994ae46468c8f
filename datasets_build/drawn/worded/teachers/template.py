"""The offline teacher: a small grammar (`requests.yaml`, `answers.yaml`, `facts.yaml`) expanded with a seed.

Free, fast and the same every time. It knows nothing: what it says of a host comes from the scene's own truth.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

from aj.files import Strict, load_yaml, read_yaml
from datasets_build.drawn.worded.meaning import stands, terms_of
from datasets_build.drawn.worded.teachers.tones import Spelling, outside, toned
from datasets_build.drawn.worded.teachers.wording import Job, Slot, Teacher, Worded, Wording, technical_terms

_SYMBOL = re.compile(r"\{([A-Za-z_0-9]+)\}")
_FOLDER = Path(__file__).parent
MAX_LIST = 5
"""Points of a list: an executive reads six lines."""
Lists = Mapping[str, Sequence[str]]


class Requests(Strict):
    """How users write; see `requests.yaml`."""

    imperatives: tuple[str, ...]
    spelling: Spelling
    shared: dict[str, tuple[str, ...]]
    personas: dict[str, dict[str, tuple[str, ...]]]


class Answers(Strict):
    """How AJ answers; see `answers.yaml`."""

    topics: dict[str, dict[str, tuple[str, ...]]]
    personas: dict[str, dict[str, tuple[str, ...]]]


@cache
def requests() -> Requests:
    return load_yaml(_FOLDER / "requests.yaml", Requests)


@cache
def answers() -> Answers:
    return load_yaml(_FOLDER / "answers.yaml", Answers)


@cache
def facts() -> dict[str, Sequence[str | Mapping[str, str]]]:
    """Identity of a request -> other ways to say its answer; see `facts.yaml`."""
    return read_yaml(_FOLDER / "facts.yaml")


def template_teacher(seed: int = 0) -> Teacher:
    """The teacher that costs nothing; every attempt at a job is another draw."""

    def word(jobs: Iterable[Job]) -> Iterator[tuple[str, Worded]]:
        for job in jobs:
            rng = Random(f"{seed}.{job.id}")
            yield job.id, Wording({slot.name: _text(slot, job, rng) for slot in job.slots})

    return Teacher("template", word)


def _text(slot: Slot, job: Job, rng: Random) -> str:
    if slot.place == "user":
        return _request(slot, job, rng)
    if slot.place == "note":
        return expand("{note}", answers().personas[job.persona], rng)
    return _answer(slot, job, rng)


# --- what the user says ---------------------------------------------------------------------------------------------


def _request(slot: Slot, job: Job, rng: Random) -> str:
    lists = requests().personas[job.persona]
    terms = terms_of(slot.text, job.hosts, slot.filled)
    replies = any(other.kind == "ask_back" and other.turn == slot.turn - 1 for other in job.slots)
    ask = slot.text if replies else _asked(slot.text, lists, terms, rng)
    bare = ask.rstrip("?.! ")
    slots = {
        "ask": ask,
        "asked": _ended(ask),
        "Ask": _capital(_ended(ask), terms),
        "ASK": outside(ask, terms, str.upper),
    }
    slots |= {"bare": bare, "Bare": _capital(bare, terms)}
    opening = "reply" if replies else "first" if slot.turn == 0 else "later"
    text = expand(rng.choice(lists[opening]), {**requests().shared, **lists}, rng, slots)
    return toned(
        " ".join(text.split()) if "\n" not in slot.text else text, job.persona, terms, requests().spelling, rng
    )


def _asked(text: str, lists: Lists, terms: Sequence[str], rng: Random) -> str:
    """The request as it is, or turned around: "check x" -> "can you check x"."""
    first = re.match(r"[\w']+", text)
    word = first[0].lower() if first else ""
    simple = "?" not in text and not re.search(r"[.:;]\s|^\W", text)
    if text.count(" ") < 2 or "please" in text:
        form = "{v}"
    elif text.endswith("?"):
        form = rng.choice(lists["question"])
    elif simple and word in requests().imperatives and (first and first[0] not in terms):
        form = rng.choice(lists["imperative"])
    else:
        form = rng.choice(lists["other"])
    if form != "{v}" and first and first[0] == word.capitalize() and first[0] not in terms:
        text = text[0].lower() + text[1:]
    return form.replace("{v}", text.rstrip(".") if form.endswith("?") else text)


def _ended(text: str) -> str:
    return text if text.endswith(("?", "!", ".")) else f"{text}."


# --- what AJ says ---------------------------------------------------------------------------------------------------


def _answer(slot: Slot, job: Job, rng: Random) -> str:
    lists = {**_topic(job.category), **answers().personas[job.persona]}
    pieces = [coded(piece, technical_terms(slot, job.hosts)) for piece in _pieces(slot, job.hosts, rng)]
    said = _joined(pieces, rng)
    kind = _frame(slot, job)
    # Without a reason to give, a frame that asks for one has nothing to say.
    why = coded(slot.why, technical_terms(slot, job.hosts)) or "a look at the machine beats a guess"
    slots = {"facts": said, "Facts": _capital(said), "question": said, "Question": _capital(said), "why": why}
    slots["count"] = str(slot.truth.count) if slot.truth else ""
    listed = 2 <= len(pieces) <= MAX_LIST and kind == "facts" and rng.random() < 0.45
    if listed:
        mark = rng.choice(("- ", "- ", "* ", "• "))
        slots["bullets"] = "\n".join(f"{mark}{piece}" for piece in pieces)
    text = expand(rng.choice(lists["list" if listed else kind]), lists, rng, slots)
    return text.replace(f"{said}.", said) if said.endswith((".", "?")) else text


def _frame(slot: Slot, job: Job) -> str:
    """The list of frames that fits: none that says it looked where nothing was looked at in this turn."""
    if slot.kind not in ("facts", "plain"):
        return slot.kind
    turns = accumulate(message.role == "user" for message in job.messages)
    looked = any(
        message.role == "tool" and turn == slot.turn + 1 for message, turn in zip(job.messages, turns, strict=True)
    )
    return "facts" if looked else "known"


@cache
def _topic(category: str) -> Lists:
    """A category's lists; what is of none takes what suits every category."""
    topics = answers().topics
    of = topics.get(category) or topics["targeted_diagnosis"]
    return {f"topic_{name}": entries for name, entries in of.items()}


def _pieces(slot: Slot, hosts: Sequence[str], rng: Random) -> list[str]:
    """The substance of the answer, said in one of its ways: a sentence, or a piece for each host."""
    ways = facts().get(_key(slot.about), ())
    own = _split(slot.tells or slot.text, hosts)
    if slot.truth is None or not ways or rng.random() < 1 / (1 + len(ways)):
        return own
    way = rng.choice(list(ways))
    said = {name: [value.split("|")[0] for value in values] for name, values in slot.truth.stated.items()}
    if not isinstance(way, str):
        return [_fill(way["each"], slot.filled, name, values) for name, values in said.items()]
    named = next((name for name in said if name), "")
    return [_fill(way, slot.filled, named, [value for values in said.values() for value in values])]


def _key(about: str) -> str:
    """The identity of a request without split and number: disk_space.space_left.train.0.3 -> disk_space.space_left.0"""
    parts = about.split(".")
    return ".".join(part for part in parts[:-1] if part != "train")


def _fill(text: str, filled: Mapping[str, str], host: str, values: Sequence[str]) -> str:
    slots = {**filled, "host": host or filled.get("host", ""), **dict(zip("abcd", values, strict=False))}
    return _SYMBOL.sub(lambda symbol: slots.get(symbol[1], symbol[0]), text)


def _split(text: str, hosts: Sequence[str]) -> list[str]:
    """ "`a` 1%, `b` 2%" as its pieces, one a host; a sentence that is no such row stays whole."""
    pieces = re.split(r", (?=`)", text)
    named = [[name for name in hosts if stands(piece, name)] for piece in pieces]
    each = all(len(names) == 1 for names in named) and len({names[0] for names in named if names}) == len(pieces)
    return pieces if len(pieces) > 1 and each else [text]


def _joined(pieces: Sequence[str], rng: Random) -> str:
    if len(pieces) == 1:
        return pieces[0]
    last = rng.choice((", ", ", and ", " and ", "; "))
    between = "; " if last == "; " else ", "
    return between.join(pieces[:-1]) + last + pieces[-1]


def coded(text: str, terms: Sequence[str]) -> str:
    """The text with every technical term that is not yet in inline code put into it."""
    if not terms:
        return text
    entries = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    bare = re.compile(rf"(?<![\w/.-])[\w/.-]*(?<![\w-])(?:{entries})(?![\w-])[\w/]*")
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(part if place % 2 else bare.sub(r"`\g<0>`", part) for place, part in enumerate(parts))


def _capital(text: str, terms: Sequence[str] = ()) -> str:
    """With a capital, unless it begins with a name."""
    return text if text.startswith(tuple(terms)) else text[:1].upper() + text[1:]


# --- the grammar ----------------------------------------------------------------------------------------------------


def expand(text: str, lists: Lists, rng: Random, slots: Mapping[str, str] | None = None) -> str:
    """Replace every {name}: by the slot of that name as it is, or by an entry of the list, expanded in turn.

    `{Why}` is `{why}` with a capital. A name that is neither is a KeyError: a fault in the grammar.
    """
    known = slots or {}

    def one(symbol: re.Match[str]) -> str:
        name = symbol[1]
        if name in known:
            return known[name]
        if name not in lists and name[0].isupper():
            return _capital(one_of(name[0].lower() + name[1:]))
        return one_of(name)

    def one_of(name: str) -> str:
        return known[name] if name in known else _SYMBOL.sub(one, rng.choice(lists[name]))

    return _SYMBOL.sub(one, text)
