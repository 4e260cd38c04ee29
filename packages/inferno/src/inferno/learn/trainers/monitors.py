"""Monitors that the trainers share: spikes, traces and times since spikes of both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from inferno.learn.base import CellTrainer
from inferno.observe import EventReducer, Monitor, StateMonitor

from .reducers import FUSED, SpikeReducer

__all__ = ["add_events", "add_spikes", "add_trace", "recorded", "tracks_delays"]

POST = "neuron.spike"


def tracks_delays(state: Any, cell: Any) -> bool:
    """Whether presynaptic spikes are recorded at the synapse and read with the delays."""
    return bool(getattr(state, "delayed", False)) and cell.connection.delayedby is not None


def presynaptic(at_synapse: bool) -> str:
    """Returns the path of presynaptic spikes, before or after the delays."""
    return "synapse.spike" if at_synapse else "connection.synspike"


def _monitor(
    trainer: CellTrainer, cell: str, name: str, attr: str, reducer: Any, **tags: Any
) -> Monitor:
    constructor = StateMonitor.partialconstructor(
        reducer, as_prehook=False, train_update=True, eval_update=False, prepend=True
    )
    return trainer.add_monitor(cell, name, attr, constructor, False, **tags)


def add_spikes(
    trainer: CellTrainer,
    cell: str,
    name: str,
    *,
    dt: float,
    duration: float = 0.0,
    delayed: bool | None = None,
) -> Monitor:
    """Adds a monitor of spikes.

    Args:
        trainer: trainer that gets the monitor.
        cell: name of the cell.
        name: name of the monitor.
        dt: length of a simulated step in ms.
        duration: time that is remembered in ms.
        delayed: for presynaptic spikes, whether they are taken before the delays.

    Returns:
        The monitor.
    """
    tags: dict[str, Any] = {"dt": dt} if delayed is None else {"dt": dt, "delayed": delayed}
    attr = POST if delayed is None else presynaptic(delayed)
    reducer = SpikeReducer(dt, duration=duration, inclusive=True)
    return _monitor(trainer, cell, name, attr, reducer, **tags)


def add_trace(
    trainer: CellTrainer,
    cell: str,
    name: str,
    reducer: Callable[..., Any],
    *,
    dt: float,
    time_constant: float,
    amplitude: float,
    duration: float = 0.0,
    delayed: bool | None = None,
    inplace: bool = False,
    **tags: Any,
) -> Monitor:
    """Adds a monitor of the trace of spikes.

    Args:
        trainer: trainer that gets the monitor.
        cell: name of the cell.
        name: name of the monitor.
        reducer: class of the trace reducer.
        dt: length of a simulated step in ms.
        time_constant: time constant of the trace in ms.
        amplitude: contribution of a spike; with zero, which no trace can have, the trace
            counts spikes by one and is not to be used.
        duration: time that is remembered in ms.
        delayed: for presynaptic spikes, whether they are taken before the delays.
        inplace: write records in place.
        **tags: what distinguishes the monitor, besides the arguments.

    Returns:
        The monitor.
    """
    amplitude = amplitude or 1.0
    tags |= {"dt": dt, "amp": amplitude, "tc": time_constant, "trace": reducer.__name__}
    if delayed is not None:
        tags["delayed"] = delayed
    attr = POST if delayed is None else presynaptic(delayed)
    trace = FUSED.get(reducer, reducer)(  # type: ignore[call-overload]
        dt, time_constant, amplitude, True, duration=duration, inclusive=True, inplace=inplace
    )
    return _monitor(trainer, cell, name, attr, trace, **tags)


def add_events(
    trainer: CellTrainer,
    cell: str,
    name: str,
    *,
    dt: float,
    duration: float = 0.0,
    delayed: bool | None = None,
    inplace: bool = False,
) -> Monitor:
    """Adds a monitor of the time since the last spike, NaN before the first.

    Args:
        trainer: trainer that gets the monitor.
        cell: name of the cell.
        name: name of the monitor.
        dt: length of a simulated step in ms.
        duration: time that is remembered in ms.
        delayed: for presynaptic spikes, whether they are taken before the delays.
        inplace: write records in place.

    Returns:
        The monitor.
    """
    tags: dict[str, Any] = {"dt": dt, "inplace": inplace}
    if delayed is not None:
        tags["delayed"] = delayed
    attr = POST if delayed is None else presynaptic(delayed)
    reducer = EventReducer(dt, _isspike, "nan", duration=duration, inclusive=True, inplace=inplace)
    return _monitor(trainer, cell, name, attr, reducer, **tags)


def recorded(monitor: Any, time: Tensor | None = None, tolerance: float = 0.0) -> Tensor:
    """Reads what a monitor recorded last, or a time before that.

    Args:
        monitor: monitor to read.
        time: times before now in ms; they are clamped to what is remembered.
        tolerance: largest distance in ms from a recorded time that counts as that time.

    Returns:
        The recorded values.

    Raises:
        RuntimeError: if nothing was recorded yet.
    """
    if time is None:
        value = monitor.peek()
    else:
        time = time.clamp(0.0, monitor.reducer.duration)
        value = monitor.view(time, tolerance)
    if value is None:
        raise RuntimeError(
            "nothing was recorded for this cell yet; call its layer in training mode before "
            "the trainer"
        )
    return value


def _isspike(spikes: Tensor) -> Tensor:
    return spikes.bool()
