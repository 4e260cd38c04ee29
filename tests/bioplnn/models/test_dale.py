"""Dale's law, time constants and missing connections survive training."""

import itertools

import pytest
import torch
from tests.bioplnn.models.spatial import small_area, step_by_step

from bioplnn.models import SpatiallyEmbeddedRNN

CLASSES = ("excitatory", "inhibitory", "hybrid")


def train(rnn, steps=6, lr=0.3):
    optimizer = torch.optim.SGD(rnn.parameters(), lr=lr)
    for _ in range(steps):
        outs, _, _ = rnn(torch.randn(4, 2, 6, 5), num_steps=3)
        optimizer.zero_grad()
        (outs[0] - torch.randn_like(outs[0])).square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("classes", list(itertools.product(CLASSES, repeat=2)), ids="-".join)
@pytest.mark.parametrize("in_class", CLASSES)
def test_signs_hold_after_every_optimizer_step(classes, in_class):
    rnn = SpatiallyEmbeddedRNN(
        area_kwargs=[small_area(neuron_type_class=classes, in_class=in_class)]
    )
    area = rnn.areas[0]
    for _ in range(3):
        train(rnn, steps=1, lr=1.0)
        rnn.project()
        for c in area.connections:
            if area.row_class(c.row) != "hybrid":
                assert (area.conv(c.row, c.column).weight >= 0).all()
                assert (area.conv(c.row, c.column).bias >= 0).all()
                assert c.sign == (-1 if area.row_class(c.row) == "inhibitory" else 1)
        assert all((tau >= 1).all() for tau in area.tau)


def test_effect_of_a_source_has_its_sign():
    rnn = SpatiallyEmbeddedRNN(area_kwargs=[small_area()])
    train(rnn, lr=1e-5)
    area = rnn.areas[0]
    x = torch.zeros(1, 2, 6, 5)
    base = [torch.rand(1, 3, 6, 5), torch.rand(1, 2, 6, 5)]
    _, rest = area(x, base)
    _, more_excitation = area(x, [base[0] + 1, base[1]])
    _, more_inhibition = area(x, [base[0], base[1] + 1])
    # The leak of a type's own state is taken out: the other type shows the synapses alone.
    assert (more_excitation[1] >= rest[1]).all()
    assert (more_inhibition[0] <= rest[0]).all()
    assert (more_excitation[1] > rest[1]).any()
    assert (more_inhibition[0] < rest[0]).any()


def test_a_forward_pass_enforces_the_law_right_after_a_step():
    rnn = SpatiallyEmbeddedRNN(area_kwargs=[small_area()])
    area = rnn.areas[0]
    with torch.no_grad():
        area.conv(1, 0).weight.fill_(-3.0)
        area.tau[0].fill_(0.2)
    rnn(torch.zeros(1, 2, 6, 5), num_steps=1)
    assert (area.conv(1, 0).weight == 0).all()
    assert (area.tau[0] == 1).all()


def test_a_weight_at_zero_still_gets_its_gradient():
    rnn = SpatiallyEmbeddedRNN(area_kwargs=[small_area()])
    with torch.no_grad():
        rnn.areas[0].conv(1, 0).weight.zero_()
    rnn(torch.rand(2, 2, 6, 5), num_steps=3)[0][0].sum().backward()
    assert (rnn.areas[0].conv(1, 0).weight.grad != 0).any()


def test_types_without_a_connection_stay_apart():
    apart = [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    rnn = SpatiallyEmbeddedRNN(area_kwargs=[small_area(inter_neuron_type_connectivity=apart)])
    train(rnn)
    area = rnn.areas[0]
    x = torch.randn(1, 2, 6, 5)
    base = [torch.rand(1, 3, 6, 5), torch.rand(1, 2, 6, 5)]
    _, one = area(x, base)
    _, other = area(x, [base[0] + 1, base[1]])
    assert torch.equal(one[1], other[1])
    assert not torch.equal(one[0], other[0])


@pytest.mark.parametrize(
    "area",
    [
        {},
        {"tau_mode": "subtype_spatial"},
        {"neuron_type_nonlinearity": ["Tanh", "ReLU"]},
        {"neuron_type_nonlinearity": "Tanh"},
        {"inter_neuron_type_nonlinearity": "Tanh"},
        {"inter_neuron_type_num_subtype_groups": [[1, 1, 1], [1, 1, 1], [1, 2, 1]]},
        {"inter_neuron_type_spatial_extents": [[[5, 3]] * 3, [[3, 3]] * 3, [[1, 1]] * 3]},
        {"inter_neuron_type_bias": False},
        {"neuron_type_density": "half"},
        {"neuron_type_density": ["same", "half"]},
        {"in_class": "inhibitory"},
        {"inter_neuron_type_connectivity": [[1, 0, 0], [0, 1, 1], [1, 0, 1]]},
    ],
    ids=str,
)
def test_fused_network_equals_one_connection_at_a_time(area):
    area = {**small_area(), **area}
    if "num_subtype_groups" in str(area):
        area["num_neuron_subtypes"] = [4, 2]
    rnn = SpatiallyEmbeddedRNN(area_kwargs=[area]).double()
    with torch.no_grad():
        for tau in rnn.areas[0].tau:
            tau.add_(torch.rand_like(tau))
    x = torch.randn(3, 2, 6, 5, dtype=torch.float64)
    expected, states = step_by_step(rnn, x, 3)
    (got,), (got_states,), _ = rnn(x, num_steps=3)
    torch.testing.assert_close(got, expected)
    for one, other in zip(got_states, states, strict=True):
        torch.testing.assert_close(one, other)
    (last,), _, _ = rnn(x, num_steps=3, last_step_only=True)
    torch.testing.assert_close(last[:, 0], expected[:, -1])
    parameters = list(rnn.parameters())
    weights = torch.randn_like(expected)
    wanted = torch.autograd.grad((expected * weights).sum(), parameters)
    found = torch.autograd.grad((got * weights).sum(), parameters)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)
