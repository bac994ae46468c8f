"""A model in training that answers: its own state does not change, and its 4-bit layers are not repacked."""

import pytest

from train.recipe import Quantization

pytestmark = pytest.mark.loop


def test_answering_leaves_dropout_checkpointing_and_the_packing_of_4_bit_layers_as_they_were(tiny_base, tokenizer):
    import torch

    from train.answering import answering, generate, is_repacked
    from train.model import load_quantized

    model = load_quantized(tiny_base, Quantization()).train()
    model.gradient_checkpointing_enable()
    model.add_module("dropout", torch.nn.Dropout(0.5))
    seen = []
    model.register_forward_pre_hook(
        lambda *_: seen.append((model.training, model.dropout.training, model.model.layers[0].gradient_checkpointing))
    )
    prompts = [tokenizer("How full is web01?")["input_ids"], tokenizer("Hi")["input_ids"]]
    made = generate(model, tokenizer, prompts, 6)
    assert set(seen) == {(True, False, False)}
    assert len(seen) == 6  # one pass a token: there was a cache, or each would read everything again
    assert (model.training, model.dropout.training, model.model.layers[0].gradient_checkpointing) == (True, True, True)
    assert [len(ids) for ids in made] == [6, 6]
    assert made == generate(model, tokenizer, prompts, 6)
    assert not is_repacked(model)

    def in_eval_mode() -> None:
        with answering(model), torch.autocast("cpu", torch.bfloat16):
            model.eval()
            model(torch.tensor(prompts[:1]))

    if model.model.layers[0].self_attn.q_proj.support_avx512bf16_for_cpu:
        with pytest.raises(AssertionError, match="has repacked a 4-bit layer"):
            in_eval_mode()
        assert is_repacked(model)
