"""A finished run's folder: the adapter, the merged model, metrics and curves, and a manifest of where it is from."""

import importlib.metadata
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from aj.files import digest_weights, write_json, write_jsonl, write_text
from aj.whole import whole_folder
from train.checkpoints import STAGES
from train.exam import Results
from train.material import Material
from train.metrics import METRICS, held_out, run_metrics, write_curves
from train.recipe import ExamOptions
from train.serve import base_served, find_served


def finish(
    material: Material,
    adapter: Path,
    agreement: dict[str, Any] | None,
    seconds: float,
    overrides: Sequence[str],
    staging: Path,
    target: Path,
) -> None:
    """Put the run's folder together; what it was made from goes."""
    with whole_folder(target) as folder:
        shutil.copytree(adapter, folder / "adapter", ignore=shutil.ignore_patterns("README.md"))
        # A server that loads the adapter on its base must not use the base's own template.
        write_text(folder / "adapter" / "chat_template.jinja", material.tokenizer.chat_template)
        if agreement:
            (staging / "merged").rename(folder / "merged")
        recipe = material.recipe.model_dump(mode="json")
        write_text(folder / "recipe.yaml", yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True))
        metrics = run_metrics(staging)
        write_jsonl(folder / METRICS, metrics)
        write_curves(metrics, folder)
        manifest = _manifest(material, agreement, metrics, seconds, folder)
        manifest["overrides"] = list(overrides)
        write_json(folder / "manifest.json", manifest)
        # How the run and its base are to be served, for those who read evidence and start no server.
        base = manifest["base"] | {"serving": base_served(folder).about()}
        write_json(folder / "manifest.json", manifest | {"serving": find_served(folder).about(), "base": base})


def _manifest(
    material: Material, agreement: dict[str, Any] | None, metrics: list[dict[str, Any]], seconds: float, folder: Path
) -> dict[str, Any]:
    results = stage_results(material.recipe.exam, metrics)
    sft = [line for line in metrics if line["stage"] == "SFT" and line["step"] <= results["SFT"]]
    last = [line["loss"] for line in sft if "loss" in line][-10:]
    measured = next((stage, step) for stage, step in reversed(results.items()) if step)
    packages = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate")
    merged = folder / "merged"
    return {
        "hash": material.hash,
        "name": material.recipe.name,
        "base": {"name": material.base.name, "revision": material.base.revision},
        "dataset": material.dataset,
        "files": material.files,
        "contract": material.contract.hash,
        "adapter": digest_weights(folder / "adapter"),
        "merged": digest_weights(merged) if merged.exists() else None,
        "agreement": agreement,
        "train_tokens": round(material.plan.tokens * material.recipe.sft.epochs * results["SFT"] / material.plan.steps),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),  # of the process that finished; earlier, interrupted ones are not counted
        "final_loss": round(sum(last) / len(last), 4),
        "held_out": held_out(metrics, *measured),
        "exam": _exam_results(material, metrics, results),
        "plan": material.plan.to_record(),
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }


def stage_results(options: ExamOptions | None, metrics: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Stage -> the step whose model is its result: the best exam's or, without exams, the last one.

    0 is what the stage started from, which is the result of the stage before.
    """
    last = {line["stage"]: line["step"] for line in metrics if line["stage"].lower() in STAGES}
    return {stage: Results.of(options, metrics, stage).best for stage in last} if options else last


def _exam_results(
    material: Material, metrics: Sequence[dict[str, Any]], results: Mapping[str, int]
) -> dict[str, Any] | None:
    """Which checkpoint of each stage is the result, and the samples that decided it."""
    options = material.recipe.exam
    if not options:
        return None
    chosen = {
        stage: {"step": step, options.metric: Results.of(options, metrics, stage).scores[step]}
        for stage, step in results.items()
    }
    return {"chosen": chosen, "samples": list(material.watch.samples)}
