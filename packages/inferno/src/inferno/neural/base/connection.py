"""Base class of connections."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from inferno import Module
from inferno.neural.modeling import Updatable, Updater
from synaptensor.validation import check_instance

from .synapse import Synapse

__all__ = ["Connection"]


class Connection(Updatable, Module, ABC):
    """A synapse and a trainable map of its currents.

    Args:
        synapse: synapse that turns incoming spikes into currents.

    Raises:
        TypeError: if ``synapse`` is not a `Synapse`.
    """

    def __init__(self, synapse: Synapse) -> None:
        Module.__init__(self)
        Updatable.__init__(self)
        self.register_module("synapse_", check_instance("synapse", synapse, Synapse))

    @property
    def synapse(self) -> Synapse:
        """Synapse that turns incoming spikes into currents."""
        return self._modules["synapse_"]  # type: ignore[return-value]

    @synapse.setter
    def synapse(self, value: Synapse) -> None:
        self.register_module("synapse_", check_instance("synapse", value, Synapse))

    @property
    def batchsz(self) -> int:
        """Number of samples simulated side by side."""
        return self.synapse.batchsz

    @batchsz.setter
    def batchsz(self, value: int) -> None:
        self.synapse.batchsz = value

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        return self.synapse.dt

    @dt.setter
    def dt(self, value: float) -> None:
        self.synapse.dt = value

    @property
    @abstractmethod
    def inshape(self) -> tuple[int, ...]:
        """Shape of one input sample."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `inshape`")

    @property
    @abstractmethod
    def outshape(self) -> tuple[int, ...]:
        """Shape of one output sample."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `outshape`")

    @property
    def batched_inshape(self) -> tuple[int, ...]:
        """Shape of the input with the batch dimension in front."""
        return (self.batchsz, *self.inshape)

    @property
    def batched_outshape(self) -> tuple[int, ...]:
        """Shape of the output with the batch dimension in front."""
        return (self.batchsz, *self.outshape)

    def insize(self) -> int:
        """Number of elements of one input sample."""
        return math.prod(self.inshape)

    def outsize(self) -> int:
        """Number of elements of one output sample."""
        return math.prod(self.outshape)

    @property
    @abstractmethod
    def weight(self) -> Tensor:
        """Trainable weights."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `weight`")

    @weight.setter
    @abstractmethod
    def weight(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `weight`")

    @property
    @abstractmethod
    def bias(self) -> Tensor | None:
        """Trainable biases, if any."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `bias`")

    @bias.setter
    @abstractmethod
    def bias(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `bias`")

    @property
    @abstractmethod
    def delay(self) -> Tensor | None:
        """Trainable delays in ms, if any."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `delay`")

    @delay.setter
    @abstractmethod
    def delay(self, value: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `delay`")

    @property
    @abstractmethod
    def selector(self) -> Tensor:
        """Delays in the shape with which the synapse is read."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `selector`")

    @property
    def biased(self) -> bool:
        """Whether the connection has biases."""
        return self.bias is not None

    @property
    def delayedby(self) -> float | None:
        """Longest delay in ms, or ``None`` if the connection has no delays."""
        return None if self.delay is None else self.synapse.delay

    @property
    def syncurrent(self) -> Tensor:
        """Currents of the synapse after the delays of the connection."""
        if self.delayedby:
            return self.synapse.current_at(self.selector)
        return self.synapse.current

    @property
    def synspike(self) -> Tensor:
        """Spikes of the synapse after the delays of the connection."""
        if self.delayedby:
            return self.synapse.spike_at(self.selector)
        return self.synapse.spike

    def clear(self, **kwargs: Any) -> None:
        """Forgets pending updates and the state of the synapse; parameters stay."""
        Updatable.clear(self, **kwargs)
        self.synapse.clear(**kwargs)

    def _check_inputs(self, inputs: tuple[Tensor, ...]) -> None:
        """Refuses inputs that are no tensors with as many elements as a batch of samples."""
        if not inputs:
            raise TypeError(f"{type(self).__name__} must be called with at least one tensor")
        batch = getattr(self.synapse, "batchsz", None)
        for x in inputs:
            if not isinstance(x, Tensor):
                raise TypeError(f"`inputs` must be tensors, got {type(x).__name__}")
            if (
                x.ndim < 1
                or x.numel() != x.shape[0] * math.prod(self.inshape)
                or (batch is not None and x.shape[0] != batch)
            ):
                expected = ("B" if batch is None else batch, *self.inshape)
                raise ValueError(f"`inputs` must be of shape {expected}, got {tuple(x.shape)}")

    @abstractmethod
    def like_input(self, data: Tensor) -> Tensor:
        """Reshapes data like the synapse to be like the input."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `like_input`")

    @abstractmethod
    def like_bias(self, data: Tensor) -> Tensor:
        """Reshapes data like a reduced postsynaptic update to be like the bias."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `like_bias`")

    @abstractmethod
    def like_synaptic(self, data: Tensor) -> Tensor:
        """Reshapes data like the input to be like the synapse."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `like_synaptic`")

    @abstractmethod
    def postsyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes output to broadcast against ``(B, *weight.shape, L)``."""
        raise NotImplementedError(
            f"{type(self).__name__}(Connection) must define `postsyn_receptive`"
        )

    @abstractmethod
    def presyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes synaptic data to broadcast against ``(B, *weight.shape, L)``."""
        raise NotImplementedError(
            f"{type(self).__name__}(Connection) must define `presyn_receptive`"
        )

    def defaultupdater(  # type: ignore[override]
        self,
        *includes: str,
        exclude_weight: bool = False,
        exclude_bias: bool = False,
        exclude_delay: bool = False,
    ) -> Updater:
        """Builds an updater for the parameters of the connection, without attaching it.

        Args:
            *includes: names of further attributes to update.
            exclude_weight: leave out the weights.
            exclude_bias: leave out the biases.
            exclude_delay: leave out the delays.

        Returns:
            The updater; assign it to `updater` to use it.
        """
        names = []
        if not exclude_weight:
            names.append("weight")
        if self.biased and not exclude_bias:
            names.append("bias")
        if self.delayedby is not None and not exclude_delay:
            names.append("delay")
        return Updater(self, *names, *includes)

    @abstractmethod
    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapse by one step and returns the mapped currents."""
        raise NotImplementedError(f"{type(self).__name__}(Connection) must define `forward`")

    def extra_repr(self) -> str:
        """Shows the shapes and the longest delay."""
        return f"inshape={self.inshape}, outshape={self.outshape}, delay={self.delayedby}"
