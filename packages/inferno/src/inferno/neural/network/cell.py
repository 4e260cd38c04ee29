"""The trainable pair of a connection and the neurons it feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from torch import Tensor

from inferno import Module
from inferno._internal import argtest
from inferno.neural.base import Connection, Neuron, Synapse
from inferno.neural.modeling import Updater
from inferno.observe import Observable

if TYPE_CHECKING:
    from .layer import Layer

__all__ = ["Cell"]


class Cell(Module, Observable):
    """A connection of a layer with the neurons that it feeds, the unit of training.

    Layers create cells. A cell holds its layer weakly; monitors of the cell are hooks of the
    layer, so the layer must exist while they are added.

    Args:
        layer: layer that holds both parts.
        connection: connection of the layer.
        neuron: neurons of the layer that receive the output of ``connection``.
        names: names of connection and neuron in the layer.

    Raises:
        RuntimeError: if the output shape of the connection is not the shape of the neurons.
    """

    def __init__(
        self, layer: Layer, connection: Connection, neuron: Neuron, names: tuple[str, str]
    ) -> None:
        argtest.members("connection", connection, "outshape")
        argtest.members("neuron", neuron, "shape")
        if tuple(connection.outshape) != tuple(neuron.shape):
            raise RuntimeError(
                f"`connection` must have the output shape {tuple(neuron.shape)} of `neuron`, "
                f"got {tuple(connection.outshape)}"
            )
        Module.__init__(self)
        Observable.__init__(self, layer, "_realign_attribute", names, None)
        self.connection_ = connection
        self.neuron_ = neuron
        self._names = names

    @property
    def connection(self) -> Connection:
        """Connection of the cell."""
        return self._modules["connection_"]  # type: ignore[return-value]

    @property
    def neuron(self) -> Neuron:
        """Neurons of the cell."""
        return self._modules["neuron_"]  # type: ignore[return-value]

    @property
    def synapse(self) -> Synapse:
        """Synapse of the connection."""
        return self.connection.synapse

    @property
    def updater(self) -> Updater | None:
        """Updater of the connection, if it has one."""
        return self.connection.updater

    @property
    def precurrent(self) -> Tensor:
        """Currents of the synapse after the delays of the connection."""
        return self.connection.syncurrent

    @property
    def prespike(self) -> Tensor:
        """Spikes of the synapse after the delays of the connection."""
        return self.connection.synspike

    @property
    def postvoltage(self) -> Tensor:
        """Voltages of the neurons."""
        return self.neuron.voltage

    @property
    def postspike(self) -> Tensor:
        """Spikes of the neurons."""
        return self.neuron.spike

    def local_remap(self, attr: str) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Splits an attribute path of the cell into arguments for its layer.

        Args:
            attr: dotted path relative to the cell; empty for the cell itself.

        Returns:
            Positional and keyword arguments.

        Raises:
            RuntimeError: if the cell has no such attribute.
        """
        head, _, tail = attr.partition(".")
        if head and not hasattr(self, head):
            raise RuntimeError(f"`attr` must name an attribute of Cell, got {attr!r}")
        return (head, tail), {}

    def forward(self) -> NoReturn:
        """Refuses to run; cells are run by their layer.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("a Cell cannot be called, call its Layer instead")
