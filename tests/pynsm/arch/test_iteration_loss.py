import copy
import pickle
from unittest.mock import MagicMock

import pytest
import torch
from torch import nn

from pynsm import IterationLossModule


class Parabola(IterationLossModule):
    """Minimises ``sum((state + 1)^2)``; the layer takes no part."""

    def __init__(self, n=5, seed=42, **kwargs):
        super().__init__(**{"iteration_lr": 0.1, "max_iterations": 10, **kwargs})
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("state", torch.randn(n, generator=generator))
        self.decoy = nn.Linear(2, 3, bias=False)

    def iteration_parameters(self):
        return [self.state]

    def iteration_loss(self, *args, **kwargs):
        return ((self.state + 1) ** 2).sum()


def mock_optimizer(parameters, **kwargs):
    mock_optimizer.calls.append((parameters, kwargs))
    mock_optimizer.instance = MagicMock()
    return mock_optimizer.instance


@pytest.fixture
def optimizer():
    mock_optimizer.calls = []
    return mock_optimizer


def test_loss_and_parameters_are_abstract():
    for method in ("iteration_loss", "iteration_parameters"):
        with pytest.raises(NotImplementedError, match="IterationLossModule"):
            getattr(IterationLossModule(), method)()


def test_forward_lowers_the_loss_by_gradient_descent():
    module = Parabola(max_iterations=3)
    expected = module.state.clone()
    for _ in range(3):
        expected = expected - 0.1 * 2 * (expected + 1)
    assert module() is None
    torch.testing.assert_close(module.state, expected)
    assert not module.state.requires_grad


def test_records_the_loss_before_each_step():
    module, seen, expected = Parabola(max_iterations=4), [], []
    state = module.state.clone()
    module.register_iteration_hook("iteration", lambda m: seen.append(m.last_iteration_loss))
    module()
    for _ in range(4):
        expected.append(float(((state + 1) ** 2).sum()))
        state = state - 0.2 * (state + 1)
    assert module.last_iteration_loss == seen[-1]
    assert seen == pytest.approx(expected, rel=1e-5)


def test_optimizer_is_built_once_a_forward_and_stepped(optimizer):
    module = Parabola(iteration_optimizer=optimizer, max_iterations=4)
    assert module.iteration_optimizer is None
    module()
    assert len(optimizer.calls) == 1
    assert optimizer.calls[0][0][0] is module.state
    assert optimizer.calls[0][1] == {"lr": 0.1}
    assert module.iteration_optimizer is optimizer.instance
    assert optimizer.instance.step.call_count == optimizer.instance.zero_grad.call_count == 4


def test_scheduler_is_built_with_the_optimizer_and_stepped():
    scheduler = MagicMock()
    module = Parabola(
        iteration_scheduler=scheduler, it_sched_kwargs={"gamma": 0.5}, max_iterations=3
    )
    module()
    scheduler.assert_called_once_with(module.iteration_optimizer, gamma=0.5)
    assert module.iteration_scheduler.step.call_count == 3


def test_scheduler_changes_the_steps():
    module = Parabola(
        iteration_scheduler=torch.optim.lr_scheduler.ExponentialLR,
        it_sched_kwargs={"gamma": 0.5},
        max_iterations=3,
    )
    expected = module.state.clone()
    for lr in (0.1, 0.05, 0.025):
        expected = expected - lr * 2 * (expected + 1)
    module()
    torch.testing.assert_close(module.state, expected)


def test_rate_in_the_dictionary_wins_and_the_dictionary_stays_as_it_was(optimizer):
    given = {"lr": 0.3, "momentum": 0.9}
    module = Parabola(iteration_optimizer=optimizer, it_optim_kwargs=given)
    module()
    assert optimizer.calls[0][1] == {"lr": 0.3, "momentum": 0.9}

    given = {"momentum": 0.9}
    module = Parabola(iteration_optimizer=optimizer, it_optim_kwargs=given)
    assert module.it_optim_kwargs == {"lr": 0.1, "momentum": 0.9}
    assert given == {"momentum": 0.9}


def test_optimizer_starts_afresh_each_forward():
    module = Parabola(it_optim_kwargs={"momentum": 0.9}, max_iterations=2)
    start = module.state.clone()
    module()
    first, end = module.iteration_optimizer, module.state.clone()
    module.state.copy_(start)
    module()
    assert module.iteration_optimizer is not first
    assert torch.equal(module.state, end)


def test_projection_acts_after_every_step():
    module = Parabola(n=3, iteration_projection=nn.ReLU())
    module()
    assert (module.state >= 0).all()


def test_the_steps_can_be_called_one_by_one():
    module = Parabola(n=3, iteration_projection=nn.ReLU())
    module.pre_iteration()
    assert module.state.requires_grad
    module.iteration()
    assert (module.state >= 0).all()
    module.post_iteration()
    assert not module.state.requires_grad


def test_projection_module_is_registered():
    module = Parabola(iteration_projection=nn.PReLU())
    assert "iteration_projection.weight" in module.state_dict()
    assert dict(module.named_modules())["iteration_projection"] is module.iteration_projection


@pytest.mark.parametrize("trainable", [True, False])
def test_parameters_are_frozen_meanwhile_and_restored(trainable):
    module = Parabola()
    module.decoy.weight.requires_grad_(trainable)
    module.pre_iteration()
    assert not module.decoy.weight.requires_grad
    module.post_iteration()
    assert module.decoy.weight.requires_grad is trainable


def test_a_second_pre_iteration_remembers_the_right_flags():
    module = Parabola()
    module.pre_iteration()
    module.pre_iteration()
    module.post_iteration()
    assert module.decoy.weight.requires_grad


@pytest.mark.parametrize("place", ["iteration_loss", "converged", "post_iteration"])
def test_an_exception_leaves_nothing_frozen(place):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    module = Parabola()
    setattr(module, place, fail)
    with pytest.raises(ZeroDivisionError):
        module()
    assert module.decoy.weight.requires_grad
    assert not module.state.requires_grad


def test_a_failing_optimizer_leaves_nothing_frozen():
    module = Parabola(it_optim_kwargs={"no_such_option": 1})
    with pytest.raises(TypeError):
        module()
    assert module.decoy.weight.requires_grad
    assert not module.state.requires_grad


def test_gradients_written_by_hand_replace_the_loss():
    class ByHand(Parabola):
        def iteration_set_gradients(self, *args, **kwargs):
            self.state.grad = torch.arange(5.0)

    module = ByHand(max_iterations=2)
    start = module.state.clone()
    module()
    assert torch.equal(module.state.grad, torch.arange(5.0))
    torch.testing.assert_close(module.state, start - 0.2 * torch.arange(5.0))
    assert module.last_iteration_loss is None


def test_runs_without_gradients_around_it():
    expected = Parabola()
    expected()
    module = Parabola()
    with torch.no_grad():
        module()
    assert torch.equal(module.state, expected.state)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_carry_no_optimizer(way):
    module = Parabola(
        iteration_scheduler=torch.optim.lr_scheduler.LambdaLR,
        it_sched_kwargs={"lr_lambda": float},
    )
    module()
    twin = way(module)
    assert twin.iteration_optimizer is None
    assert twin.iteration_scheduler is None
    twin()
    module()
    assert torch.equal(twin.state, module.state)


@pytest.mark.parametrize("name", ["iteration_optimizer", "iteration_scheduler"])
def test_constructors_must_be_callable(name):
    with pytest.raises(TypeError, match=name):
        Parabola(**{name: 3})
