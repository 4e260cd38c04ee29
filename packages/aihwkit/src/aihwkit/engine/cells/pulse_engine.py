"""Runs the pulses of many vectors over a matrix of devices."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Region
from aihwkit.engine.kernels import PASS_KERNEL, TRAIN_KERNEL, UPDATE_KERNEL
from aihwkit.functional.pulse_pass import REACH, Bounds
from aihwkit.functional.pulses import ExactUpdate, Pulses
from aihwkit.functional.response import UNLIMITED, ResponseModel

__all__ = ["PulseEngine"]

# A block of rows whose parameters stay in the cache while all vectors pass over it.
_CACHE_ELEMENTS = 1 << 16

# Numbers of pulses of a block of rows that are kept for several vectors.
_VECTOR_ELEMENTS = 1 << 20

# Numbers of pulses kept for cross points that go pulse by pulse: points times vectors at once.
_POINT_PULSES = 1 << 20


@dataclass
class PulseEngine:
    """Applies pulses to devices of one model.

    Attributes:
        model: of the devices.
        derived: what the model derived from the parameters, each `[d, x]`.
        bounds: of the devices.
        limit: largest number of pulses that the model takes at once.
        packed: parameters in the order of the compiled loops, which put them there.
    """

    model: ResponseModel
    derived: dict[str, Tensor]
    bounds: Bounds
    limit: int
    packed: Tensor | None = None

    def apply(
        self,
        weight: Tensor,
        pulses: Pulses | ExactUpdate,
        generator: torch.Generator,
        region: Region,
        ignore_touched: bool,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the weights of a region after the pulses, and which of them got any.

        Args:
            weight: weights of the region.
            pulses: for the region.
            generator: source of the draws.
            region: rows and columns of the matrix.
            ignore_touched: do not find out which weights got pulses.
        """
        part = self if region is WHOLE else self._part(region)
        if isinstance(pulses, ExactUpdate):
            return part._exact(weight, pulses), None
        touched = None
        if not ignore_touched:
            up, down = pulses.totals()
            touched = (up + down) > 0
        result = weight.clone(memory_format=torch.contiguous_format)
        if UPDATE_KERNEL.select(weight.device)(result, pulses, part, generator):
            return result, touched
        if pulses.n_vectors > 1 and self.limit == UNLIMITED and self._is_constant(weight):
            return part._summed(weight, pulses, generator), touched
        return part._in_order(weight, pulses, generator), touched

    def _part(self, region: Region) -> "PulseEngine":
        """Return the engine of some rows and columns."""
        return PulseEngine(
            self.model,
            {name: value[region] for name, value in self.derived.items()},
            Bounds(self.bounds.lower[region], self.bounds.upper[region]),
            self.limit,
        )

    def _is_constant(self, weight: Tensor) -> bool:
        up = torch.ones(1, 1, dtype=torch.bool, device=weight.device)
        point = {name: value[:1, :1] for name, value in self.derived.items()}
        return self.model.response(weight[:1, :1], up, point).slope is None

    def _exact(self, weight: Tensor, update: ExactUpdate) -> Tensor:
        """Add outer products; vector by vector only if a bound is within reach of their sum."""
        x, d = update.x.to(weight.dtype), update.d.to(weight.dtype)
        reach = d.abs().t() @ x.abs()
        inside = (weight + reach <= self.bounds.upper) & (weight - reach >= self.bounds.lower)
        if bool(inside.all()):
            return torch.addmm(weight, d.t(), x)
        for vector in range(x.shape[0]):
            weight = self.bounds.clip(torch.addr(weight, d[vector], x[vector]))
        return weight

    # -- state-independent steps: pulses of all vectors at once ------------------------------------

    def _summed(self, weight: Tensor, pulses: Pulses, generator: torch.Generator) -> Tensor:
        """Sum the pulses of all vectors where no bound is within reach of any of them.

        Sums of independent Gaussian changes are Gaussian, so this is exact.
        """
        up, down = pulses.totals()
        rise, fall = self.derived["step_up"] * up, self.derived["step_down"] * down
        mean = rise + fall
        sigma = self.model.sigma
        reach_up, reach_down = rise.abs(), fall.abs()
        result = weight + mean
        if sigma > 0:
            power = rise * self.derived["step_up"] + fall * self.derived["step_down"]
            spread = power.sqrt_().mul_(sigma)
            draw = torch.randn(
                weight.shape, dtype=weight.dtype, device=weight.device, generator=generator
            )
            result.addcmul_(spread, draw)
            reach_up, reach_down = reach_up + REACH * spread, reach_down + REACH * spread
        free = weight + reach_up <= self.bounds.upper
        free &= weight - reach_down >= self.bounds.lower
        free |= (up + down) == 0
        near = (~free).nonzero()
        if near.shape[0]:
            index = near[:, 0] * weight.shape[1] + near[:, 1]
            first = torch.zeros_like(index)
            result.view(-1)[index] = self._points(weight, pulses, index, first, generator)
        return result

    # -- pulse by pulse, for cross points near a bound ---------------------------------------------

    def _points(
        self,
        weight: Tensor,
        pulses: Pulses,
        index: Tensor,
        first: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the weights of some cross points after all pulses from some vector on.

        Args:
            weight: `[rows, columns]`.
            pulses: of all vectors.
            index: flat indices of the cross points.
            first: index of the first vector for each of them.
            generator: source of the draws.
        """
        parts = [
            self._points_part(weight, pulses, index[part], first[part], generator)
            for part in _parts(index.numel(), _POINT_PULSES // max(pulses.n_vectors, 1))
        ]
        return torch.cat(parts)

    def _points_part(
        self,
        weight: Tensor,
        pulses: Pulses,
        index: Tensor,
        first: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        rows, columns = index // weight.shape[1], index % weight.shape[1]
        vectors = [pulses.points(v, rows, columns) for v in range(pulses.n_vectors)]
        signed = torch.stack(vectors, dim=1)
        order = torch.arange(pulses.n_vectors, device=index.device)
        signed = torch.where(order >= first.unsqueeze(1), signed, 0.0)
        counts = signed.abs().long()
        ends = counts.sum(dim=1).cumsum(0)
        offsets = torch.cat((ends.new_zeros(1), ends))
        up = torch.repeat_interleave((signed > 0).view(-1), counts.view(-1))
        draws = None
        if self.model.sigma > 0:
            draws = torch.randn(
                up.shape, dtype=weight.dtype, device=weight.device, generator=generator
            )
        run = TRAIN_KERNEL.select(weight.device)
        return run(
            weight.reshape(-1)[index],
            up,
            offsets,
            {name: value[rows, columns] for name, value in self.derived.items()},
            draws,
            self.model,
            Bounds(self.bounds.lower[rows, columns], self.bounds.upper[rows, columns]),
        )

    # -- state-dependent steps: vector by vector ---------------------------------------------------

    def _blocks(self, weight: Tensor) -> Iterator[slice]:
        rows, columns = weight.shape
        size = rows
        if weight.device.type == "cpu":
            size = max(1, _CACHE_ELEMENTS // columns)
        return _parts(rows, size)

    def _in_order(self, weight: Tensor, pulses: Pulses, generator: torch.Generator) -> Tensor:
        """Pass all vectors over one block of rows after the other; rows do not interact."""
        result = weight.contiguous().clone()
        passed = torch.zeros(weight.shape, dtype=torch.int64, device=weight.device)
        if self.limit > 1:
            for rows in self._blocks(weight):
                self._block(result[rows], passed[rows], pulses, rows, generator)
        index = (passed < pulses.n_vectors).view(-1).nonzero().squeeze(1)
        if index.numel():
            first = passed.view(-1)[index]
            result.view(-1)[index] = self._points(result, pulses, index, first, generator)
        return result

    def _block(
        self,
        weight: Tensor,
        passed: Tensor,
        pulses: Pulses,
        rows: slice,
        generator: torch.Generator,
    ) -> None:
        """Pass the vectors over a block of rows, changing `weight` and `passed` in place."""
        run = PASS_KERNEL.select(weight.device)
        params = {name: value[rows].contiguous() for name, value in self.derived.items()}
        bounds = Bounds(self.bounds.lower[rows].contiguous(), self.bounds.upper[rows].contiguous())
        for part in _parts(pulses.n_vectors, _VECTOR_ELEMENTS // weight.numel()):
            signed = pulses.several(part, rows).to(weight.dtype)
            draws = None
            if self.model.sigma > 0:
                draws = torch.randn(
                    signed.shape, dtype=weight.dtype, device=weight.device, generator=generator
                )
            run(
                weight,
                signed,
                draws,
                passed,
                part.start,
                params,
                self.model,
                bounds,
                self.limit,
            )


def _parts(total: int, size: int) -> Iterator[slice]:
    size = max(size, 1)
    return (slice(start, min(start + size, total)) for start in range(0, total, size))
