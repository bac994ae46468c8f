"""`aj export` and `aj drift`: a run in other forms, and how far they are from what was trained."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from loop.commands.terminal import AsJson, Format, console, example, progress, show

if TYPE_CHECKING:
    from train.drift import Drift

app = typer.Typer()

Run = Annotated[str, typer.Argument(help="a run, or champion")]


@app.command(epilog=example("aj export champion --width q8_0"))
def export(
    run: Run = "champion",
    width: Annotated[
        Literal["bf16", "f16", "q8_0"], typer.Option(help="of the weights: q8_0 has half the size of the others")
    ] = "bf16",
    converter: Annotated[
        Path | None, typer.Option(help="convert_hf_to_gguf.py of a checkout of llama.cpp, instead of the packaged one")
    ] = None,
) -> None:
    """Write a run as one GGUF file for llama.cpp and Ollama, compare it with the merged model, and print its path."""
    from train.gguf_export import export_gguf, read_agreement

    file = export_gguf(*_finished(run), width, converter)
    found = read_agreement(file)
    progress.print(
        f"same choice as the merged model on {found['same_choice']:.1%} of {found['tokens']} answer tokens, "
        f"log-likelihoods {found['gap']:.3f} apart",
        highlight=False,
    )
    console.print(str(file), soft_wrap=True)


@app.command(epilog=example("aj drift champion"))
def drift(run: Run = "champion", output: AsJson = Format.table) -> None:
    """Measure how far a run's model, merged or in other forms, is from the trained one; the run gets `drift.json`."""
    from train.drift import measure_drift

    folder, manifest = _finished(run)
    with progress.status("each form of the model answers the same rows, one after the other"):
        measured = measure_drift(folder, manifest)
    show(output, [asdict(line) for line in measured], lambda: drift_table(measured))


def _finished(name: str) -> tuple[Path, dict[str, Any]]:
    """The folder of a finished run, and its manifest."""
    from loop.targets import find_run
    from train.run import quiet_environment
    from verdict.runs import read_manifest

    quiet_environment()
    folder = find_run(name)
    return folder, read_manifest(folder)


def drift_table(measured: list["Drift"]) -> Any:
    """What was measured, a line for each form, in 80 columns."""
    from verdict.tables import Sheet

    sheet = Sheet("", ["model"], ["tokens", "same choice", "nats apart", "loss"])
    for line in measured:
        sheet.add(line.form, f"{line.tokens:,}", f"{line.same_choice:.1%}", f"{line.gap:.4f}", f"{line.loss:.4f}")
    return sheet
