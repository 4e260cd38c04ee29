"""Every connection feeding every group of neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set, Sized, ValuesView
from typing import Any

import torch
from torch import Tensor

from inferno.neural.base import Connection, Neuron
from synaptensor.validation import check_choice, check_instance

from .fixed import FixedLayer, identity
from .layer import Layer

__all__ = ["Biclique"]

Transform = Callable[..., Tensor]
_COMBINERS: dict[str, Callable[..., Tensor]] = {
    "sum": torch.sum,
    "mean": torch.mean,
    "prod": torch.prod,
    "min": torch.amin,
    "max": torch.amax,
}


class Biclique(FixedLayer):
    """Every connection feeding every group of neurons.

    Neurons ``n`` receive ``g_n(combine({c: f_c(output_c)}))`` with the transformations ``f`` of
    connections and ``g`` of neurons.

    Args:
        connections: tuples of name and connection and, optionally, transformation.
        neurons: tuples of name and neurons and, optionally, transformation.
        combine: function of the transformed outputs by name, or how to reduce them: "sum",
            "mean", "prod", "min" or "max".

    Raises:
        ValueError: if there is no connection or no neurons, a tuple has another length, or
            ``combine`` is unknown.
        RuntimeError: if the output shape of a connection is not the shape of all neurons.
    """

    def __init__(
        self,
        connections: Iterable[tuple[str, Connection] | tuple[str, Connection, Transform]],
        neurons: Iterable[tuple[str, Neuron] | tuple[str, Neuron, Transform]],
        combine: str | Callable[..., Tensor] = "sum",
    ) -> None:
        inputs = _with_transforms("connections", connections)
        outputs = _with_transforms("neurons", neurons)
        if isinstance(combine, str):
            combine = check_choice("combine", combine.lower(), list(_COMBINERS))
        Layer.__init__(self)
        self.post_input: dict[str, Transform] = {}
        self.pre_output: dict[str, Transform] = {}
        self._combine = combine
        for name, connection, transform in inputs:
            Layer.add_connection(self, name, connection)
            self.post_input[name] = transform
        for name, neuron, transform in outputs:
            Layer.add_neuron(self, name, neuron)
            self.pre_output[name] = transform
        for connection_name in self.post_input:
            for neuron_name in self.pre_output:
                Layer.add_cell(self, connection_name, neuron_name)

    def wiring(self, inputs: dict[str, Tensor], **kwargs: Any) -> dict[str, Tensor]:
        """Combines the outputs of connections and hands them to all neurons."""
        transformed = {name: self.post_input[name](value) for name, value in inputs.items()}
        if isinstance(self._combine, str):
            stacked = torch.stack(list(transformed.values()), 0)
            combined = _COMBINERS[self._combine](stacked, 0)
        else:
            combined = self._combine(transformed, **kwargs)
        return {name: transform(combined) for name, transform in self.pre_output.items()}


def _with_transforms(name: str, items: Iterable[Any]) -> list[tuple[str, Any, Transform]]:
    result = []
    for i, item in enumerate(check_instance(name, items, Sequence | Set | ValuesView | Iterator)):
        check_instance(f"{name}[{i}]", item, Sized)
        if len(item) == 2:
            result.append((*item, identity))
        elif len(item) == 3:
            result.append(tuple(item))
        else:
            raise ValueError(
                f"`{name}[{i}]` must hold a name, a module and optionally a transformation, "
                f"got {len(item)} items"
            )
    if not result:
        raise ValueError(f"`{name}` must not be empty, got {items!r}")
    return result
