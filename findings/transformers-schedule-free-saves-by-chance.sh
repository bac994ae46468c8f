#!/usr/bin/env bash
# transformers 5.19.0 with schedulefree 1.4.1, seen 2026-11-30: which weights are saved depends on what ran just before.
#
# Guess: with `optim="schedule_free_adamw"`, a trained model is saved with the averaged weights, which such an optimizer
#        is used for.
# Seen:  without evaluations, every checkpoint, and `save_model` after training, has the weights of training mode, of
#        which the optimizer takes gradients. With an evaluation at each save, the same training saves the averages: only
#        an evaluation puts the optimizer into evaluation mode, and nothing tells the two models apart.
# TORCH_CPU_INDEX=URL gets torch's CPU build from another index than pip's own.
# What the product does: a mean of its own, which is the adapter after the last step (`train.averaging`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip="$work/venv/bin/pip -q --disable-pip-version-check"
$pip install ${TORCH_CPU_INDEX:+--extra-index-url "$TORCH_CPU_INDEX"} torch==2.13.0+cpu
$pip install transformers==5.19.0 accelerate==1.15.0 schedulefree==1.4.1
cat > "$work/run.py" <<'PY'
import torch
from safetensors.torch import load_file
from transformers import Trainer, TrainingArguments


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x, labels):
        return {"loss": (self.layer(x) - labels).square().mean()}


torch.manual_seed(2)
rows = [{"x": torch.randn(4), "labels": torch.randn(1)} for _ in range(64)]
for evaluations in ("no", "steps"):
    arguments = TrainingArguments(
        f"out-{evaluations}",
        optim="schedule_free_adamw",
        learning_rate=0.05,
        lr_scheduler_type="constant",
        max_steps=20,
        eval_strategy=evaluations,
        eval_steps=10,
        save_steps=10,
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(Line(), arguments, train_dataset=rows, eval_dataset=rows)
    trainer.train()
    trainer.save_model("model")
    saved = [load_file(f"{folder}/model.safetensors") for folder in ("model", f"out-{evaluations}/checkpoint-20")]
    kinds = {}
    for kind in ("train", "eval"):
        getattr(trainer.optimizer, kind)()
        kinds[kind] = trainer.model.layer.weight.detach().clone()
    assert not torch.allclose(kinds["train"], kinds["eval"], atol=1e-3)
    found = [kind for s in saved for kind, weight in kinds.items() if torch.allclose(s["layer.weight"], weight, atol=1e-5)]
    print("SEEN", f"evaluations: {evaluations}; save_model has the weights of {found[0]} mode, the checkpoint of {found[1]}")
PY
cd "$work"
found=$(venv/bin/python run.py 2>/dev/null | sed -n 's/^SEEN //p')
echo "$found"
[ "$found" = "evaluations: no; save_model has the weights of train mode, the checkpoint of train
evaluations: steps; save_model has the weights of eval mode, the checkpoint of eval" ]
