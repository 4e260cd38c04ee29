"""What neuron groups promise beyond their equations."""

import copy
import pickle
from typing import Any

import pytest
import torch

from inferno import neural
from synaptensor.kernels import use_kernel

from .test_conformance import MODELS

NAMES = list(MODELS)


def build(name: str, shape: Any = (3, 2), batch_size: int = 4, **changes: Any) -> Any:
    return getattr(neural, name)(shape, 1.0, batch_size=batch_size, **MODELS[name][0] | changes)


@pytest.mark.parametrize("name", NAMES)
def test_written_voltage_spikes_exactly_where_it_exceeds_the_threshold(name: str) -> None:
    neuron = build(name)
    mask = torch.rand(4, 3, 2) > 0.5
    neuron.voltage[mask] = -45.0
    spikes = neuron(torch.zeros(4, 3, 2))
    assert torch.equal(spikes, mask)
    assert torch.equal(neuron.spike, mask)
    assert (neuron.refrac[mask] == neuron.refrac_t).all()
    neuron(torch.zeros(4, 3, 2))
    assert torch.allclose(neuron.refrac[mask], torch.tensor(neuron.refrac_t - 1.0))


@pytest.mark.parametrize("name", NAMES)
def test_voltage_is_held_where_a_period_was_written(name: str) -> None:
    neuron = build(name)
    mask = torch.rand(4, 3, 2) > 0.5
    neuron.voltage.fill_(neuron.rest_v + 3.0)
    neuron.refrac[mask] = neuron.refrac_t
    neuron(torch.zeros(4, 3, 2))
    assert (neuron.voltage[mask] == neuron.rest_v + 3.0).all()
    assert (neuron.voltage[~mask] != neuron.rest_v + 3.0).all()


@pytest.mark.parametrize("name", NAMES)
def test_kernels_agree(name: str) -> None:
    torch.manual_seed(3)
    inputs = 200.0 * torch.rand(60, 4, 3, 2)
    runs = []
    for kernel in ("torch", "numba"):
        neuron = build(name)
        with use_kernel(kernel, "inferno"):
            spikes = torch.stack([neuron(x) for x in inputs])
        runs.append((spikes, neuron.state_dict()))
    assert torch.equal(runs[0][0], runs[1][0])
    assert runs[0][0].any()
    for key, value in runs[0][1].items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(value, runs[1][1][key], atol=2e-4, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_states_kept_by_the_user_do_not_change(name: str) -> None:
    neuron = build(name)
    kept = neuron.voltage
    before = kept.clone()
    neuron(torch.full((4, 3, 2), 100.0))
    assert torch.equal(kept, before)
    assert not torch.equal(neuron.voltage, before)


@pytest.mark.parametrize("name", NAMES)
def test_copies_step_on_their_own(name: str) -> None:
    neuron = build(name)
    neuron(torch.full((4, 3, 2), 100.0))
    voltage = neuron.voltage.clone()
    for other in (copy.deepcopy(neuron), pickle.loads(pickle.dumps(neuron))):
        assert torch.equal(other.voltage, voltage)
        other(torch.full((4, 3, 2), 100.0))
        assert not torch.equal(other.voltage, voltage)
    assert torch.equal(neuron.voltage, voltage)


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_continues_the_run_in_a_fresh_group(name: str) -> None:
    torch.manual_seed(0)
    first, second = build(name), build(name)
    for _ in range(5):
        first(torch.rand(4, 3, 2) * 200)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.spike, second.spike)
    x = torch.rand(4, 3, 2) * 200
    assert torch.equal(first(x), second(x))
    assert torch.equal(first.voltage, second.voltage)


@pytest.mark.parametrize("name", NAMES)
def test_batch_size_can_change_and_clears_the_state(name: str) -> None:
    neuron = build(name)
    neuron(torch.full((4, 3, 2), 500.0))
    neuron.batchsz = 2
    assert neuron.batchedshape == tuple(neuron.voltage.shape) == (2, 3, 2)
    assert (neuron.voltage == neuron.rest_v).all()
    assert not neuron.spike.any()
    assert neuron(torch.full((2, 3, 2), 500.0)).shape == (2, 3, 2)


def test_clearing_keeps_adaptations_unless_told_otherwise() -> None:
    neuron = build("ALIF")
    neuron(torch.full((4, 3, 2), 500.0))
    learned = neuron.threshold_adaptation.clone()
    neuron.clear()
    assert torch.equal(neuron.threshold_adaptation, learned)
    neuron.clear(keep_adaptations=False)
    assert not neuron.threshold_adaptation.any()


def test_without_refractory_period_only_spiking_neurons_count_as_spiking() -> None:
    neuron = build("LIF", refrac_t=0.0)
    assert not neuron.spike.any()
    neuron.voltage[0] = -40.0
    spikes = neuron(torch.zeros(4, 3, 2))
    assert torch.equal(neuron.spike, spikes)
    assert spikes[0].all()
    assert not spikes[1:].any()


def test_shorter_adaptation_lists_repeat_their_last_value() -> None:
    neuron = build("Izhikevich", tc_adaptation=(10.0, 50.0), spike_increment=1.0)
    assert neuron.adapt_increment.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rest_v": -40.0}, "rest_v"),
        ({"reset_v": -50.0}, "reset_v"),
        ({"refrac_t": -1.0}, "refrac_t"),
        ({"time_constant": 0.0}, "time_constant"),
        ({"resistance": 0.0}, "resistance"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_arguments_out_of_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        neural.LIF((2,), 1.0, **MODELS["LIF"][0] | changes)


def test_inputs_and_states_of_another_shape_are_refused() -> None:
    neuron = build("LIF")
    before = neuron.voltage.clone()
    with pytest.raises(ValueError, match=r"`inputs` must be of shape \(4, 3, 2\)"):
        neuron(torch.zeros(5, 3, 2))
    with pytest.raises(ValueError, match="`voltage` must be of shape"):
        neuron.voltage = torch.zeros(2, 3, 2)
    assert torch.equal(neuron.voltage, before)


def test_state_keeps_its_type_whatever_the_inputs_are() -> None:
    neuron = build("ALIF")
    neuron(torch.zeros(4, 3, 2, dtype=torch.float64))
    assert neuron.voltage.dtype == torch.float32
    double = build("ALIF").double()
    double(torch.full((4, 3, 2), 100.0))
    assert double.voltage.dtype == double.threshold_adaptation.dtype == torch.float64


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_inputs_through_the_voltages(name: str) -> None:
    neuron = build(name)
    x = torch.full((4, 3, 2), 10.0, requires_grad=True)
    neuron(x)
    neuron.voltage.sum().backward()
    assert (x.grad > 0).all()
