"""Speed of supervised training: stock TRL, this trainer in one process, and in two that share each step.

Every way trains on the same rows, two a step, in the same order, from the same NF4 base, each in processes of its own.
Stock TRL is `SFTTrainer` as its documentation shows it for QLoRA, without gradient checkpointing, which a model of this
size does not need, and in float32 where the trainer computes in that: in bfloat16 it would be far slower there. CPU
seconds are for 1,000 tokens, of all threads; with one process they depend on how long idle threads spin. GB are each
process's peak, losses the means of the first and last four steps. `start` is what comes before the first step, such as
compiling; loading is left out.

    python -m benchmarks.train --data logs/datasets/HASH
"""

import argparse
import json
import math
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from aj.files import by_name
from train.material import Material, prepare
from train.processes import together
from train.recipe import RECIPES, Recipe
from train.resolve import load_recipe
from train.run import quiet_environment
from train.tokens import TokenizedRow, spread

ROWS_A_STEP = 2
ONLY_SFT = f"sft.batch_size=1 sft.gradient_accumulation={ROWS_A_STEP} sft.epochs=1 sft.warmup=0 dpo=null grpo=null"
UNWATCHED = "held_out=0 exam=null"
"""Stock TRL measures nothing while it trains."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="the folder of a data set, as `aj build` prints it")
    options.add_argument("--recipe", default="smollm2-135m")
    options.add_argument("--steps", type=int, default=12)
    chosen = options.parse_args()
    quiet_environment()
    material, rows = read(chosen.recipe, chosen.data, chosen.steps)
    table = Table(title=f"{math.ceil(len(rows) / ROWS_A_STEP)} steps of {ROWS_A_STEP} rows")
    for column in ("trained by", "tokens/s", "ratio", "CPU-s/1k", "GB", "loss, first → last", "start s"):
        table.add_column(column, justify="left" if column == "trained by" else "right")
    ways: list[tuple[str, int, Callable[..., None]]] = [
        ("stock TRL", 1, _stock),
        ("1 process", 1, _ours),
        ("2 processes", 2, _ours),
    ]
    stock = 0.0
    for name, processes, way in ways:
        speed, cells = _measure(material, rows, processes, way)
        stock = stock or speed
        table.add_row(name, f"{speed:,.0f}", f"{speed / stock:.2f}", *cells)
    Console().print(table)


def read(recipe: str, data: Path, steps: int) -> tuple[Material, list[TokenizedRow]]:
    """What is trained, and the rows of so many steps, or all if there are fewer."""
    plain = load_recipe(by_name(Path(recipe), RECIPES), [*ONLY_SFT.split(), *UNWATCHED.split()])
    material = prepare(plain, data)
    return material, spread(material.examples, steps * ROWS_A_STEP)


def _measure(
    material: Material, rows: Sequence[TokenizedRow], processes: int, way: Callable[..., None]
) -> tuple[float, list[str]]:
    """Tokens a second, and the other cells of a row."""
    from train.base import fetch

    with TemporaryDirectory() as folder:
        together(processes, _timed, way, material.recipe, fetch(material.base), material.tokenizer, rows, Path(folder))
        parts = [json.loads(path.read_text()) for path in sorted(Path(folder).glob("part-*.json"))]
    tokens = sum(len(row.input_ids) for row in rows)
    losses = parts[0]["losses"]
    return tokens / max(part["seconds"] for part in parts), [
        f"{1000 * sum(part['cpu'] for part in parts) / tokens:.2f}",
        f"{max(part['peak'] for part in parts):.1f}",
        f"{fmean(losses[:4]):.4f} → {fmean(losses[-4:]):.4f}",
        f"{max(part['begins'] for part in parts):.0f}",
    ]


def _timed(way: Callable[..., None], recipe: Recipe, base: Path, tokenizer: Any, rows: Any, folder: Path) -> None:
    """Train in `way`, and write what `Trainer.train` took here, without imports and loading."""
    import os

    quiet_environment()
    from transformers import Trainer, TrainerCallback

    from train import compiled

    compiled.WORTH = 0  # so few steps as here are not worth it
    trainers: Any = Trainer
    train = trainers.train

    class Clock(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.begun = getattr(self, "begun", (time.monotonic(), time.process_time()))

    def timed(trainer: Any, *args: Any, **kwargs: Any) -> Any:
        clock, called = Clock(), time.monotonic()
        trainer.add_callback(clock)
        done = train(trainer, *args, **kwargs)
        seconds, cpu = clock.begun
        losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
        used = {"seconds": time.monotonic() - seconds, "cpu": time.process_time() - cpu, "losses": losses}
        used |= {"begins": seconds - called, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}
        (folder / f"part-{os.environ.get('RANK', 0)}.json").write_text(json.dumps(used))
        return done

    trainers.train = timed
    way(recipe, base, tokenizer, rows, folder)


def _ours(recipe: Recipe, base: Path, tokenizer: Any, rows: Any, folder: Path) -> None:
    from train.sft import train_sft
    from train.watch import Watch

    train_sft(recipe, base, tokenizer, rows, Watch(), folder, Console(stderr=True))


def _stock(recipe: Recipe, base: Path, tokenizer: Any, rows: Any, folder: Path) -> None:
    import torch
    import trl.trainer.utils as trl_utils
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    as_installed = trl_utils._use_triton
    from train.sft import in_batches, to_dataset

    trl_utils._use_triton = as_installed  # train.trainer has changed it
    stage, lora, cuda = recipe.sft, recipe.lora, torch.cuda.is_available()
    computed = getattr(torch, recipe.quantization.precision)
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=recipe.quantization.type,
        bnb_4bit_use_double_quant=recipe.quantization.double,
        bnb_4bit_compute_dtype=computed,
    )
    model = AutoModelForCausalLM.from_pretrained(base, quantization_config=quantization, dtype=computed)
    SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(folder / "stock"),
            num_train_epochs=1,
            per_device_train_batch_size=ROWS_A_STEP,
            gradient_checkpointing=False,
            learning_rate=stage.learning_rate,
            lr_scheduler_type=stage.scheduler,
            adam_beta2=stage.adam_beta2,
            bf16=computed == torch.bfloat16,
            use_cpu=not cuda,
            max_length=None,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            train_sampling_strategy="sequential",
            seed=recipe.seed,
        ),
        train_dataset=to_dataset(in_batches(rows, ROWS_A_STEP, recipe.seed)),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=lora.rank, lora_alpha=lora.alpha, target_modules=list(lora.target_modules), task_type="CAUSAL_LM"
        ),
    ).train()


if __name__ == "__main__":
    main()
