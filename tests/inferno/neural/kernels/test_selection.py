"""When compiled loops are used, and when not."""

import pytest
import torch

from inferno.functional import bound_upper_multiplicative
from inferno.neural import kernels
from inferno.neural.modeling import OuterSum
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(1, 3, 1), (4, 9, 7), (20, 784, 33), (3, 1601, 9)])
def test_products_with_spikes_agree_with_products_with_their_currents(dtype, size) -> None:
    torch.manual_seed(0)
    batch, insize, outsize = size
    spikes = torch.rand(batch, insize) < 0.02
    weight, bias = torch.randn(outsize, insize, dtype=dtype), torch.randn(outsize, dtype=dtype)
    got = kernels.spike_linear(spikes, 3.0, weight, bias)
    assert got is not None
    currents = spikes.to(dtype) * 3.0
    torch.testing.assert_close(got, currents @ weight.t() + bias, atol=2e-5, rtol=1e-5)
    torch.testing.assert_close(got, kernels.sparse_linear(currents, weight, bias), atol=0, rtol=0)
    if insize > 100:
        assert kernels.spike_linear(torch.ones_like(spikes), 3.0, weight, bias) is None


def test_a_tensor_has_other_users_while_views_of_it_are_held() -> None:
    parameter = torch.nn.Parameter(torch.zeros(3), requires_grad=False)
    assert kernels.sole_user(parameter)
    for held in (parameter.detach(), parameter.data, parameter[1:], parameter.numpy()):
        assert not kernels.sole_user(parameter), type(held)
    del held
    assert kernels.sole_user(parameter)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("densities", [(0.01, 0.9), (0.9, 0.01), (0.02, 0.02), (0.9, 0.9), (0, 0)])
@pytest.mark.parametrize("bounded", [False, True])
def test_sums_of_outer_products_are_applied_whatever_is_sparse(dtype, densities, bounded) -> None:
    torch.manual_seed(0)
    batch, outsize, insize = 5, 33, 70

    def factors(share: float, size: int) -> torch.Tensor:
        return torch.rand(batch, size, dtype=dtype) * (torch.rand(batch, size) < share)

    post, pre = densities
    pos = OuterSum(factors(post, outsize), factors(pre, insize), 0.3, (outsize, insize))
    neg = OuterSum(factors(pre, outsize), factors(post, insize), 0.7, (outsize, insize))
    weight = torch.rand(outsize, insize, dtype=dtype)
    gain = 1.0 - weight if bounded else 1.0
    expected = weight + (gain * pos.dense() - neg.dense())
    upper = (bound_upper_multiplicative, (1.0,), {}) if bounded else None
    assert kernels.outer_update_(weight, [pos], [neg], upper)
    torch.testing.assert_close(weight, expected)


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
