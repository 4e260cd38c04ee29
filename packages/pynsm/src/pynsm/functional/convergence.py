"""Relaxations that stop when the state changes by less than a tolerance.

The change of an iteration is ``max |y - y_previous|``; the first iteration, which starts from
zero, never counts. NaN never counts as converged.
"""

import torch
from torch import Tensor

from pynsm.functional.blocks import Block
from pynsm.functional.step_operator import StepOperator

__all__ = ["masked", "per_batch", "per_sample"]

# Iterations that a block runs in cache, or an accelerator without waiting, between two
# decisions about the whole batch.
_CHUNK = 8


def per_batch(
    planes: Tensor, operator: StepOperator, iterations: int, tol: float, blocks: list[Block]
) -> tuple[Tensor, int, bool]:
    """Stop all samples at the first iteration in which no element changed by `tol` or more.

    Returns:
        The state, the number of iterations, and whether the tolerance was met.
    """
    # A chunk may be run twice, which a projection with a memory or with noise would notice.
    if not operator.elementwise or (len(blocks) == 1 and planes.device.type == "cpu"):
        return _at_once(planes, operator, iterations, tol)
    drives = [operator.drive(block.of(planes)) for block in blocks]
    states = [operator.first(drive) for drive in drives]
    taken, stopped = 1, False
    while taken < iterations and not stopped:
        length = min(_CHUNK, iterations - taken)
        runs = [_chunk(operator, d, s, length) for d, s in zip(drives, states, strict=True)]
        changes = torch.stack([change for _, change in runs]).amax(0)
        below = (changes < tol).nonzero()
        stopped = len(below) > 0
        used = int(below[0]) + 1 if stopped else length
        if used < length:
            # The stop lies inside the chunk: repeat its beginning from where it started.
            runs = [_chunk(operator, d, s, used) for d, s in zip(drives, states, strict=True)]
        states = [state for state, _ in runs]
        taken += used
    return _assembled(planes, states, blocks), taken, stopped


def per_sample(
    planes: Tensor, operator: StepOperator, iterations: int, tol: float, blocks: list[Block]
) -> tuple[Tensor, Tensor, Tensor]:
    """Stop every sample at the first iteration in which none of its elements changed by `tol`.

    Returns:
        The state, the number of iterations of each sample, and which samples met the
        tolerance.
    """
    y = torch.empty_like(planes, memory_format=torch.contiguous_format)
    counts = torch.full((planes.shape[0],), iterations, device=planes.device)
    met = torch.zeros_like(counts, dtype=torch.bool)
    for block in blocks:
        rows = torch.arange(block.samples.start, block.samples.stop, device=planes.device)
        _shrinking(planes[block.samples], operator, iterations, tol, rows, (y, counts, met))
    return y, counts, met


def masked(
    planes: Tensor, operator: StepOperator, iterations: int, tol: float, mode: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Run every iteration and keep what has converged: the form that a compiler can trace.

    Returns:
        The state, the number of iterations of the batch and of each sample, and which
        samples met the tolerance.
    """
    drive = operator.drive(planes)
    state = operator.first(drive)
    met = torch.zeros(planes.shape[0], dtype=torch.bool, device=planes.device)
    counts = torch.ones(planes.shape[0], dtype=torch.int64, device=planes.device)
    for _ in range(1, iterations):
        moved = operator.advance(drive, state, state)
        below = _sample_change(moved, state) < tol
        keep = met.view(-1, *[1] * (planes.dim() - 1))
        state = torch.where(keep, state, moved)
        counts = counts + (~met).to(counts.dtype)
        met = met | (below if mode == "sample" else below.all())
    return state, counts.amax(), counts, met


def _at_once(
    planes: Tensor, operator: StepOperator, iterations: int, tol: float
) -> tuple[Tensor, int, bool]:
    drive = operator.drive(planes)
    state = operator.first(drive)
    operator = operator.for_run(state, iterations)
    spare, scratch = torch.empty_like(state), torch.empty_like(state)
    for index in range(1, iterations):
        moved = operator.advance(drive, state, spare)
        change = torch.sub(moved, state, out=scratch).abs_().amax()
        if change.item() < tol:
            return moved, index + 1, True
        state, spare = moved, state
    return state, iterations, False


def _chunk(
    operator: StepOperator, drive: Tensor, state: Tensor, length: int
) -> tuple[Tensor, Tensor]:
    """Run some iterations without touching `state`; return the end and each one's change."""
    spare, other, scratch = (torch.empty_like(state) for _ in range(3))
    changes = []
    for _ in range(length):
        moved = operator.advance(drive, state, spare)
        changes.append(torch.sub(moved, state, out=scratch).abs_().amax())
        state, spare, other = moved, other, moved
    return state, torch.stack(changes)


def _shrinking(
    planes: Tensor,
    operator: StepOperator,
    iterations: int,
    tol: float,
    rows: Tensor,
    results: tuple[Tensor, Tensor, Tensor],
) -> None:
    """Relax some samples, dropping each from the work as soon as it has converged."""
    y, counts, met = results
    drive = operator.drive(planes)
    state = operator.first(drive)
    for index in range(1, iterations):
        moved = operator.advance(drive, state, torch.empty_like(state))
        done = _sample_change(moved, state) < tol
        state = moved
        if bool(done.any()):
            finished = rows[done]
            y[finished], counts[finished], met[finished] = moved[done], index + 1, True
            rows, drive, state = rows[~done], drive[~done], moved[~done]
            if len(rows) == 0:
                return
    y[rows] = state


def _sample_change(moved: Tensor, state: Tensor) -> Tensor:
    return torch.sub(moved, state).flatten(1).abs_().amax(1)


def _assembled(planes: Tensor, states: list[Tensor], blocks: list[Block]) -> Tensor:
    if len(blocks) == 1:
        return states[0]
    y = torch.empty_like(planes, memory_format=torch.contiguous_format)
    for block, state in zip(blocks, states, strict=True):
        block.of(y).copy_(state)
    return y
