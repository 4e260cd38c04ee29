"""Tiles and layers on an accelerator: moves keep everything, training goes on."""

import pytest
import torch
from torch.nn.functional import mse_loss

from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    FloatingPointRPUConfig,
    InferenceRPUConfig,
    MappingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)

pytestmark = pytest.mark.gpu


def inference(cls):
    return cls(noise_model=None, drift_compensation=None)


SPLIT = MappingParameter(max_input_size=3, max_output_size=2, learn_out_scaling=True)
CONFIGS = {
    "default": lambda: None,
    "exact array": lambda: FloatingPointRPUConfig(mapping=SPLIT),
    "constant step": SingleRPUConfig,
    "inference": lambda: inference(InferenceRPUConfig),
    "torch": lambda: inference(TorchInferenceRPUConfig),
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_move_there_and_back_keeps_everything(kind):
    layer = AnalogLinear(5, 3, True, CONFIGS[kind]())
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    before = layer.get_weights()
    hidden = [tile.get_hidden_parameters() for tile in layer.analog_tiles()]
    layer.cuda()
    contexts = [tile.analog_ctx for tile in layer.analog_tiles()]
    assert all(context.is_cuda for context in contexts)
    assert all(tile.is_cuda for tile in layer.analog_tiles())
    for mine, its in zip(before, layer.get_weights(), strict=True):
        assert torch.equal(mine, its)
    x, y = torch.randn(6, 5, device="cuda"), torch.randn(6, 3, device="cuda")
    for _ in range(3):
        optimizer.zero_grad()
        mse_loss(layer(x), y).backward()
        optimizer.step()
    assert not torch.equal(layer.get_weights()[0], before[0])
    trained = layer.get_weights()[0]
    twin = AnalogLinear(5, 3, True, CONFIGS[kind]()).cuda()
    twin.load_state_dict(layer.state_dict())
    assert torch.equal(twin.get_weights()[0], trained)
    layer.cpu()
    assert torch.equal(layer.get_weights()[0], trained)
    assert [tile.analog_ctx for tile in layer.analog_tiles()] == contexts
    for old, tile in zip(hidden, layer.analog_tiles(), strict=True):
        for name, value in tile.get_hidden_parameters().items():
            assert torch.equal(value, old[name]), name
    layer(x.cpu()).sum().backward()


@pytest.mark.parametrize("indexed", [True, False])
def test_convolution_equals_that_on_the_processor(indexed):
    layer = AnalogConv2d(2, 3, 3, padding=1, use_indexed=indexed)
    images = torch.randn(4, 2, 6, 5)
    expected = layer(images)
    assert torch.allclose(layer.cuda()(images.cuda()).cpu(), expected, atol=1e-5)
    assert layer.weight.is_cuda
