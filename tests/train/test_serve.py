"""How a model is served is said once: `aj serve`, `aj eval`, plain Inspect and the logs take it from there."""

import json
import os
import shutil
import signal
import socket
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from inspect_ai.model import get_model

from aj.errors import ServeError, TrainError
from train import serve as serving
from train.base import find_base
from train.precision import has_gpu
from train.recipe import Quantization
from train.serve import (
    Served,
    base_served,
    check_adapter,
    command_arguments,
    find_served,
    prepare,
    serving_env,
)
from train.server import interrupt_on, serve

COMMIT = "5ede1c97bbab6ce5cda5812749b4c0bdf79b18dd"
GIVEN = {"contract": "aj", "serve": {"context": 3000}, "export": {"merge": False}}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run that was not merged, on a base from the hub."""
    return write_run(tmp_path / "run", {"name": "org/model", "revision": COMMIT}, GIVEN)


@pytest.fixture
def a_base(tmp_path: Path) -> Path:
    """A model folder as far as serving reads one."""
    folder = tmp_path / "models" / "base"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"max_position_embeddings": 2048}')
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text("{}")
    return folder


def write_run(folder: Path, base: dict[str, str], recipe: dict[str, Any], rank: int = 64) -> Path:
    (folder / "adapter").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"name": "aj", "hash": "0123", "base": base}))
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps({"r": rank}))
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter" / "chat_template.jinja").write_text("{{ messages }}")
    return folder


def merge(run: Path) -> Path:
    (run / "merged").mkdir()
    (run / "merged" / "config.json").write_text("{}")
    (run / "merged" / "model.safetensors").write_bytes(b"merged")
    return run


def flag(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_a_merged_run_is_served_as_it_is_under_a_name_that_carries_its_hash(run):
    model, *flags = command_arguments(find_served(merge(run)), 8000)
    assert model == str(run / "merged")
    assert flag(flags, "--served-model-name") == "aj-0123"
    assert flag(flags, "--port") == "8000"
    assert flag(flags, "--host") == "127.0.0.1"
    assert not {"--enable-lora", "--quantization", "--chat-template", "--revision"} & set(flags)


def test_an_unmerged_run_is_served_as_an_adapter_on_its_quantised_base_with_its_own_template(run):
    model, *flags = command_arguments(find_served(run), 8000)
    assert model == "org/model"
    assert flag(flags, "--lora-modules") == f"aj-0123={run / 'adapter'}"
    assert flag(flags, "--max-lora-rank") == "64"
    assert flag(flags, "--quantization") == "bitsandbytes"
    assert flag(flags, "--chat-template") == str(run / "adapter" / "chat_template.jinja")
    assert flag(flags, "--revision") == COMMIT
    assert flag(flags, "--max-model-len") == "3000"
    assert flag(flags, "--generation-config") == "vllm"


def test_aj_serve_and_inspect_start_one_and_the_same_server(run):
    served = find_served(run)
    model, *flags = command_arguments(served, 8000)
    assert served.inspect_model == f"vllm/{model}:{run / 'adapter'}"
    for name, value in served.arguments().items():
        cli = f"--{name.replace('_', '-')}"
        assert cli in flags if value is True else flag(flags, cli) == str(value)


def test_plain_inspect_serves_a_run_with_the_same_arguments(run, monkeypatch):
    monkeypatch.setattr("train.inspect_defaults.prepare", lambda served: None)
    api: Any = get_model(f"aj/{run}", memoize=False).api
    assert {name: api.server_args[name] for name in find_served(run).arguments()} == find_served(run).arguments()
    assert api.adapter.path == str(run / "adapter")
    api = get_model(f"aj/{run}", memoize=False, max_model_len=512).api
    assert api.server_args["max_model_len"] == 512


def test_models_of_other_tasks_are_served_as_inspect_says():
    api: Any = get_model("vllm/org/model", memoize=False).api
    assert api.server_args == {"host": "127.0.0.1"}


CHANGES = {
    "revision": {"revision": "another"},
    "quantization": {"quantization": None},
    "context": {"context": 2048},
    "reasoning": {"reasoning": True},
    "rank": {"rank": 32},
    "adapter": {"adapter_revision": "another"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_logs_tell_every_difference_in_serving(run, change):
    served = find_served(run)
    assert replace(served, **change).metadata() != served.metadata()


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json", "chat_template.jinja"])
def test_logs_tell_a_changed_file_of_the_adapter(run, name):
    before = find_served(run).metadata()
    (run / "adapter" / name).write_text('{"r": 64, "lora_alpha": 1}')
    assert find_served(run).metadata() != before


def test_logs_tell_a_changed_configuration_or_template_of_a_merged_model(run):
    before = find_served(merge(run)).metadata()
    for name in ("config.json", "chat_template.jinja", "generation_config.json", "tokenizer.json"):
        (run / "merged" / name).write_text('{"repetition_penalty": 1.3}')
        now = find_served(run).metadata()
        assert now != before, name
        before = now


def test_logs_do_not_tell_where_the_folders_are(run, tmp_path):
    before = find_served(run).metadata()
    assert str(tmp_path) not in json.dumps(before)
    shutil.copytree(run, tmp_path / "moved")
    assert find_served(tmp_path / "moved").metadata() == before


def test_the_base_of_a_run_is_served_as_the_run_is_but_without_its_adapter(run):
    run_s, base_s = find_served(run).arguments(), base_served(run).arguments()
    assert base_s == {k: v for k, v in run_s.items() if "lora" not in k} | {"served_model_name": "org/model"}
    assert find_served(run).metadata()["server"] == base_served(run).metadata()["server"]


def test_the_base_of_a_merged_run_is_not_quantised(tmp_path, a_base):
    base = find_base(str(a_base))
    run = merge(write_run(tmp_path / "run", {"name": base.name, "revision": base.revision}, {"contract": "aj"}))
    assert base_served(run).quantization is None
    assert base_served(run).template == run / "adapter" / "chat_template.jinja"


def test_a_base_that_is_a_folder_is_found_from_every_working_directory(tmp_path, a_base, monkeypatch):
    monkeypatch.chdir(a_base.parent)
    base = find_base(a_base.name)
    run = write_run(tmp_path / "run", {"name": base.name, "revision": base.revision}, GIVEN)
    monkeypatch.chdir(tmp_path)
    assert find_served(run).model == str(a_base)


def test_a_base_that_changed_after_the_training_is_refused(tmp_path, a_base):
    copy = shutil.copytree(a_base, tmp_path / "base")
    run = write_run(tmp_path / "run", {"name": str(copy), "revision": find_base(str(copy)).revision}, GIVEN)
    find_served(run)
    config = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps(config | {"add_bos_token": True}))
    with pytest.raises(TrainError, match=r"has changed since aj-0123 was trained .*train again"):
        find_served(run)


def test_a_base_that_is_gone_is_not_looked_for_on_the_hub(tmp_path, a_base):
    run = write_run(tmp_path / "run", {"name": str(a_base), "revision": find_base(str(a_base)).revision}, GIVEN)
    shutil.rmtree(a_base)
    for served in (find_served, base_served):
        with pytest.raises(TrainError, match=r"on which aj-0123 was trained, is gone"):
            served(run)


def test_a_folder_with_the_name_of_a_hub_model_is_not_taken_for_it(run, tmp_path, monkeypatch):
    (tmp_path / "org" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find_served(run).is_hub


def test_no_model_is_asked_for_more_context_than_it_knows(tmp_path, a_base):
    base = find_base(str(a_base))
    run = write_run(tmp_path / "run", {"name": base.name, "revision": base.revision}, {"serve": {"context": 100_000}})
    assert find_served(run).context == 2048


@pytest.mark.parametrize(("rank", "room"), [(4, 8), (16, 16), (24, 32), (300, 320)])
def test_an_adapter_of_any_rank_gets_the_next_size_that_vllm_knows(tmp_path, rank, room):
    run = write_run(tmp_path / "run", {"name": "org/model", "revision": COMMIT}, GIVEN, rank)
    assert find_served(run).arguments()["max_lora_rank"] == room


@pytest.mark.parametrize(
    ("trained", "rank", "words"),
    [
        (Quantization(type="fp4"), 8, "fp4, and vLLM quantizes to nf4"),
        (Quantization(double=False), 8, "nf4 without double quantization"),
        (Quantization(), 1024, "serves at most 512"),
    ],
)
def test_what_vllm_cannot_serve_as_it_was_trained_is_refused(trained, rank, words):
    with pytest.raises(ServeError, match=words):
        check_adapter("aj", trained, rank)


def test_the_installed_vllm_has_a_plugin_for_the_quantisation_of_a_run(run):
    names = {plugin.name for plugin in entry_points(group="vllm.general_plugins")}
    assert find_served(run).arguments()["quantization"] in names


def test_a_missing_package_is_a_sentence(run, monkeypatch):
    monkeypatch.setattr(serving, "PLUGIN", "no-such-plugin")
    with pytest.raises(ServeError, match="without the package no-such-plugin; run: make setup"):
        prepare(find_served(run))


def test_a_hub_model_is_looked_up_by_its_commit_in_the_cache(tmp_path, a_base, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    served = Served("model", "org/model", COMMIT, 2048, is_hub=True)
    with pytest.raises(TrainError, match="could not be downloaded"):
        prepare(served)
    shutil.copytree(a_base, tmp_path / "models--org--model" / "snapshots" / COMMIT)
    prepare(served)


@pytest.mark.skipif(has_gpu(), reason="compiles there")
def test_a_cpu_serves_without_compiling():
    assert Served("model", "folder", "r", 2048).arguments()["enforce_eager"] is True


@pytest.mark.skipif(has_gpu(), reason="a GPU computes there")
@pytest.mark.parametrize(("cores", "copies"), [({3}, set()), ({0, 1}, {"0", "1"}), ({0, 1, 4, 5, 8}, {"0,4,8", "1,5"})])
def test_copies_of_a_small_model_share_the_requests_each_on_cores_of_its_own(run, cores, copies, monkeypatch):
    served = find_served(merge(run))
    told = served.metadata()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    bound = serving_env(served).get("VLLM_CPU_OMP_THREADS_BIND", "")
    assert set(bound.split("|")) - {""} == copies
    assert served.arguments().get("data_parallel_size", 0) == len(copies)
    assert served.metadata() == told, "copies are no part of what an answer depends on"


@pytest.mark.skipif(has_gpu(), reason="a GPU computes there")
def test_a_model_that_fits_into_memory_only_once_has_all_cores_to_itself(run, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    served = find_served(merge(run))
    with (run / "merged" / "model.safetensors").open("ab") as file:
        file.truncate(psutil.virtual_memory().total)  # it takes no space on the disk
    assert "data_parallel_size" not in served.arguments()
    assert "VLLM_CPU_OMP_THREADS_BIND" not in serving_env(served)


@pytest.mark.parametrize(("gpus", "copies"), [(1, None), (2, "2"), (8, "8")])
def test_each_gpu_has_a_copy_of_its_own_and_one_address_answers_for_all(run, gpus, copies, monkeypatch):
    told = find_served(run).about()
    monkeypatch.setattr("train.serve.has_gpu", lambda: True)
    monkeypatch.setattr("train.serve.count_gpus", lambda: gpus)
    _, *flags = command_arguments(served := find_served(run), 8000)
    assert (flag(flags, "--data-parallel-size") if copies else None) == copies
    # An adapter that is loaded later is known to the process only that was asked to load it.
    assert (flag(flags, "--api-server-count") if copies else "1") == "1"
    assert served.about() == told


def test_a_folder_that_is_neither_run_nor_model_is_refused(tmp_path):
    with pytest.raises(ServeError, match="is neither a run"):
        find_served(tmp_path)


def test_a_port_in_use_is_refused_with_the_next_command(run):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServeError, match=f"port {port} cannot be used .*aj serve RUN --port {port + 1}"):
            serve(find_served(run), port)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_server_ends_with_its_terminal_unless_nohup_has_that_ignored(sent):
    before = signal.getsignal(sent)
    try:
        signal.signal(sent, signal.SIG_DFL)
        interrupt_on(sent)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(sent)
        signal.signal(sent, signal.SIG_IGN)
        interrupt_on(sent)
        signal.raise_signal(sent)
    finally:
        signal.signal(sent, before)
