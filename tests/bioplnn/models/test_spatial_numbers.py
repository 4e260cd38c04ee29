"""Recorded numbers of the spatially embedded family, in the reference's initialisation."""

import torch
from tests.bioplnn.models.spatial import basic_classifier

from bioplnn.models import SpatiallyEmbeddedArea
from bioplnn.utils import count_parameters


def constant_area():
    area = SpatiallyEmbeddedArea(
        in_size=(3, 3),
        in_channels=1,
        out_channels=1,
        num_neuron_types=2,
        num_neuron_subtypes=1,
        neuron_type_class=["excitatory", "inhibitory"],
        inter_neuron_type_connectivity=[[1, 1, 0], [1, 1, 1], [1, 1, 0]],
    )
    with torch.no_grad():
        for name, parameter in area.named_parameters():
            value = 0.1 if "weight" in name else 0.05 if "bias" in name else 2.0
            parameter.fill_(value)
    return area


def corner_edge_centre(maps):
    return maps.detach()[0, 0, [0, 0, 1], [0, 1, 1]]


def close(got, expected):
    torch.testing.assert_close(got, torch.tensor(expected), rtol=0, atol=1e-6)


def test_two_steps_of_an_area():
    area, x = constant_area(), torch.ones(1, 1, 3, 3)
    out, state = area(x, area.init_neuron_state(1))
    close(corner_edge_centre(state[0]), [0.305320, 0.328505, 0.360558])
    close(corner_edge_centre(state[1]), [0.305320, 0.328505, 0.360558])
    close(corner_edge_centre(out), [0.182289, 0.245671, 0.339586])
    out, state = area(x, state)
    close(corner_edge_centre(state[0]), [0.457979, 0.492758, 0.540836])
    close(corner_edge_centre(out), [0.248433, 0.343507, 0.484379])


def test_signed_sources_are_clamped_and_hybrid_ones_are_not():
    area = constant_area()
    with torch.no_grad():
        area.conv(2, 0).weight.fill_(-1)
        area.conv(2, 0).bias.fill_(-1)
        area.conv(0, 0).weight.fill_(-0.1)
    _, state = area(torch.ones(1, 1, 3, 3), area.init_neuron_state(1))
    assert (area.conv(2, 0).weight == 0).all()
    close(area.conv(0, 0).weight.detach(), [[[[-0.1] * 3] * 3]])
    close(corner_edge_centre(state[0]), [0.212779, 0.188770, 0.155013])


def test_seeded_classifier():
    torch.manual_seed(0)
    model = basic_classifier(weight_init="reference").eval()
    assert count_parameters(model) == 25290
    state = {name: value.sum().item() for name, value in model.state_dict().items()}
    area = "rnn.areas.0."
    for name, expected in {
        f"{area}convs.0->0.0.weight": -1.0520,
        f"{area}convs.0->1.0.weight": -2.37342,
        "readout.1.weight": 2.06186,
        "readout.4.weight": 0.30721,
    }.items():
        assert abs(state[name] - expected) < 1e-5 + 5e-5 * abs(expected), name
    logits = model(torch.linspace(-1, 1, 784).view(1, 1, 28, 28), num_steps=5)
    close(
        logits.detach()[0],
        [
            *(0.106155, -0.241393, 0.156801, 0.418234, -0.273715),
            *(-0.022826, 0.575646, 0.042554, 0.802738, -0.853400),
        ],
    )
    first = model.rnn.areas[0]
    assert abs(first.conv(1, 0).weight.sum().item() - 48.15641) < 1e-4
    assert abs(first.conv(1, 2).weight.sum().item() - 98.79138) < 1e-4
