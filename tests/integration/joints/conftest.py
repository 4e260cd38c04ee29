"""The programs of the documentation page on joints, as modules."""

import sys
from pathlib import Path

import pytest
import torch

PROGRAMS = Path(__file__).parents[3] / "docs" / "joints"
NAMES = ("analog_encoder", "drifted_classifier", "memristive_plasticity", "spiking_readout")


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """Make the programs importable for one test, and forget them afterwards."""
    monkeypatch.syspath_prepend(str(PROGRAMS))
    yield
    for name in (*NAMES, "together"):
        sys.modules.pop(name, None)


@pytest.fixture
def digits():
    """Images ``[1000, 28, 28]`` in [0, 1] and their labels."""
    pytest.importorskip("torchvision")
    from torchvision.datasets import MNIST

    part = MNIST(PROGRAMS.parents[1] / "tests" / "data", train=True)
    pick = torch.randperm(5000, generator=torch.Generator().manual_seed(0))[:1000]
    return part.data[pick].float() / 255, part.targets[pick]
