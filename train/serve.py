"""`aj serve`: serves a run, or any model folder, with vLLM on 127.0.0.1."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aj.errors import ServeError
from train.base import EMBEDDED, materialise

HOST = "127.0.0.1"
MAX_MODEL_LEN = 2048


@dataclass(frozen=True, slots=True)
class Served:
    """What a server loads."""

    name: str
    """The model's name in requests; it contains the run's hash, so that no cache confuses two runs."""
    model: str
    """A folder, or the name of a hub model."""
    revision: str | None = None
    adapter: Path | None = None
    """Given if the run was not merged: the adapter is served on its base."""
    rank: int = 0


def serve(model: Path, port: int) -> None:
    """Serve a run folder or a model folder until Ctrl-C or SIGTERM; the server ends with this call.

    Raises:
        ServeError: there is nothing to serve, or not on this machine; vLLM is not installed; the port is in use;
            the server failed.
    """
    served = find_served(model)
    if served.adapter and not has_gpu():
        raise ServeError(
            f"run {served.name} was not merged, and vLLM without a GPU cannot serve an adapter on an NF4 base; "
            f"train with `export: {{merge: true}}`, or serve it on a GPU machine."
        )
    program = _vllm()
    _refuse_busy(port)
    command = [program, "serve", *command_arguments(served, port)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Its own process group, so that the engine's processes end with it however this process ends.
    server = subprocess.Popen(command, env={**os.environ, **serving_env()}, start_new_session=True)
    try:
        code = server.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        _end(server)
    if code:
        raise ServeError(f"vLLM exited with code {code}; its last lines above say why.")


def serving_args() -> dict[str, Any]:
    """vLLM's arguments that affect answers, and where it listens: for `aj serve` and for Inspect's `-M`.

    Both arms of a comparison must share them, so they are part of every eval's metadata.
    """
    args: dict[str, Any] = {"host": HOST, "dtype": "bfloat16", "max_model_len": MAX_MODEL_LEN}
    # Compiled, the CPU build starts 40 to 100 s later, and answered one prompt in 30 differently.
    return args if has_gpu() else {**args, "enforce_eager": True}


def serving_env() -> dict[str, str]:
    """What is added to the server's environment."""
    env = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if not has_gpu():
        # In GiB: enough for about 45,000 tokens of the embedded model. The default takes half of the machine.
        env["VLLM_CPU_KVCACHE_SPACE"] = "1"
    return env


def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU; asks the driver, so that the command line does not import torch."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def find_served(model: Path) -> Served:
    """What the server loads for a run folder or a model folder.

    Raises:
        ServeError: the folder is neither.
    """
    manifest = model / "manifest.json"
    if manifest.is_file():
        run = json.loads(manifest.read_text(encoding="utf-8"))
        name = f"{run['name']}-{run['hash']}"
        if (model / "merged").is_dir():
            return Served(name, str((model / "merged").resolve()))
        adapter = (model / "adapter").resolve()
        rank = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))["r"]
        base = run["base"]
        if base["name"] == EMBEDDED:
            return Served(name, str(materialise()), None, adapter, rank)
        revision = None if Path(base["name"]).is_dir() else base["revision"]
        return Served(name, base["name"], revision, adapter, rank)
    if (model / "config.json").is_file():
        return Served(model.resolve().name, str(model.resolve()))
    raise ServeError(
        f"{model} is neither a run (manifest.json) nor a model (config.json); see your runs with: ls logs/runs"
    )


def command_arguments(served: Served, port: int) -> list[str]:
    """The arguments of `vllm serve`."""
    options = {**serving_args(), "port": port}
    if served.adapter:
        # NF4, as in training: on an unquantized base the adapter would meet weights it has never seen.
        options |= {"quantization": "bitsandbytes", "enable_lora": True, "max_lora_rank": max(8, served.rank)}
        options |= {"lora_modules": f"{served.name}={served.adapter}"}
        options |= {"chat_template": str(served.adapter / "chat_template.jinja")}
    else:
        options["served_model_name"] = served.name
    if served.revision:
        options["revision"] = served.revision
    flags = []
    for key, value in options.items():
        flags += [f"--{key.replace('_', '-')}"] if value is True else [f"--{key.replace('_', '-')}", str(value)]
    return [served.model, *flags]


def _vllm() -> str:
    beside = Path(sys.executable).with_name("vllm")
    program = str(beside) if beside.exists() else shutil.which("vllm")
    if not program:
        raise ServeError("vLLM is not installed; run: make setup")
    return program


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServeError(
                f"port {port} cannot be used ({error.strerror}); stop what is using it, or choose another: "
                f"aj serve RUN --port {port + 1}"
            ) from error


def _end(server: subprocess.Popen[bytes]) -> None:
    """Terminate the server and its engine; kill what is left."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
