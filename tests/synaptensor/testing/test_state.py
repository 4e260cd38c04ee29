from collections import deque

import numpy as np
import pytest
import torch
from torch import nn

from synaptensor.random import RandomStream
from synaptensor.testing import (
    assert_independent,
    assert_same_module,
    assert_state_unchanged,
    capture_state,
)


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = torch.zeros(2)


class Everything(nn.Module):
    """Holds state in every place where a module can hide it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("buffer", torch.zeros(2))
        self.register_buffer("passing", torch.zeros(2), persistent=False)
        self.child = nn.Linear(2, 2)
        self.count = 0
        self.nested = {"list": [torch.zeros(2)], ("a", 1): deque([1.0])}
        self.array = np.zeros(2)
        self.slotted = Slotted()
        self.stream = RandomStream(seed=3)
        self.generator = torch.Generator()
        self.names = {"a"}
        self.itself = [self]


CHANGES = {
    "weight": lambda m: m.weight.data.add_(1),
    "weight.grad": lambda m: setattr(m.weight, "grad", torch.ones(2)),
    "buffer": lambda m: m.buffer.add_(1),
    "passing": lambda m: m.passing.add_(1),
    "child.bias": lambda m: m.child.bias.data.add_(1),
    "count": lambda m: setattr(m, "count", 1),
    "nested.list.0": lambda m: m.nested["list"][0].add_(1),
    "nested.('a', 1).1": lambda m: m.nested["a", 1].append(2.0),
    "array": lambda m: m.array.__iadd__(1),
    "slotted.value": lambda m: m.slotted.value.add_(1),
    "stream._generators.cpu": lambda m: m.stream.normal((1,)),
    "generator": lambda m: torch.rand(1, generator=m.generator),
    "names.b": lambda m: m.names.add("b"),
    "new": lambda m: setattr(m, "new", 1),
    "training": lambda m: m.eval(),
}


@pytest.mark.parametrize("path", CHANGES)
def test_every_change_is_seen_and_named(path):
    module = Everything()
    with pytest.raises(AssertionError) as caught, assert_state_unchanged(module):
        CHANGES[path](module)
    assert f"\n  {path}: " in str(caught.value)


def test_no_change_is_accepted():
    module = Everything()
    module.stream.normal((1,))
    with assert_state_unchanged(module):
        module.weight + 1


def test_a_change_before_an_error_is_seen():
    module = Everything()

    def fail():
        module.count += 1
        raise ZeroDivisionError

    changed = pytest.raises(AssertionError, match="count: 0 became 1")
    with changed, assert_state_unchanged(module), pytest.raises(ZeroDivisionError):
        fail()


def test_paths_can_be_left_out():
    module = Everything()
    with assert_state_unchanged(module, ignore=["nested", "count"]):
        module.nested["list"][0].add_(1)
        module.count = 4


def test_a_captured_state_does_not_follow_the_object():
    module = Everything()
    state = capture_state(module)
    module.buffer.add_(1)
    module.array += 1
    assert torch.equal(state["buffer"], torch.zeros(2))
    assert np.array_equal(state["array"], np.zeros(2))


def test_equal_modules_are_the_same():
    torch.manual_seed(0)
    a = nn.Linear(2, 2)
    torch.manual_seed(0)
    assert_same_module(nn.Linear(2, 2), a)


def test_differences_are_named():
    torch.manual_seed(0)
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    with pytest.raises(AssertionError, match="weight: Tensor-likes are not equal"):
        assert_same_module(a, b)
    assert_same_module(a, b, atol=10.0)
    assert_same_module(a, b, ignore=["weight", "bias"])
    with pytest.raises(AssertionError, match="training: True became False"):
        assert_same_module(a.eval(), b, atol=10.0)
    with pytest.raises(AssertionError, match="got a Linear, expected Identity"):
        assert_same_module(a, nn.Identity())


def test_types_and_shapes_count_as_differences():
    a, b = nn.Module(), nn.Module()
    a.x, b.x = torch.zeros(2), torch.zeros(2, dtype=torch.float64)
    with pytest.raises(AssertionError, match="dtype"):
        assert_same_module(a, b)
    a.x, b.x = 1, 1.0
    with pytest.raises(AssertionError, match=r"x: 1.0 became 1"):
        assert_same_module(a, b)
    a.x = b.x = float("nan")
    assert_same_module(a, b)


def test_shared_memory_is_found():
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    assert_independent(a, b)
    b.views = [a.weight[0]]
    with pytest.raises(AssertionError, match=r"memory is shared: weight and views.0"):
        assert_independent(a, b)
