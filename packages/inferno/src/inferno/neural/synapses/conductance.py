"""Synapses whose spikes open conductances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.functional import interp_previous
from inferno.neural.base import InfernoSynapse, SynapseConstructor
from inferno.neural.functional import conductance_alpha
from synaptensor.validation import check_number, check_positive

from .expcurrent import DoubleExponentialCurrent, SingleExponentialCurrent
from .mixins import DelayedReader, SpikeMixin, create_record
from .modes import construct, spike_interpolation

__all__ = ["AlphaConductance", "DualExponentialConductance", "ExponentialConductance"]


class ExponentialConductance(SingleExponentialCurrent):
    r"""Opens a conductance with each spike that closes exponentially.

    $$
    g(t) = g(t - \Delta t) \, e^{-\Delta t / \tau} + \hat{g} \, s(t)
    $$

    The interface is that of all synapses: what is called current there, in nA, is the
    conductance here, in uS. It takes neurons with reversal potentials, such as
    `ConductanceLIF`, or a `ReversalPotentials` between connection and neurons.

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        spike_conductance: conductance $\hat{g}$ that a spike opens in uS.
        time_constant: time constant $\tau$ in ms.
        delay: longest delay that can be read back, in ms.
        spike_interp_mode: interpolation of spikes between steps, "previous" or "nearest".
        interp_tol: largest distance in ms from a step that counts as that step.
        current_overbound: conductance read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, time or conductance is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_conductance: float,
        time_constant: float,
        **options: Any,
    ) -> None:
        spike_conductance = check_number("spike_conductance", spike_conductance, check_positive)
        time_constant = check_number("time_constant", time_constant, check_positive)
        SingleExponentialCurrent.__init__(
            self,
            shape,
            step_time,
            spike_charge=spike_conductance * time_constant,
            time_constant=time_constant,
            **options,
        )

    @classmethod
    def partialconstructor(  # type: ignore[override]
        cls, spike_conductance: float, time_constant: float, **options: Any
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        own = dict(spike_conductance=spike_conductance, time_constant=time_constant)
        return partial(construct, cls, own | options)

    @property
    def conductance(self) -> Tensor:
        """Conductances of the last step in uS."""
        return self.current


class DualExponentialConductance(DoubleExponentialCurrent):
    r"""Opens a conductance with each spike that rises and closes exponentially.

    $$
    g(t) = \hat{g} \, c \left( e^{-t / \tau_d} - e^{-t / \tau_r} \right)
    $$

    after a spike, with $c$ such that the greatest value is $\hat{g}$, which it has after
    $\frac{\tau_d \tau_r}{\tau_d - \tau_r} \ln \frac{\tau_d}{\tau_r}$. What is called current in
    the interface is the conductance in uS, as in `ExponentialConductance`.

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step in ms.
        spike_conductance: greatest conductance $\hat{g}$ after a spike in uS.
        tc_decay: time constant $\tau_d$ of the decay in ms.
        tc_rise: time constant $\tau_r$ of the rise in ms, shorter than ``tc_decay``.
        **options: ``delay``, ``spike_interp_mode``, ``interp_tol``, ``current_overbound``,
            ``spike_overbound``, ``batch_size``, ``inplace`` as in `ExponentialConductance`.

    Raises:
        ValueError: if a size, time or conductance is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_conductance: float,
        tc_decay: float,
        tc_rise: float,
        **options: Any,
    ) -> None:
        spike_conductance = check_number("spike_conductance", spike_conductance, check_positive)
        tc_rise = check_number("tc_rise", tc_rise, check_positive)
        tc_decay = argtest.gt("tc_decay", tc_decay, tc_rise, float, "tc_rise")
        peak = tc_decay * tc_rise / (tc_decay - tc_rise) * math.log(tc_decay / tc_rise)
        height = math.exp(-peak / tc_decay) - math.exp(-peak / tc_rise)
        DoubleExponentialCurrent.__init__(
            self,
            shape,
            step_time,
            spike_charge=spike_conductance * (tc_decay - tc_rise) / height,
            tc_decay=tc_decay,
            tc_rise=tc_rise,
            **options,
        )

    @classmethod
    def partialconstructor(  # type: ignore[override]
        cls, spike_conductance: float, tc_decay: float, tc_rise: float, **options: Any
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        own = dict(spike_conductance=spike_conductance, tc_decay=tc_decay, tc_rise=tc_rise)
        return partial(construct, cls, own | options)

    @property
    def conductance(self) -> Tensor:
        """Conductances of the last step in uS."""
        return self.current


class AlphaConductance(SpikeMixin, InfernoSynapse):
    r"""Opens a conductance with each spike in the shape of an alpha function.

    $$
    g(t) = \hat{g} \frac{t}{\tau} e^{1 - t / \tau}
    $$

    after a spike, greatest after $\tau$. Reads between steps follow the same function, which is
    exact while no spike lies between. What is called current in the interface is the
    conductance in uS, as in `ExponentialConductance`.

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step in ms.
        spike_conductance: greatest conductance $\hat{g}$ after a spike in uS.
        time_constant: time $\tau$ to the peak in ms.
        delay: longest delay that can be read back, in ms.
        spike_interp_mode: interpolation of spikes between steps, "previous" or "nearest".
        interp_tol: largest distance in ms from a step that counts as that step.
        current_overbound: conductance read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, time or conductance is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_conductance: float,
        time_constant: float,
        delay: float = 0.0,
        spike_interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        batch_size: int = 1,
        inplace: bool = False,
    ) -> None:
        InfernoSynapse.__init__(self, shape, step_time, delay, batch_size, inplace)
        self.spike_conductance = check_number(
            "spike_conductance", spike_conductance, check_positive
        )
        self.time_constant = check_number("time_constant", time_constant, check_positive)
        interpolation = spike_interpolation("spike_interp_mode", spike_interp_mode)
        spikes = torch.zeros(self.batchedshape, dtype=torch.bool)
        SpikeMixin.__init__(self, spikes, interpolation, None, spike_overbound, interp_tol)
        create_record(self, "conductance_", torch.zeros(self.batchedshape))
        create_record(self, "rise_", torch.zeros(self.batchedshape))
        self._reader = DelayedReader(interp_previous, None, current_overbound, interp_tol)

    @classmethod
    def partialconstructor(
        cls, spike_conductance: float, time_constant: float, **options: Any
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        own = dict(spike_conductance=spike_conductance, time_constant=time_constant)
        return partial(construct, cls, own | options)

    @property
    def conductance(self) -> Tensor:
        """Conductances of the last step in uS."""
        return self.conductance_.peek()

    @property
    def current(self) -> Tensor:
        """Conductances of the last step in uS; assigning does nothing."""
        return self.conductance_.peek()

    @current.setter
    def current(self, value: Tensor) -> None:
        pass

    def current_at(self, selector: Tensor) -> Tensor:
        """Reads conductances at times before now.

        Args:
            selector: times before now in ms, shape ``(B, *shape)`` or ``(B, *shape, D)``.

        Returns:
            Conductances in uS, like ``selector``.
        """
        start, bounded = self._reader.select(self.conductance_, selector)
        if bounded is not None:
            rise, _ = self._reader.select(self.rise_, selector)
            steps = bounded / self.dt
            whole = steps.round()
            near = (self.dt * whole - bounded).abs() <= self._reader.tolerance
            steps = torch.where(near, whole, steps)
            elapsed = self.dt * (steps.ceil() - steps)
            start = (start + elapsed * rise) * torch.exp(elapsed / -self.time_constant)
        return self._reader.bound(start, selector, bounded)

    def clear(self, **kwargs: Any) -> None:
        """Forgets all spikes and conductances."""
        self.spike_.reset(False)
        self.conductance_.reset(0.0)
        self.rise_.reset(0.0)

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapses by one step.

        Args:
            *inputs: spikes, shape ``(B, *shape)``, graded ones scale the jump; further
                inputs are ignored.
            **kwargs: ignored.

        Returns:
            Conductances in uS, shape ``(B, *shape)``.
        """
        self.spike = inputs[0]
        conductance, rise = conductance_alpha(
            self.conductance_.borrow(),
            self.rise_.borrow(),
            inputs[0],
            step_time=self.dt,
            time_constant=self.time_constant,
            peak=self.spike_conductance,
        )
        self.conductance_.push(conductance, self.inplace)
        self.rise_.push(rise, self.inplace)
        return conductance
