"""A connection followed by neurons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from inferno.neural.base import Connection, Neuron, Synapse
from inferno.neural.modeling import Updater

from .cell import Cell
from .fixed import FixedLayer, identity
from .fused import fused_step
from .layer import Layer

__all__ = ["Serial"]


class Serial(FixedLayer):
    """A connection followed by neurons.

    Args:
        connection: connection of the layer.
        neuron: neurons that receive its output.
        transform: function ``(tensor, **kwargs) -> tensor`` between the two.
        connection_name: name of the connection.
        neuron_name: name of the neurons.

    Raises:
        RuntimeError: if the output shape of the connection is not the shape of the neurons.
    """

    def __init__(
        self,
        connection: Connection,
        neuron: Neuron,
        transform: Callable[..., Tensor] | None = None,
        connection_name: str = "serial",
        neuron_name: str = "serial",
    ) -> None:
        Layer.__init__(self)
        Layer.add_connection(self, connection_name, connection)
        Layer.add_neuron(self, neuron_name, neuron)
        Layer.add_cell(self, connection_name, neuron_name)
        self._names = (connection_name, neuron_name)
        self.transform = identity if transform is None else transform

    @property
    def connection(self) -> Connection:
        """Connection of the layer."""
        return self._modules["connections_"]._modules[self._names[0]]  # type: ignore[union-attr,return-value]

    @property
    def neuron(self) -> Neuron:
        """Neurons of the layer."""
        return self._modules["neurons_"]._modules[self._names[1]]  # type: ignore[union-attr,return-value]

    @property
    def synapse(self) -> Synapse:
        """Synapse of the connection."""
        return self.connection.synapse

    @property
    def updater(self) -> Updater | None:
        """Updater of the connection, if it has one."""
        return self.connection.updater

    @property
    def cell(self) -> Cell:
        """Cell of connection and neurons."""
        return self.get_cell(*self._names)

    @property
    def _direct(self) -> bool:
        """Whether the neurons receive what the connection puts out."""
        return self.transform is identity and type(self).wiring is Serial.wiring

    def wiring(self, inputs: dict[str, Tensor], **kwargs: Any) -> dict[str, Tensor]:
        """Transforms the output of the connection into the input of the neurons."""
        connection, neuron = self._names
        return {neuron: self.transform(inputs[connection], **kwargs)}

    def forward(  # type: ignore[override]
        self,
        *inputs: Tensor,
        connection_kwargs: dict[str, Any] | None = None,
        neuron_kwargs: dict[str, Any] | None = None,
        capture_intermediate: bool = False,
        **kwargs: Any,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Runs connection, transformation and neurons for one step.

        Args:
            *inputs: inputs of the connection.
            connection_kwargs: keyword arguments of the connection.
            neuron_kwargs: keyword arguments of the neurons.
            capture_intermediate: return the output of the connection too.
            **kwargs: passed to the transformation.

        Returns:
            Spikes and, if captured, the output of the connection.
        """
        plain = not (connection_kwargs or neuron_kwargs or kwargs or capture_intermediate)
        if plain and len(inputs) == 1 and self._direct:
            fused = fused_step(self.connection, self.neuron, inputs[0])
            if fused is not None:
                return fused
        output = self.connection(*inputs, **(connection_kwargs or {}))
        if type(self).wiring is Serial.wiring:
            current = self.transform(output, **kwargs)
        else:
            connection, neuron = self._names
            current = self.wiring({connection: output}, **kwargs)[neuron]
        spikes = self.neuron(current, **(neuron_kwargs or {}))
        return (spikes, output) if capture_intermediate else spikes
