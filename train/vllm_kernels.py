"""Loaded by vLLM when it starts (an entry point): on a CPU, a norm and a SiLU are one kernel each.

vLLM 0.32 has these kernels in its CPU build, but uses them on POWER only: on x86 it leaves both to the compiler, which
`enforce_eager` leaves out, and computes a norm in twelve steps. With them, an engine of the embedded model took 27.2
instead of 40.3 CPU seconds for the same 160 prompts.
"""

import os
from importlib.metadata import entry_points

GROUP = "vllm.general_plugins"


def kernels() -> str:
    """Which kernels a server on a CPU has, for the logs: the fused ones round otherwise than single steps.

    They are "native" where this package was installed before it had an entry point, or `VLLM_PLUGINS` leaves it out.
    """
    installed = [point.name for point in entry_points(group=GROUP) if point.value.startswith(f"{__name__}:")]
    allowed = os.environ.get("VLLM_PLUGINS", ",".join(installed)).split(",")
    return "fused" if set(installed) & set(allowed) else "native"


def register() -> None:
    """Have vLLM make its layers from the classes below; on a GPU nothing changes."""
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():
        return
    import torch
    from vllm import _custom_ops  # noqa: F401  # loads the kernels
    from vllm.model_executor.custom_op import op_registry_oot
    from vllm.model_executor.layers.activation import SiluAndMul
    from vllm.model_executor.layers.layernorm import RMSNorm

    if RMSNorm.__name__ in op_registry_oot:  # vLLM may call this several times
        return

    @RMSNorm.register_oot
    class FusedNorm(RMSNorm):
        def forward_cpu(
            self, x: torch.Tensor, residual: torch.Tensor | None = None
        ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
            plain = self.has_weight and self.weight.dtype == x.dtype and self.variance_size_override is None
            whole = x.is_contiguous() and (residual is None or residual.is_contiguous())
            if not (plain and whole):
                return self.forward_native(x, residual)
            if residual is None:
                normed = torch.empty_like(x)
                torch.ops._C.rms_norm(normed, x, self.weight.data, self.variance_epsilon)
                return normed
            torch.ops._C.fused_add_rms_norm(x, residual, self.weight.data, self.variance_epsilon)  # in place
            return x, residual

    @SiluAndMul.register_oot
    class FusedSilu(SiluAndMul):
        def forward_cpu(self, x: torch.Tensor) -> torch.Tensor:
            gated = x.new_empty(*x.shape[:-1], x.shape[-1] // 2)
            torch.ops._C.silu_and_mul(gated, x)
            return gated
