"""Base class of layers: connections, neurons and what wires them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from torch import Tensor, nn

from inferno import Module
from inferno._internal import Proxy, argtest
from inferno.neural.base import Connection, Neuron, Synapse
from synaptensor.validation import check_instance

from .cell import Cell

__all__ = ["Layer"]


class Layer(Module, ABC):
    """Connections and neurons, with a wiring from the outputs of the former to the latter.

    Monitors of a layer's cells are forward hooks of the layer: they record when the layer is
    called as ``layer(...)``, not through ``layer.forward(...)``.
    """

    def __init__(self) -> None:
        Module.__init__(self)
        self.connections_ = nn.ModuleDict()
        self.neurons_ = nn.ModuleDict()
        self.cells_ = nn.ModuleDict()

    def add_connection(self, name: str, connection: Connection) -> Connection:
        """Adds a connection.

        Args:
            name: name of the connection.
            connection: connection to add.

        Returns:
            The connection.

        Raises:
            ValueError: if ``name`` is not an identifier.
            RuntimeError: if there is a connection of that name.
        """
        _add(
            self.connections_,
            "connection",
            name,
            check_instance("connection", connection, Connection),
        )
        return connection

    def add_neuron(self, name: str, neuron: Neuron) -> Neuron:
        """Adds a group of neurons.

        Args:
            name: name of the group.
            neuron: neurons to add.

        Returns:
            The neurons.

        Raises:
            ValueError: if ``name`` is not an identifier.
            RuntimeError: if there is a group of that name.
        """
        _add(self.neurons_, "neuron", name, check_instance("neuron", neuron, Neuron))
        return neuron

    def get_connection(self, name: str) -> Connection:
        """Returns the connection with a name; ``AttributeError`` if there is none."""
        return _get(self.connections_, "connection", name)

    def get_neuron(self, name: str) -> Neuron:
        """Returns the neurons with a name; ``AttributeError`` if there are none."""
        return _get(self.neurons_, "neuron", name)

    def del_connection(self, name: str) -> None:
        """Removes a connection and its cells; ``AttributeError`` if there is none."""
        _get(self.connections_, "connection", name)
        del self.connections_[name]
        if name in self.cells_:
            del self.cells_[name]

    def del_neuron(self, name: str) -> None:
        """Removes a group of neurons and its cells; ``ValueError`` if there is none."""
        if name not in self.neurons_:
            raise ValueError(f"`name` must be one of {list(self.neurons_)}, got {name!r}")
        del self.neurons_[name]
        for connection, group in list(self.cells_.items()):
            if name in group:  # type: ignore[operator]
                del group[name]  # type: ignore[operator]
            if not len(group):  # type: ignore[arg-type]
                del self.cells_[connection]

    def add_cell(self, connection: str, neuron: str) -> Cell:
        """Creates the cell of a connection and a group of neurons, or returns the present one.

        Args:
            connection: name of the connection.
            neuron: name of the neurons.

        Returns:
            The cell.

        Raises:
            AttributeError: if a name is unknown.
            RuntimeError: if the two do not fit together.
        """
        parts = self.get_connection(connection), self.get_neuron(neuron)
        group = self.cells_[connection] if connection in self.cells_ else nn.ModuleDict()
        if neuron not in group:  # type: ignore[operator]
            group[neuron] = Cell(self, *parts, (connection, neuron))  # type: ignore[operator]
            self.cells_[connection] = group
        return group[neuron]  # type: ignore[index]

    def get_cell(self, connection: str, neuron: str) -> Cell:
        """Returns the cell of a connection and neurons; ``AttributeError`` if there is none."""
        if connection in self.cells_ and neuron in self.cells_[connection]:  # type: ignore[operator]
            return self.cells_[connection][neuron]  # type: ignore[index]
        raise AttributeError(f"there is no cell of connection {connection!r} and neuron {neuron!r}")

    def del_cell(self, connection: str, neuron: str) -> None:
        """Removes a cell, if there is one; ``AttributeError`` if a name is unknown."""
        self.get_connection(connection)
        self.get_neuron(neuron)
        group = self.cells_._modules.get(connection)
        if group is not None and neuron in group:  # type: ignore[operator]
            del group[neuron]  # type: ignore[operator]
            if not len(group):  # type: ignore[arg-type]
                del self.cells_[connection]

    @property
    def connections(self) -> Proxy:
        """Connections as attributes, ``layer.connections.name``."""
        return Proxy(self.connections_, "")

    @property
    def neurons(self) -> Proxy:
        """Neurons as attributes, ``layer.neurons.name``."""
        return Proxy(self.neurons_, "")

    @property
    def cells(self) -> Proxy:
        """Cells as attributes, ``layer.cells.connection.neuron``."""
        return Proxy(self.cells_, "", "")

    @property
    def named_connections(self) -> Iterator[tuple[str, Connection]]:
        """Pairs of name and connection."""
        return iter(self.connections_.items())  # type: ignore[arg-type]

    @property
    def named_neurons(self) -> Iterator[tuple[str, Neuron]]:
        """Pairs of name and neurons."""
        return iter(self.neurons_.items())  # type: ignore[arg-type]

    @property
    def named_synapses(self) -> Iterator[tuple[str, Synapse]]:
        """Pairs of connection name and synapse."""
        return ((name, connection.synapse) for name, connection in self.named_connections)

    @property
    def named_cells(self) -> Iterator[tuple[tuple[str, str], Cell]]:
        """Pairs of names, of connection and neurons, and cell."""
        return (
            ((connection, neuron), cell)
            for connection, group in self.cells_.items()
            for neuron, cell in group.items()  # type: ignore[operator]
        )

    @abstractmethod
    def wiring(self, inputs: dict[str, Tensor], **kwargs: Any) -> dict[str, Tensor]:
        """Maps outputs of connections to inputs of neurons.

        Args:
            inputs: outputs of connections by name.
            **kwargs: further arguments of `forward`.

        Returns:
            Inputs of neurons by name.
        """
        raise NotImplementedError(f"{type(self).__name__}(Layer) must define `wiring`")

    def update(self, clear: bool = True, **kwargs: Any) -> None:
        """Applies pending updates of all connections.

        Args:
            clear: remove the updates afterwards.
            **kwargs: passed to the updaters.
        """
        for _, connection in self.named_connections:
            connection.update(clear=clear, **kwargs)

    def clear(self, submodules: bool = True, **kwargs: Any) -> None:
        """Clears connections and neurons.

        Args:
            submodules: clear them at all.
            **kwargs: passed on.
        """
        if submodules:
            for _, module in chain(self.named_connections, self.named_neurons):
                module.clear(**kwargs)

    def forward(
        self,
        inputs: Mapping[str, tuple[Tensor, ...]],
        connection_kwargs: Mapping[str, dict[str, Any]] | None = None,
        neuron_kwargs: Mapping[str, dict[str, Any]] | None = None,
        capture_intermediate: bool = False,
        **kwargs: Any,
    ) -> dict[str, Tensor] | tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Runs connections, wiring and neurons for one step.

        Only the components that are named run. Monitors record in any case.

        Args:
            inputs: positional inputs of connections by name.
            connection_kwargs: keyword arguments of connections by name.
            neuron_kwargs: keyword arguments of neurons by name.
            capture_intermediate: return the outputs of connections too.
            **kwargs: passed to `wiring`.

        Returns:
            Spikes by name of the neurons and, if captured, outputs by name of the connections.

        Raises:
            KeyError: if a name is unknown.
        """
        connections, neurons = self.connections_, self.neurons_
        connection_kwargs, neuron_kwargs = connection_kwargs or {}, neuron_kwargs or {}
        outputs = {
            name: connections[name](*args, **connection_kwargs.get(name, {}))
            for name, args in inputs.items()
        }
        wired = self.wiring(outputs, **kwargs)
        spikes = {
            name: neurons[name](current, **neuron_kwargs.get(name, {}))
            for name, current in wired.items()
        }
        return (spikes, outputs) if capture_intermediate else spikes

    def _realign_attribute(self, connection: str, neuron: str, head: str, tail: str) -> str:
        """Turns an attribute path of a cell into one of the layer."""
        suffix = f".{tail}" if tail else ""
        base = {
            "connection": f"connections_.{connection}",
            "connection_": f"connections_.{connection}",
            "neuron": f"neurons_.{neuron}",
            "neuron_": f"neurons_.{neuron}",
            "synapse": f"connections_.{connection}.synapse",
            "updater": f"connections_.{connection}.updater",
            "precurrent": f"connections_.{connection}.syncurrent",
            "prespike": f"connections_.{connection}.synspike",
            "postvoltage": f"neurons_.{neuron}.voltage",
            "postspike": f"neurons_.{neuron}.spike",
        }.get(head)
        if base is None:
            base = f"cells_.{connection}.{neuron}" + (f".{head}" if head else "")
        return base + suffix

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # cells repeat what connections and neurons hold, so dictionaries may leave them out
        for (connection, neuron), _ in self.named_cells:
            cell = f"{prefix}cells_.{connection}.{neuron}."
            state_dict.setdefault(f"{cell}_extra_state", {})
            for source, target in (
                (f"{prefix}connections_.{connection}.", f"{cell}connection_."),
                (f"{prefix}neurons_.{neuron}.", f"{cell}neuron_."),
            ):
                for key in [k for k in state_dict if k.startswith(source)]:
                    state_dict.setdefault(target + key.removeprefix(source), state_dict[key])
        super()._load_from_state_dict(state_dict, prefix, *args)


def _add(table: nn.ModuleDict, kind: str, name: str, module: nn.Module) -> None:
    argtest.identifier("name", name)
    if name in table:
        raise RuntimeError(f"`name` must be new, got {name!r}, which is a {kind} of the layer")
    table[name] = module


def _get(table: nn.ModuleDict, kind: str, name: str) -> Any:
    if name not in table:
        raise AttributeError(f"the layer has no {kind} {name!r}, only {list(table)}")
    return table[name]
