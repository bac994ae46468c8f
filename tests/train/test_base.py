import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tqdm.auto import tqdm

from aj.errors import TrainError
from train import base
from train.base import find_base, materialise, read_chat_template, save_tokenizer


@pytest.mark.loop
def test_the_embedded_base_is_a_plain_model_folder(gguf_is_parsed_once):
    found = find_base("smollm2-135m")
    assert found.path
    names = {path.name for path in found.path.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= names
    assert "quantization_config" not in (found.path / "config.json").read_text()


def test_an_interrupted_conversion_leaves_nothing_that_looks_finished(tmp_path, monkeypatch):
    def interrupted(gguf, folder):
        (folder / "model.safetensors").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr(base, "_convert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        materialise()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".smollm2-135m.lock"]


def test_processes_that_need_the_base_at_once_write_it_once(tmp_path, monkeypatch):
    written: list[str] = []

    def convert(gguf, folder):
        written.append(folder.name)
        time.sleep(0.2)
        (folder / "tokenizer.json").write_text("{}")

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr(base, "_convert", convert)
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: (path := materialise(), (path / "tokenizer.json").exists()), range(4)))
    assert folders == [(tmp_path / "models" / "smollm2-135m", True)] * 4
    assert len(written) == 1


@pytest.mark.loop
def test_the_base_is_written_without_a_word(tmp_path, monkeypatch, capfd):
    """A bar would be kept line by line in a log."""
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    materialise()
    assert "%|" not in capfd.readouterr().err
    for _ in tqdm(range(1), desc="another's"):
        pass
    assert "another's: 100%|" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Qwen/Qwen2.5-32B-Instruct", "has no revision"),
        ("./nowhere", "does not exist"),
        ("smollm", "smollm2-135m .needs no download"),
    ],
)
def test_a_base_that_cannot_be_pinned_or_found_is_refused(name, words):
    with pytest.raises(TrainError, match=words):
        find_base(name)


@pytest.mark.loop
def test_a_tokenizer_is_written_alike_wherever_it_was_loaded(tiny_base, tmp_path):
    from transformers import AutoTokenizer

    written = []
    for offline in (False, True):
        tokenizer = AutoTokenizer.from_pretrained(tiny_base, local_files_only=offline)
        save_tokenizer(tokenizer, tmp_path / str(offline))
        written.append({path.name: path.read_bytes() for path in (tmp_path / str(offline)).iterdir()})
        said = AutoTokenizer.from_pretrained(tmp_path / str(offline))("web01 is fine").input_ids
        assert said == tokenizer("web01 is fine").input_ids
    assert written[0] == written[1]
    assert {"tokenizer.json", "tokenizer_config.json"} <= written[0].keys()


def test_a_folder_without_safetensors_is_no_base(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(TrainError, match="no model folder"):
        find_base(str(tmp_path))


@pytest.mark.loop
def test_retrained_weights_are_another_base(tiny_base, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(tiny_base, tmp_path / "copy")
    before = find_base(str(copy)).revision
    assert before == find_base(str(tiny_base)).revision
    weights = copy / "model.safetensors"
    save_file({name: tensor * 1.01 for name, tensor in load_file(weights).items()}, weights)
    assert find_base(str(copy)).revision != before


def test_an_unknown_template_is_refused_with_those_there_are():
    with pytest.raises(TrainError, match="one of: chatml, deepseek-r1, gemma3, llama3, mistral, qwen3-no-think"):
        read_chat_template("alpaca")
