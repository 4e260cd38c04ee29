"""Dale's law, time constants and wiring of a connectome survive training; bad input is named."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplnn.models import ConnectomeODERNN, ConnectomeRNN

pytestmark = pytest.mark.filterwarnings("ignore:tensor of shape")
SIZE = 5


def wiring(seed=0):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(SIZE, SIZE, generator=generator) < 0.5
    return (torch.rand(SIZE, SIZE, generator=generator) * mask).to_sparse()


def trained(kind, signs, steps, **kwargs):
    torch.manual_seed(0)
    rnn = kind(SIZE, SIZE, wiring(), neuron_class=signs, neuron_nonlinearity="Tanh")
    optimizer = torch.optim.SGD(rnn.parameters(), lr=2.0)
    for _ in range(steps):
        states = rnn(torch.randn(3, SIZE), **kwargs)[1]
        optimizer.zero_grad()
        (states[:, -1] - torch.randn(3, SIZE)).square().sum().backward()
        optimizer.step()
        rnn.project()
        yield rnn


@settings(max_examples=25, deadline=None)
@given(signs=st.lists(st.sampled_from([1, -1]), min_size=SIZE, max_size=SIZE))
def test_signs_hold_after_every_optimizer_step(signs):
    absent = wiring().to_dense() == 0
    for rnn in trained(ConnectomeRNN, signs, 3, num_steps=3):
        assert (rnn.hh.values >= 0).all()
        assert (rnn.tau >= 1).all()
        assert rnn.neuron_sign_mask.flatten().tolist() == signs
        # What neurons really do: the derivative of every receiver by every sender.
        h = torch.rand(SIZE, 1)
        jacobian = torch.autograd.functional.jacobian(
            lambda h, rnn=rnn: rnn.hh(h * rnn.neuron_sign_mask)[:, 0], h
        )[..., 0]
        assert (jacobian * torch.tensor(signs) >= 0).all()
        assert (jacobian[absent] == 0).all()


@pytest.mark.parametrize("signs", [[1] * SIZE, [-1] * SIZE, [1, -1, 1, -1, 1]], ids=str)
def test_signs_hold_in_continuous_time(signs):
    for rnn in trained(ConnectomeODERNN, signs, 3, num_evals=2):
        assert (rnn.hh.values >= 0).all()
        assert (rnn.tau >= 1).all()


def test_unconnected_neurons_stay_unconnected():
    *_, rnn = trained(ConnectomeRNN, "excitatory", 3, num_steps=3)
    assert torch.equal(rnn.hh.indices, wiring().coalesce().indices())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions(dtype):
    torch.manual_seed(0)
    rnn = ConnectomeRNN(SIZE, SIZE, wiring(), neuron_class=[1, -1, 1, 1, -1])
    x = torch.randn(4, SIZE)
    _, expected = rnn(x, num_steps=4)
    _, found = rnn.to(dtype)(x.to(dtype), num_steps=4)
    assert found.dtype == dtype
    found.sum().backward()
    assert rnn.hh.values.grad.dtype == dtype
    # a few units in the last place of the shorter number
    tolerance = 1e-6 if dtype == torch.float64 else 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", [ConnectomeRNN, ConnectomeODERNN])
def test_mixed_precision(kind):
    # Sparse products have no bfloat16; they go on in single precision.
    torch.manual_seed(0)
    rnn = kind(3, SIZE, wiring(), input_projection=torch.rand(SIZE, 3))
    x = torch.randn(2, 3)
    kwargs = {"num_steps": 3} if kind is ConnectomeRNN else {}
    expected = rnn(x, **kwargs)[1]
    with torch.autocast("cpu", torch.bfloat16):
        found = rnn(x, **kwargs)[1]
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=0.02)
    found.float().sum().backward()
    assert torch.isfinite(rnn.hh.values.grad).all()


def test_the_last_step_alone_is_the_last_of_all():
    torch.manual_seed(0)
    rnn = ConnectomeRNN(SIZE, SIZE, wiring(), output_size=2, output_projection=torch.rand(2, SIZE))
    x = torch.randn(3, SIZE)
    outs, states = rnn(x, num_steps=4)
    last_out, last_state = rnn(x, num_steps=4, last_step_only=True)
    torch.testing.assert_close(last_out, outs[:, -1:])
    torch.testing.assert_close(last_state, states[:, -1:])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_synapses_that_are_no_numbers_are_named(value):
    bad = wiring().to_dense()
    bad[3, 1] = value
    with pytest.raises(ValueError, match=rf"connectivity_hh\[3, 1\] must be finite, got {value}"):
        ConnectomeRNN(SIZE, SIZE, bad)


def test_synapses_listed_twice_are_named():
    twice = torch.sparse_coo_tensor(
        [[0, 2, 0], [1, 1, 1]], [1.0, 1.0, 2.0], (SIZE, SIZE), check_invariants=True
    )
    with pytest.raises(RuntimeError, match=r"coalesced.* \[0, 1\] more than once"):
        ConnectomeRNN(SIZE, SIZE, twice)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"neuron_class": [1, -1]}, "neuron data must have 5 values"),
        ({"neuron_class": [1, 2, 1, 1, 1]}, "neuron_class must hold"),
        ({"neuron_tau_init": [1, 1, 0.5, 1, 1]}, "neuron_tau_init must be at least 1, got 0.5"),
        ({"num_neuron_types": 2, "neuron_type": [0, 0, 0, 0, 0]}, "2 different labels, got 1"),
        ({"neuron_tau_mode": "per_neuron_type"}, "neuron_tau_mode"),
    ],
    ids=str,
)
def test_bad_arguments_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        ConnectomeRNN(SIZE, SIZE, wiring(), **kwargs)


@pytest.mark.parametrize("kind", [ConnectomeRNN, ConnectomeODERNN])
@pytest.mark.parametrize("name", ["nonlinearity", "bias_ih", "connectivity_ih"])
def test_names_of_plain_sparse_networks_are_refused(kind, name):
    with pytest.raises(TypeError, match=name):
        kind(SIZE, SIZE, wiring(), **{name: None})


def test_classes_are_kept_as_given():
    given = ["excitatory", "inhibitory", "excitatory", "excitatory", "inhibitory"]
    rnn = ConnectomeRNN(SIZE, SIZE, wiring(), neuron_class=given)
    assert rnn.neuron_class.tolist() == given
    assert not hasattr(ConnectomeRNN(SIZE, SIZE, wiring()), "neuron_class")


def test_lists_of_initial_states():
    rnn = ConnectomeRNN(SIZE, SIZE, wiring())
    states = rnn.init_state(3, 2)
    assert states[:2] == [None, None]
    assert states[2].shape == (SIZE, 2)
