"""Base classes of trainers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from torch import nn

from inferno import Module
from inferno._internal import unique
from inferno._internal.weak import WeakValues
from inferno.neural import Cell
from inferno.observe import Monitor, MonitorConstructor, MonitorPool
from synaptensor.validation import check_instance, check_number, check_positive

__all__ = ["CellTrainer", "IndependentCellTrainer"]


class CellTrainer(Module):
    """Computes updates of cells from what it monitors of them.

    Cells are held weakly, their layers own them. In evaluation mode the monitors are detached.

    Args:
        step_time: length of a simulated step in ms; cells with another one are refused. With
            ``None`` every cell brings its own.

    Raises:
        ValueError: if ``step_time`` is not positive.
    """

    def __init__(self, *, step_time: float | None = None) -> None:
        Module.__init__(self)
        self.step_time = (
            None if step_time is None else check_number("step_time", step_time, check_positive)
        )
        self.cells_ = WeakValues()
        self.aux_states_ = nn.ModuleDict()
        self.monitor_pool_ = MonitorPool()

    def add_cell(
        self,
        name: str,
        cell: Cell,
        state: nn.Module | None = None,
        params: tuple[str, ...] | list[str] | None = None,
    ) -> tuple[Cell, nn.Module | None]:
        """Adds a cell.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train.
            state: what the trainer keeps about the cell.
            params: names of parameters that the updater of the cell must have.

        Returns:
            Cell and state.

        Raises:
            TypeError: if ``cell`` is no cell.
            KeyError: if the name is empty or has a dot in it.
            ValueError: if the name is taken or the step time of the cell is another one.
            RuntimeError: if the cell has no updater or its updater lacks a parameter.
        """
        check_instance("cell", cell, Cell)
        if not name or "." in name:
            raise KeyError(f"`name` must be a nonempty string without a dot, got {name!r}")
        if name in self.cells_:
            raise ValueError(f"`name` must be new, got {name!r}, which is a cell of the trainer")
        self._check_step_time(cell)
        if cell.updater is None:
            raise RuntimeError("'cell' is not updatable, its connection has no updater")
        for param in params or ():
            if param not in cell.updater.names:
                raise RuntimeError(f"'cell' does not contain required parameter '{param}'")
        self.monitor_pool_.del_observed(name)
        if name in self.aux_states_:
            del self.aux_states_[name]
        self.cells_[name] = cell
        self.monitor_pool_.add_observed(name, cell)
        if state is not None:
            self.aux_states_[name] = state
        return cell, state

    def get_cell(self, name: str) -> tuple[Cell, nn.Module | None]:
        """Returns a cell and its state; ``KeyError`` if there is no such cell."""
        return self.cells_[name], self._state(name)

    def del_cell(self, name: str) -> None:
        """Forgets a cell, its state and its monitors; ``AttributeError`` if there is none."""
        if name not in self.cells_:
            raise AttributeError(f"the trainer has no cell {name!r}, only {list(self.cells_)}")
        self.monitor_pool_.del_observed(name)
        if name in self.aux_states_:
            del self.aux_states_[name]
        del self.cells_[name]

    def add_monitor(
        self,
        cell: str,
        name: str,
        attr: str,
        monitor: MonitorConstructor,
        unique: bool = False,
        /,
        **tags: Any,
    ) -> Monitor:
        """Adds a monitor of a cell, or returns an equal one.

        Args:
            cell: name of the cell.
            name: name of the monitor.
            attr: dotted path of the monitored attribute, relative to the cell.
            monitor: constructor of the monitor.
            unique: make a new monitor in any case.
            **tags: what makes monitors equal, besides attribute and name.

        Returns:
            The monitor.

        Raises:
            AttributeError: if there is no such cell.
        """
        return self.monitor_pool_.add_monitor(cell, name, attr, monitor, unique, **tags)

    def get_monitor(self, cell: str, name: str) -> Monitor | None:
        """Returns a monitor of a cell, ``None`` if there is none."""
        return self.monitor_pool_.get_monitor(cell, name)

    def del_monitor(self, cell: str, name: str) -> None:
        """Removes a monitor of a cell; ``AttributeError`` if there is none."""
        self.monitor_pool_.del_monitor(cell, name)

    @property
    def monitors(self) -> Iterator[Monitor]:
        """The distinct monitors of all cells."""
        return iter(self.monitor_pool_.monitors)

    @property
    def named_monitors(self) -> Iterator[tuple[tuple[str, str], Monitor]]:
        """Pairs of names, of cell and monitor, and monitor."""
        return iter(self.monitor_pool_.named_monitors)

    def named_monitors_of(self, cell: str) -> Iterator[tuple[str, Monitor]]:
        """Pairs of name and monitor of a cell, in the order of registration."""
        return self.monitor_pool_.named_monitors_of(cell)

    @property
    def cells(self) -> Iterator[tuple[Cell, nn.Module | None]]:
        """Pairs of cell and state."""
        return ((cell, self._state(name)) for name, cell in self.cells_.items())

    @property
    def named_cells(self) -> Iterator[tuple[str, tuple[Cell, nn.Module | None]]]:
        """Pairs of name and pair of cell and state."""
        return ((name, (cell, self._state(name))) for name, cell in self.cells_.items())

    def train(self, mode: bool = True) -> CellTrainer:
        """Sets the mode and attaches the monitors, or detaches them for evaluation.

        Args:
            mode: training rather than evaluation.

        Returns:
            The trainer.
        """
        Module.train(self, mode)
        for monitor in self.monitors:
            if mode:
                monitor.register()
            else:
                monitor.deregister()
        return self

    def clear(self, **kwargs: Any) -> None:
        """Forgets what the monitors recorded; pending updates stay.

        Args:
            **kwargs: passed to the monitors; ``keepshape=True`` keeps the shape of records.
        """
        for monitor in self.monitors:
            monitor.clear(**kwargs)

    def update(self, **kwargs: Any) -> None:
        """Applies and removes the pending updates of all connections, each once.

        Args:
            **kwargs: passed to the connections.
        """
        for connection in unique(cell.connection for cell in self.cells_.values()):
            connection.update(**kwargs)

    def forward(self, *inputs: Any, **kwargs: Any) -> None:
        """Computes updates and hands them to the updaters."""
        raise NotImplementedError(f"{type(self).__name__}(CellTrainer) must define `forward`")

    def _state(self, name: str) -> nn.Module | None:
        return self.aux_states_._modules.get(name)

    def _check_step_time(self, cell: Cell) -> None:
        if self.step_time is not None and cell.connection.dt != self.step_time:
            raise ValueError(
                f"`step_time` of the trainer must be that of the cell, {cell.connection.dt!r}, "
                f"got {self.step_time!r}"
            )


class IndependentCellTrainer(CellTrainer, ABC):
    """A trainer that computes the update of every cell by itself.

    Iterating yields cell, state and monitors by name.
    """

    class Unit(Module):
        """A cell with what its trainer keeps about it.

        Args:
            cell: the cell.
            state: hyperparameters of the cell.
            monitors: monitors of the cell by name.
        """

        def __init__(
            self, cell: Cell, state: nn.Module | None, monitors: dict[str, Monitor]
        ) -> None:
            Module.__init__(self)
            self.cell = cell
            self.state = state
            self.monitors = nn.ModuleDict(monitors)

        def forward(self) -> None:
            """Refuses to run."""
            raise RuntimeError("a Unit cannot be called, call its trainer instead")

    def __iter__(self) -> Iterator[tuple[Cell, Any, dict[str, Any]]]:
        pool = self.monitor_pool_.monitors_._modules
        states = self.aux_states_._modules
        for name, cell in self.cells_.living():
            group = pool.get(name)
            yield cell, states.get(name), {} if group is None else group._modules

    def get_unit(self, name: str) -> IndependentCellTrainer.Unit:
        """Returns a cell with its state and monitors; ``KeyError`` if there is none."""
        return self.Unit(*self.get_cell(name), dict(self.named_monitors_of(name)))

    @abstractmethod
    def register_cell(self, name: str, cell: Cell, /, **kwargs: Any) -> Unit:
        """Adds a cell for training.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train.
            **kwargs: hyperparameters of this cell instead of the trainer's.

        Returns:
            The cell with its state and monitors.
        """
        raise NotImplementedError(
            f"{type(self).__name__}(IndependentCellTrainer) must define `register_cell`"
        )
