"""How a model is served: one answer for `aj serve`, `aj eval`, plain Inspect (`aj/RUN`) and the logs' metadata."""

import atexit
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from aj import allocator
from aj.errors import ServeError
from aj.files import digest_file, digest_model, read_yaml
from train.base import Base, fetch, find_trained_base
from train.precision import count_gpus, has_gpu, native_precision
from train.recipe import ExportOptions, Quantization, ServeOptions
from train.vllm_kernels import kernels

HOST = "127.0.0.1"
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""vLLM's sizes for adapters; one of rank 24 is served with room for 32."""
PLUGIN = "vllm-bnb-plugin"
"""vLLM 0.32 has no bitsandbytes method of its own. This adds it: NF4 with double quantization, also on a CPU."""
MOST_ENGINES = 2
"""More were not measured."""
ENGINE = 3 * 2**30
"""Bytes that an engine takes on a CPU beside its weights: its cache of 1 GiB, torch, and what a step computes."""
PACKAGES = ("vllm", PLUGIN, "bitsandbytes", "torch", "transformers")
"""What computes an answer on the server."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a server loads, and how."""

    name: str
    """The model's name in requests to `aj serve`; it contains the run's hash, so that no cache confuses two runs."""
    model: str
    """A folder, or the name of a hub model."""
    revision: str
    """Pins the content of `model`: the hub's commit, or a hash of the folder's files."""
    context: int
    """Tokens of prompt and reply together."""
    reasoning: bool = False
    """Whether thoughts before a reply have tokens of their own."""
    is_hub: bool = False
    quantization: str | None = None
    """nf4, if the adapter was trained on that: on other weights it answers worse (`train/export.py` has figures)."""
    template: Path | None = None
    """The chat template to use instead of the model's own; vLLM ignores the one in an adapter's folder."""
    adapter: Path | None = None
    adapter_revision: str | None = None
    """A hash of the adapter's files."""
    rank: int | None = None

    @property
    def inspect_model(self) -> str:
        """As for Inspect's `--model`."""
        return f"vllm/{self.model}:{self.adapter}" if self.adapter else f"vllm/{self.model}"

    def arguments(self) -> dict[str, Any]:
        """vLLM's arguments, as Inspect's model arguments name them."""
        given: dict[str, Any] = {"host": HOST, **self._server()}
        if (engines := self.engines()) > 1:
            given |= {"data_parallel_size": engines, "api_server_count": 1}
        if self.quantization:
            given["quantization"] = "bitsandbytes"
        if self.template:
            given["chat_template"] = str(self.template)
        if self.is_hub:
            given["revision"] = self.revision
        if self.adapter:
            given |= {"enable_lora": True, "max_lora_rank": next(size for size in RANKS if size >= (self.rank or 0))}
        elif self.is_hub:
            # Without a network vLLM loads the cached folder, and would answer to the folder's name only.
            given["served_model_name"] = self.model
        return given

    def engines(self) -> int:
        """How many copies of the model share the requests of one server: one for each GPU, or on a CPU for each core.

        vLLM's CPU build computes on all cores but one, and its scheduler spins on that: of two cores, one computes.
        Depends on nothing that changes while the machine runs: Inspect takes up only logs with the same arguments.
        """
        if has_gpu():
            return count_gpus()
        if self.is_hub:
            return 1
        stored = sum(file.stat().st_size for file in Path(self.model).glob("*.safetensors"))
        weights = stored * (2 if native_precision() == "float32" else 1)
        room = psutil.virtual_memory().total // 2 // (ENGINE + weights)
        return max(1, min(len(os.sched_getaffinity(0)), MOST_ENGINES, room))

    def metadata(self) -> dict[str, Any]:
        """What a log says of how its model was served, by content: no folder's name is part of it.

        `server` must be equal in two logs that are compared. `model` belongs to the run: its manifest says the same.
        """
        server = {**self._server(), "versions": versions(*PACKAGES)}
        return {"server": server if has_gpu() else {**server, "kernels": kernels()}, "model": self.about()}

    def about(self) -> dict[str, Any]:
        """What decides answers and belongs to the run: weights, quantization, template, adapter and its rank."""
        template = self.template or Path(self.model) / "chat_template.jinja"
        return {
            "revision": self.revision,
            "context": self.context,
            "reasoning": self.reasoning,
            "quantization": self.quantization,
            "template": digest_file(template) if template.is_file() else None,
            "adapter": self.adapter_revision,
            "rank": self.rank,
        }

    def _server(self) -> dict[str, Any]:
        # generation_config: the base's own file would otherwise set a repetition penalty, or what else it likes.
        given = {"dtype": native_precision(), "max_model_len": self.context, "generation_config": "vllm"}
        # Compiled, the CPU build starts 40 to 100 s later, and answered one prompt in 30 differently.
        return given if has_gpu() else {**given, "enforce_eager": True}


def find_served(model: Path) -> Served:
    """How a run is served (its merged model, or its adapter on its base), or a model folder.

    Raises:
        ServeError: the folder is neither; or its base cannot be quantized as in training.
        TrainError: its base is gone, or has changed since.
    """
    if not (model / "manifest.json").is_file():
        if (model / "config.json").is_file():
            return plain(Base(str(model.resolve()), digest_model(model), model.resolve()))
        raise ServeError(
            f"{model} is neither a run (manifest.json) nor a model (config.json); see your runs with: ls logs/runs"
        )
    run = _read_manifest(model)
    name, recipe = f"{run['name']}-{run['hash']}", _read_recipe(model)
    if (merged := (model / "merged").resolve()).is_dir():
        return Served(name, str(merged), digest_model(merged), **_options(recipe, merged))
    adapter = (model / "adapter").resolve()
    rank = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))["r"]
    return _on_base(name, model, quantized=True, adapter=adapter, rank=rank)


def base_served(run: Path) -> Served:
    """How the base of a run is served for a comparison: as the run itself, without its adapter.

    Raises:
        ServeError, TrainError: as `find_served` does.
    """
    merges = ExportOptions.model_validate(_read_recipe(run).get("export") or {}).merge
    return _on_base(Path(_read_manifest(run)["base"]["name"]).name, run, quantized=not merges)


def plain(base: Base) -> Served:
    """How a base is served that no run asks for: with its own template."""
    name = Path(base.name).name
    if base.path is None:
        return Served(name, base.name, base.revision, **_options({}, None), is_hub=True)
    return Served(name, str(base.path), digest_model(base.path), **_options({}, base.path))


def _on_base(name: str, run: Path, quantized: bool, adapter: Path | None = None, rank: int | None = None) -> Served:
    """The base of a run, with the run's template and context, and quantized as in training if `quantized`."""
    recipe, base = _read_recipe(run), find_trained_base(_read_manifest(run))
    if quantized:
        check_adapter(name, Quantization.model_validate(recipe.get("quantization") or {}), rank or 0)
    template = (run / "adapter" / "chat_template.jinja").resolve()
    given = {
        "quantization": "nf4" if quantized else None,
        "template": template if template.is_file() else None,
        "adapter": adapter,
        "adapter_revision": digest_model(adapter) if adapter else None,
        "rank": rank,
    }
    if base.path is None:
        return Served(name, base.name, base.revision, **_options(recipe, None), is_hub=True, **given)
    return Served(name, str(base.path), digest_model(base.path), **_options(recipe, base.path), **given)


def check_adapter(name: str, trained: Quantization, rank: int) -> None:
    """Raises ServeError if vLLM cannot serve an adapter of this rank on a base that was quantized like this."""
    if trained.type != "nf4" or not trained.double:
        how = f"{trained.type}{'' if trained.double else ' without double quantization'}"
        raise ServeError(
            f"{name} has its base in {how}, and vLLM quantizes to nf4 with double quantization only; train with that, "
            "or with `export: {merge: true}`."
        )
    if rank > RANKS[-1]:
        raise ServeError(
            f"{name} has an adapter of rank {rank}, and vLLM serves at most {RANKS[-1]}; lower `lora.rank`, or train "
            "with `export: {merge: true}`."
        )


def _options(recipe: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """The recipe's, with as much context as the model in `folder` knows if that is less: vLLM refuses to serve more."""
    wanted = ServeOptions.model_validate(recipe.get("serve") or {})
    if folder and (config := folder / "config.json").is_file():
        known = json.loads(config.read_text(encoding="utf-8")).get("max_position_embeddings") or wanted.context
        wanted = wanted.model_copy(update={"context": min(wanted.context, known)})
    return wanted.model_dump()


def command_arguments(served: Served, port: int) -> list[str]:
    """The arguments of `vllm serve`."""
    options = {**served.arguments(), "port": port}
    if served.adapter:
        options["lora_modules"] = f"{served.name}={served.adapter}"
    else:
        options["served_model_name"] = served.name
    flags = []
    for key, value in options.items():
        flags += [f"--{key.replace('_', '-')}"] if value is True else [f"--{key.replace('_', '-')}", str(value)]
    return [served.model, *flags]


def serving_env(served: Served | None = None) -> dict[str, str]:
    """What is added to the server's environment; without a model, what holds for any."""
    env = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if has_gpu():
        return env
    # In GiB: enough for about 45,000 tokens of the embedded model. The default takes half of the machine.
    env["VLLM_CPU_KVCACHE_SPACE"] = "1"
    env[allocator.NAME] = allocator.TUNABLES
    if served and (engines := served.engines()) > 1:
        cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
        env["VLLM_CPU_OMP_THREADS_BIND"] = "|".join(",".join(cores[first::engines]) for first in range(engines))
    return env


@cache
def temporary_files() -> str:
    """A folder in which servers have their temporary files (TMPDIR); it is removed when this process ends.

    vLLM 0.32 leaves sockets and a file, `vllm_dist_…`, for each server that it has started.
    """
    folder = tempfile.mkdtemp(prefix="aj-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def prepare(served: Served) -> None:
    """Make sure that the server can start: its packages, and the weights of a hub model, which it does not download.

    Raises:
        ServeError: a package is missing.
        TrainError: the weights cannot be downloaded.
    """
    check_packages(served.name, bool(served.quantization))
    if served.is_hub:
        fetch(Base(served.model, served.revision, None))


def check_packages(name: str, quantized: bool) -> None:
    """Raises ServeError if a package is missing that serves a model, on a quantized base or not."""
    missing = next((package for package in ("vllm", *[PLUGIN] * quantized) if not versions(package)), None)
    if missing:
        raise ServeError(f"{name} cannot be served without the package {missing}; run: make setup")


def versions(*names: str) -> dict[str, str]:
    """The installed versions of those of the packages that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _read_manifest(run: Path) -> dict[str, Any]:
    return json.loads((run / "manifest.json").read_text(encoding="utf-8"))


def _read_recipe(run: Path) -> dict[str, Any]:
    path = run / "recipe.yaml"
    return read_yaml(path) if path.is_file() else {}
