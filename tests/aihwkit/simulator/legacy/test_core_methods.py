"""What simulator tiles and layer bases of release 0.1 had, and a program may still call."""

import numpy as np
import pytest
import torch
from torch.nn import Module, Parameter

from aihwkit.exceptions import ArgumentError, MissingBiasError, TileError
from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.nn.functions import AnalogFunction
from aihwkit.nn.modules.base import AnalogModuleBase
from aihwkit.optim.analog_sgd import AnalogSGD
from aihwkit.simulator import rpu_base
from aihwkit.simulator.devices import (
    BaseResistiveDevice,
    ConstantStepResistiveDevice,
    FloatingPointResistiveDevice,
)
from aihwkit.simulator.parameters import (
    AnalogTileInputOutputParameters,
    AnalogTileUpdateParameters,
    ConstantStepResistiveDeviceParameters,
    FloatingPointTileParameters,
    OutputWeightNoiseType,
    PulsedResistiveDeviceParameters,
)
from aihwkit.simulator.tiles import (
    AnalogTile,
    BaseTile,
    FloatingPointTile,
    InferenceTile,
    TorchInferenceTile,
)

EXACT_READS = AnalogTileInputOutputParameters(is_perfect=True)
DEVICE = ConstantStepResistiveDevice(
    ConstantStepResistiveDeviceParameters(w_max_dtod=0.0, w_min_dtod=0.0), EXACT_READS, EXACT_READS
)


def test_core_tiles_compute_with_arrays():
    tile = FloatingPointResistiveDevice().create_tile(3, 2)
    weights = tile.get_weights().numpy()
    x, d = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)
    np.testing.assert_allclose(tile.forward_numpy(x), x @ weights.T, rtol=1e-6)
    np.testing.assert_allclose(tile.backward_numpy(d), d @ weights, rtol=1e-6)
    np.testing.assert_allclose(tile.forward_numpy(x[:, :2], True), x @ weights.T, rtol=1e-6)
    tile.set_learning_rate(0.5)
    tile.update_numpy(x, d)
    np.testing.assert_allclose(tile.get_weights().numpy(), weights - 0.5 * d.T @ x, rtol=1e-6)


def test_core_tiles_are_read_and_written_through_their_devices():
    torch.manual_seed(0)
    tile = DEVICE.create_tile(5, 4)
    target = torch.linspace(-0.4, 0.4, 20).view(4, 5)
    tile.set_weights_realistic(target, n_loops=5)
    written = tile.get_weights()
    assert 0 < (written - target).abs().mean() < 0.02
    torch.testing.assert_close(tile.get_weights_realistic(), written)
    with pytest.raises(ValueError, match="n_loops"):
        tile.set_weights_realistic(target, n_loops=0)
    exact = FloatingPointResistiveDevice().create_tile(5, 4)
    exact.set_weights_realistic(target)
    assert torch.equal(exact.get_weights(), target)


def test_tiles_take_the_number_of_loops():
    torch.manual_seed(0)
    target = torch.full((3, 4), 0.3)
    rough, fine = (AnalogTile(3, 4, DEVICE) for _ in range(2))
    rough.set_weights(target, realistic=True, n_loops=1)
    fine.set_weights(target, realistic=True, n_loops=10)
    errors = [(tile.get_weights()[0] - target).abs().mean() for tile in (rough, fine)]
    assert 0 < 1.5 * errors[1] < errors[0]
    assert rough.tile.programming_steps(10) == round(10 * 1200 / 31)
    with pytest.raises(ValueError, match="n_loops"):
        rough.set_weights(torch.zeros(3, 4), realistic=True, n_loops=0)
    assert (rough.get_weights()[0] > 0.1).all()


def test_tiles_without_pulses_are_written_exactly_or_take_no_loops():
    target = torch.full((3, 4), 0.3)
    exact = FloatingPointTile(3, 4)
    exact.set_weights(target, realistic=True, n_loops=3)
    assert torch.equal(exact.get_weights()[0], target)
    for tile in (InferenceTile(3, 4), TorchInferenceTile(3, 4)):
        before = tile.get_weights()[0]
        with pytest.raises(TileError, match="n_loops must be None"):
            tile.set_weights(target, realistic=True, n_loops=3)
        assert torch.equal(tile.get_weights()[0], before)


def test_parameters_of_a_tile_by_their_old_name():
    inputs = AnalogTileInputOutputParameters(inp_noise=0.321)
    update = AnalogTileUpdateParameters(desired_bl=78)
    tile = ConstantStepResistiveDevice(None, inputs, None, update).create_tile(2, 4)
    assert tile.get_parameters().forward_io.inp_noise == pytest.approx(0.321)
    assert tile.get_parameters().update.desired_bl == 78


@pytest.mark.parametrize(
    "parameters",
    [
        AnalogTileInputOutputParameters(out_noise=0.2),
        AnalogTileUpdateParameters(desired_bl=7),
        FloatingPointTileParameters(diffusion=0.1),
        PulsedResistiveDeviceParameters(w_max=0.4),
        ConstantStepResistiveDeviceParameters(w_max=0.4),
    ],
)
def test_parameters_know_their_class_of_the_core(parameters):
    core = BaseResistiveDevice._parameters_to_bindings(parameters)
    assert type(core) is getattr(rpu_base.devices, parameters.bindings_class)
    for name in ("out_noise", "desired_bl", "diffusion", "w_max"):
        if hasattr(parameters, name):
            assert getattr(core, name) == getattr(parameters, name)


def test_old_names_of_the_core():
    devices = rpu_base.devices
    assert devices.AbstractResistiveDevicesParameter is devices.AbstractResistiveDeviceParameter
    assert devices.OutputWeightNoiseType is devices.WeightNoiseType
    assert OutputWeightNoiseType.ADDITIVE_CONSTANT.value in devices.WeightNoiseType.__members__
    assert issubclass(AnalogTile, BaseTile)


def test_core_parameters_have_defaults_of_their_own():
    parameters = rpu_base.devices.AnalogTileInputOutputParameter()
    none = rpu_base.devices.BoundManagementType["None"]
    assert parameters.bound_management is none
    assert (parameters.v_offset_w_min, parameters.slope_calibration) == (0.0, 0.5)


def test_missing_bias_is_an_error_of_both_interfaces():
    tile = AnalogTile(3, 4, DEVICE, bias=True)
    for error in (RuntimeError, ValueError, MissingBiasError, ArgumentError):
        with pytest.raises(error, match="bias must be a tensor"):
            tile.set_weights(torch.zeros(3, 4))


@pytest.mark.parametrize("keyword", [False, True])
def test_tiles_keep_their_resistive_device(keyword):
    tile = AnalogTile(3, 4, resistive_device=DEVICE) if keyword else AnalogTile(3, 4, DEVICE)
    assert tile.resistive_device is DEVICE
    assert FloatingPointTile(3, 4).resistive_device is None


class OwnLayer(AnalogModuleBase, Module):
    """A layer as programs of the first interface wrote them."""

    def __init__(self, in_features, out_features, resistive_device=None):
        super().__init__()
        self.analog_tile = self._setup_tile(in_features, out_features, True, resistive_device)
        self.weight = Parameter(torch.zeros(out_features, in_features), requires_grad=False)
        self.set_weights(torch.full((out_features, in_features), 0.1), torch.zeros(out_features))

    def forward(self, x):
        return AnalogFunction.apply(self.analog_tile, x, self.weight)


@pytest.mark.parametrize("device", [None, DEVICE])
def test_a_layer_of_ones_own_learns(device):
    torch.manual_seed(0)
    layer = OwnLayer(4, 2, device)
    expected = FloatingPointTile if device is None else AnalogTile
    assert type(layer.analog_tile) is expected
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    optimizer.regroup_param_groups(layer)
    x, y = torch.rand(8, 4), torch.zeros(8, 2)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("layer", [AnalogLinear(2, 2), AnalogConv2d(1, 2, 3)])
def test_layers_are_modules_of_the_first_interface(layer):
    assert isinstance(layer, AnalogModuleBase)
    assert AnalogModuleBase.TILE_CLASS_FLOATING_POINT is FloatingPointTile
    assert AnalogModuleBase.TILE_CLASS_ANALOG is AnalogTile
