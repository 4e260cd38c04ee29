"""The contract battery on every kind of tile module."""

from typing import ClassVar

import pytest
import torch

from aihwkit.optim import AnalogAdam, AnalogContext, AnalogOptimizer, AnalogSGD
from aihwkit.simulator.configs import (
    FloatingPointRPUConfig,
    IOParameters,
    MappingParameter,
    QuantizedTorchInferenceRPUConfig,
    SingleRPUConfig,
)
from aihwkit.simulator.parameters.quantization import ActivationQuantConfig
from aihwkit.simulator.presets import (
    AGADReRamSBPreset,
    ChoppedTTv2ReRamSBPreset,
    MixedPrecisionEcRamPreset,
    PCMPreset,
    ReRamES2Preset,
    TikiTakaReRamSBPreset,
)
from aihwkit.simulator.tiles import (
    AnalogTile,
    FloatingPointTile,
    QuantizedTorchInferenceTile,
    TileModuleArray,
)
from aihwkit.simulator.tiles.array import QuantizedTileModuleArray
from aihwkit.simulator.tiles.custom import CustomRPUConfig, CustomTile
from aihwkit.simulator.tiles.transfer import TorchTransferTile
from synaptensor.testing import ModuleContract

FIXED_DTYPE = "the data type of a native tile is part of its configuration"


class TileContract(ModuleContract):
    """Battery for tiles `[3, 5]` that analog optimizers train."""

    dtypes: ClassVar = {torch.float64: FIXED_DTYPE, torch.bfloat16: FIXED_DTYPE}
    trainable = "analog weights change by tile.update and never have a gradient"
    gradcheck = FIXED_DTYPE
    distributed = "tested for networks, with the devices of both processes"
    device_move = "the simulator keeps random generators, which have no meta device"
    compile = "tested for layers"
    independent_samples = "noise of the analog product comes from one stream"
    pure_eval = "reading draws noise from the tile's stream"
    bad_inputs: ClassVar = [
        ((torch.ones(2, 4),), RuntimeError, "Invalid x_input dimensions"),
        ((torch.ones(2, 5, dtype=torch.float64),), RuntimeError, "right data type"),
    ]

    def _new(self, seed=None):
        module = super()._new(seed)
        for parameter in module.parameters():
            if isinstance(parameter, AnalogContext):
                # Devices are drawn at the first look, so it must come right after the seed.
                parameter.enable_data_view().get_data()
        return module

    def make_optimizer(self, module):
        return AnalogSGD(module.parameters(), lr=0.05)

    def inputs(self, batch):
        return (torch.randn(batch, 5),)

    def expected_shapes(self, batch):
        return (batch, 3)


class TestFloatingPointTile(TileContract):
    pure_eval = True
    independent_samples = True

    def make(self):
        return FloatingPointTile(3, 5, bias=True)


class TestAnalogTile(TileContract):
    def make(self):
        return AnalogTile(3, 5, SingleRPUConfig(), bias=True)

    def make_optimizer(self, module):
        return AnalogAdam(module.parameters(), lr=0.01)


class TestTilesWithSeveralDevices(TileContract):
    def make(self):
        return AnalogTile(3, 5, ReRamES2Preset(), bias=True)

    def make_optimizer(self, module):
        return AnalogOptimizer(torch.optim.AdamW, module.parameters(), lr=0.01)


class TestOneSidedTile(TileContract):
    def make(self):
        return AnalogTile(3, 5, PCMPreset(), bias=True)


class TestTikiTakaTile(TileContract):
    def make(self):
        return AnalogTile(3, 5, TikiTakaReRamSBPreset(), bias=True)


class TestDynamicTransferTile(TileContract):
    def make(self):
        return AnalogTile(3, 5, AGADReRamSBPreset(), bias=True)


class TestMixedPrecisionTile(TileContract):
    def make(self):
        return AnalogTile(3, 5, MixedPrecisionEcRamPreset(), bias=True)


class TestTorchTransferTile(TileContract):
    def _new(self, seed=None):
        module = super()._new(seed)
        for tile in (module.tile.grad_tile, module.tile.weight_tile):
            tile.analog_ctx.enable_data_view().get_data()
        return module

    def make(self):
        config = ChoppedTTv2ReRamSBPreset(tile_class=TorchTransferTile)
        config.device.units_in_mbatch = True
        return TorchTransferTile(3, 5, config, bias=True)


class TestCustomTile(TileContract):
    pure_eval = True
    independent_samples = True
    bad_inputs: ClassVar = [((torch.ones(2, 4),), RuntimeError, "Invalid x_input dimensions")]

    def make(self):
        exact = IOParameters(is_perfect=True)
        tile = CustomTile(3, 5, CustomRPUConfig(forward=exact, backward=exact), bias=True)
        tile.set_weights(torch.randn(3, 5), torch.randn(3))
        return tile


class TestTileModuleArray(TileContract):
    bad_inputs: ClassVar = [((torch.ones(2, 4),), RuntimeError, "Invalid x_input dimensions")]
    pure_eval = True
    independent_samples = True

    def make(self):
        mapping = MappingParameter(max_input_size=2, max_output_size=2)
        return TileModuleArray(3, 5, FloatingPointRPUConfig(mapping=mapping), bias=True)


def quantized(**mapping):
    config = QuantizedTorchInferenceRPUConfig(
        act_quant_config=ActivationQuantConfig(8),
        noise_model=None,
        drift_compensation=None,
        mapping=MappingParameter(**mapping),
    )
    config.forward.is_perfect = True
    config.pre_post.periph_quant.n_bits = 8
    return config


class TestQuantizedTile(TileContract):
    dtypes: ClassVar = {torch.bfloat16: "a grid of eight bits is finer than the type"}
    trainable = "the analog context has no gradient; the weights tile.weight have one"
    gradcheck = "the gradient of rounding is that of the identity by definition"
    distributed = "ranges of outputs follow the data of each process"
    bad_inputs: ClassVar = [((torch.ones(2, 4),), RuntimeError, "Invalid x_input dimensions")]
    pure_eval = True
    independent_samples = True

    def make(self):
        return self._trained(QuantizedTorchInferenceTile(3, 5, quantized(), bias=True))

    def _trained(self, tile):
        """Return the tile after one batch in training, which gives its quantisers a range."""
        tile.set_weights(torch.randn(3, 5), torch.randn(3))
        tile(torch.randn(20, 5))
        tile.eval()(torch.randn(20, 5))
        return tile.train()


class TestQuantizedArray(TestQuantizedTile):
    bad_inputs: ClassVar = [((torch.ones(2, 4),), RuntimeError, "Invalid x_input dimensions")]

    def make(self):
        config = quantized(max_input_size=2, max_output_size=2)
        return self._trained(QuantizedTileModuleArray(3, 5, config, bias=True))


@pytest.mark.parametrize("cls", [FloatingPointTile, AnalogTile])
def test_a_checkpoint_of_another_shape_changes_nothing(cls):
    tile, other = cls(3, 5, bias=True), cls(4, 5, bias=True)
    tile.set_weights(torch.randn(3, 5).mul(0.1), torch.randn(3))
    before = tile.get_weights()
    with pytest.raises(RuntimeError, match=r"\(3, 5\), got \(4, 5\)|size mismatch"):
        tile.load_state_dict(other.state_dict())
    after = tile.get_weights()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
