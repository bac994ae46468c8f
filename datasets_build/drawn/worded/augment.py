"""Personality for existing rows: new wording for the same calls and results, or the row is refused."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from aj.contract import Contract
from aj.files import read_jsonl
from aj.findings import Finding
from aj.messages import Row, row_from_record
from aj.personas import load_personas
from aj.state import discovered
from datasets_build.drawn.worded.checks import check_wording
from datasets_build.drawn.worded.generate import feedback_on, is_final
from datasets_build.drawn.worded.teachers.wording import Job, Teacher, Worded, slots_of
from datasets_build.ledger import Refused

Item = tuple[str, Row]
"""(origin, row)"""


def augment(
    source: Path | Iterable[Mapping[str, Any]], teacher: Teacher, contract: Contract, seed: int = 0, retries: int = 2
) -> Iterator[Row | Refused]:
    """Every row of `source` with new wording, or a refusal with its place: rows in = rows out + refusals.

    A row is worded for the persona in its metadata; a row without one gets a persona in turn, from `seed` on. Texts of
    plans and intents stay; only the user's words change there.

    Raises:
        DataError: a line of the file is not a JSON object (with file and line).
    """
    personas = sorted(load_personas().personas)
    pending: dict[str, tuple[Item, Job]] = {}
    refused: list[Refused] = []

    def fresh() -> Iterator[Job]:
        for number, (origin, record) in enumerate(_records(source)):
            try:
                row = row_from_record(dict(record))
            except ValueError as error:
                refused.append(Refused("not_a_row", str(error), origin))
                continue
            persona = row.metadata.get("persona")
            chosen = persona if persona in personas else personas[(seed + number) % len(personas)]
            job = _job(row, chosen, origin, contract)
            pending[job.id] = ((origin, row), job)
            yield job

    jobs: Iterator[Job] = fresh()
    while True:
        again: list[tuple[Item, Job]] = []
        for job_id, worded in teacher.word(jobs):
            (origin, row), job = pending.pop(job_id)
            made, findings = _settle(row, job, worded, teacher.name, contract)
            if made:
                yield made
            elif is_final(worded) or job.attempt >= retries:
                refused.append(Refused(findings[0].code, findings[0].why, origin))
            else:
                feedback = feedback_on(worded, findings)
                again.append(((origin, row), job.again(feedback)))
            yield from refused
            refused.clear()
        yield from refused
        refused.clear()
        assert not pending, f"{teacher.name} left {len(pending)} jobs without a word"
        if not again:
            return
        pending = {job.id: (item, job) for item, job in again}
        jobs = iter([job for _, job in again])


def _records(source: Path | Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(source, Path):
        for number, record in read_jsonl(source):
            yield f"{source}:{number}", record
    else:
        for number, record in enumerate(source, start=1):
            yield f"record {number}", record


def _job(row: Row, persona: str, origin: str, contract: Contract) -> Job:
    slots = slots_of(row.messages, contract)
    if contract.modes[row.mode].reply not in ("call", "markdown"):
        slots = [slot for slot in slots if slot.place == "user"]
    hosts = tuple(agent.id for agent in discovered(row.messages, contract) or ())
    category = str(row.metadata.get("category", ""))
    return Job(persona, row.messages, tuple(slots), hosts, category, scene={"row": row.id, "origin": origin})


def _settle(row: Row, job: Job, worded: Worded, teacher: str, contract: Contract) -> tuple[Row | None, list[Finding]]:
    if isinstance(worded, Refused):
        return None, [Finding(worded.code, worded.why, "try again")]
    checked = check_wording(job, worded, contract, row)
    if checked.messages is None:
        return None, list(checked.findings)
    metadata = row.metadata | {"persona": job.persona, "teacher": teacher, "reworded_from": row.id}
    return replace(row, messages=checked.messages, metadata=metadata), []
