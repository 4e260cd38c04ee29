"""Single devices: response curves, variation, weight operations."""

import math

import pytest
import torch

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    DriftParameter,
    ExpStepDevice,
    IdealDevice,
    LinearStepDevice,
    PiecewiseStepDevice,
    PowStepDevice,
    PowStepReferenceDevice,
    SingleRPUConfig,
    SoftBoundsDevice,
    SoftBoundsPmaxDevice,
    SoftBoundsReferenceDevice,
)
from aihwkit.simulator.parameters.enums import PulseType

CURVES = {
    "exp": (
        lambda e: ExpStepDevice(**e),
        0.000983424,
        {
            -0.6: (9.992e-4, 0.0),
            -0.3: (9.964e-4, -9.211e-4),
            0.0: (9.834e-4, -9.834e-4),
            0.3: (9.243e-4, -9.965e-4),
            0.6: (0.0, -9.993e-4),
        },
    ),
    "linear": (
        lambda e: LinearStepDevice(
            gamma_up=0.2, gamma_down=0.4, gamma_up_dtod=0.0, gamma_down_dtod=0.0, **e
        ),
        0.001,
        {
            -0.6: (1.2e-3, 0.0),
            -0.3: (1.1e-3, -8e-4),
            0.0: (1e-3, -1e-3),
            0.3: (9e-4, -1.2e-3),
            0.6: (0.0, -1.4e-3),
        },
    ),
    "soft bounds": (
        lambda e: SoftBoundsDevice(**e),
        0.001,
        {-0.6: (2e-3, 0.0), -0.3: (1.5e-3, -5e-4), 0.0: (1e-3, -1e-3), 0.6: (0.0, -2e-3)},
    ),
    "reversed soft bounds": (
        lambda e: SoftBoundsDevice(reverse_up=True, reverse_down=True, **e),
        0.001,
        {
            -0.6: (1.639e-5, 0.0),
            -0.3: (5.082e-4, -1.492e-3),
            0.0: (1e-3, -1e-3),
            0.3: (1.492e-3, -5.082e-4),
        },
    ),
    "power": (
        lambda e: PowStepDevice(pow_gamma=2.0, pow_gamma_dtod=0.0, **e),
        0.00025,
        {
            -0.6: (1e-3, 0.0),
            -0.3: (5.625e-4, -6.25e-5),
            0.0: (2.5e-4, -2.5e-4),
            0.3: (6.25e-5, -5.625e-4),
        },
    ),
    "piecewise": (
        lambda e: PiecewiseStepDevice(
            piecewise_up=[1.5, 1.0, 0.5], piecewise_down=[0.5, 1.0, 2.0], **e
        ),
        0.001,
        {
            -0.6: (1.5e-3, 0.0),
            -0.3: (1.25e-3, -7.5e-4),
            0.0: (1e-3, -1e-3),
            0.3: (7.5e-4, -1.5e-3),
            0.6: (0.0, -2e-3),
        },
    ),
    "constant": (lambda e: ConstantStepDevice(**e), 0.001, {0.0: (1e-3, -1e-3), 0.6: (0.0, -1e-3)}),
    "reference": (
        lambda e: SoftBoundsReferenceDevice(reference_mean=0.1, **e),
        0.001,
        {0.0: (1e-3 * (1 - 0.1 / 0.6), -1e-3 * (1 + 0.1 / 0.6)), 0.5: (0.0, -2e-3)},
    ),
}


@pytest.mark.parametrize("name", list(CURVES))
def test_one_pulse_follows_the_response_curve(name, make_tile, exact, unmanaged):
    make, granularity, curve = CURVES[name]
    tile = make_tile(make(exact), 1, 1, desired_bl=1, **unmanaged)
    assert tile.cell.granularity == pytest.approx(granularity, rel=1e-5)
    tile.set_learning_rate(tile.cell.granularity)
    for weight, steps in curve.items():
        for sign, expected in zip((-1.0, 1.0), steps, strict=True):
            tile.set_weights(torch.tensor([[weight]]))
            tile.update(torch.ones(1, 1), torch.full((1, 1), sign))
            change = tile.get_weights().item() - torch.tensor(weight).item()
            # Half a unit in the last place of the weight, and of the printed numbers.
            assert change == pytest.approx(expected, abs=1.2e-7 + 6e-4 * abs(expected))


def test_pmax_device_follows_its_defining_curve(make_tile, unmanaged):
    device = SoftBoundsPmaxDevice(
        dw_min_dtod=0.0, dw_min_std=0.0, w_max_dtod=0.0, w_min_dtod=0.0, up_down_dtod=0.0
    )
    tile = make_tile(device, 1, 1, desired_bl=1000, pulse_type=PulseType.MEAN_COUNT, **unmanaged)
    tile.set_learning_rate(tile.cell.granularity * 1000)
    tile.set_weights(torch.tensor([[-1.0]]))
    tile.update(torch.ones(1, 1), -torch.ones(1, 1))
    assert tile.get_weights().item() == pytest.approx(1.0, abs=1e-3)
    tile.update(torch.ones(1, 1), torch.ones(1, 1))
    assert tile.get_weights().item() == pytest.approx(-1.0, abs=2e-3)


ONE_PULSE = [
    (ConstantStepDevice, {"dw_min": 0.01, "dw_min_std": 0.3}, 0.0, 0.01, 0.003),
    (SoftBoundsDevice, {"dw_min": 0.01, "dw_min_std": 0.5}, 0.3, 0.005, 0.0025),
    (SoftBoundsReferenceDevice, {"dw_min": 0.01, "dw_min_std": 0.5}, 0.3, 0.005, 0.005),
    (
        ExpStepDevice,
        {"dw_min": 0.01, "dw_min_std": 0.5, "dw_min_std_add": 0.02, "dw_min_std_slope": 0.05},
        0.3,
        0.0092433,
        0.5 * (0.0092433 + 0.02 + 0.05 * 0.3),
    ),
]


@pytest.mark.parametrize(("kind", "fields", "start", "mean", "spread"), ONE_PULSE)
def test_noise_of_one_pulse(kind, fields, start, mean, spread, make_tile, exact, unmanaged):
    tile = make_tile(kind(**{**exact, **fields}), 200, 200, desired_bl=1, **unmanaged)
    tile.set_learning_rate(tile.cell.granularity)
    tile.set_weights(torch.full((200, 200), start))
    tile.update(torch.ones(1, 200), -torch.ones(1, 200))
    change = tile.get_weights() - start
    assert abs((change.mean().item() - mean) / (spread / 200)) < 4.5
    assert abs((change.std().item() / spread - 1) * math.sqrt(2 * 40000)) < 4.5


def test_variation_between_devices_has_the_stated_distribution(make_tile, hidden):
    device = ConstantStepDevice(
        dw_min_dtod=1.0,
        up_down_dtod=0.5,
        w_max_dtod=1.5,
        corrupt_devices_prob=0.2,
        lifetime=100.0,
        lifetime_dtod=0.1,
        diffusion=0.01,
        diffusion_dtod=0.2,
        drift=DriftParameter(nu=0.1, nu_dtod=0.2),
    )
    p = hidden(make_tile(device, 300, 300))
    stuck = p["max_bound"] == p["min_bound"]
    assert stuck.float().mean().item() == pytest.approx(0.2, abs=4.5 * math.sqrt(0.16 / 90000))
    assert p["max_bound"][stuck].abs().max() <= 0.1
    assert (p["dwmin_up"][stuck] == 0).all()
    working = ~stuck
    assert p["dwmin_up"][working].mean().item() == pytest.approx(1.228e-3, rel=0.015)
    assert p["dwmin_up"][working].std().item() == pytest.approx(8.62e-4, rel=0.015)
    assert p["max_bound"][working].mean().item() == pytest.approx(0.832, rel=0.015)
    assert p["max_bound"][working].std().item() == pytest.approx(0.637, rel=0.015)
    lifetime = 1 / (1 - p["decay_scales"].double())
    assert lifetime.mean().item() == pytest.approx(100.0, rel=0.005)
    assert lifetime.std().item() == pytest.approx(10.0, rel=0.02)
    assert p["diffusion_rates"].std().item() == pytest.approx(0.002, rel=0.02)
    assert p["drift_nu"].std().item() == pytest.approx(0.02, rel=0.02)


def test_log_normal_steps_have_the_stated_median(make_tile, hidden):
    device = ConstantStepDevice(dw_min_dtod=0.5, dw_min_dtod_log_normal=True, up_down_dtod=0.0)
    steps = hidden(make_tile(device, 300, 300))["dwmin_up"]
    assert steps.median().item() == pytest.approx(1e-3, rel=0.01)
    assert steps.mean().item() == pytest.approx(1.133e-3, rel=0.01)


def test_asymmetry_shrinks_one_direction_only(make_tile, exact, hidden):
    p = hidden(make_tile(ConstantStepDevice(**exact, up_down=0.25)))
    torch.testing.assert_close(p["dwmin_up"], torch.full((3, 4), 1e-3))
    torch.testing.assert_close(p["dwmin_down"], torch.full((3, 4), 7.5e-4))


def test_same_construction_seed_gives_the_same_devices(make_tile, hidden):
    tiles = [make_tile(LinearStepDevice(construction_seed=10), seed=s) for s in (1, 2)]
    first, second = (hidden(tile) for tile in tiles)
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = hidden(make_tile(LinearStepDevice(construction_seed=11)))
    assert not torch.equal(first["max_bound"], other["max_bound"])


def test_creating_a_tile_takes_no_numbers_from_torch():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    config = SingleRPUConfig(device=ConstantStepDevice())
    tile = config.as_bindings().create_array(4, 3, config.device.as_bindings())
    tile.set_weights(torch.zeros(3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    first = tile.get_hidden_parameters()
    torch.manual_seed(3)
    again = config.as_bindings().create_array(4, 3, config.device.as_bindings())
    assert torch.equal(again.get_hidden_parameters(), first)


def test_initial_weights_are_uniform(make_tile):
    weights = make_tile(IdealDevice(), 200, 200).get_weights()
    assert weights.abs().max() <= 0.1
    assert weights.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.02)


def test_setting_weights_is_limited_by_the_bounds(make_tile, exact):
    tile = make_tile(ConstantStepDevice(**exact))
    tile.set_weights(torch.full((3, 4), 2.0))
    torch.testing.assert_close(tile.get_weights(), torch.full((3, 4), 0.6))


def test_decay_goes_to_the_reset_bias(make_tile, exact):
    tile = make_tile(ConstantStepDevice(lifetime=10.0, **exact))
    tile.set_weights(torch.full((3, 4), 0.5))
    tile.decay_weights()
    torch.testing.assert_close(tile.get_weights(), torch.full((3, 4), 0.45))
    tile.decay_weights(0.5)
    torch.testing.assert_close(tile.get_weights(), torch.full((3, 4), 0.4275))
    short = make_tile(ConstantStepDevice(lifetime=0.5, reset=0.2, **exact))
    short.set_weights(torch.full((3, 4), 0.5))
    short.decay_weights()
    torch.testing.assert_close(short.get_weights(), torch.full((3, 4), 0.2))


@pytest.mark.parametrize("device", [ConstantStepDevice, IdealDevice])
def test_diffusion_has_the_stated_spread(device, make_tile):
    tile = make_tile(device(diffusion=0.01), 300, 300)
    tile.set_weights(torch.zeros(300, 300))
    tile.diffuse_weights()
    assert abs((tile.get_weights().std().item() / 0.01 - 1) * math.sqrt(180000)) < 4.5


def test_drift_restarts_when_a_weight_is_written(make_tile, exact):
    tile = make_tile(LinearStepDevice(drift=DriftParameter(nu=0.1), **exact), 1, 1)
    tile.set_weights(torch.tensor([[0.5]]))
    values = []
    for delta in (10.0, 10.0, 80.0):
        tile.drift_weights(delta)
        values.append(tile.get_weights().item())
    assert values == pytest.approx([0.3971641, 0.3705672, 0.3154787], rel=1e-5)


def test_reset_has_the_stated_distribution(make_tile, hidden):
    device = ConstantStepDevice(
        reset=0.1, reset_dtod=0.05, reset_std=0.02, w_max_dtod=0.0, w_min_dtod=0.0
    )
    tile = make_tile(device, 300, 300)
    tile.reset_columns(0, -1)
    weights, bias = tile.get_weights(), hidden(tile)["reset_bias"]
    assert weights.mean().item() == pytest.approx(0.1, abs=0.001)
    assert weights.std().item() == pytest.approx(math.hypot(0.05, 0.02), rel=0.015)
    assert (weights - bias).std().item() == pytest.approx(0.02, rel=0.015)


def test_reset_acts_on_a_circular_range_of_columns(make_tile, exact):
    tile = make_tile(ConstantStepDevice(reset_std=0.0, **exact), 5, 2)
    tile.set_weights(torch.full((2, 5), 0.5))
    tile.reset_columns(4, 2)
    assert (tile.get_weights()[0] == 0).tolist() == [True, False, False, False, True]


def test_write_noise_moves_the_visible_weight_only(make_tile, exact, hidden):
    device = LinearStepDevice(write_noise_std=10.0, gamma_up_dtod=0.0, gamma_down_dtod=0.0, **exact)
    tile = make_tile(device, 200, 200)
    tile.set_weights(torch.full((200, 200), 0.2))
    assert tile.get_weights().std().item() == pytest.approx(0.01, rel=0.02)
    assert hidden(tile)["persistent_weights"].unique().numel() == 1
    visible, values = tile.get_weights(), tile.get_hidden_parameters()
    tile.set_hidden_parameters(values)
    assert torch.equal(tile.get_weights(), visible)
    assert torch.equal(tile.get_hidden_parameters(), values)


def test_a_changed_hidden_parameter_survives(make_tile, hidden):
    tile = make_tile(SoftBoundsDevice())
    values = tile.get_hidden_parameters()
    values[0, 1, 2] = 0.8
    tile.set_hidden_parameters(values)
    assert hidden(tile)["max_bound"][1, 2].item() == pytest.approx(0.8)
    with pytest.raises(RuntimeError, match="Hidden parameter shape mismatch"):
        tile.set_hidden_parameters(values[:2])


HIDDEN_NAMES = [
    "max_bound",
    "min_bound",
    "dwmin_up",
    "dwmin_down",
    "decay_scales",
    "diffusion_rates",
    "reset_bias",
    "drift_nu",
]


@pytest.mark.parametrize(
    ("device", "more"),
    [
        (ConstantStepDevice(), []),
        (SoftBoundsDevice(), ["slope_up", "slope_down"]),
        (SoftBoundsReferenceDevice(), ["reference"]),
        (PowStepDevice(), ["gamma_up", "gamma_down"]),
        (PowStepReferenceDevice(), ["gamma_up", "gamma_down", "reference"]),
        (PiecewiseStepDevice(), []),
    ],
)
def test_hidden_parameters_are_named_in_order(device, more, make_tile):
    assert make_tile(device).get_hidden_parameter_names() == HIDDEN_NAMES + more


@pytest.mark.parametrize("kind", [SoftBoundsReferenceDevice, PowStepReferenceDevice])
def test_subtracting_the_symmetry_point_puts_it_at_zero(kind, make_tile, exact, unmanaged):
    device = kind(subtract_symmetry_point=True, **{**exact, "up_down": 0.3, "dw_min": 0.01})
    tile = make_tile(device, 1, 1, desired_bl=1, **unmanaged)
    tile.set_learning_rate(tile.cell.granularity)
    changes = []
    for sign in (-1.0, 1.0):
        tile.set_weights(torch.zeros(1, 1))
        tile.update(torch.ones(1, 1), torch.full((1, 1), sign))
        changes.append(tile.get_weights().item())
    assert changes[0] == pytest.approx(-changes[1], rel=0.02)
    assert changes[0] > 0


@pytest.mark.parametrize(
    ("device", "message"),
    [
        (lambda: PiecewiseStepDevice(piecewise_up=[], piecewise_down=[]), "piecewise"),
        (lambda: SoftBoundsDevice(reverse_up=True, mult_noise=False), "mult_noise"),
        (lambda: ConstantStepDevice(w_min=0.1), "w_min"),
    ],
)
def test_impossible_devices_are_refused(device, message, make_tile):
    with pytest.raises(ConfigError, match=message):
        make_tile(device())
