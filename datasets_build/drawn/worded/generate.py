"""Conversations from the fleet's oracle, worded by a teacher, and every one verified before it becomes a row.

scene -> job (true calls, results and answers; numbered texts) -> teacher -> checks -> row, retry, or counted reject
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Row
from datasets_build.drawn.worded.allotment import SINGLE, PlannedRow, allot
from datasets_build.drawn.worded.checks import check_wording
from datasets_build.drawn.worded.scenes.drawing import draw_scene
from datasets_build.drawn.worded.teachers.wording import COST_CAP, FINAL, Job, Slot, Teacher, Worded, slots_of
from datasets_build.ledger import Refused
from scenarios.oracle import play

REDRAWS = 2
"""How often another scene is drawn for a place whose job was refused; then the place stays empty."""


@dataclass(frozen=True, slots=True)
class _Pending:
    place: PlannedRow
    draw: int
    job: Job


def generate(
    count: int,
    seed: int,
    teacher: Teacher,
    contract: Contract,
    multi_turn_ratio: float = 0.3,
    retries: int = 2,
) -> Iterator[Row | Refused]:
    """`count` verified rows, as they come, and a refusal with the job's id for each job that gave none.

    A wording that breaks a rule goes back to the teacher with what was wrong, at most `retries` times. Then the job is
    refused, and another scene is drawn for its place. No two rows have the same identity.
    """
    kept: set[str] = set()
    pending: list[_Pending] = []
    fresh: Iterator[_Pending] = (
        _Pending(place, 0, _job(place, seed, 0, contract)) for place in allot(count, multi_turn_ratio)
    )
    while True:
        waiting: dict[str, _Pending] = {}
        for job_id, worded in teacher.word(_noted(fresh, waiting)):
            item = waiting.pop(job_id)
            row, findings = _settle(item.job, worded, teacher.name, contract, kept)
            if row:
                kept.add(row.id)
                yield row
            elif is_final(worded) or item.job.attempt >= retries:
                yield Refused(findings[0].code, findings[0].why, item.job.id)
                if item.draw < REDRAWS and findings[0].code != COST_CAP:
                    draw = item.draw + 1
                    pending.append(_Pending(item.place, draw, _job(item.place, seed, draw, contract)))
            else:
                feedback = feedback_on(worded, findings)
                pending.append(replace(item, job=item.job.again(feedback)))
        assert not waiting, f"{teacher.name} left {len(waiting)} jobs without a word"
        if not pending:
            return
        fresh, pending = iter(pending), []


def is_final(worded: Worded) -> bool:
    """Whether another attempt would be refused again."""
    return isinstance(worded, Refused) and worded.code in FINAL


def feedback_on(worded: Worded, findings: Sequence[Finding]) -> list[str]:
    """What the next attempt is told: what was wrong with a wording; nothing about one that never came."""
    return [] if isinstance(worded, Refused) else [f"{finding.why}; {finding.fix}" for finding in findings]


def _noted(items: Iterator[_Pending], waiting: dict[str, _Pending]) -> Iterator[Job]:
    """The jobs, each put down as waiting when the teacher takes it."""
    for item in items:
        waiting[item.job.id] = item
        yield item.job


def _settle(
    job: Job, worded: Worded, teacher: str, contract: Contract, kept: set[str]
) -> tuple[Row | None, list[Finding]]:
    """The row of a job, or why there is none."""
    if isinstance(worded, Refused):
        return None, [Finding(worded.code, worded.why, "try again")]
    checked = check_wording(job, worded, contract)
    if checked.messages is None:
        return None, list(checked.findings)
    row = Row(checked.messages, metadata=_metadata(job, teacher))
    if row.id in kept:
        return None, [Finding("duplicate", "the same conversation was made before", "word it otherwise")]
    return row, []


def _job(place: PlannedRow, seed: int, draw: int, contract: Contract) -> Job:
    """The oracle's conversation for a place, with its slots; `draw` is the number of scenes drawn for it before."""
    drawn = Random(f"{seed}.{place.number}.{place.template}.{draw}").randrange(2**31)
    scene = draw_scene(place.template, drawn, place.persona)
    turns = scene.scenario.turns[:1] if place.pattern == SINGLE else scene.scenario.turns
    messages, _ = play(scene.scenario, contract, until=len(turns))
    slots = []
    for slot in slots_of(messages, contract):
        turn, filled = turns[slot.turn], scene.filled[slot.turn]
        known = Slot(slot.name, slot.place, slot.turn, slot.text, turn.kind, None, "", "", turn.phrasing, filled)
        is_answer = slot.place == "answer"
        slots.append(replace(known, truth=turn.truth, tells=turn.items, why=turn.why) if is_answer else known)
    return Job(
        place.persona,
        tuple(messages),
        tuple(slots),
        tuple(host.name for host in scene.scenario.hosts),
        place.category,
        place.pattern,
        place.case,
        {**scene.scenario.to_record(), "turns": len(turns)},
    )


def _metadata(job: Job, teacher: str) -> dict[str, Any]:
    return {
        "source": "conversational",
        "templates": sorted({str(job.scene["template"]), *(slot.about for slot in job.slots)}),
        "persona": job.persona,
        "category": job.category,
        "pattern": job.pattern,
        "multi_turn": job.pattern != SINGLE,
        "case": job.case,
        "hosts": list(job.hosts),
        "scene": dict(job.scene),
        "teacher": teacher,
    }
