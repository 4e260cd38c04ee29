"""Synapses whose spikes deliver their charge at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.core.module import unhooked
from inferno.neural.base import InfernoSynapse, SynapseConstructor
from inferno.neural.functional.synapse_dynamics import current_delta, current_delta_injected
from inferno.neural.kernels import scale_spikes

from .mixins import SpikeCurrentMixin, SpikeDerivedCurrentMixin
from .modes import construct, spike_interpolation

__all__ = ["DeltaCurrent", "DeltaPlusCurrent"]


class DeltaCurrent(SpikeDerivedCurrentMixin, InfernoSynapse):
    r"""Delivers the charge of each spike within its step.

    $$
    I(t) = \frac{Q}{\Delta t} s(t)
    $$

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        spike_charge: charge $Q$ of a spike in pC.
        delay: longest delay that can be read back, in ms.
        interp_mode: interpolation of spikes between steps, "previous" or "nearest".
        interp_tol: largest distance in ms from a step that counts as that step.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, time or charge is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_charge: float,
        delay: float = 0.0,
        interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        batch_size: int = 1,
        inplace: bool = False,
    ) -> None:
        InfernoSynapse.__init__(self, shape, step_time, delay, batch_size, inplace)
        self.spike_charge = argtest.neq("spike_charge", spike_charge, 0, float)
        interpolation = spike_interpolation("interp_mode", interp_mode)
        spikes = torch.zeros(self.batchedshape, dtype=torch.bool)
        SpikeDerivedCurrentMixin.__init__(
            self,
            spikes,
            _delta_currents,
            interpolation,
            None,
            current_overbound,
            spike_overbound,
            interp_tol,
        )

    @classmethod
    def partialconstructor(
        cls,
        spike_charge: float,
        interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        inplace: bool = False,
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        return partial(
            construct,
            cls,
            dict(
                spike_charge=spike_charge,
                interp_mode=interp_mode,
                interp_tol=interp_tol,
                current_overbound=current_overbound,
                spike_overbound=spike_overbound,
                inplace=inplace,
            ),
        )

    def _to_current(self, spikes: Tensor) -> Tensor:
        """Returns the currents of spikes in nA."""
        dtype = self._buffers["_current__ref"].dtype  # type: ignore[union-attr]
        current = scale_spikes(spikes, self.spike_charge / self._step_time, dtype)
        if current is not None:
            return current
        spikes = spikes.to(dtype)
        return current_delta(spikes, step_time=self.dt, spike_charge=self.spike_charge)

    def clear(self, **kwargs: Any) -> None:
        """Forgets all spikes."""
        self.spike_.reset(False)

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapses by one step.

        Args:
            *inputs: spikes, shape ``(B, *shape)``; further inputs are ignored.
            **kwargs: ignored.

        Returns:
            Currents in nA, shape ``(B, *shape)``.
        """
        spikes = self._record(inputs[0])
        current = self._to_current(spikes)
        if inputs[0].requires_grad and torch.is_grad_enabled():
            # the numbers of the boolean spikes, the gradient of the ones given
            current = current + (inputs[0] - inputs[0].detach()) * (self.spike_charge / self.dt)
        return current

    def deliver(self, inputs: Tensor) -> tuple[Tensor, float] | None:
        """Advances the synapses by one step without making currents of the spikes.

        Args:
            inputs: spikes, shape ``(B, *shape)``.

        Returns:
            Boolean spikes and the current of each in nA; ``None``, without a step, if that is
            not all that a call would come to.
        """
        if type(self) is not DeltaCurrent or not unhooked(self):
            return None
        if inputs.requires_grad and torch.is_grad_enabled():
            return None
        return self._record(inputs), self.spike_charge / self._step_time

    def delayed_sum(self, weight: Tensor, delay: Tensor) -> Tensor | None:
        """Sums delayed currents over inputs; see `Synapse.delayed_sum`."""
        if type(self) is not DeltaCurrent:
            return None
        total = self._current_reader.summed(self.spike_, weight, delay)
        return None if total is None else total * (self.spike_charge / self.dt)

    def _record(self, inputs: Tensor) -> Tensor:
        spikes = inputs if inputs.dtype is torch.bool else inputs.bool()
        self.spike_.push(spikes, self._inplace)
        return spikes


class DeltaPlusCurrent(SpikeCurrentMixin, InfernoSynapse):
    r"""Delivers the charge of each spike within its step, and adds injected currents.

    $$
    I(t) = \frac{Q}{\Delta t} s(t) + \sum_j I_j(t)
    $$

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        spike_charge: charge $Q$ of a spike in pC.
        delay: longest delay that can be read back, in ms.
        interp_mode: interpolation of spikes between steps, "previous" or "nearest".
        interp_tol: largest distance in ms from a step that counts as that step.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, time or charge is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_charge: float,
        delay: float = 0.0,
        interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        batch_size: int = 1,
        inplace: bool = False,
    ) -> None:
        InfernoSynapse.__init__(self, shape, step_time, delay, batch_size, inplace)
        self.spike_charge = argtest.neq("spike_charge", spike_charge, 0, float)
        interpolation = spike_interpolation("interp_mode", interp_mode)
        spikes = torch.zeros(self.batchedshape, dtype=torch.bool)
        SpikeCurrentMixin.__init__(
            self,
            torch.zeros(self.batchedshape),
            spikes,
            interpolation,
            None,
            interpolation,
            None,
            current_overbound,
            spike_overbound,
            interp_tol,
        )

    @classmethod
    def partialconstructor(
        cls,
        spike_charge: float,
        interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        inplace: bool = False,
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        return partial(
            construct,
            cls,
            dict(
                spike_charge=spike_charge,
                interp_mode=interp_mode,
                interp_tol=interp_tol,
                current_overbound=current_overbound,
                spike_overbound=spike_overbound,
                inplace=inplace,
            ),
        )

    def clear(self, **kwargs: Any) -> None:
        """Forgets all spikes and currents."""
        self.current_.reset(0.0)
        self.spike_.reset(False)

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapses by one step.

        Args:
            *inputs: spikes, then currents in nA to inject, each of shape ``(B, *shape)``.
            **kwargs: ignored.

        Returns:
            Currents in nA, shape ``(B, *shape)``.
        """
        spikes = inputs[0].to(self._current__data.dtype)
        self.current = current = current_delta_injected(
            spikes, *inputs[1:], step_time=self.dt, spike_charge=self.spike_charge
        )
        self.spike = inputs[0]
        return current


def _delta_currents(
    synapse: DeltaCurrent, dtype: torch.dtype, device: torch.device, spikes: Tensor
) -> Tensor:
    return synapse._to_current(spikes)
