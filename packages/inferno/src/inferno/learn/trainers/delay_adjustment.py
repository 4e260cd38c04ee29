"""What the delay-adjusted rules with exponential windows share."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import delay_difference, exponential_window
from inferno.neural import Cell

from .hyperparameters import TunedTrainer, positive, rate
from .monitors import add_events, recorded

__all__ = ["DelayAdjustedTrainer"]


class DelayAdjustedTrainer(TunedTrainer):
    """A trainer with exponential windows of delay-adjusted time differences.

    Subclasses name the trained parameter and the rate that belongs to differences of at least
    zero.
    """

    _param = "weight"
    _causal = "pos"
    _checks: ClassVar = {"lr_pos": rate, "lr_neg": rate, "tc_pos": positive, "tc_neg": positive}

    def register_cell(self, name: str, cell: Cell, /, **kwargs: Any) -> IndependentCellTrainer.Unit:
        """Adds a cell for training.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train, with delays and an updater for the trained parameter.
            **kwargs: hyperparameters of this cell, named as in the constructor.

        Returns:
            The cell with its state and monitors.

        Raises:
            ValueError: if the name is taken or a hyperparameter is out of range.
            RuntimeError: if the connection has no delays or the cell no updater for the
                parameter.
            TypeError: if there is no hyperparameter of a name.
        """
        self._pop_step_time(kwargs)
        state = self._state_of_cell(kwargs)
        if cell.connection.delayedby is None:
            raise RuntimeError(
                f"`cell` must have a connection with delays for {type(self).__name__}"
            )
        self.add_cell(name, cell, state, [self._param])
        common: dict[str, Any] = {"dt": cell.connection.dt, "inplace": state.inplace}
        add_events(self, name, "spike_post", **common)
        add_events(self, name, "spike_pre", delayed=True, **common)
        return self.get_unit(name)

    def _windows(self, cell: Cell, state: Any, monitors: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """Magnitudes per sample of the window for differences >= 0 and of the one for < 0."""
        connection = cell.connection
        difference = delay_difference(
            connection.presyn_receptive(recorded(monitors["spike_pre"])),
            connection.postsyn_receptive(recorded(monitors["spike_post"])),
            connection.delay,  # type: ignore[arg-type]
        )
        first, second = ("pos", "neg") if self._causal == "pos" else ("neg", "pos")
        windows = tuple(
            exponential_window(
                difference, getattr(state, f"lr_{side}"), getattr(state, f"tc_{side}"), causal
            )
            for side, causal in ((first, True), (second, False))
        )
        return windows  # type: ignore[return-value]
