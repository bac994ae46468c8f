"""Layers that are compiled before SFT compute what they did, and compile once, whatever rows come."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from aj.files import digest_file, read_jsonl
from tests.train.tiny import make_recipe
from train.metrics import Metrics
from train.run import train

pytestmark = [pytest.mark.loop, pytest.mark.timeout(600)]


@pytest.fixture
def recipe(tiny_base: Path) -> Any:
    return make_recipe(tiny_base, quantization={"unpack": True}, dpo=None)


@pytest.fixture(autouse=True)
def _worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.compiled.WORTH", 1)


def losses(run: Path) -> list[float]:
    return [line["loss"] for _, line in read_jsonl(run / "metrics.jsonl") if "loss" in line]


def test_rows_of_any_length_are_computed_as_before_and_compile_nothing_more(recipe, dataset, tmp_path, monkeypatch):
    import torch

    from train import compiled

    step = compiled._step

    def only_now(model: Any, tokens: int) -> None:
        step(model, tokens)
        if tokens == compiled.LENGTHS[-1]:
            torch.compiler.set_stance("fail_on_recompile")

    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "compiled"))
    with monkeypatch.context() as patch, torch.compiler.set_stance("default"):
        patch.setattr(compiled, "_step", only_now)
        run = train(recipe, dataset)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "as written"))
    monkeypatch.setattr(compiled, "WORTH", 1000)
    assert losses(run) == pytest.approx(losses(train(recipe, dataset)), rel=0.05)


def test_a_run_that_is_interrupted_ends_as_one_that_was_not(recipe, dataset, tmp_path, monkeypatch):
    import torch

    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "whole"))
    whole = train(recipe, dataset)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "resumed"))
    append = Metrics.append

    def interrupted(metrics: Metrics, line: dict[str, Any], stage: str | None = None) -> None:
        if line["step"] == 9:
            raise KeyboardInterrupt
        append(metrics, line, stage)

    with monkeypatch.context() as patch:
        patch.setattr(Metrics, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, dataset)
    torch.compiler.reset()
    resumed = train(recipe, dataset)
    assert losses(resumed) == losses(whole)
    assert (
        digest_file(resumed / "adapter" / "adapter_model.safetensors")
        == json.loads((whole / "manifest.json").read_text())["adapter"]
    )


def test_a_machine_that_cannot_compile_trains_all_the_same_and_says_so(recipe, dataset, tmp_path, monkeypatch):
    import torch
    from torch._inductor import config

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    torch.compiler.reset()
    told = io.StringIO()
    run = train(recipe, dataset, Console(file=told, width=200))
    assert losses(run)[-1] < losses(run)[0]
    assert "Layers are not compiled" in told.getvalue()
