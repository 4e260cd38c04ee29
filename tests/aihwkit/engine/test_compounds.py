"""Cells of several devices: visible weights, schedules, transfers, state."""

import copy
import pickle

import pytest
import torch

from aihwkit.engine.cells.base import UpdateContext
from aihwkit.engine.cells.pulsed import PulsedCell
from aihwkit.exceptions import ConfigError
from aihwkit.functional.update_settings import UpdateSettings
from aihwkit.simulator.configs import (
    BufferedTransferCompound,
    ChoppedTransferCompound,
    ConstantStepDevice,
    DynamicTransferCompound,
    IOParameters,
    LinearStepDevice,
    MixedPrecisionCompound,
    OneSidedUnitCell,
    ReferenceUnitCell,
    SoftBoundsDevice,
    TransferCompound,
    UpdateParameters,
    VectorUnitCell,
)
from aihwkit.simulator.parameters.enums import PulseType, VectorUnitCellUpdatePolicy

PERFECT = IOParameters(is_perfect=True)
POLICY = VectorUnitCellUpdatePolicy


def soft(**fields):
    return SoftBoundsDevice(w_max=1.0, w_min=-1.0, **fields)


COMPOUNDS = {
    "vector": lambda: VectorUnitCell([soft(), soft()]),
    "sequential": lambda: VectorUnitCell([soft(), soft()], update_policy=POLICY.SINGLE_SEQUENTIAL),
    "random": lambda: VectorUnitCell([soft(), soft()], update_policy=POLICY.SINGLE_RANDOM),
    "reference": lambda: ReferenceUnitCell([soft()]),
    "one-sided": lambda: OneSidedUnitCell([soft()], refresh_every=1),
    "mirrored": lambda: OneSidedUnitCell([LinearStepDevice()], copy_inverted=True),
    "transfer": lambda: TransferCompound([soft(), soft()]),
    "three": lambda: TransferCompound(
        [soft(), soft(), soft()], gamma=0.1, transfer_every=2.0, n_reads_per_transfer=2
    ),
    "rows": lambda: TransferCompound([soft(), soft()], transfer_columns=False),
    "nested": lambda: TransferCompound(
        [ReferenceUnitCell([soft()]), ReferenceUnitCell([soft()])], gamma=0.1
    ),
    "buffered": lambda: BufferedTransferCompound([soft(), soft()]),
    "chopped": lambda: ChoppedTransferCompound([soft(), soft()], gamma=0.2, auto_scale=True),
    "dynamic": lambda: DynamicTransferCompound([soft(), soft()], auto_scale=True, fast_lr=0.1),
    "mixed": lambda: MixedPrecisionCompound(device=soft(), n_x_bins=15, n_d_bins=15),
}


@pytest.mark.parametrize("name", list(COMPOUNDS))
def test_a_resumed_compound_continues_bit_by_bit(name, make_tile):
    generator = torch.Generator().manual_seed(0)
    x, d = (torch.randn(30, 8, n, generator=generator) for n in (6, 4))
    first = make_tile(COMPOUNDS[name](), 6, 4)
    for step in range(28):
        first.update(x[step], d[step])
    second = make_tile(COMPOUNDS[name](), 6, 4, seed=7)
    second.set_hidden_parameters(first.get_hidden_parameters())
    second.get_weights(as_ref=True).copy_(first.get_weights())
    second.load_extra(first.dump_extra(), strict=True)
    tiles = [first, second, copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    for tile in tiles:
        for step in (28, 29):
            tile.update(x[step], d[step])
    for tile in tiles[1:]:
        assert torch.equal(tile.get_weights(), first.get_weights())
        assert torch.equal(tile.get_hidden_parameters(), first.get_hidden_parameters())


# A chain of three integrates twice: gradient descent through it need not converge.
@pytest.mark.parametrize("name", [name for name in COMPOUNDS if name != "three"])
def test_training_on_a_quadratic_moves_towards_the_target(name, make_tile):
    """Gradient descent on |W x - W* x|^2 brings the visible weights nearer to the target."""
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(4, 6, generator=generator) * 0.4 - 0.2
    tile = make_tile(COMPOUNDS[name](), 6, 4)
    tile.set_weights(torch.zeros(4, 6))
    tile.set_learning_rate(0.05)
    start = (tile.get_weights() - target).norm()
    for _ in range(800 if name == "dynamic" else 300):
        x = torch.randn(4, 6, generator=generator)
        d = tile.forward(x) - x @ target.T
        tile.update(x, d)
    assert (tile.get_weights() - target).norm() < 0.6 * start


@pytest.mark.parametrize("gamma", [0.0, 0.1])
def test_visible_weight_of_nested_reference_cells(gamma, make_tile, exact):
    cells = [ReferenceUnitCell([soft(**_without_bounds(exact))]) for _ in range(2)]
    tile = make_tile(TransferCompound(cells, gamma=gamma), 3, 2)
    names = tile.get_hidden_parameter_names()
    values = tile.get_hidden_parameters()
    given = {"_0_0": 0.47, "_1_0": 0.21, "_0_1": 0.64, "_1_1": 0.12}
    for suffix, value in given.items():
        values[names.index("hidden_weights" + suffix)] = value
    tile.set_hidden_parameters(values)
    expected = gamma * (0.47 - 0.21) + 0.64 - 0.12
    torch.testing.assert_close(tile.get_weights(), torch.full((2, 3), expected))


def _without_bounds(exact):
    return {k: v for k, v in exact.items() if k not in ("w_max", "w_min")}


@pytest.mark.parametrize("negative_in", [0.0, 1.0])
@pytest.mark.parametrize("negative_out", [0.0, 1.0])
def test_visible_weight_takes_choppers_back(negative_in, negative_out, make_tile, hidden):
    tile = make_tile(ChoppedTransferCompound([soft(), soft()], gamma=0.1), 3, 2)
    extra = tile.dump_extra()
    for key in extra:
        if key.endswith("rpu_device.in_chopper"):
            extra[key] = [negative_in] * 3
        if key.endswith("rpu_device.out_chopper"):
            extra[key] = [negative_out] * 2
    tile.load_extra(extra)
    names, values = tile.get_hidden_parameter_names(), tile.get_hidden_parameters()
    values[names.index("hidden_weights_0")] = 0.2
    values[names.index("hidden_weights_1")] = 0.1
    tile.set_hidden_parameters(values)
    sign = 1 if negative_in == negative_out else -1
    torch.testing.assert_close(
        tile.get_weights(),
        0.1 * sign * hidden(tile)["hidden_weights_0"] + hidden(tile)["hidden_weights_1"],
    )


def test_visible_weight_uses_each_row_and_column_chopper(make_tile, hidden):
    tile = make_tile(ChoppedTransferCompound([soft(), soft()], gamma=0.1), 3, 2)
    values = tile.get_hidden_parameters()
    values[tile.get_hidden_parameter_names().index("hidden_weights_0")] = 0.2
    extra = {"rpu.rpu_device.in_chopper": [1.0, 0.0, 0.0], "rpu.rpu_device.out_chopper": [0.0, 1.0]}
    tile.load_extra(extra)
    tile.set_hidden_parameters(values)
    signs = torch.tensor([[-1.0, 1.0, 1.0], [1.0, -1.0, -1.0]])
    p = hidden(tile)
    torch.testing.assert_close(
        tile.get_weights(), 0.1 * signs * p["hidden_weights_0"] + p["hidden_weights_1"]
    )


def test_fixed_policy_updates_one_device(make_tile, hidden):
    cell = VectorUnitCell([soft(), soft()], update_policy=POLICY.SINGLE_FIXED)
    tile = make_tile(cell)
    before = hidden(tile)
    tile.set_hidden_update_index(1)
    assert tile.get_hidden_update_index() == 1
    tile.update(torch.ones(2, 4), torch.ones(2, 3))
    after = hidden(tile)
    changed = [name for name in after if not torch.equal(before[name], after[name])]
    assert changed == ["hidden_weights_1"]


def test_sequential_policy_alternates_between_vectors(make_tile, exact, hidden):
    device = ConstantStepDevice(**exact)
    cell = VectorUnitCell([device, device], update_policy=POLICY.SINGLE_SEQUENTIAL)
    tile = make_tile(cell, 2, 1, pulse_type=PulseType.MEAN_COUNT)
    tile.set_weights(torch.zeros(1, 2))
    tile.set_learning_rate(0.01)
    tile.update(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), torch.ones(3, 1))
    p = hidden(tile)
    torch.testing.assert_close(p["hidden_weights_1"], torch.tensor([[-0.02, 0.0]]))
    torch.testing.assert_close(p["hidden_weights_0"], torch.tensor([[0.0, -0.01]]))


def test_setting_a_vector_cell_shows_the_given_weights(make_tile, exact):
    tile = make_tile(VectorUnitCell([soft(), soft()], gamma_vec=[1.0, 2.0]))
    tile.set_weights(torch.full((3, 4), 0.3))
    torch.testing.assert_close(tile.get_weights(), torch.full((3, 4), 0.3))


def test_one_sided_devices_receive_up_pulses_only(make_tile, exact, hidden):
    tile = make_tile(OneSidedUnitCell([ConstantStepDevice(**exact)]), 2, 1)
    tile.set_weights(torch.zeros(1, 2))
    tile.set_learning_rate(0.01)
    tile.update(torch.tensor([[1.0, -1.0]]), torch.ones(1, 1))
    p = hidden(tile)
    torch.testing.assert_close(p["hidden_weights_0"], torch.tensor([[0.01, 0.0]]))
    torch.testing.assert_close(p["hidden_weights_1"], torch.tensor([[0.0, 0.01]]))
    torch.testing.assert_close(tile.get_weights(), torch.tensor([[-0.01, 0.01]]))


def test_refresh_keeps_the_difference(make_tile, exact, hidden):
    device = ConstantStepDevice(reset_std=0.0, **{**exact, "w_max": 1.0, "w_min": -1.0})
    cell = OneSidedUnitCell([device], refresh_every=1, refresh_forward=PERFECT)
    tile = make_tile(cell, 2, 1)
    names, values = tile.get_hidden_parameter_names(), tile.get_hidden_parameters()
    values[names.index("hidden_weights_1")] = torch.tensor([[0.9, 0.2]])
    values[names.index("hidden_weights_0")] = torch.tensor([[0.3, 0.1]])
    tile.set_hidden_parameters(values)
    tile.update(torch.zeros(1, 2), torch.zeros(1, 1))
    p = hidden(tile)
    torch.testing.assert_close(p["hidden_weights_1"], torch.tensor([[0.6, 0.2]]), rtol=0, atol=2e-3)
    torch.testing.assert_close(p["hidden_weights_0"], torch.tensor([[0.0, 0.1]]), rtol=0, atol=1e-6)


def test_transfer_reads_one_column_after_the_other(make_tile, exact, hidden):
    device = ConstantStepDevice(**exact)
    compound = TransferCompound(
        [device, device], transfer_forward=PERFECT, units_in_mbatch=False, scale_transfer_lr=False
    )
    tile = make_tile(compound, 3, 1, pulse_type=PulseType.MEAN_COUNT)
    tile.set_weights(torch.zeros(1, 3))
    tile.set_learning_rate(0.01)
    tile.update(torch.ones(2, 3), -torch.ones(2, 1))
    p = hidden(tile)
    torch.testing.assert_close(p["hidden_weights_0"], torch.full((1, 3), 0.02))
    torch.testing.assert_close(p["hidden_weights_1"], torch.tensor([[0.01, 0.02, 0.0]]))
    assert torch.equal(tile.get_weights(), p["hidden_weights_1"])


def test_gradients_use_the_granularity_of_the_fast_device(make_tile, exact, hidden):
    fast, slow = (ConstantStepDevice(**{**exact, "dw_min": step}) for step in (0.001, 0.01))
    tile = make_tile(
        TransferCompound([fast, slow], transfer_every=0.0),
        2,
        1,
        pulse_type=PulseType.MEAN_COUNT,
    )
    tile.set_weights(torch.zeros(1, 2))
    tile.set_learning_rate(0.02)
    tile.update(torch.ones(1, 2), -torch.ones(1, 1))
    torch.testing.assert_close(hidden(tile)["hidden_weights_0"], torch.full((1, 2), 0.02))


def test_buffer_holds_what_is_below_the_threshold(make_tile, exact, hidden):
    device = ConstantStepDevice(**exact)
    compound = BufferedTransferCompound(
        [device, device],
        transfer_forward=PERFECT,
        units_in_mbatch=False,
        scale_transfer_lr=False,
        transfer_lr=0.03,
        momentum=0.0,
        forget_buffer=False,
    )
    tile = make_tile(compound, 1, 1, pulse_type=PulseType.MEAN_COUNT)
    tile.set_weights(torch.zeros(1, 1))
    tile.set_learning_rate(0.02)
    x, d = torch.ones(1, 1), -torch.ones(1, 1)
    fast, slow, buffer = 0.0, 0.0, 0.0
    for _ in range(12):
        tile.update(x, d)
        fast += 0.02
        buffer += 0.03 * fast
        if buffer >= 0.001:
            slow, buffer = slow + 0.001, buffer - 0.001
        p = hidden(tile)
        assert p["hidden_weights_1"].item() == pytest.approx(slow, abs=1e-6)
        assert p["buffered_FP_weight_0"].item() == pytest.approx(buffer, abs=1e-6)


def chopped_reference(n_steps, dynamic):
    """Simulate perfect reads, mean-count pulses and regular chopping for one column."""
    fast = slow = buffer = mean = past = 0.0
    sign, switched = 1.0, False
    period = 10
    for sweeps in range(n_steps):
        fast += sign * 0.01
        reading = fast
        if dynamic and switched:
            past, switched = mean, False
        buffer += sign * (reading - (past if dynamic else 0.0)) * 0.1 / 0.001
        n = max(-1, min(1, int(buffer)))
        if abs(buffer) >= 1:
            buffer = 0.0
        if dynamic:
            rate = min(5.0 / period, 1.0)
            mean = (1 - rate) * mean + rate * reading
        if n and (not dynamic or sweeps > period):
            slow += n * 0.001
        if sweeps % period + 1 == period:
            sign, switched = -sign, True
    return fast, slow, buffer


@pytest.mark.parametrize("dynamic", [False, True])
def test_chopped_transfer_follows_its_equations(dynamic, make_tile, exact, hidden):
    device = ConstantStepDevice(**{**exact, "w_max": 5.0, "w_min": -5.0})
    kind = DynamicTransferCompound if dynamic else ChoppedTransferCompound
    compound = kind(
        [device, device],
        transfer_forward=PERFECT,
        in_chop_prob=0.1,
        in_chop_random=False,
        scale_transfer_lr=False,
        transfer_lr=0.1,
        fast_lr=0.01,
    )
    tile = make_tile(compound, 1, 1, pulse_type=PulseType.MEAN_COUNT)
    tile.set_weights(torch.zeros(1, 1))
    tile.set_learning_rate(0.01)
    for _ in range(47):
        tile.update(torch.ones(1, 1), -torch.ones(1, 1))
    fast, slow, buffer = chopped_reference(47, dynamic)
    p = hidden(tile)
    assert p["hidden_weights_0"].item() == pytest.approx(fast, abs=1e-5)
    assert tile.get_weights().item() == pytest.approx(slow, abs=1e-5)
    name = "buffered_FP_weight" if dynamic else "buffered_FP_weight_0"
    assert p[name].item() == pytest.approx(buffer, abs=2e-3)


def test_mixed_precision_keeps_what_one_train_cannot_write(make_tile, exact, hidden):
    tile = make_tile(MixedPrecisionCompound(device=ConstantStepDevice(**exact)), 2, 2)
    tile.set_weights(torch.zeros(2, 2))
    tile.set_learning_rate(0.1)
    tile.update(torch.tensor([[1.0, 0.5]]), torch.tensor([[1.0, -1.0]]))
    chi = hidden(tile)["hidden_weights_chi"]
    torch.testing.assert_close(chi - tile.get_weights(), torch.tensor([[0.1, 0.05], [-0.1, -0.05]]))
    assert tile.get_weights()[0, 0].item() == pytest.approx(-0.031)


def test_decay_acts_on_every_device(make_tile, exact, hidden):
    tile = make_tile(VectorUnitCell([soft(lifetime=10.0, **exact), soft(lifetime=5.0, **exact)]))
    tile.set_weights(torch.full((3, 4), 0.5))
    tile.decay_weights()
    p = hidden(tile)
    torch.testing.assert_close(p["hidden_weights_0"], torch.full((3, 4), 0.45))
    torch.testing.assert_close(p["hidden_weights_1"], torch.full((3, 4), 0.4))
    torch.testing.assert_close(tile.get_weights(), torch.full((3, 4), 0.425))


def test_only_the_outermost_construction_seed_counts(make_tile):
    tiles = [
        make_tile(VectorUnitCell([soft(), soft()], construction_seed=5), seed=s) for s in (1, 2)
    ]
    names = tiles[0].get_hidden_parameter_names()
    first, second = (tile.get_hidden_parameters() for tile in tiles)
    for index, name in enumerate(names):
        assert torch.equal(first[index], second[index]) == ("weights" not in name)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TransferCompound([soft(), soft()], gamma_vec=[1.0, 0.0]), "gamma_vec"),
        (
            lambda: TransferCompound([soft(), soft()], with_reset_prob=0.5, transfer_columns=False),
            "with_reset_prob",
        ),
        (lambda: ChoppedTransferCompound([soft(), soft()], n_reads_per_transfer=2), "n_reads"),
    ],
)
def test_impossible_compounds_are_refused(make, message, make_tile):
    with pytest.raises(ConfigError, match=message):
        make_tile(make())


def test_a_transfer_without_pulses_writes_exactly(make_tile, exact):
    fast, slow = ConstantStepDevice(**exact), ConstantStepDevice(**exact)
    compound = TransferCompound(
        [fast, slow],
        transfer_lr=0.5,
        scale_transfer_lr=False,
        transfer_every=1,
        transfer_forward=IOParameters(is_perfect=True),
        transfer_update=UpdateParameters(pulse_type=PulseType.NONE),
    )
    cell = make_tile(compound, 6, 4).cell
    cell.set(torch.zeros(4, 6), torch.Generator())
    cell.cells[0].weight.copy_(torch.linspace(-0.3, 0.3, 24).view(4, 6))
    context = UpdateContext(UpdateSettings(), torch.Generator(), 1, 0.1)
    cell.update(torch.zeros(1, 6), torch.zeros(1, 4), 0.1, context)
    assert torch.equal(cell.cells[1].weight[:, 0], 0.5 * cell.cells[0].weight[:, 0])
    assert not cell.cells[1].weight[:, 1:].any()


@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize(
    "kind",
    [
        TransferCompound,
        BufferedTransferCompound,
        ChoppedTransferCompound,
        DynamicTransferCompound,
    ],
)
def test_columns_written_down_on_the_way_are_those_read_in_turn(
    kind, columns, make_tile, exact, hidden, monkeypatch
):
    device = soft(**{**exact, "dw_min": 0.01})
    fields = {"transfer_forward": PERFECT, "transfer_columns": columns, "transfer_every": 2.0}
    if kind in (ChoppedTransferCompound, DynamicTransferCompound):
        fields |= {"in_chop_prob": 0.4, "in_chop_random": False}
    compound = kind(
        [device, device],
        units_in_mbatch=False,
        transfer_update=UpdateParameters(pulse_type=PulseType.MEAN_COUNT, desired_bl=10),
        **fields,
    )
    generator = torch.Generator().manual_seed(1)
    x, d = torch.randn(41, 4, generator=generator), torch.randn(41, 3, generator=generator)
    results = []
    for in_turn in (False, True):
        if in_turn:
            monkeypatch.setattr(PulsedCell, "apply_recorded", lambda *_: False)
        tile = make_tile(compound, pulse_type=PulseType.STOCHASTIC_COMPRESSED)
        tile.set_weights(torch.zeros(3, 4))
        tile.set_learning_rate(0.1)
        tile.update(x, d)
        results.append(hidden(tile))
    for name, value in results[0].items():
        # Merged pulses expand the growth to third order.
        torch.testing.assert_close(value, results[1][name], rtol=0, atol=1e-5, msg=name)
    assert results[0]["hidden_weights_1"].abs().max() > 0.01


def test_write_noise_is_seen_when_a_column_is_read(make_tile, exact):
    device = soft(**{**exact, "dw_min": 0.001, "write_noise_std": 5.0})
    compound = TransferCompound(
        [device, device],
        transfer_forward=PERFECT,
        units_in_mbatch=False,
        transfer_lr=1.0,
        scale_transfer_lr=False,
        transfer_update=UpdateParameters(pulse_type=PulseType.NONE),
    )
    tile = make_tile(compound, 40, 500, desired_bl=1, update_management=False)
    tile.set_weights(torch.zeros(500, 40))
    tile.set_learning_rate(0.001)
    tile.update(torch.ones(40, 40), -torch.ones(40, 500))
    fast, slow = tile.cell.cells
    # Column k is read after k + 1 pulses, with noise of its own, and written without pulses.
    noise = slow.persistent - (torch.arange(40) + 1) * 0.001 * fast.persistent.mean() / 0.04
    assert noise.std().item() == pytest.approx(0.005, rel=0.03)
    assert (fast.weight - fast.persistent).std().item() == pytest.approx(0.005, rel=0.03)
    both = torch.stack([noise.flatten(), (fast.weight - fast.persistent).flatten()])
    assert abs(torch.corrcoef(both)[0, 1]) < 4.5 / noise.numel() ** 0.5
