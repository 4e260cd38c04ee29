"""What compounds accept, and what they hand to the core."""

import copy

import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs import (
    BufferedTransferCompound,
    ChoppedTransferCompound,
    ConstantStepDevice,
    DifferenceUnitCell,
    DigitalRankUpdateRPUConfig,
    DynamicTransferCompound,
    IdealDevice,
    MixedPrecisionCompound,
    OneSidedUnitCell,
    ReferenceUnitCell,
    SoftBoundsDevice,
    TransferCompound,
    UnitCellRPUConfig,
    VectorUnitCell,
)

ONE, TWO, THREE = ([ConstantStepDevice() for _ in range(n)] for n in (1, 2, 3))
MIXED = [ConstantStepDevice(), SoftBoundsDevice()]
TRANSFERS = [
    TransferCompound,
    BufferedTransferCompound,
    ChoppedTransferCompound,
    DynamicTransferCompound,
]
ALL = [VectorUnitCell, ReferenceUnitCell, OneSidedUnitCell, *TRANSFERS]


def _core(cell):
    return copy.deepcopy(cell).as_bindings()


@pytest.mark.parametrize("cls", ALL)
class TestAnyCell:
    def test_two_devices_reach_the_core(self, cls):
        core = _core(cls(TWO))
        assert len(core.devices) == 2
        assert core.devices[0].dw_min == pytest.approx(0.001)

    def test_needs_a_device(self, cls):
        with pytest.raises(ConfigError, match=rf"{cls.__name__}\.unit_cell_devices"):
            _core(cls([]))

    def test_needs_a_list(self, cls):
        cell = cls(TWO)
        cell.unit_cell_devices = tuple(TWO)
        with pytest.raises(ConfigError, match=r"unit_cell_devices must be a list, got tuple"):
            _core(cell)

    @pytest.mark.parametrize("other", [IdealDevice(), ConstantStepDevice, 3])
    def test_needs_pulsed_devices(self, cls, other):
        with pytest.raises(ConfigError, match=r"unit_cell_devices\[1\] must be a pulsed device"):
            _core(cls([ConstantStepDevice(), other]))

    def test_warns_of_seeds_without_effect(self, cls):
        devices = [ConstantStepDevice(construction_seed=3) for _ in range(2)]
        with pytest.warns(UserWarning, match=rf"set it on the {cls.__name__}"):
            _core(cls(devices))

    def test_conversion_leaves_the_description_as_it_is(self, cls):
        cell = cls(copy.deepcopy(TWO))
        before = copy.deepcopy(cell)
        cell.as_bindings()
        assert cell == before

    def test_any_device_decays_or_diffuses(self, cls):
        cell = cls([ConstantStepDevice(), ConstantStepDevice(lifetime=10.0)])
        assert cell.requires_decay()
        assert not cell.requires_diffusion()


@pytest.mark.parametrize("cls", [VectorUnitCell, ReferenceUnitCell, *TRANSFERS])
def test_cells_can_be_nested(cls):
    inner = [ReferenceUnitCell(TWO), ReferenceUnitCell(TWO)]
    assert [len(device.devices) for device in _core(cls(inner)).devices] == [2, 2]


@pytest.mark.parametrize("cls", [VectorUnitCell, ReferenceUnitCell])
def test_gamma_vec_has_one_entry_a_device(cls):
    with pytest.raises(RuntimeError, match="gamma_vec must have one entry for each of the 2"):
        _core(cls(TWO, gamma_vec=[1.0, 2.0, 3.0]))


class TestReferenceUnitCell:
    def test_single_device_is_used_twice(self):
        cell = ReferenceUnitCell([ConstantStepDevice()])
        assert len(cell.as_bindings().devices) == 2
        assert len(cell.unit_cell_devices) == 1

    def test_further_devices_are_announced_as_unused(self):
        with pytest.warns(UserWarning, match="uses two devices, 3 are given"):
            core = _core(ReferenceUnitCell(THREE))
        assert len(core.devices) == 2


class TestOneSidedUnitCell:
    def test_refuses_more_than_two(self):
        with pytest.raises(ConfigError, match="must be two devices, got 3"):
            _core(OneSidedUnitCell(THREE))

    def test_refuses_devices_of_two_classes(self):
        with pytest.raises(ConfigError, match="ConstantStepDevice and SoftBoundsDevice"):
            _core(OneSidedUnitCell(MIXED))

    def test_refuses_nested_cells(self):
        with pytest.raises(ConfigError, match="must be single devices, got a VectorUnitCell"):
            _core(OneSidedUnitCell([VectorUnitCell(TWO), VectorUnitCell(TWO)]))

    def test_second_description_is_announced_as_unused(self):
        with pytest.warns(UserWarning, match="the second one differs"):
            core = _core(OneSidedUnitCell([ConstantStepDevice(), ConstantStepDevice(w_max=0.3)]))
        assert [device.w_max for device in core.devices] == [0.6, 0.6]

    def test_old_name_is_deprecated(self):
        with pytest.warns(DeprecationWarning, match="use OneSidedUnitCell"):
            cell = DifferenceUnitCell(TWO)
        assert isinstance(cell, OneSidedUnitCell)


@pytest.mark.parametrize("cls", TRANSFERS)
class TestTransfer:
    def test_needs_two_devices(self, cls):
        with pytest.raises(ConfigError, match="a fast and a slow device, got 1"):
            _core(cls(ONE))

    @pytest.mark.parametrize("name", ["gamma_vec", "transfer_lr_vec", "transfer_every_vec"])
    def test_lists_have_one_entry_a_device(self, cls, name):
        with pytest.raises(RuntimeError, match=rf"{name} must have one entry for each"):
            _core(cls(TWO, **{name: [1.0]}))

    def test_slow_device_must_be_visible(self, cls):
        with pytest.raises(RuntimeError, match="gamma_vec must not end with 0"):
            _core(cls(TWO, gamma_vec=[1.0, 0.0]))

    def test_reset_needs_columns(self, cls):
        with pytest.raises(RuntimeError, match="needs transfer_columns=True"):
            _core(cls(TWO, with_reset_prob=0.5, transfer_columns=False))

    def test_transfer_settings_reach_the_core(self, cls):
        core = _core(cls(TWO, fast_lr=0.3))
        assert core.fast_lr == pytest.approx(0.3)
        assert core.transfer_forward.out_noise == pytest.approx(0.06)


@pytest.mark.parametrize("cls", [ChoppedTransferCompound, DynamicTransferCompound])
def test_chopped_transfer_has_exactly_two_devices(cls):
    with pytest.raises(ConfigError, match="exactly two devices, got 3"):
        _core(cls(THREE))


@pytest.mark.parametrize("cls", [ChoppedTransferCompound, DynamicTransferCompound])
def test_chopped_transfer_reads_one_column(cls):
    with pytest.raises(RuntimeError, match="n_reads_per_transfer must be 1, got 2"):
        _core(cls(TWO, n_reads_per_transfer=2))


def test_later_devices_are_built_from_the_second_description():
    devices = [ConstantStepDevice(w_max=value) for value in (0.1, 0.2, 0.3)]
    with pytest.warns(UserWarning, match="from the second description"):
        core = _core(TransferCompound(devices))
    assert [device.w_max for device in core.devices] == [0.1, 0.2, 0.2]


class TestMixedPrecision:
    @pytest.mark.parametrize("device", [ConstantStepDevice(), VectorUnitCell(TWO)])
    def test_accepts_devices_and_cells(self, device):
        assert _core(MixedPrecisionCompound(device)) is not None

    def test_refuses_an_ideal_device(self):
        with pytest.raises(ConfigError, match=r"MixedPrecisionCompound\.device must be a pulsed"):
            _core(MixedPrecisionCompound(IdealDevice()))

    def test_default_device_must_be_replaced(self):
        with pytest.raises(ConfigError, match="at least one device"):
            _core(MixedPrecisionCompound())

    def test_decay_is_that_of_the_device(self):
        assert MixedPrecisionCompound(ConstantStepDevice(lifetime=3.0)).requires_decay()


@pytest.mark.parametrize("config_class", [UnitCellRPUConfig, DigitalRankUpdateRPUConfig])
@pytest.mark.parametrize("error", [ConfigError, NotImplementedError])
def test_default_of_a_configuration_says_what_to_use(config_class, error):
    with pytest.raises(error, match="describes no device by itself; use"):
        config_class().device.as_bindings()
