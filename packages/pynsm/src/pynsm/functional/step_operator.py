"""One step of the relaxation on a block, in preallocated memory."""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from pynsm.functional.projections import Projection, in_place, is_elementwise, is_relu

__all__ = ["StepOperator"]

# Adds and rectifies in one pass over the memory. torch does not document it; without it there are
# two passes. Where it would return infinity, it returns the largest number instead.
_add_relu = getattr(torch, "_add_relu", None)
_ADD_RELU_DTYPES = (torch.float32, torch.float64)


@dataclass(frozen=True)
class StepOperator:
    """The map ``y -> f(A y + step * Wx)`` on blocks of shape ``[B, C]`` or ``[B, C, N]``.

    Attributes:
        A: Matrix ``I - step * M``, shape ``[C, C]``.
        step: Step size.
        projection: The function ``f``; `None` is the identity.
        shape: Shape of the whole batch, in which a projection that is not element-wise
            must see it.
        elementwise: Whether `projection` may be applied to a part of the batch.
        in_one_pass: Whether adding and rectifying go over the memory together.
    """

    A: Tensor
    step: float
    projection: Projection | None
    shape: torch.Size
    in_one_pass: bool = False
    elementwise: bool = field(init=False)
    _A_transposed: Tensor = field(init=False)
    _apply: Projection = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "elementwise", is_elementwise(self.projection))
        object.__setattr__(self, "_A_transposed", self.A.t().contiguous())
        object.__setattr__(self, "_apply", in_place(self.projection))

    def drive(self, planes: Tensor) -> Tensor:
        """Return ``step * Wx``; the input itself when the step is 1."""
        return planes if self.step == 1 else planes * self.step

    def first(self, drive: Tensor) -> Tensor:
        """Return the state after the first iteration, ``f(step * Wx)``, in fresh memory."""
        if is_relu(self.projection) and drive.is_contiguous():
            return torch.relu(drive)
        return self._project(drive.clone(memory_format=torch.contiguous_format))

    def advance(self, drive: Tensor, state: Tensor, out: Tensor) -> Tensor:
        """Return the next state; `out` may be overwritten and hold it."""
        if self.in_one_pass and _add_relu is not None:
            return _add_relu(self._lateral(state, out), drive, out=out)
        # What an unknown projection was given or has returned belongs to whoever wrote it.
        if torch.compiler.is_compiling() or not self.elementwise:
            return self._project(self._product(drive, state, None))
        return self._project(self._product(drive, state, out))

    def for_run(self, first: Tensor, iterations: int) -> "StepOperator":
        """Return an operator with the same results that may be faster in a run.

        Args:
            first: State after the first iteration.
            iterations: Number of iterations of the run.
        """
        if torch.compiler.is_compiling() or first.device.type != "cpu" or first.numel() == 0:
            return self
        known = _add_relu is not None and first.dtype in _ADD_RELU_DTYPES
        if not (known and is_relu(self.projection)):
            return self
        # States are not negative, so none exceeds the largest drive times the sum of the powers
        # of the growth; with NaN nothing compares.
        bound = math.log(max(float(first.amax()), 1.0)) + math.log(iterations)
        bound += (iterations - 1) * math.log(max(self.growth, 1.0))
        return replace(self, in_one_pass=bound < math.log(torch.finfo(first.dtype).max / 2))

    @cached_property
    def growth(self) -> float:
        """Most by which a step multiplies the largest of states that are not negative.

        NaN if a weight is not finite: zero times it is NaN, which no shortcut would see.
        """
        return float(self.A.clamp(min=0).sum(1).amax()) if self.A.isfinite().all() else math.nan

    def response(self, planes: Tensor, iterations: int) -> Tensor:
        """Return the state of the circuit without projection after a number of iterations.

        Equation:
            ``y = (I + A + ... + A^(iterations - 1)) step Wx``, one matrix product.
        """
        identity = torch.eye(self.A.shape[0], dtype=self.A.dtype, device=self.A.device)
        total = identity
        for _ in range(iterations - 1):
            total = torch.addmm(identity, self.A, total)
        total = total * self.step
        if planes.dim() == 2:
            return planes @ total.t()
        return torch.bmm(total.expand(planes.shape[0], -1, -1), planes)

    def _lateral(self, state: Tensor, out: Tensor) -> Tensor:
        if state.dim() == 2:
            return torch.mm(state, self._A_transposed, out=out)
        return torch.bmm(self.A.expand(state.shape[0], -1, -1), state, out=out)

    def _product(self, drive: Tensor, state: Tensor, out: Tensor | None) -> Tensor:
        if state.dim() == 2:
            return torch.addmm(drive, state, self._A_transposed, out=out)
        return torch.baddbmm(drive, self.A.expand(state.shape[0], -1, -1), state, out=out)

    def _project(self, values: Tensor) -> Tensor:
        if self.elementwise:
            return self._apply(values)
        return self._apply(values.view(self.shape)).reshape(values.shape)
