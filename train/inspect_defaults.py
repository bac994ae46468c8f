"""Loaded by Inspect when it starts (an entry point): the provider `aj`, which serves a run as `aj eval` does.

inspect eval evals/tool_format.py --model aj/logs/runs/HASH

Models of other providers are served as Inspect says, with two exceptions: with its defaults on a CPU, vLLM takes nine
tenths of the memory for its cache (17.5 of 23 GB, and the server died) and listens on every interface. The environment
and `-M` override both.
"""

import json
import os
from pathlib import Path
from typing import Any

from inspect_ai.model import ModelAPI, modelapi

from aj.files import logs_dir
from train.serve import HOST, find_served, prepare, serving_env, temporary_files

_CACHE = "VLLM_CPU_KVCACHE_SPACE"

os.environ.setdefault("VLLM_DEFAULT_SERVER_ARGS", json.dumps({"host": HOST}))
if _CACHE in (env := serving_env()):
    os.environ.setdefault(_CACHE, env[_CACHE])


@modelapi(name="aj")
def aj() -> type[ModelAPI]:
    """A run (its folder, or its hash) or a model folder, served as the recipe says; `-M` overrides single arguments."""
    from inspect_ai.model._providers.vllm import VLLMAPI

    class Served(VLLMAPI):
        def __init__(self, model_name: str, **given: Any) -> None:
            folder = Path(model_name) if Path(model_name).is_dir() else logs_dir() / "runs" / model_name
            served = find_served(folder)
            prepare(served)
            for name, value in serving_env(served).items():
                os.environ.setdefault(name, value)
            os.environ["TMPDIR"] = temporary_files()
            # The tasks write it into their logs, since without it a log is no evidence.
            self.told = {**_whose(folder), "model_name": served.name, "serving": served.metadata()}
            super().__init__(served.inspect_model.removeprefix("vllm/"), **{**served.arguments(), **given})

    return Served


def _whose(folder: Path) -> dict[str, Any]:
    """Whose answers a log holds: the run, its adapter and its data set; "base" for a model folder."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"hash": "base"}
    return {"run": manifest["hash"], "adapter": manifest.get("adapter"), "dataset": manifest.get("dataset")}
