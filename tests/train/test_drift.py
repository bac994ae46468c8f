"""`aj drift`: how far the forms in which a run can be served are from what was trained."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from aj.errors import TrainError
from loop.commands.exporting import drift_table
from train.drift import DRIFT, Drift, measure_drift
from train.gguf_export import export_gguf

pytestmark = pytest.mark.loop

TRAINED = "as trained: nf4 base, adapter"
DEQUANTIZED = "merged into dequantized base"
ON_ORIGINAL = "adapter on original base"
INTO_ORIGINAL = "merged into original base"


@pytest.fixture(scope="module")
def logs(finished, dataset, tmp_path_factory) -> Iterator[Path]:
    """Logs with one finished run, its data set, and the run's file for llama.cpp."""
    run, _ = finished
    logs = tmp_path_factory.mktemp("logs")
    manifest = json.loads((run / "manifest.json").read_text())
    shutil.copytree(run, logs / "runs" / run.name)
    shutil.copytree(dataset, logs / "datasets" / manifest["dataset"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(logs))
        export_gguf(run, manifest, "bf16")
        yield logs


@pytest.fixture(scope="module")
def run(logs) -> Path:
    return next((logs / "runs").iterdir())


def measure(run: Path) -> dict[str, Drift]:
    return {line.form: line for line in measure_drift(run, json.loads((run / "manifest.json").read_text()))}


@pytest.fixture(scope="module")
def measured(run) -> dict[str, Drift]:
    return measure(run)


def test_every_form_is_compared_with_the_trained_model_on_the_same_answers(measured, run):
    assert list(measured) == [TRAINED, DEQUANTIZED, ON_ORIGINAL, INTO_ORIGINAL, "GGUF, bf16"]
    assert len({line.tokens for line in measured.values()}) == 1
    trained = measured[TRAINED]
    assert (trained.same_choice, trained.gap) == (1, 0)
    assert trained.loss > 0
    assert [Drift(**line) for line in json.loads((run / DRIFT).read_text())] == list(measured.values())


def test_the_table_fits_a_terminal_of_80_columns(measured):
    told = io.StringIO()
    Console(file=told, width=80).print(drift_table(list(measured.values())))
    assert f"│ {TRAINED} │" in told.getvalue(), "it was not stacked"


def test_the_served_model_is_as_far_as_the_export_has_measured(measured, run):
    agreement = json.loads((run / "manifest.json").read_text())["agreement"]
    line = measured[DEQUANTIZED]
    assert {"tokens": line.tokens, "same_choice": line.same_choice, "gap": line.gap} == agreement


def test_a_base_that_was_never_quantized_is_further_away_merged_or_not(measured):
    assert measured[ON_ORIGINAL].gap > 5 * measured[DEQUANTIZED].gap
    assert measured[INTO_ORIGINAL].gap > 5 * measured[DEQUANTIZED].gap
    assert measured[INTO_ORIGINAL].gap == pytest.approx(measured[ON_ORIGINAL].gap, rel=0.2)
    assert measured["GGUF, bf16"].gap == pytest.approx(measured[DEQUANTIZED].gap, abs=1e-3)


def test_a_run_served_as_an_adapter_is_merged_for_the_occasion(measured, run, logs, monkeypatch):
    shutil.rmtree(run / "merged")
    again = measure(run)
    assert again[DEQUANTIZED] == measured[DEQUANTIZED]
    assert [path.name for path in (logs / "runs").iterdir()] == [run.name]
    monkeypatch.setattr("train.finished.GB", 1e-6)
    with pytest.raises(TrainError, match=r"GB free, but merging the run writes"):
        measure(run)
