"""Recorded numbers of a network of three neurons, two types and both classes."""

import pytest
import torch

from bioplnn.models import ConnectomeODERNN, ConnectomeRNN

W = torch.tensor([[0.0, 0.5, 0.0], [0.2, 0.0, 0.4], [0.0, 0.3, 0.1]])
X = torch.tensor([[[1.0, 0, -1], [0.5, 0.5, 0.5]], [[0.0, 2, 0], [-1, -1, 1]]])

pytestmark = pytest.mark.filterwarnings("ignore:tensor of shape")


def build(kind, **kwargs):
    rnn = kind(
        3,
        3,
        W,
        num_neuron_types=2,
        neuron_type=[0, 0, 1],
        neuron_class=["excitatory", "inhibitory"],
        neuron_class_mode="per_neuron_type",
        neuron_tau_init=[1.5, 2.0],
        neuron_tau_mode="per_neuron_type",
        **kwargs,
    )
    with torch.no_grad():
        rnn.hh.bias.copy_(torch.tensor([[0.1], [-0.1], [0.0]]))
    return rnn


# Single precision: the interpolant of the solver cancels terms 16 times the state.
ODE_ATOL = 1e-6
# Near rest the error estimate is rounding noise, and with it the choice of steps; the error that
# the tolerances of the solver allow there is 1e-3.
REST_ATOL = 1e-5
# A step across a jump of the input is off by up to 1e-2 (the recorded numbers are, too, measured
# against the exact solution), and how far depends on where the steps happen to end.
JUMP_ATOL = 1.2e-2


def close(got, expected, atol=2e-7):
    torch.testing.assert_close(got, torch.tensor(expected), rtol=0, atol=atol)


def test_discrete_steps_on_a_sequence():
    outs, states = build(ConnectomeRNN)(X)
    close(
        states[:, 0],
        [[0.5001734, 0.3166806, 0.1344707], [0.3499861, 0.5799277, 0.2500000]],
    )
    close(
        states[:, 1],
        [[0.6207200, 0.5120578, 0.3879482], [0.3513627, 0.3560830, 0.5046622]],
    )
    torch.testing.assert_close(outs, states)


def test_discrete_steps_on_a_constant_input():
    _, states = build(ConnectomeRNN)(X[:, 0], num_steps=4)
    close(
        states[:, -1],
        [[0.7791113, 0.4814062, 0.2712784], [0.6122251, 0.8519602, 0.5106118]],
    )


def test_discrete_gradients():
    rnn = build(ConnectomeRNN)
    rnn(X)[1][:, -1].sum().backward()
    close(rnn.hh.values.grad, [0.1340561, 0.1224052, -0.0520898, 0.0894092, -0.0383079])
    close(rnn.hh.bias.grad.flatten(), [0.4020103, 0.3878161, 0.3033656])
    close(rnn.tau.grad.flatten(), [-0.5293622, -0.3378541])


def test_continuous_states_on_a_constant_input():
    rnn = build(ConnectomeODERNN)
    _, states, ts = rnn(X[:, 0], num_evals=3)
    close(ts, [[0.0, 0.5, 1.0]] * 2)
    close(
        states[:, 1],
        [[0.2146666, 0.1354168, 0.0603202], [0.1536403, 0.2463735, 0.1125053]],
        ODE_ATOL,
    )
    close(
        states[:, 2],
        [[0.3713836, 0.2334802, 0.1085823], [0.2709827, 0.4224007, 0.2030149]],
        ODE_ATOL,
    )
    assert rnn.solver.statistics.n_steps == 5
    assert rnn.solver.statistics.n_f_evals == 32


def test_continuous_states_on_two_bins():
    _, states, _ = build(ConnectomeODERNN)(X, num_evals=3)
    close(
        states[:, 1],
        [[0.2152715, 0.1347108, 0.0585138], [0.1552981, 0.2502950, 0.1114083]],
        ODE_ATOL,
    )
    close(
        states[:, 2],
        [[0.3475587, 0.2623858, 0.1749077], [0.2104888, 0.2716777, 0.2442986]],
        ODE_ATOL,
    )


def test_continuous_states_on_another_interval():
    rnn = build(ConnectomeODERNN)
    _, states, _ = rnn(X, num_evals=3, start_time=1.0, end_time=3.0)
    close(
        states[:, 2],
        [[0.5263301, 0.4078539, 0.3077387], [0.3010796, 0.3365067, 0.4153527]],
        JUMP_ATOL,
    )


def test_tight_tolerances_resolve_a_jump_of_the_input():
    rnn = build(ConnectomeODERNN)
    rnn.solver.step_size_controller.rtol.fill_(1e-6)
    _, across, _ = rnn(X, num_evals=3, start_time=1.0, end_time=3.0)
    _, first, _ = rnn(X[:, 0], start_time=1.0, end_time=2.0)
    _, second, _ = rnn(X[:, 1], start_time=2.0, end_time=3.0, neuron_state0=first[:, -1])
    # 1 % of the error across the jump at the default tolerances
    torch.testing.assert_close(across[:, -1], second[:, -1], rtol=0, atol=JUMP_ATOL / 100)


def test_continuous_states_after_a_long_time():
    rnn = build(ConnectomeODERNN)
    _, states, _ = rnn(X[:, 0], num_evals=2, end_time=20.0)
    close(
        states[:, 1],
        [[0.7928957, 0.4853912, 0.2924050], [0.6293361, 0.8588047, 0.5504367]],
        atol=REST_ATOL,
    )
    assert rnn.solver.statistics.n_steps == 12
    assert rnn.solver.statistics.n_f_evals == 74


def test_continuous_gradients():
    rnn = build(ConnectomeODERNN)
    rnn(X[:, 0], num_evals=3)[1][:, -1].sum().backward()
    close(rnn.hh.values.grad, [0.0435038, 0.0375557, -0.0149738, 0.0351010, -0.0161930], ODE_ATOL)
    close(rnn.hh.bias.grad.flatten(), [0.2100682, 0.1850783, 0.1722632], ODE_ATOL)
    close(rnn.tau.grad.flatten(), [-0.6310772, -0.1171849], ODE_ATOL)
