"""Compiled loops read memory by its address, so tensors that do not fit must not reach them."""

import pytest
import torch

from inferno import neural
from inferno.neural import kernels

pytest.importorskip("numba", reason="there are no compiled loops")
TIMES = (1.0, 5.0, 1e-7, True, True)


@pytest.mark.parametrize(
    ("history", "weight", "delay"),
    [
        ((5, 2, 30), (10, 20), (10, 20)),
        ((5, 2, 20), (10, 20), (1, 20)),
        ((2, 20), (10, 20), (10, 20)),
        ((5, 2, 20), (200,), (200,)),
    ],
)
def test_delayed_products_of_other_shapes_are_left_to_the_definition(history, weight, delay):
    spikes = torch.zeros(history, dtype=torch.bool)
    args = torch.rand(weight), torch.rand(delay)
    assert kernels.delayed_spike_linear(spikes, 0, *args, TIMES) is None
    fitting = torch.zeros(5, 2, 20, dtype=torch.bool)
    args = torch.rand(10, 20), torch.rand(10, 20)
    assert kernels.delayed_spike_linear(fitting, 0, *args, TIMES) is not None


@pytest.mark.parametrize(
    ("inputs", "weight", "bias"),
    [((2, 30), (10, 20), None), ((2, 20), (200,), None), ((2, 20), (10, 20), (3,))],
)
def test_products_of_other_shapes_are_left_to_the_definition(inputs, weight, bias):
    rest = torch.rand(weight), None if bias is None else torch.rand(bias)
    assert kernels.sparse_linear(torch.zeros(inputs), *rest) is None
    assert kernels.sparse_linear(torch.zeros(2, 20), torch.rand(10, 20), None) is not None
    assert kernels.spike_linear(torch.zeros(inputs, dtype=torch.bool), 1.0, *rest) is None


@pytest.mark.parametrize("shape", [(3, 4), (2, 8), (8,), (2, 2, 4)])
def test_neurons_of_another_shape_are_left_to_the_definition(shape):
    neuron = neural.ALIF(
        (4,), 1.0, rest_v=-65.0, reset_v=-60.0, thresh_eq_v=-52.0, refrac_t=5.0, tc_membrane=20.0,
        tc_adaptation=1e3, spike_increment=0.05, batch_size=2,
    )  # fmt: skip
    threshold = neuron.threshold_adaptation
    fitting = torch.rand(2, 4)
    assert kernels.integrate_and_fire(neuron, fitting, -52.0, threshold, True) is not None
    assert kernels.adapt_thresholds(neuron, fitting > 1, torch.ones(1), True) is not None
    voltages = kernels.integrate_and_fire(neuron, torch.rand(shape), -52.0, threshold, True)
    assert voltages is None
    spikes = torch.zeros(shape, dtype=torch.bool)
    assert kernels.adapt_thresholds(neuron, spikes, torch.ones(1), True) is None
