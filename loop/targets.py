"""What a name on the command line means: a run, the champion, the base of a recipe, or any Inspect model."""

import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from aj.errors import AJError, EvidenceError, TrainError
from aj.files import digest, logs_dir, read_yaml
from loop.registry import champion
from verdict.runs import read_manifest, read_object
from verdict.samples import DONE

if TYPE_CHECKING:
    from train.recipe import Recipe
    from train.serve import Served

BASE = "base"
"""What logs of an untrained model have instead of a run's hash."""
DEFAULT_CONTRACT = "aj"
DEFAULT_SUITE = "small"


@dataclass(frozen=True, slots=True)
class Target:
    """A model to evaluate."""

    name: str
    """As shown in tables."""
    model: str
    """As for Inspect: provider/model."""
    weights: str | None = None
    """Identifies the model by content, wherever its folder is; None for a model whose files nobody here can read."""
    served: "Served | None" = None
    """How vLLM serves it; None for other providers."""
    contract: str = DEFAULT_CONTRACT
    """The contract that it is evaluated under: a run's own."""
    run: str = BASE
    """The run's hash, or "base"."""
    adapter: str | None = None
    dataset: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments for the vLLM server that Inspect starts; none if the model is served elsewhere."""
        return self.served.arguments() if self.served and self.model == self.served.inspect_model else {}

    @property
    def serving(self) -> dict[str, Any]:
        """How the answers are computed, by content: part of an eval's identity, and of what its logs say."""
        at = {"server": {"at": self.model.split("/")[0]}}
        if self.served is None:
            return at | {"model": {"name": self.model, "weights": self.weights}}
        return self.served.metadata() if self.arguments else self.served.metadata() | at

    @property
    def metadata(self) -> dict[str, Any]:
        """What a log must say so that the gate accepts it."""
        told = {"model_name": self.name, "run": self.run, "adapter": self.adapter, "dataset": self.dataset}
        return told | {"serving": self.serving}


def find_run(name: str) -> Path:
    """The folder of a run, by its hash or the start of it, a path, "champion", or a name, as tables show it.

    A name is that of the data set or of the training recipe (the newest run), also with a hash, as in "demo (3f1c9e)".

    Raises:
        AJError: there is no such run, or the start fits several.
    """
    runs = logs_dir() / "runs"
    if not name.strip():
        raise AJError(f"A run's name must not be empty; give one of: {_known_runs()}.")
    if name == "champion":
        entry = champion()
        if entry is None:
            raise AJError("There is no champion yet; run `aj loop` or `aj promote RUN`.")
        name = entry["run"]
    if Path(name).is_dir() and (Path(name) / "manifest.json").exists():
        return Path(name).resolve()
    if shown := re.fullmatch(r".+ \((?P<hash>[0-9a-f]+)\)", name):
        name = shown["hash"]
    found = [path.parent for path in runs.glob("*/manifest.json") if path.parent.name.startswith(name)]
    if len(found) > 1:
        raise AJError(f"{name!r} fits several runs ({', '.join(path.name for path in found)}); type more of the hash.")
    if found:
        return found[0]
    named = [path.parent for path in runs.glob("*/manifest.json") if name in names_of(read_manifest(path.parent))]
    if not named:
        raise AJError(
            f"There is no run {name!r} (runs: {_known_runs()}); train one with `aj train RECIPE --data FOLDER`."
        )
    return max(named, key=finished_at)


def finished_at(run: Path) -> datetime:
    """When a run was finished, as its manifest tells, also of a copy; earlier manifests do not, but for their file."""
    path = run / "manifest.json"
    try:
        told = datetime.fromisoformat(read_object(path)["finished"])
    except (KeyError, TypeError, ValueError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _known_runs() -> str:
    return ", ".join(sorted(path.parent.name for path in logs_dir().glob("runs/*/manifest.json"))) or "none yet"


def names_of(manifest: dict[str, Any]) -> tuple[str, str]:
    """The names of a run's data set, if its lock can be read, and of its recipe."""
    recipe = str(manifest.get("name", ""))
    try:
        lock = read_object(logs_dir() / "datasets" / str(manifest.get("dataset")) / "lock.json")
    except EvidenceError:
        return recipe, recipe  # whether a run has its data set is asked where that counts (`verdict.trained`)
    return str(lock.get("name", recipe)), recipe


def run_target(run: Path) -> Target:
    """The model of a finished run, merged, or the adapter on its base; under the contract that it was trained for."""
    from train.serve import find_served

    manifest = read_manifest(run)
    told, _ = names_of(manifest)  # a recipe is trained on many data sets, so the data's name distinguishes runs
    served = find_served(run)
    return Target(
        name=f"{told} ({manifest['hash'][:6]})",
        model=_inspect_model(served),
        weights=digest(served.about()),
        served=served,
        contract=_contract(run),
        run=manifest["hash"],
        adapter=manifest["adapter"],
        dataset=manifest["dataset"],
    )


def find_model(name: str) -> "Served":
    """How `aj serve` serves what a name means: a run as for `find_run`, `base:NAME` or `base:RUN`."""
    from train.serve import find_served

    return _find_base(name.removeprefix("base:"))[0] if name.startswith("base:") else find_served(find_run(name))


def base_of_run(run: Path) -> Target:
    """The untrained base of a run, served and asked as the run is: what training has changed is the only difference."""
    from train.serve import base_served

    return _untrained(base_served(run), _contract(run))


def base_target(name: str, contract: str = DEFAULT_CONTRACT) -> Target:
    """An untrained base, as recipes name it, served with its own template."""
    from train.base import find_base
    from train.serve import plain

    return _untrained(plain(find_base(name)), contract)


def find_target(name: str, contract: str | None = None) -> Target:
    """A run as for `find_run`, `base:NAME`, `base:RUN`, or any Inspect model, such as `openai-api/local/aj`.

    `contract` is what a model that is not a run is asked under. A run, and the base of a run, have the run's own.

    Raises:
        AJError: nothing has that name.
    """
    if name.startswith("base:"):
        served, run = _find_base(name.removeprefix("base:"))
        return _untrained(served, _contract(run) if run else contract or DEFAULT_CONTRACT)
    if "/" in name and not Path(name).exists():
        # `aj serve`, on any machine, gives a run a name that ends in its hash.
        run = logs_dir() / "runs" / name.rpartition("-")[2]
        if (run / "manifest.json").exists():
            return replace(run_target(run), model=name)
        if not _is_provider(provider := name.partition("/")[0]):
            raise AJError(
                f"There is no run, file or folder {name!r} (runs: {_known_runs()}), and Inspect knows no provider "
                f"{provider!r}; give the start of a run's hash, a path, or a model as PROVIDER/NAME."
            )
        return Target(name, name, contract=contract or DEFAULT_CONTRACT)
    return run_target(find_run(name))


def _is_provider(name: str) -> bool:
    """Whether Inspect, or a package that extends it, asks models of this provider."""
    import inspect_ai.model  # noqa: F401  # registers Inspect's own
    from inspect_ai._util.registry import registry_find, registry_unqualified_name

    return bool(registry_find(lambda info: info.type == "modelapi" and registry_unqualified_name(info) == name))


def _find_base(name: str) -> "tuple[Served, Path | None]":
    """The base with that name or, if there is none, the base of the run with that name, and the run."""
    from train.base import find_base
    from train.serve import base_served, plain

    try:
        return plain(find_base(name)), None
    except TrainError as unknown:
        try:
            run = find_run(name)
        except AJError:
            raise unknown from None
    return base_served(run), run


def _untrained(served: "Served", contract: str) -> Target:
    return Target(served.name, _inspect_model(served), digest(served.about()), served, contract)


def reference(run: Path, base: str | None, contract: str) -> Target:
    """What a run must beat: the champion, or a base if there is no champion yet; by default its own."""
    if champion():
        return run_target(find_run("champion"))
    return base_target(base, contract) if base else base_of_run(run)


def _inspect_model(served: "Served") -> str:
    # A server of `aj serve` knows the model by this name.
    return f"vllm/{served.name}" if _served_elsewhere() else served.inspect_model


def _served_elsewhere() -> bool:
    """Whether Inspect asks a server that runs already, and starts none."""
    return "VLLM_BASE_URL" in os.environ


def check_servable(recipe: "Recipe") -> None:
    """Raises ServeError if a run of this recipe could not be served here: better told before it is trained."""
    from train.serve import check_packages

    if not _served_elsewhere():
        check_packages(recipe.name, quantized=not recipe.export.merge)


def _contract(run: Path) -> str:
    contract = read_yaml(run / "recipe.yaml").get("contract")
    if not isinstance(contract, str):
        raise EvidenceError(f"{run / 'recipe.yaml'} does not name the run's contract; train the run again.")
    return contract


def check_finished(folder: Path, name: str, suite: str) -> Path:
    """Raises EvidenceError if `name` has no finished eval of the suite in `folder`."""
    if not (folder / DONE).exists():
        asked = f"aj eval {quote(name)}" + ("" if suite == DEFAULT_SUITE else f" --suite {suite}")
        raise EvidenceError(f"{name} has no finished eval; run `{asked}` first.")
    return folder
