"""What a name on the command line means: a run, the champion, the base of a recipe, or any Inspect model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aj.errors import AJError, EvidenceError
from aj.files import digest, logs_dir, read_yaml
from loop.registry import champion
from verdict.evidence import read_manifest
from verdict.samples import DONE

BASE = "base"
"""What logs of an untrained model have instead of a run's hash."""
DEFAULT_CONTRACT = "aj"


@dataclass(frozen=True, slots=True)
class Target:
    """A model to evaluate."""

    name: str
    """As shown in tables."""
    model: str
    """As for Inspect: provider/model."""
    weights: str
    """Identifies the model wherever its folder is: a hash of its weights, or its name if the weights are not ours."""
    contract: str = DEFAULT_CONTRACT
    """The contract that it is evaluated under: a run's own."""
    run: str = BASE
    """The run's hash, or "base"."""
    adapter: str | None = None
    dataset: str | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """What a log must say so that the gate accepts it."""
        return {"model_name": self.name, "run": self.run, "adapter": self.adapter, "dataset": self.dataset}


def find_run(name: str) -> Path:
    """The folder of a run, by its hash or the start of it, a path, "champion", or the name of a recipe (newest run).

    Raises:
        AJError: there is no such run, or the start fits several.
    """
    runs = logs_dir() / "runs"
    if name == "champion":
        entry = champion()
        if entry is None:
            raise AJError("There is no champion yet; run `aj loop` or `aj promote RUN`.")
        name = entry["run"]
    if Path(name).is_dir() and (Path(name) / "manifest.json").exists():
        return Path(name).resolve()
    found = [path.parent for path in runs.glob("*/manifest.json") if path.parent.name.startswith(name)]
    if len(found) > 1:
        raise AJError(f"{name!r} fits several runs ({', '.join(path.name for path in found)}); type more of the hash.")
    if found:
        return found[0]
    named = [path.parent for path in runs.glob("*/manifest.json") if read_manifest(path.parent).get("name") == name]
    if not named:
        known = ", ".join(sorted(path.parent.name for path in runs.glob("*/manifest.json"))) or "none yet"
        raise AJError(f"There is no run {name!r} (runs: {known}); train one with `aj train RECIPE --data FOLDER`.")
    return max(named, key=lambda path: path.stat().st_mtime)


def run_target(run: Path) -> Target:
    """The model of a finished run, merged, or the adapter on its base; under the contract that it was trained for."""
    manifest = read_manifest(run)
    merged, base = run / "merged", manifest["base"]
    model = f"vllm/{merged}" if merged.exists() else f"vllm/{base['name']}:{run / 'adapter'}"
    weights = manifest.get("merged") or digest(base["name"], base["revision"], manifest["adapter"])
    contract = read_yaml(run / "recipe.yaml")["contract"]
    lock = logs_dir() / "datasets" / manifest["dataset"] / "lock.json"
    # A recipe is trained on many data sets, so the data's name distinguishes runs, as long as it can be read.
    told = json.loads(lock.read_text(encoding="utf-8"))["name"] if lock.exists() else manifest["name"]
    return Target(
        name=f"{told} ({manifest['hash'][:6]})",
        model=model,
        weights=weights,
        contract=contract,
        run=manifest["hash"],
        adapter=manifest["adapter"],
        dataset=manifest["dataset"],
    )


def base_target(name: str, contract: str = DEFAULT_CONTRACT) -> Target:
    """An untrained base, as recipes name it."""
    from train.base import fetch, find_base

    base = find_base(name)
    return Target(Path(base.name).name, f"vllm/{fetch(base)}", base.revision, contract)


def find_target(name: str, contract: str | None = None) -> Target:
    """A run as for `find_run`, `base:NAME`, or any Inspect model, such as `openai-api/local/aj`.

    `contract` is what a model that is not a run is asked under. A run has its own.

    Raises:
        AJError: nothing has that name.
    """
    if name.startswith("base:"):
        return base_target(name.removeprefix("base:"), contract or DEFAULT_CONTRACT)
    if "/" in name and not Path(name).exists():
        return Target(name, name, name, contract or DEFAULT_CONTRACT)
    return run_target(find_run(name))


def reference(base: str, contract: str) -> Target:
    """What a candidate under `contract` must beat: the champion, or the base if there is no champion yet."""
    return run_target(find_run("champion")) if champion() else base_target(base, contract)


def check_finished(folder: Path, name: str) -> Path:
    """Raises EvidenceError if `name` has no finished eval in `folder`."""
    if not (folder / DONE).exists():
        raise EvidenceError(f"{name} has no finished eval; run `aj eval {name}` first.")
    return folder
