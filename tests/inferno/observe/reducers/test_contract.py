from typing import ClassVar

import torch

from inferno import Module, RecordTensor
from inferno.observe import (
    CAReducer,
    ConditionalCumulativeTraceReducer,
    ConditionalNearestTraceReducer,
    CumulativeTraceReducer,
    EMAReducer,
    EventReducer,
    NearestTraceReducer,
    PassthroughReducer,
    ScaledCumulativeTraceReducer,
    ScaledNearestTraceReducer,
)
from synaptensor.testing import ModuleContract


def positive(x):
    return x > 0


class Observed(Module):
    """Gives the newest state of a reducer, and the one before."""

    def __init__(self, reducer):
        super().__init__()
        self.reducer = reducer

    def forward(self, x):
        self.reducer(x)
        return self.reducer.peek(), self.reducer.view(0.5)


class _StateContract(ModuleContract):
    batch_change = "state keeps its shape until it is cleared"
    pure_eval = "recording is what a call is for, in every mode"
    gradcheck = "the states of earlier calls are part of the result"

    bad_inputs: ClassVar = [
        ((torch.ones(3, 5),), ValueError, r"shape \(4, 5\).*\(3, 5\)"),
        ((torch.ones(1, 5),), ValueError, r"shape \(4, 5\).*\(1, 5\)"),
    ]

    def inputs(self, batch):
        return (torch.randn(batch, 5),)


class TestPassthrough(_StateContract):
    def make(self):
        return Observed(PassthroughReducer(1.0, 2.0, True))


class TestEvent(_StateContract):
    bad_inputs: ClassVar = [((torch.ones(3, 5),), RuntimeError, "size of tensor")]

    def make(self):
        return Observed(EventReducer(1.0, positive, "zero", 2.0))


class TestMovingAverage(_StateContract):
    def make(self):
        return Observed(EMAReducer(1.0, 0.3, 2.0))


class TestAverage(_StateContract):
    def make(self):
        return Observed(CAReducer(1.0, 2.0))


class TestAverageInPlace(_StateContract):
    def make(self):
        return Observed(CAReducer(1.0, 2.0, inplace=True))


class TestNearestTrace(_StateContract):
    def make(self):
        return Observed(NearestTraceReducer(1.0, 20.0, 1.0, 0.0, 0.5, duration=2.0))


class TestCumulativeTrace(_StateContract):
    def make(self):
        return Observed(CumulativeTraceReducer(1.0, 20.0, 1.0, 0.0, 0.5, duration=2.0))


class TestScaledTrace(_StateContract):
    def make(self):
        return Observed(ScaledCumulativeTraceReducer(1.0, 20.0, 1.0, 2.0, positive, duration=2.0))


class TestScaledNearestTrace(_StateContract):
    def make(self):
        return Observed(ScaledNearestTraceReducer(1.0, 20.0, 1.0, 2.0, positive, duration=2.0))


class Conditional(Module):
    """Gives the state of a reducer of the positive inputs."""

    def __init__(self, reducer):
        super().__init__()
        self.reducer = reducer

    def forward(self, x):
        self.reducer(x, x > 0)
        return self.reducer.peek(), self.reducer.view(0.5)


class TestConditionalNearestTrace(_StateContract):
    def make(self):
        return Conditional(ConditionalNearestTraceReducer(1.0, 20.0, 1.0, 2.0, duration=2.0))


class TestConditionalCumulativeTrace(_StateContract):
    def make(self):
        return Conditional(ConditionalCumulativeTraceReducer(1.0, 20.0, 1.0, 2.0, duration=2.0))


class Delay(Module):
    """Gives its input as it was two and a half steps ago, through a weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(1.5))
        RecordTensor.create(self, "x", 1.0, 3.0, torch.zeros(4, 5), inclusive=True)

    def forward(self, x):
        self.x.push(x.detach())
        return self.weight * self.x.select(torch.full((4, 5), 2.5)) + x


class TestRecord(_StateContract):
    batch_change = independent_samples = "the record has a batch size of its own"
    distributed = "the record has a batch size of its own"
    bad_inputs: ClassVar = [((torch.ones(2, 5),), ValueError, "`obs` must have the shape")]

    def make(self):
        return Delay()
