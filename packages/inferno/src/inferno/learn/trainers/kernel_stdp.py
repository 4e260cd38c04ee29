"""Spike-timing dependent plasticity with arbitrary kernels of the time difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from inferno import Module
from inferno.functional import SpikeTimeHalfKernel
from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import BatchReduction, delay_difference
from inferno.neural import Cell
from synaptensor.validation import check_callable, check_instance

from .hyperparameters import TunedTrainer
from .monitors import add_events, recorded, tracks_delays

__all__ = ["DelayAdjustedKernelSTDP", "DelayAdjustedKernelSTDPD", "KernelSTDP"]


def _arguments(name: str, value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if value is None else check_instance(name, value, Mapping)


class _KernelTrainer(TunedTrainer):
    """What the kernel rules share."""

    # parameter that is updated, and whether differences are adjusted by the delays
    _param = "weight"
    _adjusted = True
    _checks: ClassVar = {
        "kernel_post": check_callable,
        "kernel_pre": check_callable,
        "kernel_post_kwargs": _arguments,
        "kernel_pre_kwargs": _arguments,
    }

    def register_cell(self, name: str, cell: Cell, /, **kwargs: Any) -> IndependentCellTrainer.Unit:
        """Adds a cell for training.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train, with an updater for the trained parameter.
            **kwargs: hyperparameters of this cell, named as in the constructor.

        Returns:
            The cell with its state and monitors.

        Raises:
            ValueError: if the name is taken or a hyperparameter is out of range.
            RuntimeError: if the cell has no updater for the parameter, or delays are needed
                and its connection has none.
            TypeError: if there is no hyperparameter of a name.
        """
        self._pop_step_time(kwargs)
        overridden = {side for side in ("post", "pre") if f"kernel_{side}_kwargs" in kwargs}
        state = self._state_of_cell(kwargs)
        for side in ("post", "pre"):
            _separate_tensors(state, f"kernel_{side}", copied=side not in overridden)
        if self._adjusted and cell.connection.delayedby is None:
            raise RuntimeError(
                f"`cell` must have a connection with delays for {type(self).__name__}"
            )
        self.add_cell(name, cell, state, [self._param])
        before = self._adjusted or tracks_delays(state, cell)
        # without a reading at delays, the newest time is enough
        delayed = not self._adjusted and before
        common: dict[str, Any] = {"dt": cell.connection.dt, "inplace": state.inplace}
        add_events(self, name, "spike_post", **common)
        duration = float(cell.connection.delayedby or 0.0) if delayed else 0.0
        add_events(self, name, "spike_pre", duration=duration, delayed=before, **common)
        return self.get_unit(name)

    @torch.no_grad()
    def forward(self) -> None:
        """Computes the updates of all cells and hands them to their updaters.

        The update is added in every step after both sides have spiked, not only on spikes.

        Raises:
            RuntimeError: if nothing was recorded for a cell.
        """
        for cell, state, monitors in self:
            if not self._active(cell):
                continue
            difference = self._difference(cell, state, monitors)
            reduce = state.batchreduce
            pos, neg = 0.0, 0.0
            for side in ("post", "pre"):
                value = _evaluate(state, f"kernel_{side}", difference)
                pos = pos + reduce(value.clamp(min=0.0).nansum(-1), 0)
                neg = neg - reduce(value.clamp(max=0.0).nansum(-1), 0)
            setattr(cell.updater, self._param, (pos, neg))

    def _difference(self, cell: Cell, state: Any, monitors: dict[str, Any]) -> Tensor:
        connection = cell.connection
        time = None
        if getattr(state, "delayed", False) and connection.delayedby:
            time = connection.selector
        post = connection.postsyn_receptive(recorded(monitors["spike_post"]))
        tolerance = getattr(state, "tolerance", 0.0)
        pre = connection.presyn_receptive(recorded(monitors["spike_pre"], time, tolerance))
        if self._adjusted:
            return delay_difference(pre, post, connection.delay)  # type: ignore[arg-type]
        return pre - post


class KernelSTDP(_KernelTrainer):
    r"""Spike-timing dependent plasticity with arbitrary kernels.

    $$
    w(t + \Delta t) - w(t) = K_\text{post}(\Delta) + K_\text{pre}(\Delta), \quad
    \Delta = t_\text{post} - t_\text{pre}
    $$

    for the last spikes of both sides. Positive values potentiate, negative ones depress.

    Args:
        kernel_post: kernel $K_\text{post}$ of differences in ms.
        kernel_pre: kernel $K_\text{pre}$ of differences in ms.
        kernel_post_kwargs: keyword arguments of ``kernel_post``.
        kernel_pre_kwargs: keyword arguments of ``kernel_pre``.
        delayed: record presynaptic spikes before the delays and read them with the present
            delays, rather than record them after the delays.
        interp_tolerance: largest distance in ms from a recorded time that counts as that time.
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        inplace: write records in place.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if the tolerance is negative.
    """

    _adjusted = False

    def __init__(
        self,
        kernel_post: SpikeTimeHalfKernel,
        kernel_pre: SpikeTimeHalfKernel,
        kernel_post_kwargs: dict[str, Any] | None,
        kernel_pre_kwargs: dict[str, Any] | None,
        delayed: bool = False,
        interp_tolerance: float = 0.0,
        batch_reduction: BatchReduction | None = None,
        inplace: bool = False,
        *,
        step_time: float | None = None,
    ) -> None:
        TunedTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            kernel_post=kernel_post,
            kernel_pre=kernel_pre,
            kernel_post_kwargs=kernel_post_kwargs,
            kernel_pre_kwargs=kernel_pre_kwargs,
            delayed=delayed,
            interp_tolerance=interp_tolerance,
            batch_reduction=batch_reduction,
            inplace=inplace,
        )


class DelayAdjustedKernelSTDP(_KernelTrainer):
    r"""Spike-timing dependent plasticity of weights with kernels of delay-adjusted differences.

    As `KernelSTDP` with $\Delta = t_\text{post} - t_\text{pre} - d$ and times of presynaptic
    spikes before the delays $d$.

    Args:
        kernel_post: kernel $K_\text{post}$ of differences in ms.
        kernel_pre: kernel $K_\text{pre}$ of differences in ms.
        kernel_post_kwargs: keyword arguments of ``kernel_post``.
        kernel_pre_kwargs: keyword arguments of ``kernel_pre``.
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        inplace: write records in place.
        step_time: length of a simulated step in ms; cells with another one are refused.
    """

    def __init__(
        self,
        kernel_post: SpikeTimeHalfKernel,
        kernel_pre: SpikeTimeHalfKernel,
        kernel_post_kwargs: dict[str, Any] | None,
        kernel_pre_kwargs: dict[str, Any] | None,
        batch_reduction: BatchReduction | None = None,
        inplace: bool = False,
        *,
        step_time: float | None = None,
    ) -> None:
        TunedTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            kernel_post=kernel_post,
            kernel_pre=kernel_pre,
            kernel_post_kwargs=kernel_post_kwargs,
            kernel_pre_kwargs=kernel_pre_kwargs,
            batch_reduction=batch_reduction,
            inplace=inplace,
        )


class DelayAdjustedKernelSTDPD(DelayAdjustedKernelSTDP):
    """Spike-timing dependent plasticity of delays with kernels of delay-adjusted differences.

    As `DelayAdjustedKernelSTDP`, with the delays as the trained parameter.
    """

    _param = "delay"


def _separate_tensors(state: Module, name: str, copied: bool) -> None:
    """Keeps tensors among the keyword arguments of a kernel as buffers, so that they move."""
    arguments = getattr(state, f"{name}_kwargs") or {}
    tensors, others = Module(), {}
    for key, value in arguments.items():
        if isinstance(value, Tensor):
            tensors.register_buffer(key, value.detach().clone() if copied else value)
        else:
            others[key] = value
    setattr(state, f"{name}_kwargs", others)
    setattr(state, f"{name}_tensor_kwargs", tensors)


def _evaluate(state: Any, name: str, difference: Tensor) -> Tensor:
    tensors = getattr(state, f"{name}_tensor_kwargs")._buffers
    others = getattr(state, f"{name}_kwargs")
    return getattr(state, name)(difference, **others, **tensors)
