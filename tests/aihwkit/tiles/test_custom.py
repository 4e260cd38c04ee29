"""The custom tile, and tiles of one's own derived from it."""

import io

import pytest
import torch
from torch.nn.functional import linear, mse_loss

from aihwkit.exceptions import AnalogBiasConfigError, TileError
from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import IOParameters, MappingParameter, TorchInferenceRPUConfig
from aihwkit.simulator.tiles.custom import (
    CustomRPUConfig,
    CustomSimulatorTile,
    CustomTile,
    CustomUpdateParameters,
)
from aihwkit.simulator.tiles.torch_tile import TorchSimulatorTile


def perfect(**options):
    io_parameters = IOParameters(is_perfect=True)
    return CustomRPUConfig(forward=io_parameters, backward=io_parameters, **options)


def train(layer, steps=5):
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    torch.manual_seed(0)
    x, y = torch.randn(6, 4), torch.randn(6, 3)
    for _ in range(steps):
        optimizer.zero_grad()
        mse_loss(layer(x), y).backward()
        optimizer.step()
    return layer


def test_custom_tile_learns_as_a_digital_layer_does():
    torch.manual_seed(1)
    layer = AnalogLinear(4, 3, True, perfect())
    torch.manual_seed(1)
    twin = torch.nn.Linear(4, 3)
    assert isinstance(layer.analog_module, CustomTile)
    train(layer)
    torch.manual_seed(0)
    x, y = torch.randn(6, 4), torch.randn(6, 3)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        mse_loss(twin(x), y).backward()
        optimizer.step()
    assert torch.allclose(layer.get_weights()[0], twin.weight, atol=1e-6)
    context = layer.analog_module.analog_ctx.enable_data_view()
    assert torch.equal(context.get_data(), layer.get_weights()[0])


def test_noise_of_the_update_has_the_configured_size():
    torch.manual_seed(0)
    config = perfect(update=CustomUpdateParameters(gradient_noise=0.5))
    tile = CustomTile(100, 120, config)
    tile.set_learning_rate(1.0)
    tile.update(torch.zeros(1, 120), torch.zeros(1, 100))
    assert float(tile.get_weights()[0].std()) == pytest.approx(0.5, rel=0.05)


def test_checkpoint_resumes():
    layer, fresh = train(AnalogLinear(4, 3, True, perfect())), AnalogLinear(4, 3, True, perfect())
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(train(fresh).get_weights()[0], train(layer).get_weights()[0])


def test_own_update_rule():
    class SignTile(CustomSimulatorTile):
        def update(self, x_input, d_input, *flags):
            super().update(x_input.sign(), d_input.sign(), *flags)

    tile = CustomTile(3, 4, perfect(simulator_tile_class=SignTile))
    tile.set_learning_rate(0.5)
    tile.update(torch.tensor([[2.0, -3.0, 0.0, 0.1]]), torch.tensor([[1.0, -2.0, 0.0]]))
    expected = -0.5 * torch.tensor([[1.0, -1, 0, 1], [-1, 1, 0, -1], [0, 0, 0, 0]])
    assert torch.equal(tile.get_weights()[0], expected)


def test_own_product_of_a_torch_tile():
    class TwiceTile(TorchSimulatorTile):
        def forward(self, x_input, *flags, **named):
            return 2 * super().forward(x_input, *flags, **named)

    config = TorchInferenceRPUConfig(
        forward=IOParameters(is_perfect=True),
        noise_model=None,
        drift_compensation=None,
        simulator_tile_class=TwiceTile,
    )
    layer = AnalogLinear(4, 3, True, config)
    x = torch.randn(2, 4)
    weight, bias = layer.get_weights()
    assert torch.allclose(layer(x), linear(x, 2 * weight, bias), atol=1e-6)


def test_what_a_custom_tile_cannot_do_is_refused():
    with pytest.raises(TileError, match="in_trans"):
        CustomTile(3, 4, in_trans=True)
    with pytest.raises(AnalogBiasConfigError):
        CustomTile(3, 4, CustomRPUConfig(mapping=MappingParameter(digital_bias=False)), bias=True)
    tile = CustomTile(3, 4).tile
    with pytest.raises(TileError, match="neither analog biases"):
        tile.update(torch.ones(1, 3), torch.ones(1, 3), True)
    with pytest.raises(TileError, match="bmin must be below bmax"):
        tile.set_weights_uniform_random(1.0, 0.0)
    tile.set_weights_uniform_random(0.5, 1.0)
    assert 0.5 <= float(tile.get_weights().min()) <= float(tile.get_weights().max()) <= 1.0
