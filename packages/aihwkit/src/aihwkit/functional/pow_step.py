"""Devices whose step is a power of the distance to the bound."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aihwkit.functional.response import Response, ResponseModel, limit_from_curvature, select

__all__ = ["PowStepResponse"]

_SMALLEST = 1e-12


@dataclass(frozen=True)
class PowStepResponse(ResponseModel):
    r"""Power-law steps, with bounds that include the reference if there is one.

    .. math:: \Delta w = s_{up} \Big(\frac{b_{max} - w}{R}\Big)^{\gamma_{up}} (1 + \sigma\xi), \quad
              -s_{dn} \Big(\frac{w - b_{min}}{R}\Big)^{\gamma_{dn}} (1 + \sigma\xi), \quad
              R = b_{max} - b_{min}
    """

    def response(self, weight: Tensor, up: Tensor, p: Mapping[str, Tensor]) -> Response:
        """Return the answer to one pulse."""
        inverse = p["inverse_range"]
        position = torch.where(up, p["upper"] - weight, weight - p["lower"])
        position = (position * inverse).clamp_(min=_SMALLEST)
        gamma = select(up, p["gamma_up"], p["gamma_down"])
        step = select(up, p["step_up"], p["step_down"]) * position**gamma
        slope = -(gamma * step * inverse / position).abs()
        return Response(step, slope, self._spread(step))

    def derive(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return signed steps, exponents and bounds; devices without a range do not move."""
        reference = p.get("reference", torch.zeros_like(p["max_bound"]))
        width = p["max_bound"] - p["min_bound"]
        movable = width != 0
        return {
            "step_up": torch.where(movable, p["dwmin_up"], 0.0),
            "step_down": torch.where(movable, -p["dwmin_down"], 0.0),
            "inverse_range": torch.where(movable, 1 / torch.where(movable, width, 1.0), 0.0),
            "upper": p["max_bound"] - reference,
            "lower": p["min_bound"] - reference,
            "gamma_up": p["gamma_up"],
            "gamma_down": p["gamma_down"],
        }

    def merge_limit(self, p: Mapping[str, Tensor]) -> int:
        """Bound the curvature by its value at full distance, averaged over the devices."""
        size = torch.maximum(p["step_up"].abs(), p["step_down"].abs()).double()
        gamma = torch.maximum(p["gamma_up"], p["gamma_down"]).double()
        curvature = (size * p["inverse_range"]).square() * (gamma * (gamma - 1)).abs()
        return limit_from_curvature(float(curvature.mean()), self.sigma)
