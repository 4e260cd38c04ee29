"""Spike-timing dependent plasticity modulated by reward."""

from __future__ import annotations

from typing import Any, ClassVar

from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import BatchReduction
from inferno.neural import Cell

from .hyperparameters import positive, rate
from .modulation import ModulatedTrainer, Signal, modulated_pairs
from .pairing import PairTrainer

__all__ = ["MSTDP"]


class MSTDP(ModulatedTrainer, PairTrainer):
    r"""Reward-modulated spike-timing dependent plasticity.

    $$
    w(t + \Delta t) - w(t) = \gamma M(t) \left( x_\text{pre}(t) \, [t = t^f_\text{post}]
    + x_\text{post}(t) \, [t = t^f_\text{pre}] \right)
    $$

    with the traces of `STDP`, the signal $M$ and the scale $\gamma$. A negative signal exchanges
    potentiation and depression. Updates are summed over the batch unless told otherwise; use
    ``scale=1 / B`` for their mean.

    Args:
        lr_post: learning rate of postsynaptic spikes.
        lr_pre: learning rate of presynaptic spikes.
        tc_post: time constant of the postsynaptic trace in ms.
        tc_pre: time constant of the presynaptic trace in ms.
        delayed: record presynaptic spikes before the delays and read them with the present
            delays, rather than record them after the delays.
        interp_tolerance: largest distance in ms from a recorded time that counts as that time.
        trace_mode: "cumulative" for traces of all spikes, "nearest" of the last one.
        batch_reduction: reduces updates over the samples of a part, ``(tensor, dim) -> tensor``;
            the sum if ``None``.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if a time or tolerance is out of range or the trace mode unknown.

    Reference:
        Florian (2007), Neural Computation 19, 1468-1502.
    """

    _checks: ClassVar = {"lr_post": rate, "lr_pre": rate, "tc_post": positive, "tc_pre": positive}

    def __init__(
        self,
        lr_post: float,
        lr_pre: float,
        tc_post: float,
        tc_pre: float,
        delayed: bool = False,
        interp_tolerance: float = 0.0,
        trace_mode: str = "cumulative",
        batch_reduction: BatchReduction | None = None,
        *,
        step_time: float | None = None,
    ) -> None:
        PairTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            lr_post=lr_post,
            lr_pre=lr_pre,
            tc_post=tc_post,
            tc_pre=tc_pre,
            delayed=delayed,
            interp_tolerance=interp_tolerance,
            trace_mode=trace_mode,
            batch_reduction=batch_reduction,
        )

    def register_cell(self, name: str, cell: Cell, /, **kwargs: Any) -> IndependentCellTrainer.Unit:
        """Adds a cell for training.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train, with an updater for ``weight``.
            **kwargs: hyperparameters of this cell, named as in the constructor.

        Returns:
            The cell with its state and monitors.

        Raises:
            ValueError: if the name is taken or a hyperparameter is out of range.
            RuntimeError: if the cell has no updater for ``weight``.
            TypeError: if there is no hyperparameter of a name.
        """
        return self._register_pairs(name, cell, kwargs)

    def _update(
        self, cell: Cell, state: Any, monitors: dict[str, Any], signal: Signal, scale: float
    ) -> None:
        pairs = self._pairs(cell, state, monitors)
        if state.lr_post == 0:
            pairs = ((pairs[0][0] * 0, pairs[0][1]), pairs[1])
        if state.lr_pre == 0:
            pairs = (pairs[0], (pairs[1][0] * 0, pairs[1][1]))
        rates = (state.lr_post, state.lr_pre)
        cell.updater.weight = modulated_pairs(rates, pairs, signal, scale, state.batchreduce)  # type: ignore[union-attr]
