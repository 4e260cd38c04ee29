"""Converter for the arrays of the Fusion chip: one device for each weight, sign kept apart."""

from __future__ import annotations

from typing import Any

from torch import Tensor, no_grad

from aihwkit.exceptions import ArgumentError
from aihwkit.inference.converter.base import BaseConductanceConverter

__all__ = ["FusionConductanceConverter"]

_ZERO_CLIP = 1e-10
_G_LOW, _G_HIGH = 10, 40


class FusionConductanceConverter(BaseConductanceConverter):
    r"""One conductance for the magnitude of each weight, scaled by output row.

    .. math:: g_{ji} = |W_{ji}|\, g_{max} / \max_i |W_{ji}|

    On the way back a line is fitted to each row of original weights against measured signed
    conductances and its slope gives the scale.

    Args:
        g_max: largest conductance in microsiemens, from 10 to 40.

    Raises:
        ArgumentError: if `g_max` is out of range.
    """

    def __init__(self, g_max: float = 40) -> None:
        if not _G_LOW <= g_max <= _G_HIGH:
            raise ArgumentError(f"g_max must be from {_G_LOW} to {_G_HIGH}, got {g_max!r}")
        self.g_max = g_max

    def __str__(self) -> str:
        return f"{type(self).__name__}(g_max={self.g_max:1.2f})"

    @no_grad()
    def convert_to_conductances(self, weights: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        """Return one slice of magnitudes."""
        largest = weights.abs().amax(dim=1, keepdim=True).clamp(min=_ZERO_CLIP)
        scaled = weights * (self.g_max / largest)
        return [scaled.abs_().clamp_(0, self.g_max)], {"original_weights": weights}

    @no_grad()
    def convert_back_to_weights(self, conductances: list[Tensor], params: dict[str, Any]) -> Tensor:
        """Return the signed conductances times the fitted slope of each row.

        Raises:
            ValueError: if there is more than one slice, or no original weights.
        """
        if len(conductances) != 1:
            raise ValueError(f"conductances must hold 1 slice, got {len(conductances)}")
        if "original_weights" not in params:
            raise ValueError("params must have 'original_weights' from convert_to_conductances")
        original = params["original_weights"]
        signed = conductances[0] * original.sign()
        x = signed.double() - signed.double().mean(dim=1, keepdim=True)
        y = original.double() - original.double().mean(dim=1, keepdim=True)
        variance = (x * x).sum(dim=1, keepdim=True)
        # A row of equal conductances has no slope; its scale is that of the largest weight.
        plain = original.abs().amax(dim=1, keepdim=True).double() / self.g_max
        slope = ((x * y).sum(dim=1, keepdim=True) / variance).where(variance > 0, plain)
        return (signed * slope).to(signed.dtype)
