"""How far the forms in which a run can be served differ from the model that was trained: its 4-bit base and adapter."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.files import write_json
from train.base import load_tokenizer
from train.finished import FinishedRun, read_finished
from train.gguf_export import exported, load_gguf
from train.precision import native_precision
from train.tokens import IGNORE, TokenizedRow

if TYPE_CHECKING:
    import torch

DRIFT = "drift.json"


@dataclass(frozen=True, slots=True)
class Drift:
    """One form of a run's model against the trained one, on the answers of its rows."""

    form: str
    tokens: int
    same_choice: float
    """Share of tokens for which both would choose the same next token."""
    gap: float
    """Mean absolute difference of the right token's log-probability, in nats."""
    loss: float
    """Mean negative log-probability of the right token under this form, in nats."""


def measure_drift(folder: Path, manifest: dict[str, Any]) -> list[Drift]:
    """Measure every form, the trained model itself first, and write `drift.json` into the run's folder.

    One model after the other is loaded afresh, so that memory holds one, and since bitsandbytes repacks 4-bit layers
    that have answered on a CPU: dequantized after that, they are off by up to 6.2.

    Raises:
        TrainError: the run's base is gone or has changed since, or the disk has no room to merge it.
        DataError: the run's data set is gone.
    """
    from train.export import answers_of, load_exported

    run = read_finished(folder, manifest)
    base = run.base()
    rows = run.compared(load_tokenizer(base, run.recipe.template))
    trained = answers_of(partial(_load_trained, run, base), rows)

    def against_trained(form: str, answers: Sequence["torch.Tensor"]) -> Drift:
        return _compare(form, trained, answers, rows)

    measured = [against_trained(f"as trained: {run.recipe.quantization.type} base, adapter", trained)]
    with run.merged() as merged:
        answers = answers_of(partial(load_exported, merged), rows)
        measured.append(against_trained("merged into dequantized base", answers))
    for form, load in (
        ("adapter on original base", _load_on_original),
        ("merged into original base", _load_merged_into_original),
    ):
        measured.append(against_trained(form, answers_of(partial(load, run, base), rows)))
    for width, file in exported(run.hash).items():
        measured.append(against_trained(f"GGUF, {width}", answers_of(partial(load_gguf, file), rows)))
    write_json(folder / DRIFT, [asdict(line) for line in measured])
    return measured


def _load_trained(run: FinishedRun, base: Path) -> Any:
    from train.model import load_adapter, load_quantized

    return load_adapter(load_quantized(base, run.recipe.quantization), run.adapter).eval()


def _load_on_original(run: FinishedRun, base: Path) -> Any:
    """The adapter on the base as it was before it was quantized."""
    from train.export import load_exported
    from train.model import load_adapter

    return load_adapter(load_exported(base), run.adapter).eval()


def _load_merged_into_original(run: FinishedRun, base: Path) -> Any:
    """The same, merged: in bfloat16, as it would be written, and then in what this machine computes in."""
    import torch

    merged: Any = _load_on_original(run, base).merge_and_unload()
    return merged.to(torch.bfloat16).to(getattr(torch, native_precision()))


def _compare(
    form: str, trained: Sequence["torch.Tensor"], answers: Sequence["torch.Tensor"], rows: Sequence[TokenizedRow]
) -> Drift:
    import torch

    from train.export import compare_answers

    found = compare_answers(trained, answers, rows)
    targets = torch.tensor([label for row in rows for label in row.labels[1:] if label != IGNORE])
    loss = -torch.cat(list(answers)).gather(1, targets[:, None]).mean().item()
    return Drift(form, found.tokens, found.same_choice, found.gap, round(loss, 4))
