"""Bad input to any tile: a clear error, and the tile is as it was."""

import copy
import math

import pytest
import torch

from aihwkit.exceptions import ConfigError
from aihwkit.nn import AnalogConv2dMapped, AnalogLinear, AnalogSequential
from aihwkit.simulator.configs import (
    BufferedTransferCompound,
    ChoppedTransferCompound,
    ConstantStepDevice,
    DynamicTransferCompound,
    ExpStepDevice,
    FloatingPointRPUConfig,
    IdealDevice,
    InferenceRPUConfig,
    LinearStepDevice,
    MappingParameter,
    OneSidedUnitCell,
    PiecewiseStepDevice,
    PowStepDevice,
    PowStepReferenceDevice,
    QuantizedTorchInferenceRPUConfig,
    ReferenceUnitCell,
    SingleRPUConfig,
    SoftBoundsDevice,
    SoftBoundsReferenceDevice,
    TorchInferenceRPUConfig,
    TorchInferenceRPUConfigIRDropT,
    TransferCompound,
    UnitCellRPUConfig,
    VectorUnitCell,
)
from aihwkit.simulator.presets import MixedPrecisionEcRamPreset
from aihwkit.simulator.tiles.array import TileModuleArray
from aihwkit.simulator.tiles.custom import CustomRPUConfig
from aihwkit.simulator.tiles.transfer import TorchTransferTile
from synaptensor.testing.state import assert_same_tree

SINGLE = [
    ConstantStepDevice,
    LinearStepDevice,
    SoftBoundsDevice,
    SoftBoundsReferenceDevice,
    ExpStepDevice,
    PowStepDevice,
    PowStepReferenceDevice,
    PiecewiseStepDevice,
]
CELLS = [
    VectorUnitCell,
    ReferenceUnitCell,
    OneSidedUnitCell,
    TransferCompound,
    BufferedTransferCompound,
    ChoppedTransferCompound,
    DynamicTransferCompound,
]


def cell(cls, **options):
    devices = [ConstantStepDevice(), ConstantStepDevice()]
    return UnitCellRPUConfig(device=cls(unit_cell_devices=devices, **options))


def transfer_tile():
    config = cell(ChoppedTransferCompound, units_in_mbatch=True)
    config.tile_class = TorchTransferTile
    return config


CONFIGS = {
    "FloatingPoint": FloatingPointRPUConfig,
    "Ideal": lambda: SingleRPUConfig(device=IdealDevice()),
    **{c.__name__: (lambda c=c: SingleRPUConfig(device=c())) for c in SINGLE},
    **{c.__name__: (lambda c=c: cell(c)) for c in CELLS},
    "MixedPrecision": MixedPrecisionEcRamPreset,
    "Inference": InferenceRPUConfig,
    "TorchInference": TorchInferenceRPUConfig,
    "IRDropT": TorchInferenceRPUConfigIRDropT,
    "Quantized": QuantizedTorchInferenceRPUConfig,
    "Custom": CustomRPUConfig,
    "TorchTransfer": transfer_tile,
    "Array": lambda: SingleRPUConfig(mapping=MappingParameter(max_input_size=2, max_output_size=2)),
}
NAN = float("nan")


def make(name, out_size=3, in_size=5):
    config = CONFIGS[name]()
    tile_class = config.get_default_tile_module_class(out_size, in_size)
    return tile_class(out_size, in_size, config, bias=True)


@pytest.fixture(params=list(CONFIGS))
def name(request):
    return request.param


def refused(module, action, error, match):
    """Check that an action is refused and leaves the module as it was."""
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(error, match=match):
        action(module)
    assert_same_tree(module.state_dict(), before, "tile")


@pytest.mark.parametrize("shape", [(4, 5), (3, 6)])
def test_checkpoint_of_another_shape(name, shape):
    state = make(name, *shape).state_dict()
    refused(
        make(name), lambda tile: tile.load_state_dict(state), RuntimeError, "size mismatch|shape"
    )


def test_checkpoint_with_nan(name):
    state = copy.deepcopy(make(name).state_dict())
    entries = [v for v in state.values() if isinstance(v, dict) and "analog_tile_weights" in v]
    for entry in entries:
        entry["analog_tile_weights"] = entry["analog_tile_weights"].clone().fill_(NAN)
    if not entries:
        state["bias"] = state["bias"].clone().fill_(NAN)
    refused(make(name), lambda tile: tile.load_state_dict(state), RuntimeError, "finite, got NaN")


@pytest.mark.parametrize(
    ("weight", "bias", "match"),
    [
        (torch.full((3, 5), NAN), torch.zeros(3), "weight must be finite"),
        (torch.zeros(3, 5), torch.full((3,), math.inf), "bias must be finite"),
        (torch.zeros(3, 6), torch.zeros(3), "weight must have 15 elements"),
        (torch.zeros(3, 5), torch.zeros(4), "bias must have 3 elements"),
    ],
)
def test_weights(name, weight, bias, match):
    refused(make(name), lambda tile: tile.set_weights(weight, bias), ValueError, match)


def test_inputs_of_another_size(name):
    for shape in ((2, 4), (6,)):
        refused(
            make(name),
            lambda tile, shape=shape: tile(torch.zeros(shape)),
            RuntimeError,
            r"Invalid x_input dimensions: expected \[..., 5\]",
        )


WITHOUT_RATE = ("TorchInference", "IRDropT", "Quantized")


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in WITHOUT_RATE])
def test_learning_rate_that_is_no_number(name):
    for value in (NAN, math.inf):
        refused(
            make(name),
            lambda tile, value=value: tile.set_learning_rate(value),
            ValueError,
            "learning_rate must be finite",
        )


def test_hidden_parameters(name):
    tile = make(name)
    if isinstance(tile, TileModuleArray):
        tile = tile.array[0][0]
    other = {"something else": torch.zeros(3, 5)}
    refused(tile, lambda t: t.set_hidden_parameters(other), RuntimeError, "must be named")
    hidden = tile.get_hidden_parameters()
    if hidden:
        first = next(iter(hidden))
        hidden[first] = torch.full_like(hidden[first], NAN)
        refused(tile, lambda t: t.set_hidden_parameters(hidden), RuntimeError, f"{first} must be")


MIXED = [
    ("ConstantStepDevice", "Inference"),
    ("ConstantStepDevice", "TransferCompound"),
    ("Inference", "ConstantStepDevice"),
    ("Inference", "Custom"),
    ("FloatingPoint", "ConstantStepDevice"),
    ("TransferCompound", "MixedPrecision"),
    ("TorchInference", "ConstantStepDevice"),
    ("Custom", "FloatingPoint"),
    ("TorchTransfer", "ConstantStepDevice"),
    ("Array", "Inference"),
]


@pytest.mark.parametrize(("name", "other"), MIXED)
def test_checkpoint_and_configuration_of_another_tile(name, other):
    state = make(other).state_dict()
    if name == "Array":
        state = {key: state["analog_tile_state"] for key in make(name).state_dict() if "." in key}
    refused(make(name), lambda tile: tile.load_state_dict(state), RuntimeError, "fit|shape")
    if name not in ("Array", "TorchTransfer"):
        refused(make(name), lambda tile: tile.to(CONFIGS[other]()), RuntimeError, "does not fit")


@pytest.mark.parametrize("cls", SINGLE)
@pytest.mark.parametrize(("field", "value"), [("w_min", 0.1), ("w_max", -0.1), ("w_max", NAN)])
def test_impossible_bounds(cls, field, value):
    with pytest.raises(ConfigError, match=field):
        cls(**{field: value})
    device = cls()
    setattr(device, field, value)
    with pytest.raises(ConfigError, match=field):
        SingleRPUConfig(device=device).create_tile(2, 3)
    refused(
        make(cls.__name__),
        lambda tile: tile.to(SingleRPUConfig(device=device)),
        ConfigError,
        field,
    )


def network(size):
    config = SingleRPUConfig(mapping=MappingParameter(max_input_size=9, max_output_size=3))
    return AnalogSequential(
        AnalogConv2dMapped(2, 4, 3, rpu_config=config),
        torch.nn.Flatten(),
        AnalogLinear(16, size, rpu_config=config),
    )


def test_a_network_takes_all_of_a_checkpoint_or_nothing():
    refused(
        network(3),
        lambda model: model.load_state_dict(network(4).state_dict()),
        RuntimeError,
        "2.analog_module.bias",
    )
