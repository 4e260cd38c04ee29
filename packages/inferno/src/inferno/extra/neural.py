"""A neuron that spikes exactly when told to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.core import ShapedTensor, VirtualTensor
from inferno.neural.base import InfernoNeuron

__all__ = ["ExactNeuron"]


class ExactNeuron(InfernoNeuron):
    r"""A neuron group that spikes where its input is positive, for plots and tests.

    $$S(t) = [I(t) > 0], \quad V(t) = \Theta \text{ where } S(t) \text{, else } V_{rest}$$

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step in ms.
        rest_v: voltage without a spike, $V_{rest}$, in mV.
        thresh_v: voltage with a spike, $\Theta$, in mV.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size or the step time is not positive, or ``rest_v`` is not less
            than ``thresh_v``.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        thresh_v: float,
        batch_size: int = 1,
    ) -> None:
        step_time = argtest.gt("step_time", step_time, 0, float)
        rest_v = argtest.lt("rest_v", rest_v, thresh_v, float, "thresh_v")
        InfernoNeuron.__init__(self, shape, batch_size)
        self.step_time: float = step_time
        self.rest_v: float = rest_v
        self.thresh_v = float(thresh_v)
        ShapedTensor.create(self, "spike_", torch.zeros(self.batchedshape, dtype=torch.bool))
        self.add_batched("spike_")
        VirtualTensor.create(self, "voltage_", "_voltage")
        VirtualTensor.create(self, "refrac_", "_refrac")

    def _voltage(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        rest = torch.full(self.spike.shape, self.rest_v, dtype=dtype, device=device)
        return rest.masked_fill(self.spike, self.thresh_v)

    def _refrac(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        return torch.zeros(self.spike.shape, dtype=dtype, device=device)

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        return self.step_time

    @dt.setter
    def dt(self, value: float) -> None:
        self.step_time = argtest.gt("dt", value, 0, float)

    @property
    def voltage(self) -> Tensor:
        """Voltages in mV, derived from the spikes; assignment has no effect."""
        value: Tensor = self.voltage_.value
        return value

    @voltage.setter
    def voltage(self, value: Tensor) -> None:
        pass

    @property
    def refrac(self) -> Tensor:
        """Remaining refractory periods, always 0; assignment has no effect."""
        value: Tensor = self.refrac_.value
        return value

    @refrac.setter
    def refrac(self, value: Tensor) -> None:
        pass

    @property
    def spike(self) -> Tensor:
        """Which neurons spiked in the last step."""
        value: Tensor = self.spike_.value
        return value

    def clear(self, **kwargs: Any) -> None:
        """Takes back the spikes."""
        self.spike_.value = torch.zeros_like(self.spike)

    def forward(self, inputs: Tensor, override: Tensor | None = None, **kwargs: Any) -> Tensor:
        """Spikes where the input is positive.

        Args:
            inputs: currents, of the batched shape.
            override: spikes to take instead, with as many elements.
            **kwargs: ignored.

        Returns:
            The spikes.

        Raises:
            ValueError: if the inputs are not of the batched shape.
            RuntimeError: if the override has another number of elements.
        """
        if override is not None:
            spikes = override.view(self.batchedshape).bool()
        elif inputs.shape != self.batchedshape:
            raise ValueError(
                f"`inputs` must have the shape {self.batchedshape}, got {tuple(inputs.shape)}"
            )
        else:
            spikes = inputs > 0
        self.spike_.value = spikes
        return spikes
