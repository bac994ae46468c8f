import shutil
from types import SimpleNamespace
from typing import Any

import pytest

from aj.errors import TrainError
from tests.train.tiny import make_recipe
from train.run import prepare, train


@pytest.fixture
def trained(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    recipe = make_recipe(tiny_base, dpo=None)
    return SimpleNamespace(recipe=recipe, material=prepare(recipe, dataset), run=train(recipe, dataset))


def test_an_export_that_is_not_what_was_trained_is_refused_and_removed(trained, tiny_base, tmp_path, monkeypatch):
    from train import export

    def forget_the_adapter(recipe, base, adapter, tokenizer, staging):
        return shutil.copytree(tiny_base, staging / "merged")

    monkeypatch.setattr(export, "_merge", forget_the_adapter)
    material, adapter = trained.material, trained.run / "adapter"
    with pytest.raises(TrainError, match=r"agrees with the trained one on .* below 50%"):
        export.export(trained.recipe, tiny_base, adapter, material.tokenizer, material.examples, tmp_path)
    assert not (tmp_path / "merged").exists()


def test_the_loss_on_cpu_is_the_one_trl_computes_over_every_token(trained, tiny_base, tmp_path, monkeypatch):
    import trl.trainer.utils as trl_utils
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from train.model import load_quantized, lora_config
    from train.sft import to_dataset

    args = SFTConfig(output_dir=str(tmp_path), report_to="none", use_cpu=True, max_length=None)
    trainer: Any = SFTTrainer(
        model=load_quantized(tiny_base, trained.recipe.quantization),
        args=args,
        train_dataset=to_dataset(trained.material.examples),
        processing_class=trained.material.tokenizer,
        peft_config=lora_config(trained.recipe),
    )
    batch = next(iter(trainer.get_train_dataloader()))
    selecting = trainer.compute_loss(trainer.model, dict(batch)).item()
    monkeypatch.setattr(trl_utils, "_use_triton", lambda device: False)
    every_token = trainer.compute_loss(trainer.model, dict(batch)).item()
    assert selecting == pytest.approx(every_token, rel=1e-3)
