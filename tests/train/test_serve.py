import json
import socket

import pytest

from aj.errors import ServeError
from train.serve import command_arguments, find_served, has_gpu, serve, serving_args, serving_env


@pytest.fixture
def run(tmp_path):
    base = {"name": "org/model", "revision": "abc"}
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "aj", "hash": "0123", "base": base}))
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"r": 64}')
    return tmp_path


def test_servers_listen_on_this_machine_only_and_ask_no_hub():
    assert serving_args()["host"] == "127.0.0.1"
    assert serving_env()["HF_HUB_OFFLINE"] == "1"


def test_a_merged_run_is_served_under_a_name_that_carries_its_hash(run):
    (run / "merged").mkdir()
    model, *flags = command_arguments(find_served(run), 8000)
    assert model == str(run / "merged")
    assert flags[flags.index("--served-model-name") + 1] == "aj-0123"
    assert flags[flags.index("--port") + 1] == "8000"
    assert "--enable-lora" not in flags


def test_an_unmerged_run_is_served_as_an_adapter_on_its_quantised_base(run):
    model, *flags = command_arguments(find_served(run), 8000)
    assert model == "org/model"
    assert flags[flags.index("--lora-modules") + 1] == f"aj-0123={run / 'adapter'}"
    assert flags[flags.index("--max-lora-rank") + 1] == "64"
    assert flags[flags.index("--quantization") + 1] == "bitsandbytes"
    assert flags[flags.index("--revision") + 1] == "abc"


@pytest.mark.skipif(has_gpu(), reason="a GPU serves it")
def test_without_a_gpu_an_unmerged_run_is_refused(run):
    with pytest.raises(ServeError, match="aj-0123 was not merged"):
        serve(run, 8000)


def test_a_folder_that_is_neither_run_nor_model_is_refused(tmp_path):
    with pytest.raises(ServeError, match="is neither a run"):
        serve(tmp_path, 8000)


def test_a_port_in_use_is_refused_with_the_next_command(run):
    (run / "merged").mkdir()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServeError, match=f"port {port} cannot be used .*aj serve RUN --port {port + 1}"):
            serve(run, port)
