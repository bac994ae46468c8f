"""Turns failing samples of the practice suite into pairs: what the model said against what is right.

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
from aj.messages import Layout, Message, Pair, pair_to_record, reply, result, user, without_note
from aj.wire import judge_call, render_turn
from datasets_build.ledger import Funnel, Refused
from evals.suite import LOOPED, TASKS
from scenarios.catalogue import templates
from scenarios.oracle import intent, plan, solve
from scorers.checks.patterns import known_issue
from scorers.checks.rows import check_pair
from scorers.samples import Case, case_of, replay
from verdict.scores import TaskScores, read_log

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


def harvest(logs: Sequence[Path], output: Path, report: Callable[[str], None] = lambda _: None) -> dict[str, int]:
    """Write the pairs of all logs to `output`, completely or not at all.

    Args:
        logs: `.eval` files, or folders of them.
        report: called with the name of each log as it is read.

    Returns:
        The counts: read = passed + unscored + interrupted + duplicate + kept + every `rejected:CODE`.

    Raises:
        DataError: a sample is not from the training split, or was asked under another contract; nothing is written.
        EvidenceError: a log cannot be read.
    """
    paths = list(_files(logs))
    # All of them, before the first sample is turned into a pair.
    scores = [_learnable(read_log(path)) for path in paths]
    funnel = Funnel()
    pairs: dict[str, Pair] = {}
    for log in scores:
        report(log.path.name)
        for sample in _samples(log.path):
            found = _pair(sample, log)
            if isinstance(found, str):
                funnel.read += 1
                funnel.end(found)
                continue
            funnel.take(found)
            if isinstance(found, Pair):
                funnel.end("duplicate" if found.id in pairs else "kept")
                pairs.setdefault(found.id, found)
    funnel.check("harvest")
    write_jsonl(output, map(pair_to_record, pairs.values()))
    return funnel.ended()


def _files(logs: Sequence[Path]) -> Iterator[Path]:
    for path in logs:
        found = sorted(path.glob("*.eval")) if path.is_dir() else [path]
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


def _pair(sample: "EvalSample", log: TaskScores) -> Pair | Refused | str:
    """The pair of a failing sample, why it yields none, or the outcome of a sample that did not fail."""
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
    if code is None:
        return "passed"
    case = case_of(metadata)
    if case.contract.hash != log.metadata.get("contract"):
        raise DataError(f"{log.path} was made under another contract; run its eval again.")
    if [m.content for m in case.past if m.role == "user"] != [turn.text for turn in case.scenario.turns[: case.begun]]:
        return Refused("world_changed", "the scenario is not the one that the model saw")
    decision = _first_wrong(sample, case) if log.task in LOOPED else Decision(case, sample.output.completion, code)
    return decision if isinstance(decision, Refused) else _corrected(decision, metadata["layout"], sample, log)


def _first_wrong(sample: "EvalSample", case: Case) -> Decision | Refused:
    """Replay the logged conversation up to the model's first wrong step."""
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
    return Refused("no_wrong_step", "each step is right by itself")


def _corrected(decision: Decision, layout: Layout, sample: "EvalSample", log: TaskScores) -> Pair | Refused:
    case, scenario = decision.case, decision.case.scenario
    chosen = right_turn(case, layout)
    pattern = known_issue(decision.completion, case.past, case.contract, case.mode)
    metadata: dict[str, Any] = {
        "source": "harvest",
        "licence": "owner",
        "log": log.path.name,
        "task": log.task,
        "sample": str(sample.id),
        "model": log.model,
        "code": decision.code,
        "templates": sorted({scenario.template, *(turn.phrasing for turn in scenario.turns)}),
        "persona": scenario.persona,
        "hosts": [host.name for host in scenario.hosts],
    } | ({"pattern": pattern} if pattern else {})
    pair = Pair(case.past, chosen, decision.completion, case.mode, layout, metadata)
    if decision.completion.strip() == render_turn(chosen, case.contract).strip():
        return Refused("same_text", "the model's words are the right ones")
    wrong = _chosen_findings(pair, case)
    return Refused(f"chosen:{wrong[0].code}", wrong[0].why) if wrong else pair


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
