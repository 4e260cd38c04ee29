"""Base class of mappings between weights and conductances."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

__all__ = ["BaseConductanceConverter"]


class BaseConductanceConverter:
    """Deterministic mapping of a weight matrix to conductances and back.

    Derive from it, define both methods, and give an object of the class to a noise model as
    `g_converter`.

    Example:
        >>> class Offset(BaseConductanceConverter):
        ...     def convert_to_conductances(self, weights):
        ...         return [weights + 5.0], {}
        ...
        ...     def convert_back_to_weights(self, conductances, params):
        ...         return conductances[0] - 5.0
    """

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def convert_to_conductances(self, weights: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        """Return the conductances of the devices that stand for weights.

        Args:
            weights: matrix `[out, in]`.

        Returns:
            Conductances in microsiemens, one tensor of the shape of the weights for each device of
            a weight ("slice"), and what the way back needs to know.
        """
        raise NotImplementedError

    def convert_back_to_weights(self, conductances: list[Tensor], params: dict[str, Any]) -> Tensor:
        """Return the weights that conductances stand for.

        Args:
            conductances: slices `[out, in]` in microsiemens.
            params: second result of `convert_to_conductances`.
        """
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self.__class__ == other.__class__ and self.__dict__ == other.__dict__
