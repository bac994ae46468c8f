"""What a name stands for: its weights, wherever their folder is, under the contract that it was trained for."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from aj.files import digest_model, digest_weights, write_json
from loop.commands.evaluating import both_arms
from loop.evaluate import answers, eval_folder
from loop.targets import find_target

pytestmark = pytest.mark.loop  # runs real Inspect evals


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run `abc`, trained under the contract native, and its finished eval."""
    folder = tmp_path / "logs"
    monkeypatch.setenv("AJ_LOGS", str(folder))
    run = folder / "runs" / "abc"
    for name in ("adapter", "merged"):
        (run / name).mkdir(parents=True)
        (run / name / "model.safetensors").write_bytes(name.encode())
    manifest = {"hash": "abc", "name": "x", "base": {"name": "b", "revision": "1"}, "dataset": "d"}
    manifest |= {name: digest_weights(run / name) for name in ("adapter", "merged")}
    manifest["serving"] = {"revision": digest_model(run / "merged")}
    write_json(run / "manifest.json", manifest)
    (run / "recipe.yaml").write_text(yaml.safe_dump({"contract": "native"}))
    finish(eval_folder(find_target("abc"), "small"))
    return folder


def finish(folder: Path) -> None:
    folder.mkdir(parents=True)
    write_json(folder / "done.json", {})


def test_a_moved_folder_of_logs_keeps_its_evals(logs, tmp_path, monkeypatch):
    before = find_target("abc")
    shutil.move(logs, tmp_path / "elsewhere")
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "elsewhere"))
    after = find_target("abc")
    assert after.model != before.model
    assert (eval_folder(after, "small") / "done.json").exists()


def test_other_weights_are_another_model(logs):
    before = answers(find_target("abc"), "small")
    run = logs / "runs" / "abc"
    (run / "merged" / "model.safetensors").write_bytes(b"others")
    manifest = json.loads((run / "manifest.json").read_text())
    serving = {"revision": digest_model(run / "merged")}
    write_json(run / "manifest.json", manifest | {"merged": digest_weights(run / "merged"), "serving": serving})
    assert answers(find_target("abc"), "small") != before


def test_a_run_is_asked_under_its_own_contract_and_so_is_the_base_that_it_is_compared_with(logs):
    assert find_target("abc").contract == "native"
    assert find_target("abc", "aj").contract == "native"
    assert find_target("openai-api/local/aj").contract == "aj"
    base = eval_folder(find_target("openai-api/local/aj", "native"), "small")
    finish(base)
    assert both_arms("openai-api/local/aj", "abc", "small", None) == (base, eval_folder(find_target("abc"), "small"))
