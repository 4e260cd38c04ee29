"""When compiled loops are used, and when not."""

import pytest
import torch

from inferno.neural import kernels
from synaptensor.kernels import use_kernel


def test_loops_are_chosen_for_real_types_unless_tensor_operations_are_forced() -> None:
    assert kernels.accelerated(torch.float32) is not None
    assert kernels.accelerated(torch.float16) is None
    with use_kernel("torch", "inferno"):
        assert kernels.accelerated(torch.float32) is None
    with pytest.raises(ValueError, match="torch"), use_kernel("fortran", "inferno"):
        kernels.accelerated(torch.float32)


def test_products_of_dense_inputs_and_recorded_gradients_are_left_to_torch() -> None:
    weight = torch.rand(5, 40)
    assert kernels.sparse_linear(torch.rand(3, 40), weight, None) is None
    sparse = torch.zeros(3, 40)
    sparse[1, 7] = 2.0
    torch.testing.assert_close(
        kernels.sparse_linear(sparse, weight, torch.ones(5)), sparse @ weight.t() + 1
    )
    assert kernels.sparse_linear(sparse, weight.requires_grad_(True), None) is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(1, 3, 1), (4, 9, 7), (20, 784, 33)])
def test_sparse_products_agree_for_all_shapes(dtype: torch.dtype, size) -> None:
    torch.manual_seed(0)
    batch, insize, outsize = size
    inputs = torch.rand(batch, insize, dtype=dtype) * (torch.rand(batch, insize) < 0.02)
    weight = torch.randn(outsize, insize, dtype=dtype)
    got = kernels.sparse_linear(inputs, weight, None)
    if got is not None:
        torch.testing.assert_close(got, inputs @ weight.t(), atol=1e-5, rtol=1e-5)
    else:
        assert (inputs != 0).float().mean() > 0.05


def test_clamping_keeps_what_is_not_a_number() -> None:
    values = torch.tensor([-2.0, 0.5, float("nan"), 3.0])
    got = kernels.clamp(values, 0.0, 1.0)
    assert got.isnan().tolist() == [False, False, True, False]
    assert got[[0, 1, 3]].tolist() == [0.0, 0.5, 1.0]
    assert kernels.clamp(values, None, 1.0)[0] == -2.0


@pytest.mark.parametrize("nearest", [False, True])
def test_traces_decay_and_take_up_spikes(nearest: bool) -> None:
    state, spikes = torch.tensor([1.0, 2.0]), torch.tensor([True, False])
    out = torch.empty(2)
    assert kernels.decay_and_count(out, state, spikes, 0.5, 3.0, nearest)
    assert out.tolist() == ([3.0, 1.0] if nearest else [3.5, 1.0])
    assert not kernels.decay_and_count(out, state, spikes.float(), 0.5, 3.0, nearest)
