"""Which numbers a model computes in: bfloat16, or float32 on a processor without instructions for bfloat16.

There, torch 2.13 and vLLM 0.32 imitate bfloat16. With AVX2 alone, as on many laptops, one thread multiplied matrices
at 9 GFLOP/s in bfloat16 and at 72 in float32, and vLLM read 36 tokens of prompts a second instead of 228.
"""

import shutil
from pathlib import Path
from typing import Literal

Precision = Literal["bfloat16", "float32"]
CPU = Path("/proc/cpuinfo")
NEEDED = ({"avx512bw", "avx512vl", "avx512dq"}, {"bf16"})
"""Flags of a processor for which oneDNN, torch's library, has kernels in bfloat16: of x86, and of ARM."""


def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU; asks the driver, so that the command line does not import torch."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def count_gpus() -> int:
    """Those that this process may use: CUDA_VISIBLE_DEVICES, if set, leaves out the others."""
    import torch

    return torch.cuda.device_count()


def native_precision() -> Precision:
    """What this machine computes in without imitating it."""
    return "bfloat16" if has_gpu() or any(flags <= _flags() for flags in NEEDED) else "float32"


def _flags() -> set[str]:
    """What the first processor can do, as Linux names it; none where it cannot be told."""
    lines = CPU.read_text(encoding="utf-8").splitlines() if CPU.exists() else []
    told = (line.partition(":")[2] for line in lines if line.partition(":")[0].strip() in ("flags", "Features"))
    return set(next(told, "").split())
