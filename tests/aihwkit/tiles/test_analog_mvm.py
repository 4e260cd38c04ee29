"""The class interface of the analog product: its stages, and variants of it."""

import pytest
import torch

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters import (
    AnalogMVType,
    BoundManagementType,
    IOParameters,
    NoiseManagementType,
    WeightNoiseType,
)
from aihwkit.simulator.tiles.analog_mvm import AnalogMVM

IO = IOParameters(out_noise=0.0, out_bound=2.0)
X = torch.tensor([[1.0, -0.5], [0.2, 0.1]])
W = torch.tensor([[3.0, 1.0], [0.5, 0.2], [0.1, 0.1]])


class Staged(AnalogMVM):
    """The same product, made of its stages."""

    @classmethod
    def _matmul(cls, weight, input_, trans=False):
        return super()._matmul(weight, input_, trans)


class Doubled(AnalogMVM):
    """A crossbar with twice the weights."""

    @classmethod
    def _matmul(cls, weight, input_, trans=False):
        return super()._matmul(2 * weight, input_, trans)


def test_stages_give_the_numbers_of_the_reference():
    passed, values = AnalogMVM._finalize_output(torch.tensor([[20.0, 1.0], [1.0, 1.0]]), IO)
    assert passed.tolist() == [False, True]
    expected = [[2.0, 0.9960785], [0.9960785, 0.9960785]]
    torch.testing.assert_close(values, torch.tensor(expected))
    scales = AnalogMVM._compute_noise_management(X, NoiseManagementType.ABS_MAX, IO)
    torch.testing.assert_close(scales, torch.tensor([[1.0], [0.2]]))
    assert AnalogMVM._compute_noise_management(X, NoiseManagementType.NONE, IO) == 1.0
    prepared = AnalogMVM._prepare_input(X, torch.tensor([[2.0], [3.0]]), True, False, IO)
    torch.testing.assert_close(prepared, torch.tensor([[1.0, -1.0], [0.6031746, 0.3015873]]))
    asymmetric = IOParameters(inp_asymmetry=0.1)
    prepared = AnalogMVM._prepare_input(X, 1.0, False, True, asymmetric)
    torch.testing.assert_close(prepared, torch.tensor([[1.0, -0.4428571], [0.2063492, 0.0952381]]))
    scale = torch.tensor([[1.0], [5.0]])
    _, values = AnalogMVM._compute_analog_mv(W, X, False, scale, True, False, IO)
    expected = [[2.0, 0.4000000, 0.0470588], [2.0, 0.5960785, 0.1490196]]
    torch.testing.assert_close(values, torch.tensor(expected))


@pytest.mark.parametrize("trans", [False, True])
@pytest.mark.parametrize("bound", list(BoundManagementType)[:3])
@pytest.mark.parametrize("noise", ["NONE", "ABS_MAX", "CONSTANT", "MAX", "ABS_MAX_NP_SUM"])
def test_a_product_made_of_stages_is_the_product(trans, bound, noise):
    io = IOParameters(
        out_noise=0.0,
        out_bound=1.0,
        out_scale=0.5,
        bound_management=bound,
        noise_management=NoiseManagementType[noise],
        nm_thres=0.7 if noise == "CONSTANT" else 0.0,
    )
    weight = torch.randn(3, 5)
    x = torch.randn(4, 3 if trans else 5)
    x[1] = 0.0
    expected = AnalogMVM.matmul(weight, x, io, trans)
    torch.testing.assert_close(Staged.matmul(weight, x, io, trans), expected)


def test_a_variant_of_one_stage_acts_everywhere():
    io = IOParameters(out_noise=0.0, out_res=-1.0, out_bound=1.0)
    weight, x = torch.randn(3, 5), torch.randn(2, 4, 5, requires_grad=True)
    values = Doubled.matmul(weight, x, io)
    torch.testing.assert_close(values, AnalogMVM.matmul(2 * weight, x, io))
    values.sum().backward()
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize(
    "fields",
    [
        {"ir_drop": 1.0},
        {"w_noise": 0.1, "w_noise_type": WeightNoiseType.ADDITIVE_CONSTANT},
        {"mv_type": AnalogMVType.POS_NEG_SEPARATE},
        {"r_series": 0.1},
        {"out_nonlinearity": 0.1},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_settings_that_no_stage_knows_are_refused(fields):
    io = IOParameters(**fields)
    assert AnalogMVM.matmul(W, X, io).shape == (2, 3)
    with pytest.raises(ConfigError, match=next(iter(fields))):
        Staged.matmul(W, X, io)


def test_a_stage_may_be_a_static_method():
    class Zero(AnalogMVM):
        @staticmethod
        def _matmul(weight, input_, trans=False):
            return input_.new_zeros(len(input_), len(weight))

    assert torch.equal(Zero.matmul(W, X, IO), torch.zeros(2, 3))
