"""The programs of the first documentation page run unchanged and do what it says."""

import torch
from torch import Tensor
from torch.nn import Linear, Sequential
from torch.nn.functional import mse_loss

from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.nn.functions import AnalogFunction
from aihwkit.nn.modules.base import AnalogLayerBase, AnalogModuleBase
from aihwkit.optim.analog_sgd import AnalogSGD
from aihwkit.simulator.devices import ConstantStepResistiveDevice
from aihwkit.simulator.parameters import PulsedResistiveDeviceParameters
from aihwkit.simulator.tiles import FloatingPointTile


def test_training_example_prints_a_falling_loss(capsys):
    torch.manual_seed(0)
    x = Tensor([[0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.1, 0.3]])
    y = Tensor([[1.0, 0.5], [0.7, 0.3]])
    model = AnalogLinear(4, 2)
    optimizer = AnalogSGD(model.parameters(), lr=0.1)
    optimizer.regroup_param_groups(model)
    for _ in range(10):
        pred = model(x)
        loss = mse_loss(pred, y)
        loss.backward()
        optimizer.step()
        print("Loss error: " + str(loss))
    lines = capsys.readouterr().out.splitlines()
    losses = [float(line.split("tensor(")[1].split(",")[0]) for line in lines]
    assert len(losses) == 10
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 3


def test_layers_mix_with_those_of_torch_and_learn():
    torch.manual_seed(0)
    model = Sequential(AnalogLinear(2, 3), Linear(3, 3), AnalogLinear(3, 1))
    optimizer = AnalogSGD(model.parameters(), lr=0.1)
    optimizer.regroup_param_groups(model)
    x, y = torch.randn(8, 2), torch.randn(8, 1)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_default_tile_and_custom_device():
    assert isinstance(AnalogLinear(5, 3).analog_tile, FloatingPointTile)
    assert isinstance(next(AnalogConv2d(1, 2, 3).analog_tiles()), FloatingPointTile)
    parameters = PulsedResistiveDeviceParameters(w_min=-0.4)
    model = AnalogLinear(5, 3, bias=False, resistive_device=ConstantStepResistiveDevice(parameters))
    model.sync_parameters_from_tile()
    assert torch.equal(model.weight, model.analog_tile.get_weights()[0])
    assert model.analog_tile.rpu_config.device.w_min == -0.4


def test_old_names_mean_todays_classes():
    assert issubclass(AnalogModuleBase, AnalogLayerBase)
    layer = AnalogLinear(5, 3)
    x = torch.randn(2, 5)
    assert torch.equal(AnalogFunction.apply(layer.analog_tile, x, layer.weight), layer(x))
