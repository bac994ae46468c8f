"""The prompts for a model teacher: one system prompt for all jobs (so that it can be cached), one message per job."""

import json
from functools import cache
from typing import Any

from aj.contract import Contract
from aj.personas import VoiceRule, load_personas
from aj.wire import render_turn
from datasets_build.drawn.worded.meaning import terms_of
from datasets_build.drawn.worded.teachers.template import requests
from datasets_build.drawn.worded.teachers.wording import Job, Slot, Worded, Wording, technical_terms
from datasets_build.ledger import Refused

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "texts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"slot": {"type": "string"}, "text": {"type": "string"}},
                "required": ["slot", "text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["texts"],
    "additionalProperties": False,
}
"""The same for every job: a list, since the names of the slots differ."""

_TASK = """\
You write training dialogues for AJ, an assistant that runs commands on a fleet of servers and talks like a good
colleague. You get one conversation between a user and AJ in which every command and every result is real. Some of its
texts are numbered slots: what the user says, the short note that AJ says beside a command, and AJ's answers. Write each
slot anew, as this kind of user and AJ speaking to them would word it. Change nothing else.

Rules for every slot
- Give a text for each slot named, and for no other. Texts differ from the old ones, and from the obvious ones.
- The facts stay. Say nothing that the results and the user do not show: no number, no name, no cause, no promise.
- Terms listed under "keep" stand in the new text, letter by letter.

What the user says (user_N)
- It asks for the same of the same hosts. A reference such as "the second one" or "there too" stays one.
- It names no host that the old text does not name. "Not", "only", "all" and the like stay.
- It sounds like that person typing: their mood, their pace, their spelling.

Notes (note_N): at most ten words before the work begins. They tell no result.

Answers (answer_N)
- They tell all of "tells", and each value with its own host.
- Terms listed under "code" stand in inline code wherever they occur, like `this`. No fenced blocks, no headings.
- "asks": the answer is a question back, and ends on it. Otherwise it is an answer.
- Match the user's energy. No robotic phrases ("I will now execute"), no apologies, no caveats nobody needs.
- Never write "executed successfully", "has been run", "has been executed" or "was executed".

The five users, how they write, and how AJ answers them
"""


@cache
def system_prompt() -> str:
    """The same for all jobs: a prefix that is cached once."""
    lines = [_TASK]
    rules = load_personas().voice.rules
    lines += [
        "AJ, to everybody:",
        *(f"- never: {rule.why}; {rule.fix}" for rule in rules),
        "- no emoji, except one at most to casual_developer",
        "",
    ]
    for name, persona in load_personas().personas.items():
        lines.append(f"{name}")
        examples = [wrap.replace("{text}", "…") for wrap in persona.wrap.train[:8]]
        lines.append(f"- writes like: {' | '.join(examples)}")
        lines += [f"- AJ's answer: {_told(rule)}" for rule in persona.rules]
        lines.append("")
    return "\n".join([*lines, 'Reply with JSON: {"texts": [{"slot": "user_0", "text": "…"}, …]}.'])


_MEASURES = ("starts", "has", "ends", "lacks", "min_words", "max_words", "max_lines")


def _told(rule: VoiceRule) -> str:
    """A rule as an instruction, with some of the phrases it looks for."""
    known = load_personas().phrases
    measure = next(
        name
        for name in ("starts", "has", "ends", "lacks", "min_words", "max_words", "max_lines")
        if getattr(rule, name)
    )
    value = getattr(rule, measure)
    if isinstance(value, int):
        limit, _, unit = measure.partition("_")
        told = f"{'at least' if limit == 'min' else 'at most'} {value} {unit}"
    else:
        verbs = {"starts": "starts with one of", "has": "has one of", "ends": "ends on one of", "lacks": "has none of"}
        plain = [phrase for name in value for phrase in known[name] if not set(phrase) & set("\\()[]?*+|^$")]
        told = f"{verbs[measure]}: {', '.join(plain[:12])}" if plain else f"{verbs[measure]} {', '.join(value)}"
    unless = " (unless it asks back)" if rule.answers_only else ""
    return f"{told}{unless}; {rule.fix}"


def job_prompt(job: Job, contract: Contract) -> str:
    """One conversation and its slots. A retry says what was wrong with the last wording."""
    lines = [f"User: {job.persona}", f"Flavour: {_flavour(job)}", "", "Conversation:"]
    lines += [f"[{message.role}] {render_turn(message, contract)}" for message in job.messages]
    lines += ["", "Slots:", *(json.dumps(_described(slot, job), ensure_ascii=False) for slot in job.slots)]
    if job.feedback:
        lines += ["", "Your last wording was rejected:", *(f"- {line}" for line in job.feedback)]
    return "\n".join(lines)


def _flavour(job: Job) -> str:
    """A seed of variety: the API takes no temperature, so the prompt must differ where the wording should."""
    lists = requests().personas[job.persona]
    entries = [*lists.get("context", ()), *lists.get("trouble", ()), *lists.get("occasion", ())]
    return entries[int(job.id, 16) % len(entries)].replace("{day}", "day")


def _described(slot: Slot, job: Job) -> dict[str, Any]:
    said: dict[str, Any] = {"slot": slot.name, "old": slot.text}
    if slot.place == "user":
        return said | {"keep": terms_of(slot.text, job.hosts, slot.filled)}
    if slot.place == "note":
        return said
    asks = slot.truth.asks_back if slot.truth else slot.text.rstrip().endswith("?")
    told = {"tells": slot.tells or slot.text, "code": technical_terms(slot, job.hosts), "asks": asks}
    return said | told | ({"reason": slot.why} if slot.why else {})


def read_wording(text: str) -> Worded:
    """A model's reply as a wording, refused if it is not the JSON that was asked for."""
    try:
        reply = json.loads(_unfenced(text))
        texts = {entry["slot"]: entry["text"] for entry in reply["texts"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return Refused("teacher_bad_json", f"{type(error).__name__} in {text[:60]!r}")
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in texts.items()):
        return Refused("teacher_bad_json", "a slot or text is no text")
    return Wording(texts)


def _unfenced(text: str) -> str:
    """Without the fence that a model without structured output may put around its JSON."""
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        return body[body.index("\n") : -3]
    return body
