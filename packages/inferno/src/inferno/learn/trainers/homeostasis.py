"""Homeostatic plasticity."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

import torch
from torch import Tensor

from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import BatchReduction
from inferno.neural import Cell
from inferno.neural.modeling import SignedTerm
from inferno.observe import StateMonitor
from synaptensor.tensors import broadcastable
from synaptensor.validation import check_choice, check_nonnegative, check_positive

from .hyperparameters import TunedTrainer, rate
from .monitors import recorded
from .reducers import RateReducer

__all__ = ["LinearHomeostasis"]

_PARAMETERS = ("weight", "bias", "delay")


def _parameter(name: str, value: str) -> str:
    return check_choice(name, str(value).lower(), _PARAMETERS)


def _target(name: str, value: float | Tensor | None) -> float | Tensor | None:
    if value is None:
        return None
    return check_nonnegative(name, value)


class LinearHomeostasis(TunedTrainer):
    r"""Drives the rates of neurons towards a target.

    $$
    k = \lambda \frac{r^* - r}{r^*}
    $$

    is added to the parameter, with the mean firing per step $r$ since the last clearing, the
    target $r^*$ and the plasticity $\lambda$; it is subtracted from delays.

    The contributions are $R_b \max(k, 0)$ and $R_b \min(k, 0)$; the second one keeps its sign.

    Args:
        plasticity: strength $\lambda$ of the adaptation.
        target: firing per step to reach; ``None`` if it is given with every call.
        param: trained parameter, "weight", "bias" or "delay".
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if the target is not positive or there is no such parameter.
    """

    _checks: ClassVar = {"plasticity": rate, "target": _target, "param": _parameter}

    def __init__(
        self,
        plasticity: float,
        target: float | None,
        param: str,
        batch_reduction: BatchReduction | None = None,
        *,
        step_time: float | None = None,
    ) -> None:
        TunedTrainer.__init__(self, step_time=step_time)
        if target is not None:
            check_positive("target", target)
        self._set_defaults(
            plasticity=plasticity,
            target=target,
            param=param,
            batch_reduction=batch_reduction,
        )

    def register_cell(self, name: str, cell: Cell, /, **kwargs: Any) -> IndependentCellTrainer.Unit:
        """Adds a cell for training.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train, with an updater for the trained parameter.
            **kwargs: hyperparameters of this cell, named as in the constructor. Its target may
                be a tensor like the spikes of the neurons.

        Returns:
            The cell with its state and monitors.

        Raises:
            ValueError: if the name is taken or a hyperparameter is out of range.
            RuntimeError: if the cell has no updater for the parameter.
            TypeError: if there is no hyperparameter of a name.
        """
        self._pop_step_time(kwargs)
        state = self._state_of_cell(kwargs)
        target = state.target
        if target is not None:
            parameter = getattr(cell.connection, state.param, None)
            like = parameter if parameter is not None else cell.connection.weight
            del state.target
            tensor = torch.as_tensor(target, dtype=like.dtype, device=like.device)
            spikes = (cell.connection.batchsz, *cell.neuron.shape)
            if tensor.ndim and not broadcastable(tensor.shape, spikes):
                raise ValueError(
                    f"`target` must be a number or of shape {spikes}, got {tuple(tensor.shape)}"
                )
            state.register_buffer("target", tensor, persistent=False)
        self.add_cell(name, cell, state, [state.param])
        dt = cell.connection.dt
        constructor = StateMonitor.partialconstructor(
            RateReducer(dt, duration=0.0), train_update=True, eval_update=False, prepend=True
        )
        self.add_monitor(name, "spike_rate", "neuron.spike", constructor, False, dt=dt)
        return self.get_unit(name)

    @torch.no_grad()
    def forward(
        self, target: float | Tensor | None = None, cells: Collection[str] | None = None
    ) -> None:
        """Computes the updates of cells and hands them to their updaters.

        Args:
            target: firing per step to reach; that of each cell if ``None``.
            cells: names of the cells to update; all if ``None``.

        Raises:
            RuntimeError: if a cell has no target, or nothing was recorded for it.
        """
        units = zip(tuple(self.cells_), self, strict=True)
        for name, (cell, state, monitors) in units:
            if not self._active(cell) or not (cells is None or name in cells):
                continue
            goal = state.target if target is None else target
            if goal is None:
                raise RuntimeError(f"`target` must be given for cell {name!r}, which has none")
            rates = recorded(monitors["spike_rate"])
            deviation = cell.connection.postsyn_receptive((goal - rates) / goal).mean(-1)
            change = deviation * (-state.plasticity if state.param == "delay" else state.plasticity)
            parts = [
                state.batchreduce(part, 0)
                for part in (change.clamp(min=0.0), change.clamp(max=0.0))
            ]
            if state.param == "bias":
                parts = [cell.connection.like_bias(part) for part in parts]
            setattr(cell.updater, state.param, (parts[0], SignedTerm(parts[1])))
