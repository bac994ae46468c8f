"""The mean of the last steps' weights takes the place of the last ones, whatever interrupted the stage."""

from pathlib import Path
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.loop
STEPS = 12


def stage(folder: Path, share: float, stops: tuple[int, ...] = (), dtype: str = "float32"):
    """Weights after each step of a stage that is stopped and resumed at `stops`; the last ones are the result."""
    import torch

    from train.averaging import Averaging
    from train.checkpoints import checkpoint_at

    generator = torch.Generator().manual_seed(1)
    model = torch.nn.Linear(3, 2, bias=False, dtype=getattr(torch, dtype))
    frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    model.register_parameter("frozen", frozen)
    args = SimpleNamespace(output_dir=str(folder))
    averaging = Averaging(SimpleNamespace(model=model), share)
    seen = []
    for step in range(1, STEPS + 1):
        state = SimpleNamespace(global_step=step, max_steps=STEPS)
        with torch.no_grad():
            model.weight.copy_(torch.randn(2, 3, generator=generator))
        seen.append(model.weight.detach().clone())
        averaging.on_step_end(args, state, None)
        if step in stops:
            checkpoint_at(folder, step).mkdir()
            averaging.on_save(args, state, None)
            averaging = Averaging(SimpleNamespace(model=model), share)
            averaging.on_train_begin(args, state, None)
    assert torch.equal(frozen, torch.ones(2))
    return seen, model.weight.detach()


@pytest.mark.parametrize("share", [0.01, 0.25, 0.4, 1])
def test_the_result_is_the_mean_of_the_last_share_of_the_steps(tmp_path, share):
    import torch

    seen, result = stage(tmp_path, share)
    last = seen[-max(1, round(share * STEPS)) :]
    assert torch.allclose(result, torch.stack(last).mean(0), atol=1e-6)


@pytest.mark.parametrize("stops", [(2,), (7,), (8,), (9,), (11,), (12,), tuple(range(1, STEPS + 1))])
def test_a_stage_resumed_at_any_step_has_the_same_bytes(tmp_path, stops):
    import torch

    _, whole = stage(tmp_path / "none", 0.4)
    _, resumed = stage(tmp_path, 0.4, stops)
    assert torch.equal(whole, resumed)


def test_the_mean_of_rounded_weights_is_not_rounded_on_the_way(tmp_path):
    import torch

    seen, result = stage(tmp_path, 1, dtype="bfloat16")
    assert torch.equal(result, torch.stack(seen).float().mean(0).to(torch.bfloat16))
