import shutil
from typing import Any

import pytest

from aj.errors import TrainError
from tests.train.tiny import make_recipe
from train.material import Material, prepare

pytestmark = pytest.mark.loop


@pytest.fixture(scope="module")
def material(tiny_base, dataset) -> Material:
    return prepare(make_recipe(tiny_base), dataset)


def test_an_export_that_is_not_what_was_trained_is_refused_and_removed(
    material, finished, tiny_base, tmp_path, monkeypatch
):
    from train import export

    def forget_the_adapter(recipe, base, adapter, tokenizer, staging):
        return shutil.copytree(tiny_base, staging / "merged")

    monkeypatch.setattr(export, "merge", forget_the_adapter)
    run, _ = finished
    with pytest.raises(TrainError, match=r"agrees with the trained one on .* below 50%"):
        export.export(material.recipe, tiny_base, run / "adapter", material.tokenizer, material.examples, tmp_path)
    assert not (tmp_path / "merged").exists()


def test_the_loss_on_cpu_is_the_one_trl_computes_over_every_token(material, tiny_base, tmp_path, monkeypatch):
    import trl.trainer.utils as trl_utils
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from train.model import load_quantized, lora_config
    from train.sft import to_dataset

    args = SFTConfig(output_dir=str(tmp_path), report_to="none", use_cpu=True, max_length=None)
    trainer: Any = SFTTrainer(
        model=load_quantized(tiny_base, material.recipe.quantization),
        args=args,
        train_dataset=to_dataset(material.examples),
        processing_class=material.tokenizer,
        peft_config=lora_config(material.recipe),
    )
    batch = next(iter(trainer.get_train_dataloader()))
    selecting = trainer.compute_loss(trainer.model, dict(batch)).item()
    monkeypatch.setattr(trl_utils, "_use_triton", lambda device: False)
    every_token = trainer.compute_loss(trainer.model, dict(batch)).item()
    assert selecting == pytest.approx(every_token, rel=1e-3)
