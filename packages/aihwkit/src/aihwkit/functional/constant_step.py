"""Devices whose step does not depend on the weight."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from aihwkit.functional.response import UNLIMITED, Response, ResponseModel, select

__all__ = ["ConstantStepResponse"]


@dataclass(frozen=True)
class ConstantStepResponse(ResponseModel):
    r"""Constant steps, :math:`\Delta w = \pm s (1 + \sigma \xi)`."""

    def response(self, weight: Tensor, up: Tensor, p: Mapping[str, Tensor]) -> Response:
        """Return the answer to one pulse."""
        step = select(up, p["step_up"], p["step_down"])
        return Response(step, None, self._spread(step))

    def derive(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return signed steps."""
        return {"step_up": p["dwmin_up"], "step_down": -p["dwmin_down"]}

    def merge_limit(self, p: Mapping[str, Tensor]) -> int:
        """Constant steps add up exactly."""
        return UNLIMITED
