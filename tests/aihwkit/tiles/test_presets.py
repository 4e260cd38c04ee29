"""Every preset configuration builds a tile that learns."""

from dataclasses import is_dataclass

import pytest
import torch

from aihwkit.optim import AnalogSGD
from aihwkit.simulator import presets
from aihwkit.simulator.configs import InferenceRPUConfig, TorchInferenceRPUConfig
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.presets import configs
from aihwkit.simulator.tiles import AnalogTile

TRAINING = sorted(
    name
    for name in dir(configs)
    if name.endswith("Preset") and is_dataclass(getattr(configs, name))
)
INFERENCE = ["StandardHWATrainingPreset", "FloatingPointPreset"]


def test_all_presets_of_the_reference_are_there():
    assert len(TRAINING) >= 52
    assert all(issubclass(getattr(presets, name), RPUConfigBase) for name in TRAINING)


@pytest.mark.parametrize("name", TRAINING)
def test_a_training_preset_builds_a_tile_that_learns(name):
    torch.manual_seed(0)
    tile = AnalogTile(2, 3, getattr(presets, name)(), bias=False)
    tile.set_learning_rate(0.123)
    assert tile.get_learning_rate() == pytest.approx(0.123)
    tile.set_weights(torch.tensor([[0.1, 0.2, 0.3], [-0.1, 0.0, 0.1]]))
    weight, bias = tile.get_weights()
    assert weight.shape == (2, 3)
    assert bias is None
    optimizer = AnalogSGD(tile.parameters(), lr=0.5)
    for _ in range(4):
        optimizer.zero_grad()
        tile(torch.randn(5, 3)).square().mean().backward()
        optimizer.step()
    after = tile.get_weights()[0]
    assert bool(torch.isfinite(after).all())
    hidden = tile.get_hidden_parameters()
    assert hidden
    assert all(bool(torch.isfinite(value).all()) for value in hidden.values())


@pytest.mark.parametrize("name", INFERENCE)
def test_an_inference_preset_builds_a_tile_that_computes(name):
    config = getattr(presets, name)()
    assert isinstance(config, InferenceRPUConfig)
    tile = config.tile_class(2, 3, config)
    weight = torch.tensor([[0.1, 0.2, 0.3], [-0.1, 0.0, 0.1]])
    tile.set_weights(weight)
    x = torch.randn(200, 3)
    error = (tile(x).detach() - x @ weight.t()).abs().mean()
    assert error < (1e-6 if isinstance(config, TorchInferenceRPUConfig) else 0.2)


def test_the_floating_point_preset_is_exact_in_an_analog_tile():
    tile = AnalogTile(2, 3, presets.FloatingPointPreset(), bias=False)
    weight = torch.randn(2, 3)
    tile.set_weights(weight)
    x = torch.randn(4, 3)
    torch.testing.assert_close(tile(x), x @ weight.t())
