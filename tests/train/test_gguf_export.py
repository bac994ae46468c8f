"""`aj export`: a run as one GGUF file. `make setup` installs the converter."""

import json
import re
import shutil
import signal
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from aj.errors import TrainError
from train import gguf_export
from train.gguf_export import CONVERTER, MODEL, RELATIVE_SIZE, export_gguf, read_agreement

MANIFEST = {"hash": "3f1c9e3f1c9e", "dataset": "data"}


@pytest.mark.loop
def test_without_a_converter_the_sentence_says_how_to_install_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    with pytest.raises(TrainError, match=r"not installed; run `make setup`, .+--converter PATH"):
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


@pytest.fixture
def unmerged(made, tiny_base, tmp_path) -> tuple[Path, dict[str, Any]]:
    """The same run as if it were served as an adapter, on a base of its own."""
    run, manifest = made
    base = shutil.copytree(tiny_base, tmp_path / "base")
    copy = shutil.copytree(run, tmp_path / "runs" / run.name, ignore=shutil.ignore_patterns("merged"))
    manifest = manifest | {"merged": None, "base": manifest["base"] | {"name": str(base)}}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy, manifest


@pytest.fixture
def failing(tmp_path) -> Path:
    """A converter that knows no model."""
    converter = tmp_path / "convert_hf_to_gguf.py"
    converter.write_text("import sys; sys.exit('unknown architecture')")
    return converter


def write(finished: tuple[Path, dict[str, Any]], converter: Path) -> Path:
    run, manifest = finished
    return export_gguf(run, manifest, "bf16", converter)


@pytest.mark.loop
def test_a_converter_that_fails_is_told_with_its_last_words_and_leaves_nothing(made, failing, tmp_path):
    with pytest.raises(TrainError, match=r"converter failed on .+merged \(unknown architecture\); run it by itself"):
        write(made, failing)
    assert not list((tmp_path / "gguf").iterdir())


@pytest.mark.loop
def test_an_adapter_is_merged_into_the_base_that_its_recipe_named_from_another_folder(
    unmerged, failing, tmp_path, monkeypatch
):
    run, _ = unmerged
    recipe = (run / "recipe.yaml").read_text()
    (run / "recipe.yaml").write_text(re.sub("(?m)^base: .+", "base: models/base", recipe))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainError, match="converter failed"):  # so it was merged
        write(unmerged, failing)


@pytest.mark.loop
@pytest.mark.parametrize(
    ("harm", "words"), [("change", "has changed since tiny-.+ train again"), ("remove", "is gone")]
)
def test_an_adapter_is_not_merged_into_another_base_than_it_was_trained_on(unmerged, failing, harm, words, tmp_path):
    base = Path(unmerged[1]["base"]["name"])
    if harm == "change":
        config = json.loads((base / "config.json").read_text())
        (base / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 0.1}))
    else:
        shutil.rmtree(base)
    with pytest.raises(TrainError, match=words):
        write(unmerged, failing)
    assert not list((tmp_path / "gguf").iterdir())


@pytest.mark.loop
def test_what_a_killed_export_leaves_is_removed_by_the_next_one(unmerged, failing, tmp_path):
    run, _ = unmerged
    killer = tmp_path / "killer.py"
    killer.write_text(f"import os\nos.kill(os.getppid(), {signal.SIGKILL:d})\n")
    code = (
        "import json, sys\nfrom pathlib import Path\nfrom train.gguf_export import export_gguf\n"
        "run, converter = map(Path, sys.argv[1:])\n"
        "export_gguf(run, json.loads((run / 'manifest.json').read_text()), 'bf16', converter)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(run), str(killer)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list((tmp_path / "runs").glob("*/merged/model.safetensors"))
    assert list((tmp_path / "gguf").iterdir())
    with pytest.raises(TrainError, match="converter failed"):
        write(unmerged, failing)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [run.name]
    assert not list((tmp_path / "gguf").iterdir())


@pytest.mark.loop
@pytest.mark.parametrize("kind", ["made", "unmerged"])
def test_an_export_that_the_disk_cannot_hold_is_refused_before_anything_is_written(
    kind, failing, tmp_path, monkeypatch, request
):
    monkeypatch.setitem(RELATIVE_SIZE, "bf16", 1e9)
    with pytest.raises(TrainError, match=r"GB free, but the export writes [\d.]+ GB; free some space"):
        write(request.getfixturevalue(kind), failing)
    assert not list((tmp_path / "gguf").iterdir())


@pytest.fixture
def one_in_memory(monkeypatch) -> list[Any]:
    """Every model that is loaded, weakly; none is loaded while another is in memory."""
    from train import export

    loaded: list[Any] = []

    def after_the_others(load):
        def wrapped(path: Path) -> Any:
            assert not [model for model in loaded if model()], "two models are in memory"
            model = load(path)
            loaded.append(weakref.ref(model))
            return model

        return wrapped

    for module, name in ((export, "load_exported"), (gguf_export, "load_gguf")):
        monkeypatch.setattr(module, name, after_the_others(getattr(module, name)))
    return loaded


@pytest.mark.loop
@pytest.mark.parametrize(("width", "same"), [("bf16", 1.0), ("q8_0", 0.9)])
def test_the_file_makes_the_choices_of_the_merged_model_and_only_one_is_in_memory(made, one_in_memory, width, same):
    run, manifest = made
    file = export_gguf(run, manifest, width)
    assert len(one_in_memory) == 2
    assert file.name == MODEL
    assert read_agreement(file)["tokens"] > 50
    assert read_agreement(file)["same_choice"] >= same
    written = file.stat().st_mtime_ns
    assert export_gguf(run, manifest, width).stat().st_mtime_ns == written


@pytest.mark.loop
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
