"""Devices whose step is interpolated between nodes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from aihwkit.functional.response import UNLIMITED, Response, ResponseModel, select

__all__ = ["PiecewiseStepResponse"]


@dataclass(frozen=True)
class PiecewiseStepResponse(ResponseModel):
    r"""Steps interpolated linearly between equidistant nodes from the lower to the upper bound.

    .. math:: \Delta w = \pm s\, h_\pm(w) (1 + \sigma\xi)
    """

    nodes_up: tuple[float, ...] = (1.0,)
    nodes_down: tuple[float, ...] = (1.0,)

    def response(self, weight: Tensor, up: Tensor, p: Mapping[str, Tensor]) -> Response:
        """Return the answer to one pulse."""
        size = select(up, p["step_up"], p["step_down"])
        table = weight.new_tensor((self.nodes_down, self.nodes_up))
        last = table.shape[1] - 1
        if last == 0:
            step = size * torch.where(up, table[1, 0], table[0, 0])
            return Response(step, torch.zeros_like(step), self._spread(step))
        position = ((weight - p["min_bound"]) * p["nodes_per_weight"]).clamp_(min=0)
        index = position.floor().clamp_(max=last - 1)
        fraction = (position - index).clamp_(max=1)
        flat = index.long() + up * (last + 1)
        left = table.view(-1)[flat]
        rise = table.view(-1)[flat + 1] - left
        step = size * torch.addcmul(left, rise, fraction)
        return Response(step, size * rise * p["nodes_per_weight"], self._spread(step))

    def derive(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return signed steps and the density of nodes; without a range the first node counts."""
        width = p["max_bound"] - p["min_bound"]
        movable = width > 0
        density = (len(self.nodes_up) - 1) / torch.where(movable, width, 1.0)
        return {
            "step_up": p["dwmin_up"],
            "step_down": -p["dwmin_down"],
            "min_bound": p["min_bound"],
            "nodes_per_weight": torch.where(movable, density, 0.0),
        }

    def merge_limit(self, p: Mapping[str, Tensor]) -> int:
        """Bound the error at a node, where the slope jumps, by half a percent of the noise."""
        jump = max(_largest_jump(self.nodes_up), _largest_jump(self.nodes_down))
        if jump == 0:
            return UNLIMITED
        if self.sigma <= 0:
            return 1
        size = torch.maximum(p["step_up"].abs(), p["step_down"].abs()).double()
        error = float((size * p["nodes_per_weight"]).mean()) * jump / 2
        return max(1, math.floor((5e-3 * self.sigma / max(error, 1e-12)) ** (2 / 3)))


def _largest_jump(nodes: tuple[float, ...]) -> float:
    rises = [b - a for a, b in pairwise(nodes)]
    return max((abs(b - a) for a, b in pairwise(rises)), default=0.0)
