"""Operators that the reference compiles on request."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import aihwkit.extension
from aihwkit.extension import (
    EXTENSION_COMPILED,
    FloatPrecisionCast,
    FloatPrecisionCastFunction,
    extension_ops,
)
from aihwkit.functional.irdrop_t import thevenin_equivalent
from synaptensor.testing import ModuleContract

INF, NAN = math.inf, math.nan

# Exponent and mantissa bits, saturation, values and what the reference makes of them.
REFERENCE = [
    (3, 4, False, [3.9, 0.25, 0.2, 15.5, 16, 100, 1e38, INF, NAN], [3.875, 0.25, 0, 15.5, 16, 25, 19, 16, 16]),  # noqa: E501
    (3, 4, True, [16, 100, NAN], [INF, INF, INF]),
    (5, 10, True, [0.2, 1e-8], [0.199951171875, 0]),
    (8, 7, False, [0.2, 1e38], [0.2001953125, 9.969209968e37]),
]  # fmt: skip


def cast(values, *options, **named):
    return extension_ops.float_precision_cast(torch.tensor(values), *options, **named)


@pytest.mark.parametrize(("exponent", "mantissa", "saturate", "values", "expected"), REFERENCE)
def test_recorded_values_of_the_reference_rule(exponent, mantissa, saturate, values, expected):
    result = cast(values, exponent, mantissa, saturate, reference_rule=True)
    torch.testing.assert_close(
        result, torch.tensor(expected, dtype=torch.float32), rtol=1e-9, atol=0
    )
    negative = cast([-0.1], 3, 4, False, reference_rule=True)
    assert math.copysign(1.0, negative.item()) == 1.0


def test_values_beyond_the_format_become_the_largest_or_infinity_and_signs_stay():
    values = [16.0, -100.0, INF, -0.1, NAN]
    assert cast(values, 3, 4, False)[:4].tolist() == [15.5, -15.5, 15.5, 0.0]
    assert cast(values, 3, 4, True)[:4].tolist() == [INF, -INF, INF, 0.0]
    for saturate in (False, True):
        rounded = cast(values, 3, 4, saturate)
        assert math.copysign(1.0, rounded[3].item()) == -1.0
        assert rounded[4].isnan()


def test_recorded_series():
    series = 1 + 0.5 ** torch.arange(7)
    expected = torch.tensor([2, 1.5, 1.25, 1.125, 1.0625, 1.0625, 1])
    assert torch.equal(extension_ops.float_precision_cast(series, 3, 4, False), expected)


@settings(max_examples=100, deadline=None)
@given(
    value=st.floats(-(2.0**100), 2.0**100, width=32),
    exponent=st.integers(2, 8),
    mantissa=st.integers(3, 22),
)
def test_values_are_those_of_the_format_and_the_nearest(value, exponent, mantissa):
    result = cast([value], exponent, mantissa, False).item()
    bias = 2 ** (exponent - 1) - 1
    largest = 2.0 ** (2**exponent - 2 - bias) * (2 - 2.0**-mantissa)
    assert abs(result) <= largest
    assert cast([result], exponent, mantissa, False).item() == result
    smallest = 2.0 ** (1 - bias)
    if smallest <= abs(value) <= largest:
        unit = 2.0 ** (math.frexp(value)[1] - 1 - mantissa)
        assert abs(result - value) <= unit / 2
        assert (result / unit).is_integer()


def test_bfloat16_is_a_format():
    torch.manual_seed(0)
    values = torch.randn(1000) * 10.0 ** torch.randint(-20, 20, (1000,))
    result = extension_ops.float_precision_cast(values, 8, 7, True)
    ties = (values.view(torch.int32) & 0xFFFF) == 0x8000
    assert torch.equal(result[~ties], values.bfloat16().float()[~ties])


def test_impossible_formats_and_types_are_refused():
    x = torch.ones(2)
    for options, message in (((1, 4), "exponent"), ((9, 4), "exponent"), ((4, 2), "mantissa")):
        with pytest.raises(ValueError, match=message):
            extension_ops.float_precision_cast(x, *options, True)
        with pytest.raises(ValueError, match=message):
            FloatPrecisionCast(*options)
    with pytest.raises(TypeError, match="floating-point tensor, got"):
        extension_ops.float_precision_cast(x.int(), 5, 10, True)


def test_double_precision_gives_the_same_values():
    x = torch.tensor([3.9, 0.2, -100.0, 16.0, 15.5])
    for saturate in (False, True):
        single = extension_ops.float_precision_cast(x, 3, 4, saturate)
        double = extension_ops.float_precision_cast(x.double(), 3, 4, saturate)
        assert torch.equal(single.double(), double)


def test_gradients_pass():
    x = torch.tensor([0.2, 100.0], requires_grad=True)
    for function in (
        FloatPrecisionCast(3, 4, False),
        FloatPrecisionCastFunction.apply,
        lambda x: FloatPrecisionCastFunction.apply(x, 3, 4, False),
    ):
        x.grad = None
        (function(x) * torch.tensor([2.0, 3.0])).sum().backward()
        assert x.grad.tolist() == [2.0, 3.0]


class TestFloatPrecisionCast(ModuleContract):
    bad_inputs = (((torch.ones(2, 3, dtype=torch.int32),), TypeError, "floating-point tensor"),)
    gradcheck = "the gradient is that of the input, not of the steps"

    def make(self):
        return FloatPrecisionCast(4, 3, saturate_to_inf=False)

    def inputs(self, batch):
        return (torch.linspace(-300.0, 300.0, 3 * batch).view(batch, 3),)


def test_the_api_is_always_there():
    assert EXTENSION_COMPILED
    assert aihwkit.extension.aihwkit_extension.ops is extension_ops


# -- wires ---------------------------------------------------------------------------------------


def test_thevenin_equivalent_is_that_of_a_column_with_one_cell_a_segment():
    torch.manual_seed(1)
    x, plus, minus = torch.rand(3, 8) * 2 - 1, 25 * torch.rand(2, 8), 25 * torch.rand(2, 8)
    voltage, resistance = extension_ops.thevenin_equiv(x, plus, minus, 0.35, 1.0, 16)
    expected = thevenin_equivalent(x, plus.t(), minus.t(), 16, segments=8, r_s=0.35)
    assert voltage.shape == resistance.shape == (3, 2, 16)
    torch.testing.assert_close(voltage, expected[0])
    torch.testing.assert_close(resistance, expected[1])


def test_thevenin_equivalent_is_the_solution_of_the_circuit():
    """Kirchhoff's equations of a column, solved as they stand."""
    x = torch.tensor([[0.5, -0.9, 0.0, 1.0]], dtype=torch.float64)
    plus = torch.tensor([[20.0, 5.0, 1.0, 0.0]], dtype=torch.float64)
    minus = torch.tensor([[0.0, 3.0, 8.0, 10.0]], dtype=torch.float64)
    r_s, steps, n = 2000.0, 5, 4
    result = extension_ops.thevenin_equiv(x, plus, minus, r_s, 1.0, steps)[:, 0, 0]
    wire = 1 / (1e-6 * r_s)
    for step in range(steps):
        t = step / (steps - 1)
        on = (x[0] > t).double() - (x[0] < -t).double()
        drive = 0.4 + 0.2 * on * (plus - minus)[0] / (plus + minus)[0]
        nodal = torch.diag((plus + minus)[0]).clone()
        for i in range(n - 1):
            nodal[i, i] += wire
            nodal[i + 1, i + 1] += wire
            nodal[i, i + 1] -= wire
            nodal[i + 1, i] -= wire
        voltages = torch.linalg.solve(nodal, (plus + minus)[0] * drive)
        # The reader sees the last node through half a wire.
        inner = torch.linalg.inv(nodal)[-1, -1] + 0.5 / wire
        torch.testing.assert_close(result[0, step], voltages[-1], rtol=1e-9, atol=0)
        torch.testing.assert_close(result[1, step], inner, rtol=1e-9, atol=0)


def test_shapes_and_numbers_of_wires_are_checked():
    x, g = torch.ones(2, 4), torch.ones(3, 4)
    call = extension_ops.thevenin_equiv
    for arguments, message in (
        ((x, g, torch.ones(2, 4), 0.1, 1.0, 4), "gm_values"),
        ((x, torch.ones(3, 5), torch.ones(3, 5), 0.1, 1.0, 4), "gp_values"),
        ((x[0], g, g, 0.1, 1.0, 4), "x_input"),
        ((x, g, g, -0.1, 1.0, 4), "r_s"),
        ((x, g, g, 0.1, 0.0, 4), "t_max"),
        ((x, g, g, 0.1, 1.0, 1), "time_steps"),
    ):
        with pytest.raises(ValueError, match=message):
            call(*arguments)
