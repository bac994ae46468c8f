"""vLLM's own kernels on a CPU: they compute what single steps do, no less exactly, in what a model is served in."""

import pytest

from train.precision import native_precision
from train.vllm_kernels import kernels, register

SIZE = 576


@pytest.fixture(scope="module")
def layers():
    """A norm and a SiLU as vLLM makes them for a model."""
    import torch
    from vllm.config import VllmConfig, set_current_vllm_config
    from vllm.model_executor.layers.activation import SiluAndMul
    from vllm.model_executor.layers.layernorm import RMSNorm

    register()
    register()  # as vLLM does, once in each of its processes and sometimes twice
    with set_current_vllm_config(VllmConfig()):
        norm = RMSNorm(SIZE, dtype=getattr(torch, native_precision()))
        norm.weight.data = torch.rand(SIZE, generator=torch.manual_seed(1)).to(getattr(torch, native_precision()))
        return norm, SiluAndMul()


def _rows(count, size=SIZE, seed=2):
    import torch

    return (torch.randn(count, size, generator=torch.manual_seed(seed)) * 3).to(getattr(torch, native_precision()))


def _far(found, exact) -> float:
    return (found.double() - exact).abs().mean().item()


def _no_farther(found, native, exact) -> bool:
    """But for a last bit of float32."""
    return _far(found, exact) <= 1.05 * _far(native, exact) + 1e-7


def _exact_norm(norm, x):
    return x / (x.square().mean(-1, keepdim=True) + norm.variance_epsilon).sqrt() * norm.weight.double()


@pytest.mark.loop
@pytest.mark.parametrize("rows", [1, 3, 64, 500])
def test_a_norm_is_as_exact_as_in_twelve_steps(layers, rows):
    norm, x = layers[0], _rows(rows)
    exact = _exact_norm(norm, x.double())
    assert type(norm).__name__ == "FusedNorm"
    assert _no_farther(norm.forward_cpu(x), norm.forward_native(x), exact)
    assert _far(norm.forward_cpu(x), exact) < 0.01


@pytest.mark.loop
@pytest.mark.parametrize("rows", [1, 64])
def test_a_norm_adds_what_it_is_to_add(layers, rows):
    norm, x, added = layers[0], _rows(rows), _rows(rows, seed=3)
    total = x.double() + added.double()
    normed, kept = norm.forward_cpu(x.clone(), added.clone())
    again, kept_natively = norm.forward_native(x.clone(), added.clone())
    assert _no_farther(kept, kept_natively, total)
    exact = _exact_norm(norm, total)
    assert _no_farther(normed, again, exact)


@pytest.mark.loop
def test_rows_that_are_parts_of_others_are_not_taken_for_whole_ones(layers):
    """Qwen3 normalises the queries and keys of each head, which lie beside the values."""
    norm, part = layers[0], _rows(5, 2 * SIZE)[:, SIZE:]
    assert norm.forward_cpu(part).equal(norm.forward_native(part))
    normed, kept = norm.forward_cpu(_rows(5), part)
    again, kept_natively = norm.forward_native(_rows(5), part)
    assert normed.equal(again)
    assert kept.equal(kept_natively)


@pytest.mark.loop
@pytest.mark.parametrize("rows", [1, 3, 200])
def test_silu_is_as_exact_as_in_two_steps(layers, rows):
    import torch

    silu, x = layers[1], _rows(rows, 2 * 1536)
    gate, up = x.double().chunk(2, -1)
    exact = torch.nn.functional.silu(gate) * up
    assert type(silu).__name__ == "FusedSilu"
    assert _no_farther(silu.forward_cpu(x), silu.forward_native(x), exact)


def test_a_log_says_which_kernels_a_server_has(monkeypatch):
    assert kernels() == "fused"
    monkeypatch.setenv("VLLM_PLUGINS", "another")
    assert kernels() == "native"
    monkeypatch.setenv("VLLM_PLUGINS", "another,aj")
    assert kernels() == "fused"
