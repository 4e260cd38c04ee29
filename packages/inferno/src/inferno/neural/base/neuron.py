"""Base classes of neurons."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from inferno import Module
from inferno.neural.mixins import BatchShapeMixin

__all__ = ["InfernoNeuron", "Neuron"]


class Neuron(Module, ABC):
    """A group of neurons that turns currents into spikes, one step at a time."""

    def __init__(self) -> None:
        Module.__init__(self)

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the group, without the batch dimension."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `shape`")

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of neurons in the group."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `count`")

    @property
    @abstractmethod
    def batchsz(self) -> int:
        """Number of samples simulated side by side."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `batchsz`")

    @batchsz.setter
    @abstractmethod
    def batchsz(self, value: int) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `batchsz`")

    @property
    @abstractmethod
    def batchedshape(self) -> tuple[int, ...]:
        """Shape of the group with the batch dimension in front."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `batchedshape`")

    @property
    @abstractmethod
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `dt`")

    @dt.setter
    @abstractmethod
    def dt(self, value: float) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `dt`")

    @property
    @abstractmethod
    def voltage(self) -> Tensor:
        """Membrane voltages in mV."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `voltage`")

    @voltage.setter
    @abstractmethod
    def voltage(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `voltage`")

    @property
    @abstractmethod
    def refrac(self) -> Tensor:
        """Remaining refractory periods in ms."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `refrac`")

    @refrac.setter
    @abstractmethod
    def refrac(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `refrac`")

    @property
    @abstractmethod
    def spike(self) -> Tensor:
        """Which neurons spiked in the last step."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `spike`")

    @abstractmethod
    def clear(self, **kwargs: Any) -> None:
        """Returns the group to its resting state."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `clear`")

    @abstractmethod
    def forward(self, inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the group by one step and returns its spikes."""
        raise NotImplementedError(f"{type(self).__name__}(Neuron) must define `forward`")

    def extra_repr(self) -> str:
        """Shows shape, batch size and step time."""
        return f"shape={self.shape}, batchsz={self.batchsz}, dt={self.dt}"


class InfernoNeuron(BatchShapeMixin, Neuron):
    """A neuron group with a fixed shape whose state follows the batch size.

    Args:
        shape: shape of the group; an integer means one dimension.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size is not a positive integer.
    """

    def __init__(self, shape: Sequence[int] | int, batch_size: int) -> None:
        Neuron.__init__(self)
        BatchShapeMixin.__init__(self, shape, batch_size)

    @property
    def batchsz(self) -> int:
        """Number of samples simulated side by side; setting a new one clears the state."""
        return BatchShapeMixin.batchsz.fget(self)  # type: ignore[attr-defined]

    @batchsz.setter
    def batchsz(self, value: int) -> None:
        before = self._batch_size
        BatchShapeMixin.batchsz.fset(self, value)  # type: ignore[attr-defined]
        if self._batch_size != before:
            self.clear()

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `dt`")

    @dt.setter
    def dt(self, value: float) -> None:
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `dt`")

    @property
    def voltage(self) -> Tensor:
        """Membrane voltages in mV."""
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `voltage`")

    @voltage.setter
    def voltage(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `voltage`")

    @property
    def refrac(self) -> Tensor:
        """Remaining refractory periods in ms."""
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `refrac`")

    @refrac.setter
    def refrac(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `refrac`")

    @property
    def spike(self) -> Tensor:
        """Which neurons spiked in the last step."""
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `spike`")

    def clear(self, **kwargs: Any) -> None:
        """Returns the group to its resting state."""
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `clear`")

    def forward(self, inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the group by one step and returns its spikes."""
        raise NotImplementedError(f"{type(self).__name__}(InfernoNeuron) must define `forward`")
