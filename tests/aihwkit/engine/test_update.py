"""The pulsed update: numbers of pulses, and batches against the one-by-one definition."""

import copy
import math

import pytest
import torch

from aihwkit.engine.cells.pulse_engine import PulseEngine
from aihwkit.functional.pulse_pass import apply_pulses
from aihwkit.functional.pulses import DensePulses, pulse_blocks
from aihwkit.functional.update_settings import UpdateSettings
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    ExpStepDevice,
    IdealDevice,
    LinearStepDevice,
    PiecewiseStepDevice,
    PowStepDevice,
    SoftBoundsDevice,
    SoftBoundsReferenceDevice,
    UpdateParameters,
)
from aihwkit.simulator.parameters.enums import PulseType

X = torch.tensor([[1.0, 0.5, -0.25, 0.1, 0.0]])
D = torch.tensor([[1.0, -0.5, 0.2]])


@pytest.mark.parametrize("pulse_type", [PulseType.MEAN_COUNT, PulseType.DETERMINISTIC_IMPLICIT])
def test_deterministic_counts_reproduce_the_reference(pulse_type, make_tile, exact):
    tile = make_tile(ConstantStepDevice(**exact), 5, 3, pulse_type=pulse_type)
    tile.set_weights(torch.zeros(3, 5))
    tile.set_learning_rate(0.01)
    tile.update(X, D)
    down = -tile.get_weights() / 0.01
    assert down[0].tolist() == pytest.approx([1.0, 0.5, -0.2, 0.1, 0.0], abs=1e-5)
    assert down[1].tolist() == pytest.approx([-0.5, -0.2, 0.1, 0.0, 0.0], abs=1e-5)


@pytest.mark.parametrize("pulse_type", [PulseType.STOCHASTIC_COMPRESSED, PulseType.STOCHASTIC])
@pytest.mark.parametrize(
    ("lr", "expected"),
    [
        (0.01, [[10, 5, -2.5, 1, 0], [-5, -2.5, 1.25, -0.5, 0]]),
        (0.1, [[31, 15.5, -7.75, 3.1, 0], [-31, -15.5, 7.75, -3.1, 0]]),
    ],
)
def test_stochastic_trains_have_the_stated_mean(pulse_type, lr, expected):
    n = 4000
    settings = UpdateSettings.from_parameters(UpdateParameters(pulse_type=pulse_type))
    generator = torch.Generator().manual_seed(0)
    up = down = torch.zeros(3, 5)
    for pulses in pulse_blocks(X.expand(n, 5), D.expand(n, 3), lr, 1e-3, settings, generator):
        block_up, block_down = pulses.totals()
        up, down = up + block_up, down + block_down
    mean = (down - up)[:2] / n
    # A count has at most the variance of its mean.
    error = torch.tensor(expected).abs().clamp(min=1e-9).sqrt() / math.sqrt(n)
    assert ((mean - torch.tensor(expected)).abs() <= 4.5 * error + 1e-6).all()
    assert ((up == 0) | (down == 0)).all()


def test_counts_in_a_row_share_their_train():
    settings = UpdateSettings()
    generator = torch.Generator().manual_seed(0)
    x, d = torch.full((20000, 2), 0.3), torch.full((20000, 1), 0.3)
    x = torch.cat((x, torch.ones(20000, 1)), dim=1)
    d = torch.cat((d, torch.ones(20000, 1)), dim=1)
    counts = []
    for pulses in pulse_blocks(x, d, 0.02, 1e-3, settings, generator):
        counts += [pulses.counts(v)[0, :2] for v in range(pulses.n_vectors)]
    correlation = torch.corrcoef(torch.stack(counts).T)[0, 1].item()
    # Bits of x are drawn apart, that of d is shared: cov / var = q p^2 (1 - q) / (p q (1 - p q)).
    p = q = 0.3
    assert correlation == pytest.approx(p * (1 - q) / (1 - p * q), abs=0.03)


def test_points_and_counts_of_trains_agree():
    generator = torch.Generator().manual_seed(0)
    x, d = torch.randn(6, 7, generator=generator), torch.randn(6, 5, generator=generator)
    for kind in ("StochasticCompressed", "MeanCount", "DeterministicImplicit"):
        settings = UpdateSettings(pulse_type=kind)
        for pulses in pulse_blocks(x, d, 0.05, 1e-3, settings, generator):
            up, down = pulses.totals()
            total = sum(pulses.counts(v) for v in range(6))
            assert torch.equal(up - down, total)
            rows, columns = torch.tensor([0, 4, 2]), torch.tensor([6, 0, 3])
            for v in range(6):
                assert torch.equal(pulses.points(v, rows, columns), pulses.counts(v)[rows, columns])


def test_blocks_bound_the_memory_and_keep_the_order(monkeypatch):
    from aihwkit.functional import pulses as module

    settings = UpdateSettings(update_bl_management=False)
    monkeypatch.setattr(module, "_BLOCK_BITS", 31 * 8 * 3)
    x = torch.eye(8)[:, :4]
    d = torch.ones(8, 4)
    sizes = [p.n_vectors for p in pulse_blocks(x, d, 0.01, 1e-3, settings, torch.Generator())]
    assert sizes == [3, 3, 2]


def one_by_one(cell, weight, pulses, generator):
    """Apply the pulses of all vectors in order, each pulse with a draw of its own."""
    engine = cell.engine
    for vector in range(pulses.n_vectors):
        signed = pulses.counts(vector)
        largest = int(signed.abs().max())
        noise = torch.randn(max(largest, 1), *weight.shape, generator=generator)
        weight = apply_pulses(
            weight, signed.abs(), signed, engine.derived, noise, engine.model, engine.bounds
        )
    return weight


MODELS = {
    "constant": (ConstantStepDevice, {}),
    "linear": (LinearStepDevice, {"gamma_up": 0.5, "gamma_down": 0.3, "gamma_up_dtod": 0.0}),
    "soft bounds": (SoftBoundsDevice, {}),
    "additive soft bounds": (SoftBoundsDevice, {"mult_noise": False}),
    "reference": (SoftBoundsReferenceDevice, {"reference_mean": 0.05}),
    "exp": (ExpStepDevice, {}),
    "power": (PowStepDevice, {"pow_gamma": 2.0, "pow_gamma_dtod": 0.0}),
    "piecewise": (
        PiecewiseStepDevice,
        {"piecewise_up": [1.5, 1.0, 0.5], "piecewise_down": [0.5, 1.0, 1.5]},
    ),
}


@pytest.mark.parametrize("dw_min", [0.002, 0.05])
@pytest.mark.parametrize("start", [0.0, 0.57])
@pytest.mark.parametrize("name", list(MODELS))
def test_a_batch_is_distributed_as_its_pulses_one_by_one(name, start, dw_min, make_tile, exact):
    """Means, spreads and extremes agree with the definition, in the middle and at a bound."""
    kind, fields = MODELS[name]
    exact = {**exact, "dw_min": dw_min, "dw_min_std": 0.5}
    tile = make_tile(kind(**{**exact, **fields}), 200, 100)
    n_vectors = 5
    x = torch.ones(n_vectors, 200) * torch.tensor([[4.0], [1.0], [6.0], [2.0], [3.0]])
    signs = torch.tensor([[-1.0], [1.0], [-1.0], [-1.0], [1.0]])
    pulses = DensePulses(x, -signs * torch.ones(n_vectors, 100))
    cell = tile.cell
    weight = torch.full((100, 200), start)
    region = (slice(None), slice(None))
    merged, _ = cell.engine.apply(
        weight, pulses, torch.Generator().manual_seed(1), region, ignore_touched=True
    )
    exactly = one_by_one(cell, weight, pulses, torch.Generator().manual_seed(2))
    n = weight.numel()
    spread = exactly.std()
    z_mean = (merged.mean() - exactly.mean()) / (spread * math.sqrt(2 / n))
    fourth = ((exactly - exactly.mean()) / spread).pow(4).mean()
    z_spread = (merged.var() / exactly.var() - 1) / math.sqrt(2 * (fourth.item() - 1) / n)
    at_bound = [(w == cell.bounds.upper).float().mean().item() for w in (merged, exactly)]
    p = max(sum(at_bound) / 2, 1 / n)
    z_bound = (at_bound[0] - at_bound[1]) / math.sqrt(2 * p * (1 - p + 1e-9) / n)
    # 96 comparisons in all; one |z| > 4.5 by chance in 1500 runs of the whole table.
    assert abs(z_mean) < 4.5
    assert abs(z_spread) < 4.5
    assert abs(z_bound) < 4.5


@pytest.mark.parametrize("name", list(MODELS))
def test_without_noise_a_batch_equals_its_pulses_one_by_one(name, make_tile, exact):
    kind, fields = MODELS[name]
    tile = make_tile(kind(**{**exact, **fields, "w_max_dtod": 0.3}), 30, 20)
    x = torch.randint(-9, 10, (6, 30), generator=torch.Generator().manual_seed(3)).float()
    d = torch.ones(6, 20) * torch.tensor([[1.0], [-1.0], [1.0], [1.0], [-1.0], [-1.0]])
    pulses = DensePulses(x, d)
    weight = tile.get_weights()
    region = (slice(None), slice(None))
    merged, _ = tile.cell.engine.apply(weight, pulses, torch.Generator(), region, True)
    exactly = weight
    for vector in range(6):
        signed = pulses.counts(vector)
        engine = tile.cell.engine
        exactly = apply_pulses(
            exactly, signed.abs(), signed, engine.derived, None, engine.model, engine.bounds
        )
    # Sums of up to 54 single-precision steps of 1e-3.
    torch.testing.assert_close(merged, exactly, rtol=0, atol=5e-7)


@pytest.mark.parametrize("name", ["constant", "soft bounds", "exp"])
def test_skewness_of_merged_pulses(name, make_tile, exact):
    """Twenty pulses of a coarse device are as skewed as pulse by pulse."""
    kind, fields = MODELS[name]
    tile = make_tile(kind(**{**exact, **fields, "dw_min": 0.0025, "dw_min_std": 2.0}), 200, 200)
    weight = torch.zeros(200, 200)
    pulses = DensePulses(torch.full((1, 200), 20.0), torch.ones(1, 200))
    region = (slice(None), slice(None))
    values = tile.cell.engine.apply(weight, pulses, torch.Generator().manual_seed(1), region, True)
    exactly = one_by_one(tile.cell, weight, pulses, torch.Generator().manual_seed(2))
    skews = [(((w - w.mean()) / w.std()) ** 3).mean().item() for w in (values[0], exactly)]
    assert abs(skews[0] - skews[1]) / math.sqrt(2 * 6 / weight.numel()) < 4.5


def test_ideal_devices_take_the_exact_outer_product(make_tile):
    tile = make_tile(IdealDevice(), 5, 3)
    weight = tile.get_weights()
    x, d = torch.linspace(-1, 1, 35).view(7, 5), torch.linspace(1, -2, 21).view(7, 3)
    tile.update(x, d)
    torch.testing.assert_close(tile.get_weights(), weight - 0.1 * d.T @ x)


def test_exact_update_with_devices_respects_their_bounds(make_tile, exact):
    device = LinearStepDevice(write_noise_std=0.01, **exact)
    tile = make_tile(device, 5, 3, pulse_type=PulseType.NONE_WITH_DEVICE)
    tile.set_weights(torch.zeros(3, 5))
    tile.update(X, D)
    persistent = tile.cell.persistent
    torch.testing.assert_close(persistent, -0.1 * D.T @ X)
    tile.set_learning_rate(10.0)
    tile.update(X, D)
    assert persistent.abs().max().item() == pytest.approx(0.6)


def test_update_moves_weights_by_the_learning_rate_on_average(make_tile, exact):
    tile = make_tile(ConstantStepDevice(**exact), 20, 20)
    tile.set_weights(torch.zeros(20, 20))
    tile.set_learning_rate(0.01)
    generator = torch.Generator().manual_seed(5)
    x, d = (torch.randn(400, 20, generator=generator) * 0.3 for _ in range(2))
    tile.update(x, d)
    expected = -0.01 * d.T @ x
    residual = (tile.get_weights() - expected).std() / expected.std()
    slope = (tile.get_weights() * expected).sum() / expected.square().sum()
    assert slope.item() == pytest.approx(1.0, abs=4.5 * residual.item() / 20)


def test_zero_rate_and_zero_vectors_change_nothing(make_tile):
    tile = make_tile(SoftBoundsDevice(), 5, 3)
    weight = tile.get_weights()
    tile.update(torch.zeros(4, 5), torch.ones(4, 3))
    tile.set_learning_rate(0.0)
    tile.update(torch.ones(4, 5), torch.ones(4, 3))
    assert torch.equal(tile.get_weights(), weight)


def test_delta_weights_receive_the_gradient(make_tile, exact):
    generator = torch.Generator().manual_seed(0)
    x, d = torch.randn(7, 5, generator=generator), torch.randn(7, 3, generator=generator)
    for device in (IdealDevice(), ConstantStepDevice(**exact)):
        tile = make_tile(device, 5, 3)
        tile.set_learning_rate(0.005)
        weight, delta = tile.get_weights(), torch.zeros(3, 5)
        tile.set_delta_weights(delta)
        tile.update(x, d)
        assert torch.equal(tile.get_weights(), weight)
        assert torch.corrcoef(torch.stack((delta.view(-1), (d.T @ x).view(-1))))[0, 1] > 0.8
        tile.reset_delta_weights()
        tile.update(x, d)
        assert not torch.equal(tile.get_weights(), weight)


def test_pulses_are_counted(make_tile, exact):
    tile = make_tile(
        ConstantStepDevice(count_pulses=True, **exact), 5, 3, pulse_type=PulseType.MEAN_COUNT
    )
    tile.set_weights(torch.zeros(3, 5))
    tile.set_learning_rate(0.01)
    tile.update(X, D)
    up, down = tile.get_pulse_counters()
    torch.testing.assert_close(tile.get_weights(), (up - down) * 1e-3)


@pytest.mark.parametrize("dtype", ["double", "half", "bfloat16"])
def test_other_data_types_are_supported(dtype, exact):
    from aihwkit.simulator.configs import IOParameters, SingleRPUConfig
    from aihwkit.simulator.parameters.enums import RPUDataType

    config = SingleRPUConfig(device=SoftBoundsDevice(**exact), forward=IOParameters())
    config.runtime.data_type = RPUDataType(dtype)
    parameter = config.device.as_bindings(config.runtime.data_type)
    tile = config.as_bindings().create_array(5, 3, parameter)
    place = getattr(torch, dtype)
    tile.set_weights(torch.zeros(3, 5))
    tile.set_learning_rate(0.05)
    for _ in range(20):
        tile.update(X.to(place), D.to(place))
    assert tile.get_weights().dtype == place
    assert tile.forward(X.to(place)).dtype == place
    sign = -torch.sign(D.T @ X)
    moved = tile.get_weights().float() * sign
    assert (moved[sign != 0] > 0).all()


def test_a_resumed_tile_continues_bit_by_bit(make_tile):
    x, d = torch.ones(8, 5), torch.ones(8, 3)
    first = make_tile(SoftBoundsDevice(write_noise_std=0.5), 5, 3)
    first.update(x, d)
    second = make_tile(SoftBoundsDevice(write_noise_std=0.5), 5, 3, seed=9)
    second.set_hidden_parameters(first.get_hidden_parameters())
    second.get_weights(as_ref=True).copy_(first.get_weights())
    second.load_extra(first.dump_extra(), strict=True)
    third = copy.deepcopy(first)
    for tile in (first, second, third):
        tile.update(x, d)
        tile.diffuse_weights()
    assert torch.equal(first.get_weights(), second.get_weights())
    assert torch.equal(first.get_weights(), third.get_weights())


def test_same_seed_same_update_and_other_seed_another(make_tile):
    x, d = torch.ones(8, 5), torch.ones(8, 3)
    tiles = [make_tile(ConstantStepDevice(), 5, 3, seed=s) for s in (1, 1, 2)]
    for tile in tiles:
        tile.update(x, d)
    assert torch.equal(tiles[0].get_weights(), tiles[1].get_weights())
    assert not torch.equal(tiles[0].get_weights(), tiles[2].get_weights())


def test_merging_stops_where_a_bound_is_near(make_tile, exact):
    """All pulses at a bound are limited one by one, so the weight never passes it."""
    tile = make_tile(ConstantStepDevice(**{**exact, "dw_min_std": 3.0}), 50, 50)
    assert isinstance(tile.cell.engine, PulseEngine)
    tile.set_weights(torch.full((50, 50), 0.59))
    tile.set_learning_rate(0.1)
    tile.update(torch.ones(10, 50), -torch.ones(10, 50))
    assert tile.get_weights().max() <= 0.6
    assert (tile.get_weights() == torch.tensor(0.6)).any()
