import pytest

from train.recipe import Quantization

pytestmark = pytest.mark.loop


def test_an_unpacked_base_holds_the_very_values_of_the_packed_one(tiny_base):
    import torch
    from bitsandbytes.functional import dequantize_4bit

    from train.model import load_frozen, load_quantized

    packed = load_quantized(tiny_base, Quantization()).model.layers[0].mlp.up_proj
    unpacked = load_frozen(tiny_base, Quantization(unpack=True)).model.layers[0].mlp.up_proj
    original = load_frozen(tiny_base, Quantization()).model.layers[0].mlp.up_proj
    assert type(unpacked) is torch.nn.Linear
    assert type(original) is type(packed) is not torch.nn.Linear
    assert torch.equal(unpacked.weight, dequantize_4bit(packed.weight.data, packed.weight.quant_state))
