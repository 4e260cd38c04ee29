"""Devices whose step saturates exponentially."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aihwkit.functional.response import Response, ResponseModel, limit_from_curvature, select

__all__ = ["ExpStepResponse"]


@dataclass(frozen=True)
class ExpStepResponse(ResponseModel):
    r"""Steps that saturate exponentially.

    .. math:: \Delta w = \pm s \max(1 - A e^{\pm\gamma z}, 0) (1 + \sigma\xi), \qquad
              z = 2 a w / (b_{max} - b_{min}) + b

    With `std_add` or `std_slope` the standard deviation is
    :math:`\sigma (|\Delta w| + \text{std_add} + \text{std_slope} |w|)` instead.
    """

    amplitude_up: float = 0.0
    amplitude_down: float = 0.0
    gamma_up: float = 0.0
    gamma_down: float = 0.0
    scale: float = 0.0
    offset: float = 0.0
    std_add: float = 0.0
    std_slope: float = 0.0

    @property
    def has_absolute_noise(self) -> bool:
        """Whether there is noise beyond that proportional to the step."""
        return self.sigma > 0 and (self.std_add != 0 or self.std_slope != 0)

    def response(self, weight: Tensor, up: Tensor, p: Mapping[str, Tensor]) -> Response:
        """Return the answer to one pulse."""
        rate = select(up, p["rate_up"], p["rate_down"])
        saturation = select(up, p["at_zero_up"], p["at_zero_down"]) * torch.exp(rate * weight)
        size = select(up, p["step_up"], p["step_down"])
        step = size * (1 - saturation).clamp_(min=0)
        slope = torch.where(saturation < 1, -size * rate * saturation, 0.0)
        if self.has_absolute_noise:
            spread = self.sigma * (step.abs() + self.std_add + self.std_slope * weight.abs())
            return Response(step, slope, spread)
        return Response(step, slope, self._spread(step))

    def at_zero(self, up: bool) -> float:
        """Return the missing fraction of the step at weight zero."""
        if up:
            return self.amplitude_up * math.exp(self.gamma_up * self.offset)
        return self.amplitude_down * math.exp(-self.gamma_down * self.offset)

    def derive(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return signed steps and rates; devices without a range do not move."""
        width = p["max_bound"] - p["min_bound"]
        movable = width > 0
        rate = torch.where(movable, 2 * self.scale / torch.where(movable, width, 1.0), 0.0)
        return {
            "step_up": torch.where(movable, p["dwmin_up"], 0.0),
            "step_down": torch.where(movable, -p["dwmin_down"], 0.0),
            "rate_up": self.gamma_up * rate,
            "rate_down": -self.gamma_down * rate,
            "at_zero_up": torch.full_like(rate, self.at_zero(True)),
            "at_zero_down": torch.full_like(rate, self.at_zero(False)),
        }

    def merge_limit(self, p: Mapping[str, Tensor]) -> int:
        """Bound the curvature by that of devices of typical size."""
        if self.has_absolute_noise:
            return 1
        rate = torch.maximum(p["rate_up"].abs(), p["rate_down"].abs()).double()
        size = torch.maximum(p["step_up"].abs(), p["step_down"].abs()).double()
        # f f'' = s^2 k^2 e (1 - e) is at most a quarter of s^2 k^2; devices with an unusually
        # small range are caught one by one by their slope.
        typical = (size * rate).square()
        return limit_from_curvature(float(typical.mean()) / 4, self.sigma)
