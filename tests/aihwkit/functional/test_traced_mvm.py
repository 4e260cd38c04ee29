"""The product with its own gradient is the product of the definition."""

import pytest
import torch

from aihwkit.functional import LineParameters, MVMSettings, analog_mvm
from aihwkit.functional.traced_mvm import traced_mvm
from aihwkit.simulator.configs import IOParameters
from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType

BM, NM = BoundManagementType, NoiseManagementType
SETTINGS = {
    "default": {},
    "plain": {"bound_management": BM.NONE, "noise_management": NM.NONE, "out_bound": 2.0},
    "repeated": {"noise_management": NM.NONE, "out_bound": 1.0},
    "worst case": {"bound_management": BM.ITERATIVE_WORST_CASE, "out_bound": 1.5},
    "positive bound": {"out_bound": 1.0, "bm_test_negative_bound": False},
    "constant": {"noise_management": NM.CONSTANT, "nm_thres": 0.7, "out_scale": 1.5},
    "largest": {"noise_management": NM.MAX, "bound_management": BM.NONE},
    "sums": {"noise_management": NM.ABS_MAX_NP_SUM, "inp_bound": 1.0, "inp_res": 0.1},
    "unbounded": {
        "inp_res": -1.0,
        "out_res": -1.0,
        "inp_bound": -1.0,
        "out_bound": -1.0,
        "noise_management": NM.NONE,
    },
}


def operands():
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    x = torch.randn(2, 6, 7, generator=generator, dtype=torch.float64)
    x[0, 0] = 0.0
    x[1, 2] = -x[1, 2].abs()
    return weight, x


def evaluated(function, settings, lines, frozen=()):
    """Return outputs and gradients."""
    weight, x = operands()
    weight.requires_grad_("weight" not in frozen)
    x.requires_grad_("x" not in frozen)
    torch.manual_seed(0)
    values = function(weight, x, settings, lines)
    values = values if isinstance(values, torch.Tensor) else values.values
    (values * torch.linspace(-1, 2, 5, dtype=torch.float64)).sum().backward()
    return values.detach(), weight.grad, x.grad


@pytest.mark.parametrize("frozen", [(), ("x",), ("weight",)])
@pytest.mark.parametrize("name", SETTINGS)
def test_values_draws_and_gradients_are_those_of_the_definition(name, frozen):
    settings = MVMSettings.from_parameters(IOParameters(**{"out_noise": 0.1, **SETTINGS[name]}))
    assert settings.is_plain
    lines = LineParameters()
    expected = evaluated(analog_mvm, settings, lines, frozen)
    result = evaluated(traced_mvm, settings, lines, frozen)
    for value, wanted in zip(result, expected, strict=True):
        assert (value is None) == (wanted is None)
        if wanted is not None:
            torch.testing.assert_close(value, wanted, rtol=1e-12, atol=1e-12)


def test_noise_of_the_output_lines_is_drawn_alike():
    settings = MVMSettings.from_parameters(IOParameters(out_noise=0.1, out_noise_std=0.5))
    lines = LineParameters(out_noise_values=torch.linspace(0.0, 0.3, 5, dtype=torch.float64))
    expected = evaluated(analog_mvm, settings, lines)
    for value, wanted in zip(evaluated(traced_mvm, settings, lines), expected, strict=True):
        torch.testing.assert_close(value, wanted, rtol=1e-12, atol=1e-12)


def test_products_without_gradient_have_the_same_values():
    weight, x = operands()
    settings = MVMSettings.from_parameters(IOParameters(out_bound=1.0))
    before = x.clone()
    torch.manual_seed(0)
    expected = analog_mvm(weight, x, settings).values
    torch.manual_seed(0)
    torch.testing.assert_close(traced_mvm(weight, x, settings), expected)
    assert torch.equal(x, before)


def test_what_is_not_plain_is_left_to_the_definition():
    settings = MVMSettings.from_parameters(IOParameters(ir_drop=1.0, out_noise=0.0))
    assert not settings.is_plain
    lines = LineParameters()
    expected = evaluated(analog_mvm, settings, lines)
    for value, wanted in zip(evaluated(traced_mvm, settings, lines), expected, strict=True):
        torch.testing.assert_close(value, wanted)
