"""Interpolation modes of spikes, and construction of synapses by connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inferno.functional import Interpolation, interp_nearest, interp_previous
from inferno.neural.base import Synapse

__all__ = ["construct", "spike_interpolation"]

_MODES: dict[str, Interpolation] = {"nearest": interp_nearest, "previous": interp_previous}


def spike_interpolation(name: str, mode: str) -> Interpolation:
    """Returns the interpolation with the name of a mode.

    Args:
        name: name of the argument, for the message.
        mode: "nearest" or "previous", in any case.

    Returns:
        The interpolation.

    Raises:
        RuntimeError: if there is no such mode.
    """
    try:
        return _MODES[mode.lower()]
    except (AttributeError, KeyError):
        raise RuntimeError(f"`{name}` must be one of {', '.join(_MODES)}, got {mode!r}") from None


def construct(
    cls: type[Synapse],
    options: dict[str, Any],
    shape: Sequence[int] | int,
    step_time: float,
    delay: float,
    batch_size: int,
) -> Synapse:
    """Builds a synapse from the options of its class and what a connection knows.

    Args:
        cls: class of the synapse.
        options: keyword arguments of the class.
        shape: shape of the synapses.
        step_time: length of a simulated step in ms.
        delay: longest delay that can be read back, in ms.
        batch_size: number of samples simulated side by side.

    Returns:
        The synapse.
    """
    return cls(shape, step_time, delay=delay, batch_size=batch_size, **options)  # type: ignore[call-arg]
