"""Batch size, shape and delay of stateful components."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from inferno import RecordTensor, ShapedTensor
from inferno._internal import argtest
from synaptensor.validation import check_nonnegative, check_number, check_positive

__all__ = ["BatchMixin", "BatchShapeMixin", "DelayedMixin", "ShapeMixin"]


class BatchMixin:
    """Gives a module a batch size, shared by tensors whose first dimension is the batch.

    Args:
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if ``batch_size`` is not a positive integer.
    """

    def __init__(self, batch_size: int) -> None:
        self._batch_size = argtest.size("batch_size", batch_size)
        self._batched_attributes: tuple[str, ...] = ()

    def add_batched(self, *attr: str) -> None:
        """Makes the first dimension of constrained tensors follow the batch size.

        Args:
            *attr: names of attributes that are `ShapedTensor`.

        Raises:
            RuntimeError: if an attribute does not exist.
            TypeError: if an attribute is not a `ShapedTensor`.
        """
        for name in attr:
            tensor = _constrained_attribute(self, name, ShapedTensor)
            tensor.reconstrain(0, self._batch_size)
            if name not in self._batched_attributes:
                self._batched_attributes += (name,)

    @property
    def batchsz(self) -> int:
        """Number of samples simulated side by side."""
        return self._batch_size

    @batchsz.setter
    def batchsz(self, value: int) -> None:
        value = argtest.size("batchsz", value)
        if value != self._batch_size:
            for name in self._batched_attributes:
                getattr(self, name).reconstrain(0, value)
            self._batch_size = value


class ShapeMixin(BatchMixin):
    """Gives a module the shape of one sample.

    Args:
        shape: shape of a group of elements; an integer means one dimension.

    Raises:
        ValueError: if a size is not a positive integer.
    """

    def __init__(self, shape: Sequence[int] | int) -> None:
        self._shape = check_shape_argument("shape", shape)
        self._count = math.prod(self._shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape without the batch dimension."""
        return self._shape

    @property
    def count(self) -> int:
        """Number of elements in one sample."""
        return self._count


class BatchShapeMixin(ShapeMixin, BatchMixin):
    """Gives a module a batch size and the shape of one sample.

    Args:
        shape: shape of a group of elements; an integer means one dimension.
        batch_size: number of samples simulated side by side.
    """

    def __init__(self, shape: Sequence[int] | int, batch_size: int) -> None:
        ShapeMixin.__init__(self, shape)
        BatchMixin.__init__(self, batch_size)

    @property
    def batchedshape(self) -> tuple[int, ...]:
        """Shape with the batch dimension in front."""
        return (self._batch_size, *self._shape)


class DelayedMixin:
    """Gives a module a step time and a maximum delay, shared by its records.

    Args:
        step_time: length of a simulated step in ms.
        delay: longest delay that can be read back, in ms.

    Raises:
        ValueError: if ``step_time`` is not positive or ``delay`` is negative.
    """

    def __init__(self, step_time: float, delay: float) -> None:
        self._step_time = check_number("step_time", step_time, check_positive)
        self._delay = check_number("delay", delay, check_nonnegative)
        self._delayed_attributes: tuple[str, ...] = ()

    def add_delayed(self, *attr: str) -> None:
        """Makes records reach back exactly by the maximum delay.

        Args:
            *attr: names of attributes that are `RecordTensor`.

        Raises:
            RuntimeError: if an attribute does not exist.
            TypeError: if an attribute is not a `RecordTensor`.
        """
        for name in attr:
            record = _constrained_attribute(self, name, RecordTensor)
            record.dt = self._step_time
            record.duration = self._delay
            record.inclusive = True
            if name not in self._delayed_attributes:
                self._delayed_attributes += (name,)

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        return self._step_time

    @dt.setter
    def dt(self, value: float) -> None:
        value = check_number("dt", value, check_positive)
        if value != self._step_time:
            for name in self._delayed_attributes:
                getattr(self, name).dt = value
            self._step_time = value

    @property
    def delay(self) -> float:
        """Longest delay that can be read back, in ms."""
        return self._delay

    @delay.setter
    def delay(self, value: float) -> None:
        value = check_number("delay", value, check_nonnegative)
        if value != self._delay:
            for name in self._delayed_attributes:
                getattr(self, name).duration = value
            self._delay = value


def check_shape_argument(name: str, shape: Sequence[int] | int) -> tuple[int, ...]:
    """Returns a shape as a tuple of positive integers."""
    if argtest.single(shape):
        return (argtest.size(name, shape),)
    sizes = argtest.ofsequence(name, cast(Sequence[int], shape), argtest.size)
    if not sizes:
        raise ValueError(f"`{name}` must be a size or a nonempty sequence of sizes, got {shape!r}")
    return sizes


def _constrained_attribute(owner: Any, name: str, kind: type) -> Any:
    if not hasattr(owner, name):
        raise RuntimeError(f"`attr` must name an attribute of {type(owner).__name__}, got {name!r}")
    value = getattr(owner, name)
    if not isinstance(value, kind):
        raise TypeError(
            f"attribute {name!r} of {type(owner).__name__} must be of type {kind.__name__}, "
            f"got {type(value).__name__}"
        )
    return value
