"""The analog matrix-vector product against known numbers and known statistics."""

import math

import pytest
import torch

from aihwkit.exceptions import ConfigError
from aihwkit.functional import LineParameters, MVMSettings, analog_mvm, draw_line_parameters
from aihwkit.functional.noise_management import running_abs_max
from aihwkit.simulator.configs import IOParameters
from aihwkit.simulator.parameters.enums import (
    AnalogMVType,
    BoundManagementType,
    NoiseManagementType,
    WeightNoiseType,
)

WEIGHT = torch.tensor([[0.5, -0.25, 0.125, 1.0], [-0.75, 0.6, -0.3, 0.2], [0.9, 0.8, 0.7, 0.6]])
INPUTS = torch.tensor([[1.0, -0.5, 0.25, 2.0], [-0.3, 0.2, 0.1, -0.05]])

NO_BM = {"bound_management": BoundManagementType.NONE}
NO_NM = {"noise_management": NoiseManagementType.NONE}
COARSE = {"inp_res": 1 / 6, "out_res": 1 / 14}
CONTINUOUS = {"inp_res": -1.0, "out_res": -1.0}

FORWARD = [
    ({}, [[2.6352944, -0.7529413, 1.8823531], [-0.24, 0.3105883, -0.0705882]]),
    (
        {**NO_BM, **NO_NM},
        [[1.6470590, -0.9411765, 1.2705884], [-0.2352941, 0.3294118, -0.0470588]],
    ),
    (
        {**COARSE, "out_bound": 2.0},
        [[2.8571429, -1.1428572, 1.7142859], [-0.1714286, 0.3428572, 0]],
    ),
    (
        {**CONTINUOUS, "ir_drop": 1.0, "ir_drop_g_ratio": 100.0},
        [[2.6054580, -0.7278247, 1.8466872], [-0.2364754, 0.3044814, -0.0732420]],
    ),
    (
        {**CONTINUOUS, "r_series": 0.05},
        [[2.1894605, -0.6456751, 1.5725586], [-0.2247671, 0.2941911, -0.0680603]],
    ),
    (
        {**CONTINUOUS, "r_series": 0.05, "slope_calibration": 0.5},
        [[3.7001879, -1.0911907, 2.6576239], [-0.3798564, 0.4971830, -0.1150218]],
    ),
    (
        {
            **COARSE,
            **NO_BM,
            "out_bound": 2.0,
            "inp_asymmetry": 0.1,
            "out_asymmetry": 0.2,
            "mv_type": AnalogMVType.POS_NEG_SEPARATE_DIGITAL_SUM,
        },
        [[2.8571429, -1.1428572, 1.7142859], [-0.0857143, 0.2571429, 0.0857143]],
    ),
    (
        {
            **COARSE,
            **NO_BM,
            "out_bound": 2.0,
            "inp_asymmetry": 0.1,
            "out_asymmetry": 0.2,
            "mv_type": AnalogMVType.POS_NEG_SEPARATE,
        },
        [[2.8571429, -0.5714286, 1.7142859], [-0.1714286, 0.2571429, 0]],
    ),
    (
        {**CONTINUOUS, "out_nonlinearity": 2.0, "slope_calibration": 0.5, "out_bound": 4.0},
        [[6.3849764, -2.4550264, 5.1063828], [-0.6805971, 0.8088399, -0.2507463]],
    ),
    (
        {"is_perfect": True, "out_scale": 0.5},
        [[1.328125, -0.3625, 0.9375], [-0.11875, 0.1525, -0.035]],
    ),
]


def product(weight=WEIGHT, x=INPUTS, backward=False, lines=None, seed=0, **fields):
    io = IOParameters(**{"out_noise": 0.0, **fields})
    settings = MVMSettings.from_parameters(io, backward=backward)
    generator = torch.Generator().manual_seed(seed)
    n_out = weight.shape[1] if backward else weight.shape[0]
    if lines is None:
        lines = draw_line_parameters(settings, n_out, tuple(weight.shape), generator=generator)
    return analog_mvm(weight, x, settings, lines, transposed=backward, generator=generator)


@pytest.mark.parametrize(("fields", "expected"), FORWARD)
def test_forward_reproduces_the_reference(fields, expected):
    torch.testing.assert_close(
        product(**fields).values, torch.tensor(expected), rtol=1e-5, atol=2e-6
    )


def test_backward_reproduces_the_reference():
    values = product(x=torch.tensor([[0.3, -0.2, 0.1]]), backward=True).values
    expected = torch.tensor([[0.3952942, -0.1129412, 0.1694118, 0.3247059]])
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=2e-6)


def test_voltage_offset_reproduces_the_reference():
    lines = LineParameters(v_offset=torch.tensor([0.1, 0.0, 0.2]))
    values = product(v_offset_std=0.1, lines=lines, **CONTINUOUS).values
    expected = torch.tensor([[1.8406250, -0.7250000, 0.4], [-0.20375, 0.305, -0.036]])
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(
    "fields",
    [
        {"bound_management": BoundManagementType.ITERATIVE_WORST_CASE},
        {**NO_BM, "noise_management": NoiseManagementType.ABS_MAX_NP_SUM},
    ],
)
def test_worst_case_scale_reproduces_the_reference(fields):
    values = product(out_bound=1.0, **COARSE, **fields).values
    expected = torch.tensor([[2.0, -1.1428572, 2.0], [-0.1714286, 0.3, -0.0428571]])
    # The analog value behind this output is exactly 3.5 steps; rounding to 3 or to 4 of them
    # depends on the order of a sum in single precision.
    assert values[0, 1].item() == pytest.approx(-1.1428572, abs=1e-5) or values[
        0, 1
    ].item() == pytest.approx(-0.8571429, abs=1e-5)
    values[0, 1] = expected[0, 1]
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=2e-6)


def test_bound_management_repeats_only_the_clipped_vectors():
    weight = torch.ones(1, 64)
    x = torch.stack((torch.ones(64), torch.full((64,), 0.01)))
    managed = product(weight, x, inp_res=-1.0, out_res=-1.0).values
    torch.testing.assert_close(managed, torch.tensor([[64.0], [0.64]]), rtol=1e-5, atol=1e-5)
    clipped = product(weight, x, inp_res=-1.0, out_res=-1.0, **NO_BM)
    torch.testing.assert_close(clipped.values, torch.tensor([[12.0], [0.12]]), rtol=1e-5, atol=0)
    assert clipped.clipped.tolist() == [[True], [True]]


def test_bound_management_stops_at_the_resolution_of_the_input():
    weight = torch.ones(1, 1024)
    values = product(weight, torch.ones(1, 1024)).values
    assert values.item() == pytest.approx(12.0 * 16)


def test_negative_bound_may_be_left_untested():
    weight = torch.tensor([[-1.0] * 64])
    x = torch.ones(1, 64)
    tested = product(weight, x, **CONTINUOUS).values
    untested = product(weight, x, bm_test_negative_bound=False, **CONTINUOUS).values
    assert tested.item() == pytest.approx(-64.0, rel=1e-5)
    assert untested.item() == pytest.approx(-12.0, rel=1e-5)


def test_zero_vector_gives_exactly_zero_in_spite_of_output_noise():
    x = torch.stack((torch.zeros(4), torch.ones(4)))
    values = product(x=x, out_noise=0.1).values
    assert values[0].tolist() == [0.0, 0.0, 0.0]
    assert values[1].abs().min() > 0


def test_signed_maximum_leaves_negative_vectors_unscaled():
    values = product(x=-INPUTS.abs(), noise_management=NoiseManagementType.MAX).values
    assert values.abs().min() > 0


def test_negative_output_asymmetry_acts():
    plain = product(**CONTINUOUS).values
    values = product(out_asymmetry=-0.5, **CONTINUOUS).values
    torch.testing.assert_close(values, torch.where(plain < 0, plain * 1.5, plain))


@pytest.mark.parametrize(
    ("fields", "spread"),
    [
        ({"out_noise": 0.06}, lambda w, x: torch.full((3,), 0.06)),
        ({"inp_noise": 0.1}, lambda w, x: 0.1 * w.norm(dim=1)),
        (
            {"w_noise": 0.05, "w_noise_type": WeightNoiseType.ADDITIVE_CONSTANT},
            lambda w, x: 0.05 * x.norm().expand(3),
        ),
        (
            {"w_noise": 0.05, "w_noise_type": WeightNoiseType.PCM_READ},
            lambda w, x: 0.05 * (w.abs() @ x.square()).sqrt(),
        ),
    ],
)
def test_noise_has_the_stated_mean_and_spread(fields, spread):
    n = 20000
    x = torch.tensor([0.5, -0.25, 0.75, 1.0])
    fields = {**CONTINUOUS, **NO_BM, **NO_NM, "inp_bound": -1.0, "out_bound": -1.0, **fields}
    values = product(x=x.expand(n, 4), **fields).values
    expected = spread(WEIGHT, x)
    z_mean = (values.mean(0) - WEIGHT @ x) / (expected / math.sqrt(n))
    z_std = (values.std(0) / expected - 1) * math.sqrt(2 * n)
    # Twelve values in all; |z| > 4.5 happens by chance in one run of 10000.
    assert z_mean.abs().max() < 4.5
    assert z_std.abs().max() < 4.5


def test_stochastic_rounding_keeps_the_mean():
    n = 40000
    fields = {**NO_BM, **NO_NM, "out_res": -1.0, "inp_res": 0.1, "inp_sto_round": True}
    values = product(torch.eye(1), torch.full((n, 1), 0.33), **fields).values
    assert set(values.unique().mul(10).round().tolist()) == {2.0, 4.0}
    z = (values.mean() - 0.33) / (values.std() / math.sqrt(n))
    assert abs(z) < 4.5


def test_line_parameters_have_the_stated_distribution():
    io = IOParameters(out_noise_std=0.5, v_offset_std=0.2, out_nonlinearity=1.2)
    settings = MVMSettings.from_parameters(io)
    lines = draw_line_parameters(settings, 20000, (20000, 4))
    assert (lines.v_offset == 0).float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert lines.out_noise_values.mean().item() == pytest.approx(0.06, rel=0.05)
    torch.testing.assert_close(lines.out_nonlinearity, torch.full((20000,), 0.1))


def test_per_line_noise_follows_its_values():
    lines = LineParameters(out_noise_values=torch.tensor([0.123, 0.0, 0.0]))
    x = INPUTS[:1].expand(100, 4)
    values = product(x=x, out_noise=0.1, out_noise_std=1.0, lines=lines, out_res=-1.0).values
    assert values[:, 0].std() > 0.1
    assert values[:, 1].std() < 1e-6


def test_running_average_is_that_of_a_loop():
    x = torch.randn(700, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected, running = [], -1.0
    for row in x.abs().amax(dim=1).tolist():
        running = row if running < 0 else 0.9 * running + 0.1 * row
        expected.append(running)
    result = running_abs_max(x, -1.0, 0.1)
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_gradients_pass_the_converters_and_stop_at_the_bounds():
    weight = WEIGHT.double().requires_grad_()
    x = torch.tensor([[0.5, 2.0, -0.3, 0.1]], dtype=torch.float64, requires_grad=True)
    settings = MVMSettings(inp_bound=1.0, inp_step=0.01, out_step=0.01, out_bound=10.0)
    analog_mvm(weight, x, settings).values.sum().backward()
    assert x.grad[0, 1] == 0
    torch.testing.assert_close(x.grad[0, 0], WEIGHT.double()[:, 0].sum())
    torch.testing.assert_close(weight.grad[0], torch.tensor([0.5, 1.0, -0.3, 0.1]).double())


def test_product_without_converters_passes_gradcheck():
    settings = MVMSettings(out_nonlinearity=0.5, ir_drop=1.0, ir_drop_g_ratio=10.0)
    lines = LineParameters(out_nonlinearity=torch.full((3,), 0.5, dtype=torch.float64))
    weight = WEIGHT.double().requires_grad_()
    x = (0.3 * INPUTS + 0.01).double().requires_grad_()
    torch.autograd.gradcheck(lambda w, v: analog_mvm(w, v, settings, lines).values, (weight, x))


def test_one_matrix_per_sample_equals_separate_products():
    weights = torch.stack((WEIGHT, 2 * WEIGHT))
    settings = MVMSettings.from_parameters(IOParameters(out_noise=0.0))
    together = analog_mvm(weights, INPUTS, settings).values
    apart = [analog_mvm(w, x[None], settings).values for w, x in zip(weights, INPUTS, strict=True)]
    torch.testing.assert_close(together, torch.cat(apart))


def test_single_evaluation_compiles_without_breaks():
    settings = MVMSettings.from_parameters(IOParameters(out_noise=0.0, **NO_BM))
    compiled = torch.compile(
        lambda w, v: analog_mvm(w, v, settings).values, fullgraph=True, backend="eager"
    )
    torch.testing.assert_close(
        compiled(WEIGHT, INPUTS), analog_mvm(WEIGHT, INPUTS, settings).values
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"inp_bound": 2.0}, "inp_bound must be 1.0"),
        ({"bound_management": BoundManagementType.SHIFT}, "bound_management must be one of"),
        ({"mv_type": AnalogMVType.BIT_WISE}, "mv_type must be one of"),
    ],
)
def test_unsupported_settings_name_the_field(fields, message):
    with pytest.raises(ConfigError, match=message):
        MVMSettings.from_parameters(IOParameters(**fields))
