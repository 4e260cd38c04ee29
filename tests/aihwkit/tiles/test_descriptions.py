"""How tiles and parameters show themselves: texts recorded from the reference."""

import pytest

from aihwkit.simulator.configs import (
    BufferedTransferCompound,
    ConstantStepDevice,
    DigitalRankUpdateRPUConfig,
    ExpStepDevice,
    IdealDevice,
    InferenceRPUConfig,
    MappingParameter,
    MixedPrecisionCompound,
    OneSidedUnitCell,
    ReferenceUnitCell,
    SingleRPUConfig,
    SoftBoundsDevice,
    TransferCompound,
    UnitCellRPUConfig,
    VectorUnitCell,
)
from aihwkit.simulator.parameters import (
    InputRangeParameter,
    PrePostProcessingParameter,
    PulseType,
    UpdateParameters,
    WeightModifierParameter,
    WeightModifierType,
)

A, B, C = ConstantStepDevice, SoftBoundsDevice, ExpStepDevice


def cell(cls, *devices):
    return UnitCellRPUConfig(device=cls(unit_cell_devices=list(devices)))


def vector(*devices):
    return VectorUnitCell(unit_cell_devices=list(devices))


def reference(device):
    return ReferenceUnitCell(unit_cell_devices=[device(), device()])


NAMES = [
    (SingleRPUConfig(), "ConstantStep"),
    (SingleRPUConfig(device=IdealDevice()), "SimpleRPUDevice"),
    (SingleRPUConfig(update=UpdateParameters(pulse_type=PulseType.NONE)), "SimpleRPUDevice"),
    (cell(VectorUnitCell, A(), B()), "Vector(2):ConstantStep"),
    (cell(VectorUnitCell, vector(A(), B()), C()), "Vector(2):Vector(2):ConstantStep"),
    (cell(ReferenceUnitCell, B(), B()), "Vector(2):SoftBounds"),
    (cell(OneSidedUnitCell, A(), A()), "OneSided(2):ConstantStep"),
    (cell(TransferCompound, A(), B(), B()), "Transfer(3): ConstantStep -> SoftBounds"),
    (
        cell(TransferCompound, reference(A), reference(B)),
        "Transfer(2): Vector(2):ConstantStep -> Vector(2):SoftBounds",
    ),
    (
        cell(BufferedTransferCompound, A(), B(), B()),
        "BufferedTransfer(3): ConstantStep -> SoftBounds",
    ),
    (
        DigitalRankUpdateRPUConfig(device=MixedPrecisionCompound(device=vector(A(), B()))),
        "MixedPrec[Vector(2):ConstantStep]",
    ),
]


@pytest.mark.parametrize(("config", "name"), NAMES)
def test_tiles_name_their_devices(config, name):
    tile = config.create_tile(2, 3)
    assert tile.get_brief_info() == f"RPUPulsed<float>[{name}](2,3)"
    assert tile.get_brief_info() in repr(tile)


def test_coefficients_are_shown_only_if_they_differ():
    parameters = WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=0.1)
    text = "WeightModifierParameter(std_dev=0.1, type=WeightModifierType.ADD_NORMAL)"
    assert str(parameters) == text
    parameters.coeffs = [1.0]
    assert "coeffs" in str(parameters)


def test_parameters_come_in_the_order_in_which_optimizer_states_count_them():
    config = InferenceRPUConfig(
        mapping=MappingParameter(learn_out_scaling=True, weight_scaling_omega=1.0),
        pre_post=PrePostProcessingParameter(input_range=InputRangeParameter(enable=True)),
    )
    tile = config.create_tile(2, 3, bias=True)
    assert [name for name, _ in tile.named_parameters()] == [
        "analog_ctx",
        "shared_weights",
        "bias",
        "out_scaling_alpha",
        "input_range_update_idx",
        "input_range",
    ]
