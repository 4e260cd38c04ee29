"""Configurations by algorithm name."""

import pytest

from aihwkit.exceptions import ArgumentError
from aihwkit.simulator.configs import (
    ChoppedTransferCompound,
    DigitalRankUpdateRPUConfig,
    DynamicTransferCompound,
    MixedPrecisionCompound,
    SingleRPUConfig,
    SoftBoundsReferenceDevice,
    TransferCompound,
    UnitCellRPUConfig,
    VectorUnitCell,
    build_config,
)
from aihwkit.simulator.parameters import (
    BoundManagementType,
    IOParameters,
    MappingParameter,
    NoiseManagementType,
    UpdateParameters,
    VectorUnitCellUpdatePolicy,
)
from aihwkit.simulator.presets import PresetIOParameters, PresetUpdateParameters

PLAIN_READ = IOParameters(
    noise_management=NoiseManagementType.NONE, bound_management=BoundManagementType.NONE
)
SINGLE = UpdateParameters(desired_bl=1, update_bl_management=False, update_management=False)
PAIR = [SoftBoundsReferenceDevice(), SoftBoundsReferenceDevice()]

EXPECTED = {
    "tiki-taka": TransferCompound(
        PAIR,
        transfer_forward=PLAIN_READ,
        transfer_update=UpdateParameters(),
        units_in_mbatch=True,
        construction_seed=7,
    ),
    "ttv2": ChoppedTransferCompound(
        PAIR,
        transfer_forward=PLAIN_READ,
        transfer_update=SINGLE,
        in_chop_prob=0.0,
        units_in_mbatch=False,
        auto_scale=False,
        construction_seed=7,
    ),
    "c-ttv2": ChoppedTransferCompound(
        PAIR,
        transfer_forward=PLAIN_READ,
        transfer_update=SINGLE,
        in_chop_prob=0.1,
        fast_lr=0.1,
        units_in_mbatch=False,
        auto_scale=True,
        construction_seed=7,
    ),
    "agad": DynamicTransferCompound(
        PAIR,
        transfer_forward=IOParameters(),
        transfer_update=UpdateParameters(
            desired_bl=1, update_bl_management=True, update_management=True
        ),
        fast_lr=0.1,
        units_in_mbatch=False,
        auto_scale=True,
        construction_seed=7,
    ),
}
SYNONYMS = {
    "tt": "tiki-taka",
    "ttv1": "tiki-taka",
    "Tiki-Taka": "tiki-taka",
    "TTv2": "ttv2",
    "chopped-ttv2": "c-ttv2",
    "ttv3": "c-ttv2",
    "ttv4": "agad",
}


@pytest.mark.parametrize("name", [*EXPECTED, *SYNONYMS])
def test_transfer_algorithms(name):
    config = build_config(name, SoftBoundsReferenceDevice, construction_seed=7)
    canonical = SYNONYMS.get(name, name)
    assert type(config) is UnitCellRPUConfig
    assert config.device == EXPECTED[canonical]
    assert config.forward == config.backward == IOParameters()
    desired_bl = 31 if canonical == "tiki-taka" else 5
    assert config.update == UpdateParameters(desired_bl=desired_bl)


def test_gradient_descent_on_single_devices():
    config = build_config("sgd", SoftBoundsReferenceDevice, construction_seed=7)
    assert config == SingleRPUConfig(device=SoftBoundsReferenceDevice(construction_seed=7))


def test_gradient_descent_on_several_devices():
    config = build_config("sgd", SoftBoundsReferenceDevice, n_devices=3, construction_seed=7)
    expected = VectorUnitCell(
        [SoftBoundsReferenceDevice() for _ in range(3)],
        update_policy=VectorUnitCellUpdatePolicy.SINGLE_RANDOM,
        construction_seed=7,
    )
    assert config == UnitCellRPUConfig(device=expected)


@pytest.mark.parametrize("name", ["mp", "mixed-precision"])
def test_mixed_precision_puts_the_seed_on_the_compound(name):
    config = build_config(name, SoftBoundsReferenceDevice, construction_seed=7)
    compound = MixedPrecisionCompound(SoftBoundsReferenceDevice(), construction_seed=7)
    assert config == DigitalRankUpdateRPUConfig(device=compound)
    assert config.device.as_bindings().construction_seed == 7


def test_objects_are_copied_for_every_use():
    device = SoftBoundsReferenceDevice(w_max=0.3)
    io = PresetIOParameters(out_noise=0.5)
    update = PresetUpdateParameters(um_grad_scale=2.0)
    config = build_config("ttv2", device, io, update)
    assert all(inner == device for inner in config.device.unit_cell_devices)
    assert all(inner is not device for inner in config.device.unit_cell_devices)
    assert type(config.device.transfer_forward) is PresetIOParameters
    assert config.device.transfer_forward.out_noise == 0.5
    assert config.device.transfer_forward.noise_management is NoiseManagementType.NONE
    assert io.noise_management is NoiseManagementType.ABS_MAX
    assert config.update == PresetUpdateParameters(um_grad_scale=2.0, desired_bl=5)
    assert update.desired_bl == 31


def test_functions_are_called_with_the_changes():
    def make_device(construction_seed=0):
        return SoftBoundsReferenceDevice(w_max=0.2, construction_seed=construction_seed)

    config = build_config("sgd", make_device, construction_seed=3)
    assert config.device == SoftBoundsReferenceDevice(w_max=0.2, construction_seed=3)


def test_further_arguments_go_to_the_configuration():
    mapping = MappingParameter(digital_bias=False)
    assert build_config("sgd", SoftBoundsReferenceDevice, mapping=mapping).mapping == mapping


def test_unknown_algorithm_suggests_the_nearest():
    with pytest.raises(ArgumentError, match=r"got 'tikitaka'; did you mean 'tiki-taka'"):
        build_config("tikitaka", SoftBoundsReferenceDevice)
