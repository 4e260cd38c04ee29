"""Devices whose step is linear in the weight: linear step and soft bounds."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aihwkit.functional.response import UNLIMITED, Response, ResponseModel, select

__all__ = ["LinearStepResponse", "SoftBoundsReferenceResponse"]


@dataclass(frozen=True)
class LinearStepResponse(ResponseModel):
    r"""Steps linear in the weight.

    .. math:: \Delta w = \pm (a w + s)(1 + \sigma\xi)
              \quad\text{or}\quad \pm (a w + s + s \sigma \xi)
    """

    def response(self, weight: Tensor, up: Tensor, p: Mapping[str, Tensor]) -> Response:
        """Return the answer to one pulse."""
        slope = select(up, p["gain_up"], p["gain_down"])
        step = torch.addcmul(select(up, p["step_up"], p["step_down"]), slope, weight)
        if self.multiplicative:
            return Response(step, slope, self._spread(step))
        return Response(step, slope, self._spread(select(up, p["dwmin_up"], p["dwmin_down"])))

    def derive(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return signed slopes and steps at weight zero."""
        return {
            "step_up": p["dwmin_up"],
            "step_down": -p["dwmin_down"],
            "gain_up": p["slope_up"],
            "gain_down": -p["slope_down"],
            "dwmin_up": p["dwmin_up"],
            "dwmin_down": p["dwmin_down"],
        }

    def merge_limit(self, p: Mapping[str, Tensor]) -> int:
        """Linear steps compose exactly."""
        return UNLIMITED


@dataclass(frozen=True)
class SoftBoundsReferenceResponse(LinearStepResponse):
    r"""Soft bounds around a reference :math:`r`.

    .. math:: \Delta w = s_{up} (1 - (w + r) / b_{max} + \sigma\xi),
              \quad -s_{dn} (1 - (w + r) / b_{min} + \sigma\xi)
    """

    def derive(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return signed slopes and steps at weight zero."""
        zero = torch.zeros_like(p["dwmin_up"])
        gain_up = torch.where(p["max_bound"] > 0, -p["dwmin_up"] / p["max_bound"], zero)
        gain_down = torch.where(p["min_bound"] < 0, p["dwmin_down"] / p["min_bound"], zero)
        return {
            "step_up": p["dwmin_up"] + gain_up * p["reference"],
            "step_down": gain_down * p["reference"] - p["dwmin_down"],
            "gain_up": gain_up,
            "gain_down": gain_down,
            "dwmin_up": p["dwmin_up"],
            "dwmin_down": p["dwmin_down"],
        }
