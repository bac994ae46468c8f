#!/usr/bin/env bash
# transformers 5.19.0 with accelerate 1.15.0, seen 2026-11-30: `bf16=False` trains in bfloat16 where the launcher says so.
#
# Guess: what `TrainingArguments` says of precision holds, whoever starts the script.
# Seen:  under `accelerate launch --mixed_precision bf16` the arguments say `bf16=False`, and the model computes in
#        bfloat16: "no" counts as not said. `bf16=True` does overrule a launcher that says "no". So one script has two
#        results, by how it was started.
# TORCH_CPU_INDEX=URL gets torch's CPU build from another index than pip's own.
# What the product does: the launcher's precision is dropped (`train.trainer.common_arguments`); the recipe's holds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip="$work/venv/bin/pip -q --disable-pip-version-check"
$pip install ${TORCH_CPU_INDEX:+--extra-index-url "$TORCH_CPU_INDEX"} torch==2.13.0+cpu
$pip install transformers==5.19.0 accelerate==1.15.0
cat > "$work/run.py" <<'PY'
import sys

import torch
from transformers import Trainer, TrainingArguments


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x, labels):
        found = self.layer(x)
        Line.computed = found.dtype
        return {"loss": (found.float() - labels).square().mean()}


asked = sys.argv[1] == "True"
arguments = TrainingArguments("out", bf16=asked, use_cpu=True, max_steps=1, report_to="none", disable_tqdm=True)
rows = [{"x": torch.randn(4), "labels": torch.randn(1)} for _ in range(8)]
Trainer(Line(), arguments, train_dataset=rows).train()
print("SEEN", f"bf16={arguments.bf16} computed in {Line.computed}")
PY
cd "$work"
seen() { # SAID BY THE LAUNCHER, SAID BY THE SCRIPT
    venv/bin/accelerate launch --cpu --num_processes 1 --mixed_precision "$1" run.py "$2" 2>/dev/null | sed -n 's/^SEEN //p'
}
for case in "no False" "bf16 False" "no True"; do
    set -- $case
    found=$(seen "$1" "$2")
    echo "launcher: $1; $found"
    computed=$([ "$case" = "no False" ] && echo float32 || echo bfloat16)
    [ "$found" = "bf16=$2 computed in torch.$computed" ]
done
