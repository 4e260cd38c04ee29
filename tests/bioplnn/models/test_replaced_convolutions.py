"""Another layer may take the place of any convolution of an area, as conversions do."""

import pytest
import torch
from torch import nn

from bioplnn.models import SpatiallyEmbeddedRNN


class Wrapped(nn.Module):
    """A layer that computes the map of a convolution and shows no kernel."""

    def __init__(self, conv):
        super().__init__()
        self.inner = conv

    def forward(self, x):
        return self.inner(x)


def replace(area, pick):
    for c in area.connections:
        if pick(c):
            area._path(c.row, c.column)[-2] = Wrapped(area.conv(c.row, c.column))


def make(**changes):
    area = {
        "num_neuron_types": 2,
        "num_neuron_subtypes": [3, 2],
        "neuron_type_class": ["excitatory", "inhibitory"],
        "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]],
        "in_size": [6, 6],
        "in_channels": 1,
        "out_channels": 4,
        **changes,
    }
    return SpatiallyEmbeddedRNN(num_areas=1, area_kwargs=[area])


@pytest.mark.parametrize("pick", [lambda c: True, lambda c: c.row == 1, lambda c: c.column == 0])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"neuron_type_density": ["same", "half"]},
        {"inter_neuron_type_nonlinearity": "Tanh"},
        {"inter_neuron_type_spatial_extents": (2, 2)},
    ],
    ids=["plain", "half density", "nonlinear", "even kernels"],
)
def test_a_layer_in_place_of_a_convolution_gives_the_same(pick, changes):
    rnn = make(**changes)
    x = torch.rand(2, 1, 6, 6)
    before, states, _ = rnn(x, num_steps=3)
    replace(rnn.chain[0], pick)
    after, new_states, _ = rnn(x, num_steps=3)
    torch.testing.assert_close(after, before)
    torch.testing.assert_close(new_states, states)


def test_gradients_reach_the_layer():
    rnn = make()
    replace(rnn.chain[0], lambda c: True)
    outs, _, _ = rnn(torch.rand(2, 1, 6, 6), num_steps=3)
    outs[-1].square().sum().backward()
    conv = rnn.chain[0].conv(1, 0).inner
    assert conv.weight.grad.abs().sum() > 0
