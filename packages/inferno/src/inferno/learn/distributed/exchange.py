"""Exchange of contributions to updates between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from inferno.neural.modeling import OuterSum
from inferno.neural.modeling.terms import SignedTerm, Term

__all__ = ["Contribution", "exchange"]

_ABSENT, _OUTER, _DENSE, _SIGNED = range(4)
_OPERATIONS = {"mean": "SUM", "sum": "SUM", "max": "MAX", "min": "MIN"}


@dataclass
class Contribution:
    """What a trainer adds to one side of an update in one process.

    Args:
        terms: the contributions of this process.
        like: the parameter to update.
        kind: reduction over the batch: "mean", "sum", "max" or "min".
        batch: number of samples in this process.
    """

    terms: list[Term]
    like: Tensor
    kind: str
    batch: int

    def code(self) -> int:
        """The form of the contributions, as a number."""
        if not self.terms:
            return _ABSENT
        if all(isinstance(term, OuterSum) for term in self.terms):
            return _OUTER
        return _SIGNED if any(isinstance(term, SignedTerm) for term in self.terms) else _DENSE

    def factors(self) -> OuterSum:
        """The contributions as one sum of outer products; without rows if there are none."""
        if not self.terms:
            shape = tuple(self.like.shape)
            empty = self.like.detach().flatten(1)[:0]
            return OuterSum(self.like.new_empty(0, shape[0]), empty, 1.0, shape)
        whole: Any = self.terms[0]
        for term in self.terms[1:]:
            whole = whole + term
        return whole

    def dense(self) -> Tensor:
        """The contributions as one tensor like the parameter."""
        total = torch.zeros_like(self.like, requires_grad=False)
        for term in self.terms:
            value = term.dense() if isinstance(term, OuterSum) else term
            value = value.value if isinstance(value, SignedTerm) else value
            total = total + value
        return total


class _Headers(NamedTuple):
    """What processes tell about their contributions, each of shape (processes, contributions)."""

    codes: Tensor
    rows: Tensor
    samples: Tensor
    scales: Tensor


def exchange(contributions: list[Contribution], process_group: Any = None) -> list[Term | None]:
    """Makes the contributions of each process those of the whole batch.

    Factors of outer products are gathered, in the order of ranks, so that the update is computed
    from them as in one process; tensors are summed, or their extrema taken.

    Args:
        contributions: contributions of this process, in the same order everywhere.
        process_group: processes that take part; all if ``None``.

    Returns:
        The contribution of all processes in place of each, ``None`` where there is none.
    """
    if not contributions:
        return []
    headers = _headers(contributions, process_group)
    forms = headers.codes.amax(0).tolist()
    results: list[Term | None] = [None] * len(contributions)
    outer = [i for i, form in enumerate(forms) if form == _OUTER]
    if outer:
        _gather_factors(contributions, outer, headers, process_group, results)
    for operation in ("SUM", "MAX", "MIN"):
        dense = [
            i
            for i, form in enumerate(forms)
            if form >= _DENSE and _OPERATIONS[contributions[i].kind] == operation
        ]
        if dense:
            _reduce_tensors(contributions, dense, operation, headers, process_group, results)
    for i, form in enumerate(forms):
        if form == _SIGNED:
            results[i] = SignedTerm(results[i])  # type: ignore[arg-type]
    return results


def _headers(contributions: list[Contribution], process_group: Any) -> _Headers:
    numbers, scales = [], []
    for item in contributions:
        code = item.code()
        factors = item.factors() if code == _OUTER else None
        numbers.append((code, 0 if factors is None else factors.post.shape[0], item.batch))
        scales.append(0.0 if factors is None else factors.scale)
    # as bits among integers, so that all processes compute with the same number
    bits = torch.tensor(scales, dtype=torch.float64).view(torch.int64)
    header = torch.cat((torch.tensor(numbers), bits[:, None]), 1)
    header = header.to(contributions[0].like.device)
    world = dist.get_world_size(process_group)
    headers = [torch.empty_like(header) for _ in range(world)]
    dist.all_gather(headers, header, group=process_group)
    codes, rows, samples, bits = torch.stack(headers).cpu().unbind(-1)
    return _Headers(codes, rows, samples, bits.contiguous().view(torch.float64))


def _gather_factors(
    contributions: list[Contribution],
    indices: list[int],
    headers: _Headers,
    process_group: Any,
    results: list[Term | None],
) -> None:
    most = headers.rows.amax(0)
    pieces = []
    for i in indices:
        factors = contributions[i].factors()
        for part in (factors.post, factors.pre):
            padded = part.new_zeros(int(most[i]), part.shape[1])
            padded[: part.shape[0]] = part
            pieces.append(padded)
    sent = torch.cat([piece.flatten() for piece in pieces])
    received = [torch.empty_like(sent) for _ in headers.rows]
    dist.all_gather(received, sent, group=process_group)
    split = [whole.split([piece.numel() for piece in pieces]) for whole in received]
    for slot, i in enumerate(indices):
        post, pre = (
            torch.cat(
                [
                    parts[part].view(-1, pieces[part].shape[1])[:count]
                    for parts, count in zip(split, headers.rows[:, i].tolist(), strict=True)
                ]
            )
            for part in (2 * slot, 2 * slot + 1)
        )
        first = int((headers.rows[:, i] > 0).int().argmax())
        scale = float(headers.scales[first, i])
        if contributions[i].kind == "mean":
            scale *= int(headers.samples[first, i]) / int(headers.samples[:, i].sum())
        results[i] = OuterSum(post, pre, scale, tuple(contributions[i].like.shape))


def _reduce_tensors(
    contributions: list[Contribution],
    indices: list[int],
    operation: str,
    headers: _Headers,
    process_group: Any,
    results: list[Term | None],
) -> None:
    pieces = []
    for i in indices:
        item = contributions[i]
        value = item.dense()
        if item.kind == "mean":
            value = value * (item.batch / int(headers.samples[:, i].sum()))
        pieces.append(value)
    flat = torch.cat([piece.flatten() for piece in pieces])
    dist.all_reduce(flat, getattr(dist.ReduceOp, operation), group=process_group)
    parts = flat.split([piece.numel() for piece in pieces])
    for i, part, piece in zip(indices, parts, pieces, strict=True):
        results[i] = part.view_as(piece)
