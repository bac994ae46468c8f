"""Turns failing samples of the practice suite into pairs, and right ones into rows (rejection sampling).

A pair is what the model said against what is right.

Only samples of the training split may be learned from: a log with a sample of the gate's split is refused as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.acts import meaning_of
from aj.errors import DataError
from aj.files import write_jsonl
from aj.findings import Finding
from aj.messages import Layout, Message, Pair, Row, pair_to_record, reply, result, row_to_record, user, without_note
from aj.wire import judge_call, render_turn
from datasets_build.ledger import Funnel, Refused
from datasets_build.lint.items import lint_value
from evals.suite import LOOPED, TASKS
from scenarios.catalogue import templates
from scenarios.oracle import intent, plan, solve
from scorers.checks.patterns import known_issue
from scorers.checks.rows import check_pair, check_row
from scorers.samples import Case, case_of, replay
from verdict.scores import TaskScores, logs_in, read_log

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample

TEACHES = "train"
"""The split whose failures may be trained on."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a sample went wrong."""

    case: Case
    """Its `past` is the conversation up to that point."""
    completion: str
    """The model's text, verbatim."""
    code: str


def harvest(
    logs: Sequence[Path], output: Path, report: Callable[[str], None] = lambda _: None, right: Path | None = None
) -> dict[str, int]:
    """Write the pairs of all logs to `output`, completely or not at all.

    Args:
        logs: `.eval` files, or folders of them.
        report: called with the name of each log as it is read.
        right: where the conversations of samples that passed go, as rows; without it they are only counted.

    Returns:
        The counts, of rows too: read = passed + unscored + interrupted + duplicate + kept + every `rejected:CODE`.

    Raises:
        DataError: a sample is not from the training split, or was asked under another contract; nothing is written.
        EvidenceError: a log cannot be read.
    """
    paths = list(_files(logs))
    # All of them, before the first sample is turned into a pair.
    scores = [_learnable(read_log(path)) for path in paths]
    funnel = Funnel()
    made: dict[str, Row | Pair] = {}
    for log in scores:
        report(log.path.name)
        for sample in _samples(log.path):
            found = _taught(sample, log, keep_right=right is not None)
            if isinstance(found, str):
                funnel.read += 1
                funnel.end(found)
                continue
            funnel.take(found)
            if not isinstance(found, Refused):
                funnel.end("duplicate" if found.id in made else "kept")
                made.setdefault(found.id, found)
    funnel.check("harvest")
    write_jsonl(output, (pair_to_record(item) for item in made.values() if isinstance(item, Pair)))
    if right is not None:
        write_jsonl(right, (row_to_record(item) for item in made.values() if isinstance(item, Row)))
    return funnel.ended()


def _files(logs: Sequence[Path]) -> Iterator[Path]:
    for path in logs:
        found = logs_in(path)
        if not found:
            raise DataError(f"{path} contains no eval logs; give a log, or the folder that `aj eval` printed.")
        yield from found


def _learnable(scores: TaskScores) -> TaskScores:
    """Accepts a log if it says that all of its samples are from the training split."""
    if scores.task not in TASKS:
        raise DataError(f"{scores.path}: {scores.task} is none of {', '.join(TASKS)}; leave out this log.")
    held_out = sum(1 for sample in scores.samples.values() if sample.split != TEACHES)
    if held_out:
        raise _refused(scores, f"{held_out} of its {len(scores.samples)} samples are not from the training split")
    return scores


def _refused(scores: TaskScores, why: str) -> DataError:
    run = f"inspect eval evals/{scores.task}.py -T suite=practice"
    return DataError(f"{scores.path}: {why}, and what the gate asks must not be trained on; harvest a log of `{run}`.")


def _samples(path: Path) -> "Iterable[EvalSample]":
    from inspect_ai.log import read_eval_log_samples

    unread = {"events", "events_data", "store"}
    return read_eval_log_samples(path, all_samples_required=False, resolve_attachments=True, exclude_fields=unread)


def _taught(sample: "EvalSample", log: TaskScores, keep_right: bool) -> Row | Pair | Refused | str:
    """The pair of a failing sample, the row of a right one, why it yields none, or the outcome of any other."""
    metadata = sample.metadata
    template = templates().get(metadata["scenario"]["template"])
    if template is None or template.split != TEACHES:  # whatever its metadata says about the split
        raise _refused(log, f"sample {sample.id} is from the template {metadata['scenario']['template']}")
    if sample.error or sample.limit:  # what the model would have said is unknown
        return "interrupted"
    graded = [score for score in (sample.scores or {}).values() if isinstance(score.value, dict)]
    if not graded:
        return "unscored"
    code = next((str(code) for score in graded if (code := (score.metadata or {}).get("code"))), None)
    if code is None and not keep_right:
        return "passed"
    case = case_of(metadata)
    if case.contract.hash != log.metadata.get("contract"):
        raise DataError(f"{log.path} was made under another contract; run its eval again.")
    if [m.content for m in case.past if m.role == "user"] != [turn.text for turn in case.scenario.turns[: case.begun]]:
        return Refused("world_changed", "the scenario is not the one that the model saw")
    layout: Layout = metadata["layout"]
    if code is None:
        said = _replayed(sample, case) if log.task in LOOPED else (*case.past, _said(sample.output.completion, case))
        return _right(said, case, layout, sample, log) if isinstance(said, tuple) else _unlike(said)
    found = _replayed(sample, case) if log.task in LOOPED else Decision(case, sample.output.completion, code)
    if isinstance(found, tuple):
        return Refused("no_wrong_step", "each step is right by itself")
    return found if isinstance(found, Refused) else _corrected(found, layout, sample, log)


def _unlike(found: Decision | Refused) -> Refused:
    """Why a sample that passed is no row: its end is right, and a step on the way is not."""
    return found if isinstance(found, Refused) else Refused(f"wrong_step:{found.code}", "a step on the way is wrong")


def _said(text: str, case: Case) -> Message:
    """A completion as a row holds it."""
    call = judge_call(text, case.contract).call if case.mode == "step" else None
    return Message("assistant", call=call) if call else reply(text)


def _right(
    said: tuple[Message, ...], case: Case, layout: Layout, sample: "EvalSample", log: TaskScores
) -> Row | Refused:
    """The conversation of a sample that passed; it must also pass what rows of other sources do."""
    row = Row(said, case.mode, layout, _told(case, sample, log) | {"teacher": log.model})
    wrong = check_row(row, case.contract) or [one.finding for one in lint_value(row, case.contract)]
    return Refused(f"row:{wrong[0].code}", wrong[0].why) if wrong else row


def _replayed(sample: "EvalSample", case: Case) -> Decision | tuple[Message, ...] | Refused:
    """Replay the logged conversation up to the model's first wrong step; all of it, if there is none."""
    from scorers.no_known_issue import check_turn

    past, awaited = list(case.past), None
    for message in sample.messages[len(sample.input) :]:
        if message.role == "user":
            told = user(message.text) if awaited is None else awaited
            if message.text != render_turn(told, case.contract):
                return Refused("world_changed", "the scenario is not the one that the model saw")
            past.append(told)
            continue
        here = replace(case, past=tuple(past))
        if found := check_turn(message.text, here):
            return Decision(here, message.text, found[0].code)
        call = judge_call(message.text, case.contract).call
        assert call is not None
        awaited = None
        act = meaning_of(call, case.contract)
        if act.kind != "finish":
            awaited = result(call.tool, replay(case.scenario, past, case.contract).dispatch(act))
        past.append(Message("assistant", call=call))
    return tuple(past)


def _corrected(decision: Decision, layout: Layout, sample: "EvalSample", log: TaskScores) -> Pair | Refused:
    case = decision.case
    chosen = right_turn(case, layout)
    pattern = known_issue(decision.completion, case.past, case.contract, case.mode)
    metadata = _told(case, sample, log) | {"code": decision.code} | ({"pattern": pattern} if pattern else {})
    pair = Pair(case.past, chosen, decision.completion, case.mode, layout, metadata)
    if decision.completion.strip() == render_turn(chosen, case.contract).strip():
        return Refused("same_text", "the model's words are the right ones")
    wrong = _chosen_findings(pair, case)
    return Refused(f"chosen:{wrong[0].code}", wrong[0].why) if wrong else pair


def _told(case: Case, sample: "EvalSample", log: TaskScores) -> dict[str, Any]:
    """Where a pair or a row comes from."""
    scenario = case.scenario
    return {
        "source": "harvest",
        "licence": "owner",
        "log": log.path.name,
        "task": log.task,
        "sample": str(sample.id),
        "model": log.model,
        "templates": sorted({scenario.template, *(turn.phrasing for turn in scenario.turns)}),
        "persona": scenario.persona,
        "hosts": [host.name for host in scenario.hosts],
    }


def right_turn(case: Case, layout: Layout) -> Message:
    """What the oracle says next; with a note only where training rows have one, after the user's message."""
    if case.mode == "plan":
        return reply(plan(case.turn))
    if case.mode == "chat":
        return reply(case.turn.items)
    if case.mode == "intent":
        return reply(intent(case.turn))
    right = solve(case.turn, case.scenario.persona, case.past, case.fleet(), case.contract)[0]
    opens = layout == "dialogue" and case.past[-1].role == "user"
    return right if opens else without_note(right)


def _chosen_findings(pair: Pair, case: Case) -> list[Finding]:
    """Form and conduct, then effect: the model's earlier steps may have shown less than the oracle's would have."""
    from scorers.no_known_issue import check_turn

    return check_pair(pair, case.contract) or check_turn(render_turn(pair.chosen, case.contract), case)
