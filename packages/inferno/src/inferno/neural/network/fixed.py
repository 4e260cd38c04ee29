"""Layers whose components are fixed at construction."""

from __future__ import annotations

from typing import Any, NoReturn

from torch import Tensor

from .layer import Layer

__all__ = ["FixedLayer", "identity"]


class FixedLayer(Layer):
    """A layer that refuses to add or remove components."""

    def _refuse(self, method: str) -> NoReturn:
        raise RuntimeError(f"{type(self).__name__} is fixed at construction, it has no `{method}`")

    def add_connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses with ``RuntimeError``."""
        self._refuse("add_connection")

    def add_neuron(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses with ``RuntimeError``."""
        self._refuse("add_neuron")

    def add_cell(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses with ``RuntimeError``."""
        self._refuse("add_cell")

    def del_connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses with ``RuntimeError``."""
        self._refuse("del_connection")

    def del_neuron(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses with ``RuntimeError``."""
        self._refuse("del_neuron")

    def del_cell(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses with ``RuntimeError``."""
        self._refuse("del_cell")


def identity(inputs: Tensor, **kwargs: Any) -> Tensor:
    """Returns its argument."""
    return inputs
