"""Base classes of synapses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from inferno import Module
from inferno.neural.mixins import BatchShapeMixin, DelayedMixin
from synaptensor.validation import check_flag

__all__ = ["InfernoSynapse", "Synapse", "SynapseConstructor"]


class SynapseConstructor(Protocol):
    """Builds a synapse for the connection that holds it."""

    def __call__(
        self, shape: Sequence[int] | int, step_time: float, delay: float, batch_size: int
    ) -> Synapse:
        """Builds a synapse.

        Args:
            shape: shape of the synapses, without the batch dimension.
            step_time: length of a simulated step in ms.
            delay: longest delay that can be read back, in ms.
            batch_size: number of samples simulated side by side.

        Returns:
            The synapse.
        """
        ...


class Synapse(Module, ABC):
    """Turns spikes into currents, one step at a time, and reads both back after a delay."""

    def __init__(self) -> None:
        Module.__init__(self)

    @classmethod
    @abstractmethod
    def partialconstructor(cls, *args: Any, **kwargs: Any) -> SynapseConstructor:
        """Returns a constructor to which a connection adds shape, step time, delay and batch."""
        raise NotImplementedError(f"{cls.__name__}(Synapse) must define `partialconstructor`")

    @property
    @abstractmethod
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `dt`")

    @dt.setter
    @abstractmethod
    def dt(self, value: float) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `dt`")

    @property
    @abstractmethod
    def delay(self) -> float:
        """Longest delay that can be read back, in ms."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `delay`")

    @delay.setter
    @abstractmethod
    def delay(self, value: float) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `delay`")

    @property
    @abstractmethod
    def current(self) -> Tensor:
        """Currents of the last step in nA."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `current`")

    @current.setter
    @abstractmethod
    def current(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `current`")

    @property
    @abstractmethod
    def spike(self) -> Tensor:
        """Spikes of the last step."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `spike`")

    @spike.setter
    @abstractmethod
    def spike(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `spike`")

    @abstractmethod
    def current_at(self, selector: Tensor) -> Tensor:
        """Currents at times before now."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `current_at`")

    @abstractmethod
    def spike_at(self, selector: Tensor) -> Tensor:
        """Spikes at times before now."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `spike_at`")

    def delayed_sum(self, weight: Tensor, delay: Tensor) -> Tensor | None:
        r"""Sums delayed currents over inputs without reading each by itself.

        $$
        y_{bo} = \sum_i W_{oi} \, I_{bi}(t - d_{oi})
        $$

        Args:
            weight: weights $W$, shape ``(O, I)``.
            delay: delays $d$ in ms, shape ``(O, I)``.

        Returns:
            Sums in nA, shape ``(B, O, ...)``; ``None`` where `current_at` has to be taken.
        """
        return None

    @abstractmethod
    def clear(self, **kwargs: Any) -> None:
        """Forgets all spikes and currents."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `clear`")

    @abstractmethod
    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapses by one step and returns their currents."""
        raise NotImplementedError(f"{type(self).__name__}(Synapse) must define `forward`")

    def extra_repr(self) -> str:
        """Shows shape, batch size, step time and delay."""
        shape, batch = getattr(self, "shape", None), getattr(self, "batchsz", None)
        return f"shape={shape}, batchsz={batch}, dt={self.dt}, delay={self.delay}"


class InfernoSynapse(DelayedMixin, BatchShapeMixin, Synapse):
    """Synapses with a fixed shape whose records follow batch size, step time and delay.

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step in ms.
        delay: longest delay that can be read back, in ms.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, the step time or the delay is out of range.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        delay: float,
        batch_size: int,
        inplace: bool,
    ) -> None:
        Synapse.__init__(self)
        BatchShapeMixin.__init__(self, shape, batch_size)
        DelayedMixin.__init__(self, step_time, delay)
        self._inplace = check_flag("inplace", inplace)

    @property
    def inplace(self) -> bool:
        """Whether records are written in place even when that cuts the gradient."""
        return self._inplace

    @inplace.setter
    def inplace(self, value: bool) -> None:
        self._inplace = bool(value)

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms; setting it clears the synapses."""
        return DelayedMixin.dt.fget(self)  # type: ignore[attr-defined]

    @dt.setter
    def dt(self, value: float) -> None:
        DelayedMixin.dt.fset(self, value)  # type: ignore[attr-defined]
        self.clear()

    @property
    def delay(self) -> float:
        """Longest delay that can be read back, in ms; setting it clears the synapses."""
        return DelayedMixin.delay.fget(self)  # type: ignore[attr-defined]

    @delay.setter
    def delay(self, value: float) -> None:
        DelayedMixin.delay.fset(self, value)  # type: ignore[attr-defined]
        self.clear()
