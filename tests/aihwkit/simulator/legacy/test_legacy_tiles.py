"""Tile classes of the first release."""

import numpy as np
import pytest
import torch

from aihwkit.simulator.devices import ConstantStepResistiveDevice, FloatingPointResistiveDevice
from aihwkit.simulator.parameters import (
    AnalogTileInputOutputParameters,
    AnalogTileUpdateParameters,
    PulseType,
)
from aihwkit.simulator.tiles_indexed import IndexedFloatingPointTile
from aihwkit.simulator.tiles_numpy import NumpyAnalogTile, NumpyFloatingPointTile

PERFECT = AnalogTileInputOutputParameters(is_perfect=True)
EXACT = ConstantStepResistiveDevice(
    None, PERFECT, PERFECT, AnalogTileUpdateParameters(pulse_type=PulseType.NONE)
)


@pytest.mark.parametrize(
    ("cls", "device"),
    [(NumpyFloatingPointTile, FloatingPointResistiveDevice()), (NumpyAnalogTile, EXACT)],
)
def test_numpy_tile_computes_with_arrays(cls, device):
    generator = np.random.default_rng(0)
    weights = generator.uniform(-0.3, 0.3, (2, 3)).astype(np.float32)
    x, d = generator.normal(size=(4, 3)), generator.normal(size=(4, 2))
    tile = cls(2, 3, device)
    tile.set_weights(torch.from_numpy(weights))
    tile.set_learning_rate(0.1)
    np.testing.assert_allclose(tile.forward(x), x @ weights.T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tile.backward(d), d @ weights, rtol=1e-5, atol=1e-6)
    shared = tile.move_weights()
    tile.update(x, d)
    expected = weights - 0.1 * d.T @ x
    np.testing.assert_allclose(shared.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_indexed_tile_takes_images():
    tile = IndexedFloatingPointTile(2, 4, FloatingPointResistiveDevice())
    weights = torch.randn(2, 4)
    tile.set_weights(weights)
    image = torch.randn(1, 1, 3, 3)
    numbers = torch.arange(2, 11, dtype=torch.float64).reshape(1, 1, 3, 3)
    indices = torch.nn.functional.unfold(numbers, 2).reshape(-1).to(torch.int32)
    tile.set_indexed(indices, [1, 3, 3, 2, 2])
    expected = torch.nn.functional.conv2d(image, weights.reshape(2, 1, 2, 2))
    torch.testing.assert_close(tile.forward(image), expected)


@pytest.mark.parametrize("device", [FloatingPointResistiveDevice(), ConstantStepResistiveDevice()])
def test_device_creates_a_tile_of_the_core(device):
    tile = device.create_tile(2, 4)
    assert (tile.get_x_size(), tile.get_d_size()) == (2, 4)
