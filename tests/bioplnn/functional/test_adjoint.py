"""Gradients by the adjoint equation against those through the solver."""

import pytest
import torch
from tests.bioplnn.models.test_connectome_numbers import X, build

from bioplnn.functional.adjoint import dopri5_adjoint
from bioplnn.functional.dopri5 import SolverError, Tolerances, dopri5
from bioplnn.models import ConnectomeODERNN, SparseODERNN

pytestmark = pytest.mark.filterwarnings("ignore:tensor of shape")


def gradients(gradient, kind=ConnectomeODERNN, x=X, **solver):
    rnn = build(kind, solver_kwargs={"gradient": gradient, **solver}).double()
    rnn.solver.step_size_controller.float()
    inputs = x.double().requires_grad_()
    start = torch.linspace(0, 1, 6).view(2, 3).double().requires_grad_()
    _, states, _ = rnn(inputs, num_evals=4, end_time=2.0, neuron_state0=start)
    (states[:, 1].square().sum() + states[:, -1].sum()).backward()
    return [inputs.grad, start.grad, *(p.grad for p in rnn.parameters())]


def assert_close(found, expected, rtol):
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=rtol, atol=rtol * b.abs().max().item())


@pytest.mark.parametrize("x", [X[:, 0], X], ids=["constant", "two bins"])
def test_both_gradients_agree(x):
    kwargs = {"rtol": 1e-7, "atol": 1e-9, "stop_at_jumps": True}
    assert_close(gradients("adjoint", x=x, **kwargs), gradients("solver", x=x, **kwargs), 1e-5)


def test_both_gradients_agree_within_the_default_tolerances():
    kwargs = {"stop_at_jumps": True}
    assert_close(gradients("adjoint", **kwargs), gradients("solver", **kwargs), 1e-2)


def test_a_linear_equation_has_its_exact_gradients():
    rate = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    y0 = torch.tensor([[1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    times = torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64)
    states, stats = dopri5_adjoint(
        lambda t, y, k: -k * y, y0, times, [rate], Tolerances(1e-10, 1e-9)
    )
    states[1:].sum().backward()
    decay = (-0.7 * times[1:]).exp()
    torch.testing.assert_close(y0.grad, decay.sum().expand(1, 2), rtol=1e-7, atol=0)
    expected = -(times[1:] * decay * 3.0).sum()
    torch.testing.assert_close(rate.grad, expected, rtol=1e-7, atol=0)
    assert stats.n_f_evals == 2 + 6 * stats.n_steps


def test_backwards_in_time():
    rate = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    y0 = torch.ones(1, 1, dtype=torch.float64)
    times = torch.tensor([1.0, 0.0], dtype=torch.float64)
    states, _ = dopri5_adjoint(lambda t, y, k: -k * y, y0, times, [rate], Tolerances(1e-10, 1e-9))
    states[-1].sum().backward()
    torch.testing.assert_close(rate.grad, rate.detach().exp(), rtol=1e-7, atol=0)


@pytest.mark.parametrize("num_evals", [2, 5])
def test_gradients_over_a_long_time(num_evals):
    # What decays by exp(-12) forwards would drown every digit on the way back in one go.
    def values_grad(gradient, **solver):
        rnn = build(ConnectomeODERNN, solver_kwargs={"gradient": gradient, **solver})
        _, states, _ = rnn(X[:, 0], num_evals=num_evals, end_time=20.0)
        states[:, -1].square().sum().backward()
        return [rnn.hh.values.grad, rnn.hh.bias.grad]

    assert_close(values_grad("adjoint"), values_grad("solver", rtol=1e-6), 2e-2)


def test_a_state_without_a_way_back_is_reported():
    # 1 - t squared until it is gone at t = 1; nothing at t = 2 tells when that was.
    y0 = torch.ones(1, 1, dtype=torch.float64, requires_grad=True)
    times = torch.tensor([0.0, 2.0], dtype=torch.float64)
    states, _ = dopri5_adjoint(
        lambda t, y: -2 * y.clamp(min=1e-16).sqrt(), y0, times, [], Tolerances(1e-12, 1e-9)
    )
    with pytest.raises(SolverError, match="cannot follow the state back"):
        states[-1].sum().backward()


def test_memory_does_not_grow_with_the_number_of_steps():
    def kept(gradient, end_time):
        rnn = build(ConnectomeODERNN, solver_kwargs={"gradient": gradient, "rtol": 1e-5})
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t: sizes.append(t.numel()) or t, lambda t: t
        ):
            rnn(X[:, 0], end_time=end_time)
        return sum(sizes)

    assert kept("solver", 10.0) > 2 * kept("solver", 1.0)
    assert kept("adjoint", 10.0) == kept("adjoint", 1.0)


def test_plain_sparse_networks_have_both_gradients():
    wiring = (torch.rand(4, 4, generator=torch.Generator().manual_seed(0)) / 2).to_sparse()
    found = []
    for gradient in ("solver", "adjoint"):
        rnn = SparseODERNN(4, 4, wiring, solver_kwargs={"gradient": gradient, "rtol": 1e-6})
        rnn(torch.ones(2, 4))[1][:, -1].sum().backward()
        found.append([rnn.hh.values.grad, rnn.hh.bias.grad])
    assert_close(*found, 1e-4)


def test_steps_that_stop_at_jumps_are_exact_and_cheaper():
    across = build(ConnectomeODERNN, solver_kwargs={"rtol": 1e-7, "atol": 1e-9})
    stopping = build(ConnectomeODERNN, solver_kwargs={"stop_at_jumps": True})
    with torch.no_grad():
        _, expected, _ = across(X, num_evals=7, start_time=1.0, end_time=3.0)
        _, found, _ = stopping(X, num_evals=7, start_time=1.0, end_time=3.0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    assert stopping.solver.statistics.n_steps < across.solver.statistics.n_steps


def test_stopping_at_jumps_backwards_in_time():
    kwargs = {"rtol": 1e-6, "atol": 1e-8, "stop_at_jumps": True}
    rnn = build(ConnectomeODERNN, solver_kwargs=kwargs)
    with torch.no_grad():
        _, forth, _ = rnn(X, end_time=1.0)
        _, back, _ = rnn(X.flip(1), start_time=1.0, end_time=0.0, neuron_state0=forth[:, -1])
    torch.testing.assert_close(back[:, -1], forth[:, 0], rtol=0, atol=1e-4)


def test_bad_options():
    for kwargs, name in (({"gradient": "exact"}, "gradient"), ({"max_steps": 0}, "max_steps")):
        with pytest.raises(ValueError, match=name):
            build(ConnectomeODERNN, solver_kwargs=kwargs)


@pytest.mark.parametrize("gradient", ["solver", "adjoint"])
def test_failures_are_reported_instead_of_values(gradient):
    rnn = build(ConnectomeODERNN, solver_kwargs={"gradient": gradient, "max_steps": 2})
    with pytest.raises(SolverError, match="max_steps=2"):
        rnn(X[:, 0])
    rnn = build(ConnectomeODERNN, solver_kwargs={"gradient": gradient})
    bad = X[:, 0].clone()
    bad[1, 2] = float("nan")
    with pytest.raises(SolverError, match="not finite"):
        rnn(bad)


def test_a_step_too_small_for_the_numbers_is_reported():
    rnn = build(ConnectomeODERNN)
    with pytest.raises(SolverError, match=r"step of 0.0001 at t=1e\+06, which torch.float32"):
        rnn(X[:, 0], start_time=1e6, end_time=1e6 + 1)
    _, states, _ = build(ConnectomeODERNN).double()(
        X[:, 0].double(), start_time=1e6, end_time=1e6 + 1
    )
    expected = build(ConnectomeODERNN).double()(X[:, 0].double())[1]
    torch.testing.assert_close(states, expected, rtol=1e-3, atol=1e-4)


def test_the_observer_sees_every_step():
    seen = []
    times = torch.tensor([0.0, 1.0])
    _, stats = dopri5(
        lambda t, y: -y, torch.ones(1, 2), times,
        observe=lambda t, dt, y, step, accepted: seen.append(int(accepted.sum())),
    )  # fmt: skip
    assert len(seen) == stats.n_steps
    assert sum(seen) == sum(stats.n_accepted)
