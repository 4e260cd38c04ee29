"""The relaxation to the fixed point, without an optimizer object.

With plain gradient descent a step is the affine map ``f(A y + step * Wx)``, ``A = I - step * M``:
one matrix product. Whatever the way the work is cut, the numbers are those of repeating
`relaxation_step`, up to rounding.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from pynsm.functional.blocks import plan_blocks, whole
from pynsm.functional.convergence import masked, per_batch, per_sample
from pynsm.functional.dynamics import lateral_map
from pynsm.functional.moving import find_moving
from pynsm.functional.projections import Projection, is_elementwise, is_identity
from pynsm.functional.step_operator import StepOperator
from synaptensor.validation import check_choice

__all__ = ["Convergence", "Relaxation", "relax"]

Convergence = Literal["batch", "sample"]

# How often an unlimited run asks whether a block has stopped changing altogether.
_STATIONARY_EVERY = 4


class Relaxation(NamedTuple):
    """What a relaxation returns.

    Attributes:
        y: Final state, same shape as the encoded input.
        iterations: Number of iterations that the batch took (a tensor while compiling).
        sample_iterations: Number of iterations of each sample, shape ``[B]``; `None`
            without a tolerance.
        converged: Which samples met the tolerance, shape ``[B]``; `None` without one.
    """

    y: Tensor
    iterations: int | Tensor
    sample_iterations: Tensor | None = None
    converged: Tensor | None = None


@torch.no_grad()
def relax(
    encoded: Tensor,
    M: Tensor,
    *,
    step: float = 1.0,
    projection: Projection | None = None,
    max_iterations: int = 40,
    tol: float = 0.0,
    convergence: Convergence = "batch",
) -> Relaxation:
    """Repeat ``y <- f(y - step * (M y - Wx))`` from ``y = 0``.

    Args:
        encoded: Encoded input ``Wx``, shape ``[B, C, ...]``; not modified.
        M: Lateral weights, shape ``[C, C]``.
        step: Step size.
        projection: The function ``f``. One that is not known to be element-wise
            (`is_elementwise`) is given the whole batch in its own shape.
        max_iterations: Upper bound of the number of iterations.
        tol: Stop after the second or a later iteration in which every element changed by
            less than this. 0 never stops.
        convergence: ``"batch"``: the whole batch stops at once. ``"sample"``: every sample
            stops by itself, so its result does not depend on the others; needs an
            element-wise projection.

    Returns:
        The final state and how it was reached.

    Reference:
        Pehlevan, Sengupta & Chklovskii, "Why do similarity matching objectives lead to
        Hebbian/anti-Hebbian networks?", Neural Computation 30 (2018).
    """
    check_choice("convergence", convergence, ("batch", "sample"))
    if max_iterations <= 0 or encoded.numel() == 0:
        return _unmoved(encoded, max(max_iterations, 0), tol)
    if convergence == "sample" and not is_elementwise(projection):
        raise ValueError(
            f"`projection` must be element-wise with convergence 'sample', got {projection!r}"
        )
    planes = encoded if encoded.dim() == 2 else encoded.flatten(2)
    A = lateral_map(M, step).to(planes.dtype)
    operator = StepOperator(A, step, projection, encoded.shape)
    with torch.autocast(planes.device.type, enabled=False):
        result = _dispatch(planes, operator, max_iterations, tol, convergence)
    return result._replace(y=result.y.view(encoded.shape))


def _dispatch(
    planes: Tensor, operator: StepOperator, iterations: int, tol: float, mode: Convergence
) -> Relaxation:
    if tol <= 0:
        return Relaxation(_fixed(planes, operator, iterations), iterations)
    if torch.compiler.is_compiling():
        return Relaxation(*masked(planes, operator, iterations, tol, mode))
    if mode == "sample":
        blocks = plan_blocks(planes, split_samples=False)
        y, counts, met = per_sample(planes, operator, iterations, tol, blocks)
        return Relaxation(y, int(counts.max()), counts, met)
    blocks = plan_blocks(planes) if operator.elementwise else whole(planes)
    y, taken, stopped = per_batch(planes, operator, iterations, tol, blocks)
    counts = torch.full((planes.shape[0],), taken, device=planes.device)
    return Relaxation(y, taken, counts, torch.full_like(counts, stopped, dtype=torch.bool))


def _unmoved(encoded: Tensor, iterations: int, tol: float) -> Relaxation:
    y = torch.zeros_like(encoded, memory_format=torch.contiguous_format)
    if tol <= 0:
        return Relaxation(y, iterations)
    counts = torch.full((encoded.shape[0],), iterations, device=encoded.device)
    return Relaxation(y, iterations, counts, torch.zeros_like(counts, dtype=torch.bool))


def _fixed(planes: Tensor, operator: StepOperator, iterations: int) -> Tensor:
    columns = planes.numel() // planes.shape[1]
    if is_identity(operator.projection) and columns >= planes.shape[1]:
        return operator.response(planes, iterations)
    moving = find_moving(planes, operator, iterations)
    if moving is not None:
        return moving.map(planes, lambda part: _run(part, operator, iterations))
    blocks = plan_blocks(planes) if operator.elementwise else whole(planes)
    if len(blocks) == 1:
        return _run(planes, operator, iterations)
    y = torch.empty_like(planes, memory_format=torch.contiguous_format)
    for block in blocks:
        block.of(y).copy_(_run(block.of(planes), operator, iterations))
    return y


def _run(planes: Tensor, operator: StepOperator, iterations: int) -> Tensor:
    """Run a number of iterations, or fewer where the rest would change no bit."""
    drive = operator.drive(planes)
    state = operator.first(drive)
    operator = operator.for_run(state, iterations)
    spare = torch.empty_like(state)
    # Elsewhere the question would wait for the device, or break the compiled graph.
    ask = operator.elementwise and planes.device.type == "cpu"
    ask = ask and not torch.compiler.is_compiling()
    for index in range(1, iterations):
        moved = operator.advance(drive, state, spare)
        if ask and index % _STATIONARY_EVERY == 0 and torch.equal(moved, state):
            return moved
        state, spare = moved, state
    return state
