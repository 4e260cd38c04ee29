"""Reducers: modules that keep a record of states folded from observations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.core import Module, RecordTensor
from synaptensor.validation import check_flag, check_instance

__all__ = ["FoldReducer", "RecordReducer", "Reducer"]


class Reducer(Module, ABC):
    """Folds observations, one call each, into a state that can be looked up."""

    def __init__(self) -> None:
        Module.__init__(self)

    @property
    def latest(self) -> Any:
        """The newest state."""
        return self.peek()

    @abstractmethod
    def clear(self, **kwargs: Any) -> None:
        """Forgets all states."""

    @abstractmethod
    def view(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the state at a time before the present."""

    @abstractmethod
    def dump(self, *args: Any, **kwargs: Any) -> Any:
        """Returns all states."""

    @abstractmethod
    def peek(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the newest state."""

    @abstractmethod
    def push(self, inputs: Tensor, **kwargs: Any) -> None:
        """Records a state."""

    def forward(self, *inputs: Tensor, **kwargs: Any) -> None:
        """Folds an observation into the state."""
        raise NotImplementedError(f"{type(self).__name__} must implement `forward`")


class RecordReducer(Reducer, ABC):
    """A reducer that keeps its states in records of one step time and duration.

    Args:
        step_time: time between observations.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.

    Raises:
        ValueError: if the step time is not positive or the duration negative.
    """

    def __init__(
        self,
        step_time: float,
        duration: float,
        inclusive: bool = False,
        inplace: bool = False,
    ) -> None:
        Reducer.__init__(self)
        self._step_time = argtest.gt("step_time", step_time, 0, float)
        self._duration = argtest.gte("duration", duration, 0, float)
        self._inclusive = check_flag("inclusive", inclusive)
        self._inplace = check_flag("inplace", inplace)
        self._records: list[str] = []

    def add_record(self, *attr: str) -> None:
        """Makes records follow the step time and duration of the reducer.

        Raises:
            RuntimeError: if the reducer has no such attribute.
            TypeError: if the attribute is not a ``RecordTensor``.
        """
        for name in attr:
            argtest.members("reducer", self, name)
            record = argtest.instance(name, getattr(self, name), RecordTensor)
            record.dt = self._step_time
            record.duration = self._duration
            record.inclusive = self._inclusive
            if name not in self._records:
                self._records.append(name)

    @property
    def dt(self) -> float:
        """Time between observations; a change keeps the newest states."""
        return self._step_time

    @dt.setter
    def dt(self, value: float) -> None:
        value = argtest.gt("dt", value, 0, float)
        if value != self._step_time:
            for name in self._records:
                getattr(self, name).dt = value
            self._step_time = value

    @property
    def duration(self) -> float:
        """Time that is remembered; a change keeps the newest states."""
        return self._duration

    @duration.setter
    def duration(self, value: float) -> None:
        value = argtest.gte("duration", value, 0, float)
        if value != self._duration:
            for name in self._records:
                getattr(self, name).duration = value
            self._duration = value

    @property
    def inclusive(self) -> bool:
        """Whether the state exactly ``duration`` ago can be read."""
        return self._inclusive

    @inclusive.setter
    def inclusive(self, value: bool) -> None:
        self._inclusive = bool(value)
        for name in self._records:
            getattr(self, name).inclusive = self._inclusive

    @property
    def inplace(self) -> bool:
        """Whether states that were read may change with later observations."""
        return self._inplace

    @inplace.setter
    def inplace(self, value: bool) -> None:
        self._inplace = bool(value)


class FoldReducer(RecordReducer, ABC):
    """A reducer whose next state is a function of observation and previous state.

    Args:
        step_time: time between observations.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        fill: value of states not yet observed.
        dtype: data type of the states, torch's default if ``None``.

    Raises:
        ValueError: if the step time is not positive or the duration negative.
    """

    # Whether `fold` works on elements of observations as large as the state, and neither keeps
    # nor returns the state that it is given, which then needs no copy.
    _elementwise = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "fold" in cls.__dict__:
            # what a base class promises of its own fold says nothing about this one
            if "_elementwise" not in cls.__dict__:
                cls._elementwise = False
            if "_fold_into" not in cls.__dict__:
                cls._fold_into = FoldReducer._fold_into  # type: ignore[method-assign]

    def __init__(
        self,
        step_time: float,
        duration: float,
        inclusive: bool = False,
        inplace: bool = False,
        fill: Any = 0,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_instance("dtype", dtype, torch.dtype | None)
        RecordReducer.__init__(self, step_time, duration, inclusive, inplace)
        self.fill = fill
        self.register_extra("_initial", True)
        RecordTensor.create(self, "data_", step_time, duration, torch.empty(0, dtype=dtype))
        self.add_record("data_")

    @abstractmethod
    def fold(self, *inputs: Tensor | None) -> Tensor:
        """Returns the next state from the inputs and, as last argument, the previous state.

        The previous state is ``None`` for the first observation.
        """

    @abstractmethod
    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Returns the state between two states; see ``inferno.functional.Interpolation``."""

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        """Writes the next state into ``out``, which may be ``state``; false if not possible."""
        return False

    def forward(self, *inputs: Tensor, **kwargs: Any) -> None:
        """Folds an observation into the state.

        Args:
            *inputs: the observation.
            **kwargs: ignored.

        Raises:
            ValueError: if the state changes its shape; ``clear`` allows another.
        """
        for observed in inputs:
            check_instance("inputs", observed, Tensor)
        extras = self._extras
        if extras["_initial"]:
            self._begin(inputs)
            extras["_initial"] = False
        elif not self._advance_in_place(inputs):
            self._advance(inputs)

    def _begin(self, inputs: tuple[Tensor, ...]) -> None:
        record: RecordTensor = self.data_
        state = self.fold(*inputs, None)
        if record.ignored:
            record.initialize(state.shape, device=state.device, fill=self.fill)
        record.push(state, self._inplace)

    def _advance(self, inputs: tuple[Tensor, ...]) -> None:
        record: RecordTensor = self.data_
        state: Any = record.borrow(1) if self._elementwise else record.peek()
        if self._elementwise and any(x.shape != state.shape for x in inputs):
            raise self._changed(record, [tuple(x.shape) for x in inputs])
        folded = self.fold(*inputs, state)
        if folded.shape != record.shape:
            raise self._changed(record, tuple(folded.shape))
        record.push(folded, self._inplace)

    @staticmethod
    def _changed(record: RecordTensor, got: Any) -> ValueError:
        return ValueError(
            f"observations must keep the shape {record.shape} until `clear` is called, got {got}"
        )

    def _advance_in_place(self, inputs: tuple[Tensor, ...]) -> bool:
        """Folds into the record itself; false where that is not possible."""
        if type(self)._fold_into is FoldReducer._fold_into:
            return False
        if torch.is_grad_enabled() and any(x.requires_grad for x in inputs):
            return False
        record: RecordTensor = self.data_
        turn = record.turn(self._inplace)
        if turn is None:
            return False
        state, out = turn
        for x in inputs:
            if x.shape != out.shape:
                return False
        if not self._fold_into(out, state, *inputs):
            return False
        # in a record of one slot the newest is the next, and the pointer stays
        if state is not out:
            record.incr(1)
        return True

    @property
    def data(self) -> Any:
        """The states in physical order; see ``RecordTensor.value``.

        Raises:
            RuntimeError: if assigned data differ in shape.
        """
        return self.data_.value

    @data.setter
    def data(self, value: Tensor) -> None:
        record: RecordTensor = self.data_
        expected = (record.recordsz, *(value.shape[1:] if record.ignored else record.shape or ()))
        if tuple(value.shape) != expected:
            raise RuntimeError(f"`data` must have the shape {expected}, got {tuple(value.shape)}")
        record.value = value

    def clear(self, keepshape: bool = False, **kwargs: Any) -> None:
        """Forgets all states.

        Args:
            keepshape: whether the next states must have the same shape.
            **kwargs: ignored.
        """
        if keepshape:
            self.data_.reset(self.fill)
        else:
            self.data_.deinitialize(False)
        self._extras["_initial"] = True

    def view(self, time: float | Tensor, tolerance: float = 1e-7) -> Tensor | None:
        r"""Returns the state at a time before the present, ``None`` before any observation.

        Args:
            time: time before the newest state, of shape $S$ or $S \times D$ if a tensor.
            tolerance: largest difference from the time of a state that is ignored.

        Raises:
            ValueError: if a time is outside the record.
        """
        if self._initial:
            return None
        result: Tensor = self.data_.select(time, self.interpolate, tolerance=tolerance)
        return result

    def dump(self, **kwargs: Any) -> Tensor | None:
        """Returns all states, newest first, ``None`` before any observation."""
        if self._initial:
            return None
        record: RecordTensor = self.data_
        return record.readrange(record.recordsz).movedim(-1, 0).flip(0)

    def peek(self, **kwargs: Any) -> Tensor | None:
        """Returns the newest state, ``None`` before any observation."""
        return None if self._extras["_initial"] else self.data_.peek()

    def push(self, inputs: Tensor, **kwargs: Any) -> None:
        """Records a state as it is, without folding."""
        self.data_.push(inputs, self._inplace)
