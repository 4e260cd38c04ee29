import copy
import pickle
from unittest.mock import Mock

import pytest
import torch
from torch import nn

from pynsm import IterationModule


class Recorder(IterationModule):
    """Counts calls and remembers arguments; converges at a given iteration."""

    def __init__(self, converge_at=None, **kwargs):
        super().__init__(**kwargs)
        self.converge_at = converge_at
        self.calls = []

    def pre_iteration(self, *args, **kwargs):
        self.calls.append(("pre", args, kwargs))

    def iteration(self, *args, **kwargs):
        self.calls.append(("iteration", args, kwargs))

    def converged(self, *args, **kwargs):
        self.calls.append(("converged", args, kwargs))
        return self.converge_at is not None and self.iteration_idx >= self.converge_at

    def post_iteration(self, *args, **kwargs):
        self.calls.append(("post", args, kwargs))
        return "result"

    def count(self, kind):
        return sum(call[0] == kind for call in self.calls)


def test_is_a_module_whose_iteration_is_abstract():
    assert isinstance(IterationModule(), nn.Module)
    with pytest.raises(NotImplementedError, match="IterationModule"):
        IterationModule()(1)


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError):
        IterationModule(no_such_option=1)


@pytest.mark.parametrize("bad", [-1, 2.5, "3", None])
def test_max_iterations_must_be_a_count(bad):
    with pytest.raises((TypeError, ValueError), match="max_iterations"):
        IterationModule(max_iterations=bad)


def test_runs_max_iterations_when_nothing_converges():
    module = Recorder(max_iterations=35)
    module()
    assert module.count("iteration") == 35
    assert module.iteration_idx == 34


def test_default_limit_is_a_thousand_and_may_be_reassigned():
    module = Recorder()
    assert module.max_iterations == 1000
    module.max_iterations = 4
    module()
    assert module.count("iteration") == 4


def test_no_iterations_leave_the_index_at_minus_one():
    module = Recorder(max_iterations=0)
    assert module() == "result"
    assert module.count("iteration") == 0
    assert module.iteration_idx == -1


@pytest.mark.parametrize("at", [0, 3])
def test_stops_when_converged(at):
    module = Recorder(converge_at=at, max_iterations=10)
    module()
    assert module.count("iteration") == at + 1
    assert module.iteration_idx == at


def test_pre_and_post_run_once_and_everything_gets_the_arguments():
    module = Recorder(max_iterations=3)
    assert module(2, 3, foo="bar") == "result"
    assert module.count("pre") == module.count("post") == 1
    assert all(call[1:] == ((2, 3), {"foo": "bar"}) for call in module.calls)


def test_hooks_run_in_the_documented_order():
    module = Recorder(max_iterations=2)
    order = []
    module.register_iteration_hook("pre", lambda m: order.append(("pre", len(m.calls))))
    module.register_iteration_hook("iteration", lambda m: order.append(m.calls[-1][0]))
    module.register_iteration_hook("post", lambda m: order.append(m.calls[-1][0]))
    module()
    assert order == [("pre", 0), "iteration", "iteration", "post"]


def test_hooks_are_called_with_the_module_and_see_the_index():
    module = Recorder(max_iterations=13)
    seen = []
    module.register_iteration_hook("iteration", lambda m: seen.append((m, m.iteration_idx)) or 0)
    module()
    assert seen == [(module, i) for i in range(13)]


@pytest.mark.parametrize("kind", ["pre", "post", "iteration"])
def test_several_hooks_run_in_order(kind):
    module, order = Recorder(max_iterations=1), []
    module.register_iteration_hook(kind, lambda _: order.append(1))
    module.register_iteration_hook(kind, lambda _: order.append(2))
    module()
    assert order == [1, 2]


def test_a_true_hook_stops_before_later_hooks_and_convergence():
    module = Recorder(max_iterations=5)
    later = Mock(return_value=False)
    module.register_iteration_hook("iteration", lambda _: True)
    module.register_iteration_hook("iteration", later)
    module()
    assert module.count("iteration") == 1
    assert module.count("converged") == 0
    assert module.count("post") == 1
    later.assert_not_called()


def test_values_of_pre_and_post_hooks_are_ignored():
    module = Recorder(max_iterations=2)
    module.register_iteration_hook("pre", lambda _: True)
    module.register_iteration_hook("post", lambda _: "other")
    assert module() == "result"
    assert module.count("iteration") == 2


def test_handle_removes_the_hook():
    module, hook = Recorder(max_iterations=2), Mock(return_value=None)
    handle = module.register_iteration_hook("iteration", hook)
    module()
    handle.remove()
    module()
    assert hook.call_count == 2


def test_hooks_appended_directly_run_too():
    module, hook = Recorder(max_iterations=2), Mock(return_value=None)
    module.hooks["iteration"].append(hook)
    module()
    assert hook.call_count == 2


@pytest.mark.parametrize("kind", ["Pre", "iterations", "", None])
def test_unknown_kind_is_refused(kind):
    module = Recorder()
    with pytest.raises(ValueError, match="kind"):
        module.register_iteration_hook(kind, print)
    assert not module.hooks


def test_hook_must_be_callable():
    with pytest.raises(TypeError, match="hook"):
        Recorder().register_iteration_hook("pre", 3)


def test_an_exception_reaches_abort_and_the_caller():
    class Failing(Recorder):
        def iteration(self):
            if self.iteration_idx == 2:
                raise ZeroDivisionError

        def abort_iteration(self):
            self.aborted = True

    module = Failing(max_iterations=5)
    with pytest.raises(ZeroDivisionError):
        module()
    assert module.aborted
    assert module.iteration_idx == -1
    assert module.count("post") == 0


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_their_own_hooks(way):
    module = Recorder(max_iterations=2)
    module.register_iteration_hook("iteration", _count)
    twin = way(module)
    twin.register_iteration_hook("iteration", _count)
    twin()
    assert twin.counted == 4
    module()
    assert module.counted == 2


def _count(module):
    module.counted = getattr(module, "counted", 0) + 1


def test_mandelbrot():
    class Mandelbrot(IterationModule):
        def pre_iteration(self, c):
            self.state = torch.zeros_like(c, dtype=torch.complex64)
            self.counts = torch.zeros(c.shape, dtype=torch.int64)

        def iteration(self, c):
            self.state = self.state**2 + c
            self.counts[self.state.abs() < 2] += 1

        def post_iteration(self, c):
            result = self.counts.float()
            result[self.counts == self.max_iterations] = torch.nan
            return result

    real = torch.linspace(-2, 0.8, 500)
    imaginary = torch.linspace(-1.4, 1.4, 500)
    c = torch.complex(*torch.meshgrid(real, imaginary, indexing="xy"))
    result = Mandelbrot(max_iterations=20)(c)
    assert result.shape == (500, 500)
    assert int(result.isnan().sum()) == 54922
    assert int(result.nan_to_num(0).sum()) == 587240
