"""Names of older releases lead to the classes of today."""

import importlib
import sys

import pytest
import torch

from aihwkit.exceptions import CudaError
from aihwkit.simulator import tiles, tiles_indexed
from aihwkit.simulator.rpu_base import tiles as simulator_tiles
from aihwkit.simulator.tiles.rpucuda import MAP_TILE_CLASS_TO_CUDA
from aihwkit.simulator.tiles.utils import UniformQuantize, isinf


def test_noise_models_have_moved():
    sys.modules.pop("aihwkit.simulator.noise_models", None)
    with pytest.warns(FutureWarning, match=r"aihwkit\.inference"):
        old = importlib.import_module("aihwkit.simulator.noise_models")
    from aihwkit.inference import PCMLikeNoiseModel

    assert old.PCMLikeNoiseModel is PCMLikeNoiseModel


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an accelerator")
@pytest.mark.parametrize("name", ["CudaAnalogTile", "CudaFloatingPointTile"])
def test_tiles_on_the_accelerator_need_one(name):
    with pytest.raises(CudaError, match="no CUDA device"):
        getattr(tiles, name)(3, 4)
    indexed = getattr(tiles_indexed, name.replace("Cuda", "CudaIndexed"))
    assert indexed is getattr(tiles, name)


def test_every_simulator_tile_has_a_class_for_the_accelerator():
    assert set(MAP_TILE_CLASS_TO_CUDA) == {
        simulator_tiles.FloatingPointTile,
        simulator_tiles.AnalogTile,
    }


def test_uniform_quantisation_passes_the_gradient():
    x = torch.tensor([0.26, -0.9, 3.0], requires_grad=True)
    y = UniformQuantize.apply(x, 4, 1.0)
    y.sum().backward()
    assert y.tolist() == [0.5, -1.0, 3.0]
    assert x.grad.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="res"):
        UniformQuantize.apply(x, 0.0, 1.0)
    assert isinf(float("inf"))
    assert not isinf(1.0)
