"""Pairs of devices that only ever receive up pulses."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Region, UpdateContext
from aihwkit.engine.cells.pulsed import PulsedCell
from aihwkit.engine.cells.slices import write_slices
from aihwkit.engine.cells.unit import UnitCell
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import analog_mvm
from aihwkit.functional.pulses import ExactUpdate, OneDirection, Pulses
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["OneSidedCell", "mirrored"]

_MIRRORED = {
    "max_bound": ("min_bound", -1.0),
    "min_bound": ("max_bound", -1.0),
    "dwmin_up": ("dwmin_down", 1.0),
    "dwmin_down": ("dwmin_up", 1.0),
    "slope_up": ("slope_down", -1.0),
    "slope_down": ("slope_up", -1.0),
    "gamma_up": ("gamma_down", 1.0),
    "gamma_down": ("gamma_up", 1.0),
    "reference": ("reference", -1.0),
}


def mirrored(params: "OrderedDict[str, Tensor]") -> "OrderedDict[str, Tensor]":
    """Return the parameters of devices whose up response is the down response of the given ones."""
    result = OrderedDict((name, value.clone()) for name, value in params.items())
    for name, (source, sign) in _MIRRORED.items():
        if name in params:
            result[name] = sign * params[source]
    return result


class OneSidedCell(UnitCell):
    """A minus device (index 0) and a plus device (index 1), `w = w_1 - w_0`.

    Down pulses become up pulses of the minus device. When both weights of a cross point are high,
    both are read, reset, and their difference is written again.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with the fields of `OneSidedUnitCell`.
        cells: minus and plus device.
        lines: per-line parameters of the reading.
        w_max: weight to which the refresh thresholds are relative.
    """

    cells: list[PulsedCell]  # type: ignore[assignment]

    def __init__(
        self,
        weight: Tensor,
        meta: Any,
        cells: list[PulsedCell],
        lines: LineParameters,
        w_max: float,
    ) -> None:
        super().__init__(weight, meta, list(cells), [-1.0, 1.0])
        self.read_settings = MVMSettings.from_parameters(meta.refresh_forward)
        self.write_settings = UpdateSettings.from_parameters(meta.refresh_update).managed()
        self.lines = lines
        self.w_max = abs(w_max)
        self.n_updates = 0

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write positive parts to the plus and negative parts to the minus device."""
        self.cells[1].set(value.clamp(min=0), generator)
        self.cells[0].set((-value).clamp(min=0), generator)
        self.n_updates = 0
        self.combine()

    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Give up pulses to the plus, down pulses to the minus device; refresh in between."""
        every = int(self.meta.refresh_every)
        if self.meta.units_in_mbatch:
            every *= context.m_batch
        start, n = 0, pulses.n_vectors
        while start < n:
            stop = n if every <= 0 else min(n, start + every - self.n_updates % every)
            part = pulses if stop - start == n else pulses.select(slice(start, stop))
            self._give(part, context, region)
            self.n_updates += stop - start
            start = stop
            if every > 0 and self.n_updates % every == 0:
                self.refresh(context)
        self.combine()

    def _give(self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region) -> None:
        if isinstance(pulses, ExactUpdate):
            change = pulses.d.t() @ pulses.x
            current = self.cells[1].weight[region] - self.cells[0].weight[region] + change
            sides = (-current).clamp(min=0), current.clamp(min=0)
            for cell, side in zip(self.cells, sides, strict=True):
                whole = cell.base().clone()
                whole[region] = side
                cell.set(whole, context.generator)
            return
        self.cells[1].apply(OneDirection(pulses, up=True), context, region)
        self.cells[0].apply(OneDirection(pulses, up=False), context, region)

    # -- refresh ---------------------------------------------------------------------------------

    def refresh(self, context: UpdateContext) -> None:
        """Reset cross points where both weights are high, and write their difference again."""
        minus, plus = (self._read(cell, context.generator) for cell in self.cells)
        upper = self.meta.refresh_upper_thres * self.w_max
        lower = self.meta.refresh_lower_thres * self.w_max
        larger, smaller = torch.maximum(plus, minus), torch.minimum(plus, minus)
        hit = (larger > upper) & (smaller > lower)
        if not bool(hit.any()):
            return
        for cell in self.cells:
            cell.reset_points(hit, context.generator)
        difference = torch.where(hit, plus - minus, 0.0)
        for cell, values in zip(self.cells, (-difference, difference), strict=True):
            self._write(cell, values.clamp(min=0), context)

    def _read(self, cell: PulsedCell, generator: torch.Generator) -> Tensor:
        n = self.weight.shape[1]
        unit = torch.eye(n, dtype=self.weight.dtype, device=self.weight.device)
        read = analog_mvm(cell.weight, unit, self.read_settings, self.lines, generator=generator)
        return read.values.t()

    def _write(self, cell: PulsedCell, values: Tensor, context: UpdateContext) -> None:
        """Write columns with as many trains as the largest value needs."""
        per_train = self.write_settings.desired_bl * cell.granularity
        trains = torch.ceil(values.amax(dim=0) / per_train - 1e-6).clamp(min=1)
        parts = (values / trains).t()
        for train in range(int(trains.max())):
            index = (values.any(dim=0) & (trains > train)).nonzero().view(-1)
            write_slices(cell, index, True, parts[index], 1.0, self.write_settings, context)

    # -- state -----------------------------------------------------------------------------------

    def map(self, function: Any) -> None:
        """Apply a device move to all tensors."""
        super().map(function)
        self.lines = self.lines.map(function)

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state, the refresh counter included."""
        return super().extra() | {"current_update_idx": self.n_updates}

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        super().load_extra(state)
        if "current_update_idx" in state:
            self.n_updates = int(state["current_update_idx"].view(-1)[0])
