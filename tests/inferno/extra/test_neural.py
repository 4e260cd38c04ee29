from typing import ClassVar

import pytest
import torch

from inferno.extra import ExactNeuron
from synaptensor.testing import ModuleContract


def make(shape=(3, 4), batch_size=2):
    return ExactNeuron(shape, 1.0, rest_v=-60.0, thresh_v=-50.0, batch_size=batch_size)


def test_shapes():
    neuron = make()
    assert (neuron.shape, neuron.count, neuron.batchsz) == ((3, 4), 12, 2)
    assert neuron.batchedshape == (2, 3, 4)
    assert make(5, 1).batchedshape == (1, 5)
    assert list(neuron.state_dict()) == ["_spike__data", "_extra_state"]


def test_spikes_where_the_input_is_positive():
    neuron = make()
    assert neuron.spike.dtype == torch.bool
    assert not neuron.spike.any()
    for _ in range(100):
        x = torch.randn(2, 3, 4)
        spikes = neuron(x)
        assert torch.equal(spikes, x > 0)
        assert torch.equal(neuron.spike, x > 0)
        assert torch.equal(neuron.voltage, torch.where(x > 0, -50.0, -60.0))
        neuron.refrac = torch.ones(2, 3, 4)
        neuron.voltage = torch.ones(2, 3, 4)
        assert torch.equal(neuron.refrac, torch.zeros(2, 3, 4))
    neuron.clear()
    assert not neuron.spike.any()


def test_spikes_can_be_given():
    neuron = make()
    given = torch.rand(24) < 0.5
    assert torch.equal(neuron(torch.zeros(2, 3, 4), override=given), given.view(2, 3, 4))
    with pytest.raises(RuntimeError):
        neuron(torch.zeros(2, 3, 4), override=torch.zeros(5))


def test_types_and_times():
    neuron = make().double()
    assert neuron.voltage.dtype == neuron.refrac.dtype == torch.float64
    assert neuron.dt == 1.0
    neuron.dt = 0.5
    assert neuron.step_time == 0.5
    with pytest.raises(ValueError, match="`dt`"):
        neuron.dt = 0.0
    with pytest.raises(AttributeError):
        neuron.spike = torch.zeros(2, 3, 4)


def test_batch_size_resizes_the_state():
    neuron = make()
    neuron(torch.ones(2, 3, 4))
    neuron.batchsz = 3
    assert neuron.spike.shape == (3, 3, 4)
    assert not neuron.spike.any()
    with pytest.raises(ValueError, match=r"\(3, 3, 4\), got \(2, 3, 4\)"):
        neuron(torch.ones(2, 3, 4))
    assert not neuron.spike.any()


def test_arguments():
    with pytest.raises(ValueError, match="`step_time`"):
        ExactNeuron(3, 0.0, rest_v=-60.0, thresh_v=-50.0)
    with pytest.raises(ValueError, match="`rest_v` must be less than `thresh_v`"):
        ExactNeuron(3, 1.0, rest_v=-50.0, thresh_v=-50.0)


class TestContract(ModuleContract):
    batch_change = "the batch size is set on the object"
    independent_samples = "the batch size is set on the object"
    pure_eval = "a neuron has state in every mode"
    gradcheck = "spikes have no gradient"
    bad_inputs: ClassVar = [((torch.ones(4, 2),), ValueError, "`inputs` must have the shape")]

    def make(self):
        return make(5, 4)

    def inputs(self, batch):
        return (torch.randn(batch, 5),)
