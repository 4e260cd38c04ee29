"""Normalization and clamping of attributes."""

import pytest
import torch
from torch import nn

from inferno import neural


@pytest.mark.parametrize("dim", [None, 0, (0, 1), -1])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalization_keeps_the_norm(order: int, dim) -> None:
    module = nn.Linear(4, 3)
    hook = neural.Normalization(module, "weight.data", order, 5.0, dim)
    hook.register()
    with torch.no_grad():
        before = module.weight.clone()
        module(torch.ones(2, 4))
    axes = (0, 1) if dim is None else dim
    norm = torch.linalg.vector_norm(before, order, axes, keepdim=True)
    torch.testing.assert_close(module.weight.data, 5.0 * before / norm)


def test_prehooks_change_the_output_of_their_call() -> None:
    module = nn.Linear(4, 3, bias=False)
    hook = neural.Clamping(module, "weight.data", 0.0, 0.1, as_prehook=True)
    hook.register()
    out = module(torch.ones(2, 4))
    assert (out >= 0).all()
    assert (out <= 0.4001).all()


def test_hooks_keep_to_their_mode_and_can_be_called() -> None:
    module = nn.Linear(4, 3).eval()
    hook = neural.Clamping(module, "weight.data", max=-1.0, eval_update=False)
    hook()
    hook.register()
    module(torch.ones(2, 4))
    assert (module.weight > -1).any()
    module.train()
    hook()
    assert (module.weight <= -1).all()
    del hook
    assert not module._forward_hooks


def test_arguments_out_of_range_are_refused() -> None:
    module = nn.Linear(4, 3)
    with pytest.raises(RuntimeError):
        neural.Clamping(module, "weight")
    with pytest.raises(ValueError, match="max"):
        neural.Clamping(module, "weight", 1.0, 1.0)
    with pytest.raises(ValueError, match="order"):
        neural.Normalization(module, "weight", 0, 1.0, None)
    with pytest.raises(ValueError, match="attr"):
        neural.Normalization(module, "not a path", 1, 1.0, None)
