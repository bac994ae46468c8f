"""How far do the voice rules, and a model judge, agree with labels?

The labels (`scorers/judge_labels.jsonl`) were made by the authors of this project, who also wrote the rules; the first
line of the file says how. Kappa and alpha correct for agreement by chance: 1 is full agreement, 0 is chance.
"""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aj.errors import AJError
from aj.files import Strict, logs_dir, read_jsonl
from scorers.checks.voice import check_voice

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.log import EvalLog
    from inspect_ai.model import Model
    from rich.table import Table

LABELS = Path(__file__).parents[1] / "scorers" / "judge_labels.jsonl"
NOT_RUN = "No judge was run; to compare one with the rules: aj judge-check --model PROVIDER/NAME"


class Label(Strict):
    """One reply with its label."""

    id: str
    persona: str
    batch: Literal["seen", "unseen"]
    """unseen: written after the last change of the rules, so they cannot have been fitted to it."""
    user: str
    terms: tuple[str, ...]
    """Technical terms of the request and the reply, as `check_voice` takes them."""
    reply: str
    fits: bool
    why: str


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """How far one rater agrees with the labels of one group."""

    rater: str
    group: str
    """all, a batch or a persona."""
    n: int
    undecided: int
    """Replies without a verdict, which the following fields leave out."""
    accuracy: float | None
    """None, here and below, if it is undefined."""
    kappa: float | None
    alpha: float | None
    good_rejected: tuple[str, ...]
    """Ids of replies that the label accepts, but the rater does not."""
    bad_accepted: tuple[str, ...]


def read_labels(path: Path = LABELS) -> tuple[str, list[Label]]:
    """The file's description of itself, and its labels; raises DataError for a line that is not a JSON object."""
    (_, about), *rows = read_jsonl(path)
    return about["about"], [Label.model_validate(row) for _, row in rows]


def judge_check(labels: Sequence[Label], model: "str | Model | None" = None) -> list[RaterAgreement]:
    """Agreement of the rules, and of the judge if a model is given, with `labels`: overall, by batch and by persona.

    Raises:
        AJError: the model cannot be used, or failed while judging.
    """
    verdicts: dict[str, dict[str, bool | None]] = {"rules": {label.id: _rules_accept(label) for label in labels}}
    if model is not None:
        verdicts[f"judge {model}"] = _judge(labels, model)
    return [
        _agreement(rater, group, chosen, given)
        for group, chosen in _groups(labels).items()
        for rater, given in verdicts.items()
    ]


def kappa(one: Sequence[bool], other: Sequence[bool]) -> float | None:
    """Cohen's kappa (A Coefficient of Agreement for Nominal Scales, 1960): (po - pe) / (1 - pe); None if pe is 1."""
    n = len(one)
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / n if n else 1.0
    yes, also = sum(one) / max(n, 1), sum(other) / max(n, 1)
    by_chance = yes * also + (1 - yes) * (1 - also)
    return None if by_chance == 1 or not n else (observed - by_chance) / (1 - by_chance)


def alpha(one: Sequence[bool], other: Sequence[bool]) -> float | None:
    """Krippendorff's nominal alpha of two raters; None if every verdict is the same."""
    import krippendorff

    if len({*one, *other}) < 2:
        return None
    return float(krippendorff.alpha([list(map(int, one)), list(map(int, other))], level_of_measurement="nominal"))


def _rules_accept(label: Label) -> bool:
    return not check_voice(label.reply, label.persona, label.terms)


def _groups(labels: Sequence[Label]) -> dict[str, list[Label]]:
    groups = {"all": list(labels)}
    for label in labels:
        groups.setdefault(label.batch, []).append(label)
    for label in labels:
        groups.setdefault(label.persona, []).append(label)
    return groups


def _agreement(rater: str, group: str, labels: Sequence[Label], verdicts: dict[str, bool | None]) -> RaterAgreement:
    decided = [(label, verdict) for label in labels if (verdict := verdicts[label.id]) is not None]
    truth, given = [label.fits for label, _ in decided], [verdict for _, verdict in decided]
    right = sum(label.fits == verdict for label, verdict in decided)
    return RaterAgreement(
        rater,
        group,
        n=len(labels),
        undecided=len(labels) - len(decided),
        accuracy=right / len(decided) if decided else None,
        kappa=kappa(truth, given),
        alpha=alpha(truth, given),
        good_rejected=tuple(label.id for label, verdict in decided if label.fits and not verdict),
        bad_accepted=tuple(label.id for label, verdict in decided if not label.fits and verdict),
    )


def _judge(labels: Sequence[Label], model: "str | Model") -> dict[str, bool | None]:
    """The judge's verdicts, from a real eval whose log stays in `logs/judge/`; None where it was undecided."""
    from inspect_ai import eval
    from inspect_ai.model import get_model
    from rich.text import Text

    try:
        grader = get_model(model)
    except Exception as error:  # an unknown provider is a ValueError, a missing key is Inspect's own error
        reason = Text.from_markup(str(error)).plain.strip().splitlines()[-1]
        raise AJError(f"{model} cannot judge ({reason}); give an Inspect model as PROVIDER/NAME.") from error
    with redirect_stdout(sys.stderr):  # its progress would mix with `--format json`
        (log,) = eval(
            _task(labels),
            model="none",  # nothing is generated: the replies exist
            model_roles={"grader": grader},
            log_dir=str(logs_dir() / "judge"),
            display="rich" if sys.stderr.isatty() else "plain",
            log_realtime=False,
        )
    return _verdicts(log)


def _task(labels: Sequence[Label]) -> "Task":
    from inspect_ai import Task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput
    from inspect_ai.solver import Generate, Solver, TaskState, solver

    from scorers.judge import persona_judge

    replies = {label.id: label.reply for label in labels}

    @solver
    def labelled_reply() -> Solver:
        async def answer(state: TaskState, generate: Generate) -> TaskState:
            state.output = ModelOutput.from_content("labelled", replies[str(state.sample_id)])
            return state

        return answer

    def sample(label: Label) -> Sample:
        about = {"persona": label.persona, "request": label.user, "family": label.user}
        return Sample(id=label.id, input=label.user, metadata=about)

    data = MemoryDataset([sample(label) for label in labels])
    return Task(dataset=data, solver=labelled_reply(), scorer=persona_judge(), name="judge_check")


def _verdicts(log: "EvalLog") -> dict[str, bool | None]:
    if log.status != "success":
        why = str(log.error.message).strip().splitlines()[-1] if log.error else "it was interrupted"
        raise AJError(f"The judge did not finish ({why[:200]}); its log is {log.location}. Run the same command again.")
    scores = {str(sample.id): (sample.scores or {})["persona_judge"].value for sample in log.samples or []}
    return {key: None if value != value else bool(value) for key, value in scores.items()}  # NaN: unscored


def to_records(rows: Sequence[RaterAgreement]) -> list[dict[str, Any]]:
    """For `--format json`."""
    return [asdict(row) for row in rows]


def table(rows: Sequence[RaterAgreement], about: str) -> "Table":
    """For the terminal, with the labels' description of themselves as caption."""
    from rich.table import Table
    from rich.text import Text

    result = Table("group", "rater", title="agreement with the labels", caption=Text(about))
    for column in ("n", "undecided", "accuracy", "kappa", "alpha", "good rejected", "bad accepted"):
        result.add_column(column, justify="right")
    for row in rows:
        shares = ("none" if share is None else f"{share:.3f}" for share in (row.accuracy, row.kappa, row.alpha))
        errors = str(len(row.good_rejected)), str(len(row.bad_accepted))
        result.add_row(row.group, row.rater, str(row.n), str(row.undecided), *shares, *errors)
    return result
