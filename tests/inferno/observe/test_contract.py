"""Every monitor, together with the module that it observes, against the contract of modules."""

import copy
import pickle
from typing import Any

import pytest
import torch

from inferno import Module
from inferno.observe import (
    DifferenceMonitor,
    InputMonitor,
    Monitor,
    MultiStateMonitor,
    OutputMonitor,
    PassthroughReducer,
    StateMonitor,
)
from synaptensor.testing import ModuleContract, assert_independent, assert_state_unchanged
from synaptensor.testing.state import assert_same_tree


class Leaky(Module):
    """Adds up its inputs and forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(4, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.total = 0.9 * self.total + x
        return 2 * self.total


class Sum(PassthroughReducer):
    """Keeps the sum of two observations."""

    def fold(self, *inputs: Any) -> torch.Tensor:
        return inputs[0] + inputs[1]


class Watched(Module):
    """A module with a monitor, and what that has seen."""

    def __init__(self, make: Any) -> None:
        super().__init__()
        self.inner = Leaky()
        self.monitor: Monitor = make(self.inner)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.inner(x)
        return self.monitor.peek() + self.monitor.view(0.5)


class _Monitor(ModuleContract):
    batch_change = "records keep their shape until they are cleared"
    independent_samples = "the batch size is that of the state"
    pure_eval = "recording is what a call is for, in every mode"
    trainable = gradcheck = distributed = "there are no parameters"
    compile = "monitors are hooks that look attributes up by name"
    bad_inputs: Any = [((torch.ones(3, 5),), (ValueError, RuntimeError), "s")]  # noqa: RUF012

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.randn(batch, 5),)

    def test_same_seed_same_result(self) -> None:
        """As in the contract, but for the numbers of hooks, which torch counts on and on."""
        first, second = self._new(), self._new()
        expected = self._call(first, self._inputs())
        assert_same_tree(self._call(second, self._inputs()), expected, "the outputs differ")
        assert_same_tree(second.state_dict(), first.state_dict(), "the states differ")

    @pytest.mark.parametrize("way", ["deepcopy", "pickle"])
    def test_copy_is_equal_and_independent(self, way: str) -> None:
        """As in the contract, but for hooks, which a copied module holds itself."""
        module = self._new()
        self._call(module, self._inputs())
        twin = copy.deepcopy(module) if way == "deepcopy" else pickle.loads(pickle.dumps(module))
        assert_independent(twin, module)
        with assert_state_unchanged(module):
            got = self._call(twin, self._inputs())
        assert_same_tree(got, self._call(module, self._inputs()), "the copy gives other numbers")
        assert_same_tree(twin.state_dict(), module.state_dict(), "the copy differs")


def reducer() -> PassthroughReducer:
    return PassthroughReducer(1.0, 2.0)


def _subject(make: Any, **attributes: Any) -> type:
    return type("Test", (_Monitor,), {"make": lambda self: Watched(make), **attributes})


BEFORE = {"bad_inputs": "it records before the module looks at its input"}


TestInput = _subject(lambda module: InputMonitor(reducer(), module))
TestOutput = _subject(lambda module: OutputMonitor(reducer(), module))
TestState = _subject(lambda module: StateMonitor(reducer(), "total", module))
TestStateBefore = _subject(
    lambda module: StateMonitor(reducer(), "total", module, as_prehook=True), **BEFORE
)
TestDifference = _subject(lambda module: DifferenceMonitor(reducer(), "total", module), **BEFORE)
TestMultiState = _subject(
    lambda module: MultiStateMonitor(Sum(1.0, 2.0), "", ("total", "total"), module)
)
