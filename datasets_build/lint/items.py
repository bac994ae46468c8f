"""Which rows teach which failure: the checks that score the model, applied to what a record would teach, unchanged."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from msgspec import Struct
from msgspec.structs import replace

from aj.acts import finishing
from aj.conduct import check_conduct
from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Call, Message, Pair, Role, Row
from aj.personas import load_personas
from aj.state import SHORT, discovered, sources_of
from aj.wire import Judgement, judge_call, render_call
from datasets_build.ledger import Refused
from datasets_build.lint.own_tools import check_own, check_schemas
from datasets_build.lint.rules import rule_finding
from datasets_build.lint.texts import check_texts
from datasets_build.reading.records import Record
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn, call_with_note
from datasets_build.sources.native import item_of
from datasets_build.sources.shapes import parse
from scorers.checks.grounding import check_grounded, check_unlooked
from scorers.checks.leaks import check_no_result
from scorers.checks.replies import check_reply
from scorers.checks.structure import check_ends, check_order
from scorers.checks.taught import agents_shown, as_discovery, patterns_taught, steps_are_objects
from scorers.checks.voice import check_own_voice, check_voice

Judge = Callable[[str], Judgement]
"""`judge_call` under one contract; it may remember its verdicts, since judging is most of the cost of a call."""


class Found(Struct, frozen=True):
    """A finding and the turn that it is about; -1 means the record as a whole, or its system prompt."""

    turn: int
    finding: Finding


def lint_record(record: Record, contract: Contract) -> tuple[list[Parsed], list[Found]]:
    """What a record holds, and the findings about it and about the way it had to be read."""
    if isinstance(record.value, Refused):
        return [], [Found(-1, Finding(record.value.code, record.value.why, "fix the line, or remove it"))]
    items = list(parse(record.value))
    found = [Found(-1, rule_finding(fault)) for fault in record.faults]
    for item in items:
        if not isinstance(item, Refused):
            found += lint_item(item, contract)
        elif item.code == "unknown_shape":
            found.append(Found(-1, Finding(item.code, item.why, "write it in a form that is read")))
        else:
            found.append(Found(-1, Finding("unusable", f"{item.code}: {item.why}", "fix it at its source")))
    return items, found


def calls_known_tool(item: Parsed, contract: Contract) -> bool:
    """Whether a target calls a tool of the contract by its name, correctly or not."""
    if not isinstance(item, Transcript):
        return False
    named = re.compile(rf'"{re.escape(contract.wire.keys.tool)}"\s*:\s*"([^"]*)"')
    for turn in (item.turns[place] for place in _targets(item)):
        match = named.search(turn.text) if turn.call is None else None
        name = turn.call.tool if turn.call else match[1] if match else None
        if name in contract.tool_by_name:
            return True
    return False


def lint_item(item: Transcript | Preference, contract: Contract, judge: Judge | None = None) -> list[Found]:
    """Everything that is wrong with one conversation, turn by turn; the target of a preference is its chosen turn."""
    judge = judge or partial(judge_call, contract=contract)
    if isinstance(item, Preference):
        alike = [Found(len(item.turns), _ALIKE)] if _as_text(item.chosen) == _as_text(item.rejected) else []
        context = (*(replace(turn, target=False) for turn in item.turns), item.chosen)
        as_transcript = Transcript(context, item.mode, item.layout, metadata=item.metadata)
        return [*lint_item(as_transcript, contract, judge), *alike]
    targets = _targets(item)
    roles: list[Role] = [turn.role for turn in item.turns]
    found = [Found(turn, finding) for turn, finding in (*check_ends(roles, targets), *check_order(roles))]
    found += [Found(turn, finding) for turn, finding in check_texts(item, contract)]
    found += [Found(-1, finding) for finding in check_schemas(item.tools)]
    past = _stated(item, contract)
    for number, turn in enumerate(item.turns):
        if number in targets:
            message, findings = _target(turn, past, item, contract, judge)
            found += [Found(number, finding) for finding in findings]
        else:
            message = _message(turn, past, judge)
        past.append(message)
    return found


def lint_value(value: Row | Pair, contract: Contract, judge: Judge | None = None) -> list[Found]:
    """The same for a row or a pair, as a repair or a generator returns it."""
    return lint_item(item_of(value), contract, judge)


_ALIKE = Finding("pair_alike", "the chosen and the rejected turn are the same", "leave the pair out")


def _targets(item: Transcript) -> list[int]:
    places = [number for number, turn in enumerate(item.turns) if turn.role == "assistant" and turn.target]
    return places[-1:] if item.layout == "state_block" else places


def _stated(item: Transcript, contract: Contract) -> list[Message]:
    """The agents that the system prompt or a user's text lists, as a discovery before the first turn."""
    for text in (item.system, *(turn.text for turn in item.turns if turn.role == "user")):
        if agents := (_agents_shown if len(text) < SHORT else agents_shown)(text):
            return as_discovery(agents, contract)
    return []


_agents_shown = lru_cache(1024)(agents_shown)


# --- one turn -------------------------------------------------------------------------------------------------------


def _target(
    turn: Turn, past: list[Message], item: Transcript, contract: Contract, judge: Judge
) -> tuple[Message, list[Finding]]:
    """A turn that is trained on, as the checks see it, and what is wrong with it."""
    if item.tools:
        return Message("assistant", turn.text, turn.call), _first_of_each(check_own(turn, item.tools))
    stated = call_with_note(turn)
    text = render_call(stated, contract) if stated else turn.text
    verdict = judge(text) if _is_call(text, turn, item, contract) else None
    findings = _form(text, verdict, item, contract)
    call = verdict.call or verdict.dispatched if verdict else None
    message = Message("assistant", text, call)
    if call:
        findings += check_conduct(call, past, contract)
    request = next((m.content for m in reversed(past) if m.role == "user"), "")
    for pattern in patterns_taught(text, verdict, past, contract, request):
        findings.append(rule_finding(pattern))
    answer = finishing(call, contract) if verdict else text
    if not (verdict and verdict.call):
        findings += check_no_result(text)
    if answer:
        findings += _answer(answer, past, item, contract)
    return message, _first_of_each(findings)


def _first_of_each(findings: Sequence[Finding]) -> list[Finding]:
    if len(findings) < 2:
        return list(findings)
    return list({finding.code: finding for finding in reversed(findings)}.values())[::-1]


def _is_call(text: str, turn: Turn, item: Transcript, contract: Contract) -> bool:
    """Whether a text is judged as a call: always in step mode, and in any mode if it is an object that names a tool."""
    if turn.call or item.mode == "step":
        return True
    start = text.lstrip()[:400]
    return start.startswith("{") and any(f'"{key}"' in start for key in _call_keys(contract))


def _call_keys(contract: Contract) -> tuple[str, ...]:
    """Keys that only calls have, in the contract's form, its first alias or OpenAI's; steps of a plan have others."""
    return contract.wire.keys.tool, contract.aliases.tool_keys[0], contract.wire.keys.params, "arguments"


def _form(text: str, verdict: Judgement | None, item: Transcript, contract: Contract) -> list[Finding]:
    said = list(verdict.findings) if verdict else []
    if item.mode == "step":
        return said
    # For a reply, any object in a plan is a dict; a row that keeps its steps as texts in one teaches another fault.
    texts = text.lstrip().startswith("{") and not steps_are_objects(text)
    return [*said, *(f for f in check_reply(text, contract, item.mode) if not (texts and f.code == "plan_as_dict"))]


def _answer(answer: str, past: list[Message], item: Transcript, contract: Contract) -> list[Finding]:
    """What AJ tells the user must be in AJ's voice and state only what was seen."""
    since = next((n for n in range(len(past) - 1, -1, -1) if past[n].role == "user"), 0)
    names = [agent.id for agent in discovered(past, contract) or ()]
    named = [name for name in names if name in answer]
    told = any(message.role == "tool" for message in past[since:])
    sources = [item.system, *sources_of(past)]
    found: list[Finding] = []
    if told or (named and any(turn.role == "tool" for turn in item.turns)):
        found += check_grounded(answer, sources, names)
    elif item.mode == "step":
        found += check_unlooked(answer, sources, names)
    if item.mode not in ("step", "chat"):
        return found
    persona = item.metadata.get("persona")
    if (told or item.mode == "chat") and isinstance(persona, str) and persona in load_personas().personas:
        return [*found, *check_voice(answer, persona, named, asks_back="?" in answer and not told)]
    return [*found, *check_own_voice(answer)]


def _message(turn: Turn, past: list[Message], judge: Judge) -> Message:
    """A turn that is not a target, as the checks see it."""
    if turn.role == "tool":
        called = past[-1].call.tool if past and past[-1].call else None
        return Message("tool", turn.text, tool=turn.tool or called)
    if turn.role == "assistant" and not turn.call and turn.text.lstrip().startswith("{"):
        verdict = judge(turn.text)
        return Message("assistant", turn.text, verdict.call or verdict.dispatched)
    return Message(turn.role, turn.text, turn.call)


def _as_text(turn: Turn) -> tuple[str, Call | None]:
    return turn.text.strip(), turn.call
