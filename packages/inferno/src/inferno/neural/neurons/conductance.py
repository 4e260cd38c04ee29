"""Neurons that take conductances, and the bridge that lets all neurons take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.neural.base import Neuron
from inferno.neural.functional import conductance_current, conductance_equivalent_current
from synaptensor.validation import check_instance

from .linear import ALIF, GLIF2, LIF
from .linear.membrane import LinearNeuron

__all__ = ["ConductanceALIF", "ConductanceLIF", "ReversalPotentials", "stack_conductances"]


class ReversalPotentials:
    r"""Turns conductances into the currents that they let flow into neurons.

    $$
    I = \sum_k g_k (E_k - V)
    $$

    A layer takes it as the transform between connection and neurons. For neurons with a leaky
    membrane (LIF, ALIF and the GLIF models) the step is exact for conductances that are constant
    over it; others get the currents at the voltage before the step.

    Args:
        neuron: neurons that receive the currents.
        reversal_v: reversal potentials $E_k$ in mV, one or several.

    Raises:
        TypeError: if ``neuron`` is no group of neurons.
        ValueError: if there is no reversal potential.

    Example:
        >>> inhibition = neural.Serial(  # doctest: +SKIP
        ...     connection, neuron, transform=neural.ReversalPotentials(neuron, -80.0)
        ... )
    """

    def __init__(self, neuron: Neuron, reversal_v: float | Iterable[float]) -> None:
        self.neuron = check_instance("neuron", neuron, Neuron)
        self.reversal_v = reversal_potentials(reversal_v)

    def __call__(self, conductances: Tensor, **kwargs: Any) -> Tensor:
        """Returns currents.

        Args:
            conductances: conductances in uS, shape ``(B, *shape, K)``, or ``(B, *shape)`` for a
                single reversal potential.
            **kwargs: ignored.

        Returns:
            Currents in nA, shape ``(B, *shape)``.
        """
        return equivalent_current(self.neuron, conductances, self.reversal_v)


class _ConductanceMixin:
    """Takes conductances in place of currents."""

    reversal_v: tuple[float, ...]

    def forward(
        self: Any, inputs: Tensor, *args: Any, currents: Tensor | None = None, **kwargs: Any
    ) -> Tensor:
        """Advances the group by one step.

        Args:
            inputs: conductances in uS, shape ``(B, *shape, K)`` with one entry for each reversal
                potential, or ``(B, *shape)`` if there is only one.
            *args: as for the model that takes currents.
            currents: further currents in nA, shape ``(B, *shape)``.
            **kwargs: as for the model that takes currents.

        Returns:
            Spikes, boolean, shape ``(B, *shape)``.
        """
        current = equivalent_current(self, inputs, self.reversal_v, currents)
        return super().forward(current, *args, **kwargs)  # type: ignore[misc]


class ConductanceLIF(_ConductanceMixin, LIF):
    r"""Leaky integrate-and-fire neurons driven by conductances.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + R \Big[ I + \sum_k g_k (E_k - V) \Big]
    $$

    integrated exactly for conductances that are constant over the step: the membrane becomes
    faster with them, and its voltage stays between the potentials. Inputs have the shape
    ``(B, *shape, K)``; a `Biclique` gives them with ``combine=stack_conductances``.

    Args:
        *args: shape and step time, as for `LIF`.
        reversal_v: reversal potentials $E_k$ in mV, one or several.
        **kwargs: as for `LIF`.

    Raises:
        ValueError: if there is no reversal potential, or as for `LIF`.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 3.1.
    """

    def __init__(self, *args: Any, reversal_v: float | Iterable[float], **kwargs: Any) -> None:
        reversal = reversal_potentials(reversal_v)
        LIF.__init__(self, *args, **kwargs)
        self.reversal_v = reversal


class ConductanceALIF(_ConductanceMixin, ALIF):
    """Adaptive leaky integrate-and-fire neurons driven by conductances.

    The membrane is that of `ConductanceLIF`, the threshold that of `ALIF`.

    Args:
        *args: shape and step time, as for `ALIF`.
        reversal_v: reversal potentials in mV, one or several.
        **kwargs: as for `ALIF`.

    Raises:
        ValueError: if there is no reversal potential, or as for `ALIF`.
    """

    def __init__(self, *args: Any, reversal_v: float | Iterable[float], **kwargs: Any) -> None:
        reversal = reversal_potentials(reversal_v)
        ALIF.__init__(self, *args, **kwargs)
        self.reversal_v = reversal


def stack_conductances(inputs: Mapping[str, Tensor], **kwargs: Any) -> Tensor:
    """Stacks the outputs of connections along a new last dimension, in their order.

    What `Biclique` takes as ``combine`` for neurons with one reversal potential a connection.
    """
    return torch.stack(tuple(inputs.values()), -1)


def reversal_potentials(values: float | Iterable[float]) -> tuple[float, ...]:
    """Returns one or several reversal potentials as a tuple."""
    return argtest.numbers("reversal_v", values)


def equivalent_current(
    neuron: Any,
    conductances: Tensor,
    reversal_v: tuple[float, ...],
    currents: Tensor | None = None,
) -> Tensor:
    """Returns the currents that do to neurons what conductances do over a step."""
    voltage = neuron.voltage
    if conductances.shape == voltage.shape and len(reversal_v) == 1:
        conductances = conductances.unsqueeze(-1)
    expected = (*voltage.shape, len(reversal_v))
    if tuple(conductances.shape) != expected:
        raise ValueError(
            f"`conductances` must be of shape {expected}, got {tuple(conductances.shape)}"
        )
    if isinstance(neuron, LinearNeuron):
        time_constant = neuron.time_constant
    elif isinstance(neuron, ALIF | GLIF2):
        time_constant = neuron.tc_membrane
    else:
        flowing = conductance_current(conductances, voltage, reversal_v=reversal_v)
        return flowing if currents is None else flowing + currents
    return conductance_equivalent_current(
        0.0 if currents is None else currents,
        voltage,
        conductances,
        step_time=neuron.step_time,
        time_constant=time_constant,
        rest_v=neuron.rest_v,
        resistance=neuron.resistance,
        reversal_v=reversal_v,
    )
