"""Compiled loops over pulse trains kept as bits, against the definitions in torch."""

import copy
import math
import threading

import numpy as np
import pytest
import torch

from aihwkit.engine.cells.base import UpdateContext
from aihwkit.engine.record import Record
from aihwkit.functional.mvm import analog_mvm
from aihwkit.functional.pulse_pass import apply_pulses
from aihwkit.functional.pulse_scales import outer_scales
from aihwkit.functional.pulse_trains import draw_trains, unpacked
from aihwkit.functional.pulses import OneDirection, PackedTrains
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    ExpStepDevice,
    IOParameters,
    LinearStepDevice,
    SoftBoundsDevice,
    SoftBoundsReferenceDevice,
)
from synaptensor.kernels import use_kernel

pytest.importorskip("numba")

WHOLE = (slice(None), slice(None))
DEVICES = {
    "constant": (ConstantStepDevice, {}),
    "linear": (LinearStepDevice, {"gamma_up": 0.5, "gamma_down": 0.3, "gamma_up_dtod": 0.0}),
    "soft bounds": (SoftBoundsDevice, {}),
    "reference": (SoftBoundsReferenceDevice, {"reference_mean": 0.05}),
    "exp": (ExpStepDevice, {}),
    "exp, absolute": (ExpStepDevice, {"dw_min_std_add": 0.01, "dw_min_std_slope": 0.1}),
}


def trains(x_size, d_size, n_vectors, length, seed, scale=0.6):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n_vectors, x_size, generator=generator)
    d = torch.randn(n_vectors, d_size, generator=generator)
    lengths = torch.full((n_vectors,), length)
    factor = torch.full((n_vectors,), scale)
    x_words = draw_trains(x, factor, lengths, seed, 1)
    return PackedTrains(x_words, draw_trains(d, factor, lengths, seed, 2), x, d, length)


def one_by_one(cell, weight, pulses, generator):
    """Apply the pulses of all vectors in order, each pulse with a draw of its own."""
    engine = cell.engine
    for vector in range(pulses.n_vectors):
        signed = pulses.counts(vector)
        noise = torch.randn(int(signed.abs().max()) + 1, *weight.shape, generator=generator)
        weight = apply_pulses(
            weight, signed.abs(), signed, engine.derived, noise, engine.model, engine.bounds
        )
    return weight


@pytest.mark.parametrize("scale", [1.5, 1e-3, 1e-6])
def test_both_kernels_draw_the_same_trains(scale):
    from aihwkit.engine.kernels.numba_draw import draw_trains_numba

    generator = torch.Generator().manual_seed(0)
    values, factor = torch.randn(8, 37, generator=generator), torch.full((8,), scale)
    for length in ([0, 1, 2, 3, 4, 5, 31, 32], [33, 64, 65, 1, 0, 4, 100, 40]):
        lengths = torch.tensor(length)
        for domain in (1, 2):
            arguments = (values, factor, lengths, (9 << 40) + 5, domain)
            assert torch.equal(draw_trains_numba(*arguments), draw_trains(*arguments))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"desired_bl": 5},
        {"um_grad_scale": 0.3},
        {"update_bl_management": False},
        {"update_bl_management": False, "update_management": False},
        {"update_bl_management": False, "update_management": False, "fixed_bl": False},
    ],
)
def test_both_kernels_give_trains_the_same_scales(fields):
    from aihwkit.engine.kernels.numba_scales import outer_scales_numba

    generator = torch.Generator().manual_seed(0)
    x, d = torch.randn(200, 30, generator=generator), torch.randn(200, 20, generator=generator)
    x[3], d[4] = 0.0, 0.0
    d *= torch.logspace(-6, 2, 200).unsqueeze(1)
    settings = UpdateSettings(**fields)
    for lr in (0.01, -0.5, 0.0, torch.rand(200, dtype=torch.float64)):
        arguments = (x, d, lr, 0.001, settings)
        length, *factors = outer_scales_numba(*arguments)
        expected_length, *expected = outer_scales(*arguments)
        assert torch.equal(length, expected_length)
        # A few roundings of double precision.
        torch.testing.assert_close(factors, expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize("length", [4, 31])
def test_trains_have_the_stated_probability(length):
    p = torch.tensor([0.0, 1e-5, 3e-4, 0.1, 0.5, 0.999, 1.0, 2.0]).repeat_interleave(500)
    n = 40
    words = draw_trains(-p.expand(n, -1), torch.ones(n), torch.full((n,), length), 3, 1)
    frequency = unpacked(words, length).mean(dim=(0, 1)).view(8, 500).mean(dim=1)
    expected = p[::500].clamp(max=1)
    error = (expected * (1 - expected) / (n * length * 500)).sqrt()
    assert ((frequency - expected).abs() <= 4.5 * error + 1e-7).all()


def test_counter_based_normal_numbers_are_normal():
    from aihwkit.engine.kernels.numba_random import normals

    u = np.uint64
    blocks = [np.empty(1024, np.float32) for _ in range(400)]
    for number, block in enumerate(blocks):
        normals(block, 1024, u(11), u(12), u(number), u(0), u(5))
    values = torch.from_numpy(np.concatenate(blocks)).double()
    n = values.numel()
    for power, mean, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        z = (values.pow(power).mean() - mean) / math.sqrt(variance / n)
        assert abs(z) < 4.5
    below = torch.special.ndtr(torch.tensor([-3.0, -1.0, -0.1, 0.5, 2.0, 3.5]).double())
    for level, p in zip((-3.0, -1.0, -0.1, 0.5, 2.0, 3.5), below.tolist(), strict=True):
        z = ((values < level).double().mean() - p) / math.sqrt(p * (1 - p) / n)
        assert abs(z) < 4.5


@pytest.mark.parametrize("length", [2, 31, 40])
@pytest.mark.parametrize("name", list(DEVICES))
def test_without_noise_packed_trains_act_pulse_by_pulse(name, length, make_tile, exact):
    kind, fields = DEVICES[name]
    no_noise = {**exact, "dw_min": 0.01}
    cell = make_tile(kind(**{**fields, **no_noise, "w_max_dtod": 0.3}), 70, 20).cell
    pulses = trains(70, 20, 9, length, 4)
    generator = torch.Generator().manual_seed(1)
    weight = cell.bounds.clip(torch.rand(20, 70, generator=generator) * 1.2 - 0.6)
    with use_kernel("numba", "aihwkit.packed_update"):
        moved, _ = cell.engine.apply(weight, pulses, generator, WHOLE, True)
    exactly = weight
    for vector in range(9):
        signed = pulses.counts(vector)
        engine = cell.engine
        exactly = apply_pulses(
            exactly, signed.abs(), signed, engine.derived, None, engine.model, engine.bounds
        )
    # Merged pulses expand the growth to third order: below 0.06^4 / 24 of a change of 0.4.
    torch.testing.assert_close(moved, exactly, rtol=0, atol=5e-6)
    assert not torch.equal(moved, weight)


@pytest.mark.parametrize("n_vectors", [5, 90])
@pytest.mark.parametrize("length", [2, 31, 40])
@pytest.mark.parametrize("direction", ["both", "up", "down"])
def test_sparse_trains_act_pulse_by_pulse(direction, length, n_vectors, make_tile, exact):
    cell = make_tile(SoftBoundsDevice(**{**exact, "dw_min": 0.01}), 70, 20).cell
    # Ninety vectors give some devices more pulses than one word holds.
    pulses = trains(70, 20, n_vectors, length, 4, 0.2)
    if direction != "both":
        pulses = OneDirection(pulses, direction == "up")
    generator = torch.Generator().manual_seed(1)
    weight = torch.rand(20, 70, generator=generator) * 0.8 - 0.4
    moved, _ = cell.engine.apply(weight, pulses, generator, WHOLE, True)
    exactly, engine = weight, cell.engine
    for vector in range(n_vectors):
        signed = pulses.counts(vector)
        exactly = apply_pulses(
            exactly, signed.abs(), signed, engine.derived, None, engine.model, engine.bounds
        )
    # A hundred roundings of single precision.
    torch.testing.assert_close(moved, exactly, rtol=0, atol=5e-6)
    assert (moved != weight).any()


@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize("scale", [0.1, 0.6])
def test_records_hold_the_weights_between_the_vectors(scale, columns, make_tile, exact):
    n_vectors, index = 40, torch.randint(0, 20, (30,), generator=torch.Generator().manual_seed(2))
    cell = make_tile(SoftBoundsDevice(**{**exact, "dw_min": 0.01}), 70, 20).cell
    pulses = trains(70, 20, n_vectors, 31, 4, scale)
    after = torch.arange(30) + 11
    values = torch.empty((20, 30) if columns else (30, 70))
    record = Record(after.int(), index.int(), columns, values)
    generator = torch.Generator().manual_seed(1)
    context = UpdateContext(UpdateSettings(), generator, n_vectors)
    expected, start, other = [], 0, copy.deepcopy(cell)
    assert cell.apply_recorded(pulses, context, record)
    for number, line in zip(after.tolist(), index.tolist(), strict=True):
        other.apply(pulses.select(slice(start, number)), context)
        expected.append((other.weight[:, line] if columns else other.weight[line]).clone())
        start = number
    # Roundings of single precision, and expansions to third order.
    result = values.t() if columns else values
    torch.testing.assert_close(result, torch.stack(expected), rtol=0, atol=5e-6)


@pytest.mark.parametrize("scale", [0.1, 0.6])
def test_records_see_write_noise_only_where_pulses_arrived(scale, make_tile, exact):
    device = SoftBoundsDevice(**{**exact, "write_noise_std": 2.0})
    cell = make_tile(device, 30, 200).cell
    generator = torch.Generator().manual_seed(0)
    cell.set(torch.zeros(200, 30), generator)
    before, pulses = cell.weight.clone(), trains(30, 200, 8, 4, 8, scale)
    # One column after every vector, and a second time after the last one.
    after = torch.tensor([*range(1, 9), 8], dtype=torch.int32)
    record = Record(after, torch.full((9,), 5, dtype=torch.int32), True, torch.empty(200, 9))
    context = UpdateContext(UpdateSettings(), generator, 8)
    assert cell.apply_recorded(pulses, context, record)
    seen = torch.cat((before[:, 5:6], record.values), dim=1)
    arrived = torch.stack([pulses.counts(v)[:, 5] != 0 for v in range(8)], dim=1)
    assert torch.equal(seen.diff(dim=1)[:, :8] != 0, arrived)
    assert torch.equal(seen[:, 8], seen[:, 9])
    assert torch.equal(cell.weight[:, 5], seen[:, 9])
    noise = (cell.weight - cell.persistent)[pulses.totals()[0] + pulses.totals()[1] > 0]
    n, expected = noise.numel(), 2.0 * device.dw_min
    assert abs(noise.mean()) < 4.5 * expected / math.sqrt(n)
    assert abs(noise.var() / expected**2 - 1) < 4.5 * math.sqrt(2 / n)


@pytest.mark.parametrize("start", [0.0, 0.56])
@pytest.mark.parametrize("name", list(DEVICES))
@pytest.mark.parametrize("scale", [0.1, 0.6])
def test_packed_trains_are_distributed_as_pulses_one_by_one(scale, name, start, make_tile, exact):
    kind, fields = DEVICES[name]
    cell = make_tile(kind(**{**exact, "dw_min": 0.004, "dw_min_std": 0.5, **fields}), 150, 150).cell
    pulses = trains(150, 150, 6, 31, 5, scale)
    weight = torch.full((150, 150), start)
    with use_kernel("numba", "aihwkit.packed_update"):
        merged, _ = cell.engine.apply(weight, pulses, torch.Generator().manual_seed(1), WHOLE, True)
    exactly = one_by_one(cell, weight, pulses, torch.Generator().manual_seed(2))
    # The same pulses with other noise: paired differences have mean 0, and equal spreads.
    difference = (merged - exactly).double()
    n = difference.numel()
    z_mean = difference.mean() / (difference.std() / math.sqrt(n))
    a, b = merged.double() - merged.mean(), exactly.double() - exactly.mean()
    square = a.square() - b.square()
    z_spread = square.mean() / (square.std() / math.sqrt(n))
    hits = [(w >= cell.bounds.upper).double() for w in (merged, exactly)]
    gap = hits[0] - hits[1]
    z_bound = gap.mean() / (gap.std() / math.sqrt(n) + 1e-9)
    assert abs(z_mean) < 4.5
    assert abs(z_spread) < 4.5
    assert abs(z_bound) < 4.5


@pytest.mark.parametrize("scale", [0.1, 0.6])
@pytest.mark.parametrize("name", ["constant", "soft bounds", "exp"])
def test_threads_do_not_change_the_result(name, scale, make_tile, monkeypatch):
    from aihwkit.engine.kernels import threads

    kind, fields = DEVICES[name]
    cell = make_tile(kind(**fields), 40, 33).cell
    pulses, weight = trains(40, 33, 5, 20, 6, scale), torch.zeros(33, 40)
    monkeypatch.setattr(threads, "_SMALLEST_WORK", 1)
    results = []
    for n in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda n=n: n)
        generator = torch.Generator().manual_seed(3)
        results.append(cell.engine.apply(weight, pulses, generator, WHOLE, True)[0])
    assert torch.equal(*results)


def test_both_kernels_take_the_same_pulses(make_tile, exact):
    generator = torch.Generator().manual_seed(0)
    x, d = torch.randn(12, 30, generator=generator), torch.randn(12, 20, generator=generator)
    weights = []
    for kernel in ("torch", "numba"):
        with use_kernel(kernel, "aihwkit"):
            tile = make_tile(ConstantStepDevice(**exact), 30, 20)
            tile.set_weights(torch.zeros(20, 30))
            tile.set_learning_rate(0.02)
            tile.update(x, d)
            weights.append(tile.get_weights())
    # Sums of up to 100 single-precision steps of 1e-3.
    torch.testing.assert_close(*weights, rtol=0, atol=1e-6)
    assert weights[0].abs().max() > 0.01


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"out_bound": 1.0},
        {"out_bound": -1.0},
        {"inp_res": -1, "out_res": -1},
        {"nm_thres": 0.5},
    ],
)
def test_the_compiled_product_without_noise_is_the_definition(fields, transposed):
    from aihwkit.engine.kernels.numba_mvm import analog_mvm_numba

    settings = MVMSettings.from_parameters(IOParameters(out_noise=0.0, **fields))
    generator = torch.Generator().manual_seed(0)
    weight = torch.rand(20, 50, generator=generator) - 0.5
    x = torch.randn(9, 20 if transposed else 50, generator=generator)
    x[4] = 0.0
    options = {"transposed": transposed, "generator": generator}
    expected = analog_mvm(weight, x, settings, **options)
    result = analog_mvm_numba(weight, x, settings, **options)
    torch.testing.assert_close(result.values, expected.values, rtol=1e-6, atol=1e-6)
    if expected.clipped is not None:
        assert torch.equal(result.clipped, expected.clipped)


def test_the_compiled_product_has_the_noise_of_the_configuration():
    from aihwkit.engine.kernels.numba_mvm import analog_mvm_numba

    settings = MVMSettings.from_parameters(IOParameters(out_noise=0.1, out_res=-1, inp_res=-1))
    generator = torch.Generator().manual_seed(0)
    weight = torch.zeros(64, 8)
    x = torch.full((2000, 8), 3.0)
    noise = analog_mvm_numba(weight, x, settings, generator=generator).values / 3.0
    n = noise.numel()
    assert abs(noise.mean()) < 4.5 * 0.1 / math.sqrt(n)
    assert abs(noise.var() / 0.01 - 1) < 4.5 * math.sqrt(2 / n)
    correlation = torch.corrcoef(noise.T)
    correlation.fill_diagonal_(0.0)
    assert correlation.abs().max() < 5.5 / math.sqrt(2000)


def test_the_compiled_product_keeps_memory_of_its_own_type(monkeypatch):
    from aihwkit.engine.kernels import numba_mvm

    monkeypatch.setattr(numba_mvm, "_kept", threading.local())
    settings = MVMSettings.from_parameters(IOParameters(is_perfect=False, out_noise=0.0))
    x, weight = torch.ones(3, 8), torch.full((4, 8), 0.1)
    expected = analog_mvm(weight, x, settings).values
    generator = torch.Generator().manual_seed(0)
    torch.set_default_dtype(torch.float64)
    try:
        values = numba_mvm.analog_mvm_numba(weight, x, settings, generator=generator).values
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(values, expected)


def test_the_compiled_product_passes_on_what_is_not_a_number():
    from aihwkit.engine.kernels.numba_mvm import analog_mvm_numba

    settings = MVMSettings.from_parameters(IOParameters())
    x = torch.ones(3, 8)
    x[1, 2] = math.nan
    values = analog_mvm_numba(
        torch.ones(4, 8), x, settings, generator=torch.Generator().manual_seed(0)
    ).values
    assert torch.isfinite(values[[0, 2]]).all()
    assert torch.isnan(values[1]).all()


def test_write_noise_is_drawn_where_pulses_arrive(make_tile, exact):
    device = SoftBoundsDevice(**{**exact, "write_noise_std": 2.0})
    cell = make_tile(device, 300, 200).cell
    generator = torch.Generator().manual_seed(0)
    cell.set(torch.zeros(200, 300), generator)
    before = cell.weight.clone()
    pulses = trains(300, 200, 1, 2, 8)
    counts = pulses.counts(0)
    assert cell._apply_packed(pulses, generator)
    touched = counts != 0
    assert torch.equal(cell.weight[~touched], before[~touched])
    noise = (cell.weight - cell.persistent)[touched]
    n, expected = noise.numel(), 2.0 * device.dw_min
    assert abs(noise.mean()) < 4.5 * expected / math.sqrt(n)
    assert abs(noise.var() / expected**2 - 1) < 4.5 * math.sqrt(2 / n)
