"""Loaded by Inspect when it starts (an entry point in pyproject.toml), so that it serves with vLLM as `aj eval` does.

With its defaults on a CPU, vLLM takes nine tenths of the memory for its cache (17.5 of 23 GB, and the server died),
compiles for a minute, and listens on every interface. The environment and `-M` still override these settings.
"""

import json
import os

from train.serve import serving_args, serving_env

_CACHE = "VLLM_CPU_KVCACHE_SPACE"

os.environ.setdefault("VLLM_DEFAULT_SERVER_ARGS", json.dumps(serving_args()))
if _CACHE in (env := serving_env()):
    os.environ.setdefault(_CACHE, env[_CACHE])
