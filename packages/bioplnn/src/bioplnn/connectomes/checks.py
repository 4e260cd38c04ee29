"""Checks that name the entry which is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synaptensor.validation import check_choice, check_instance


def check_entries(weights: Tensor, names: Sequence[str]) -> None:
    """Check that a matrix is a square COO matrix of finite, nonnegative, distinct entries."""
    check_instance("weights", weights, Tensor)
    if weights.layout != torch.sparse_coo:
        raise ValueError(f"weights must be a COO tensor, got {weights.layout}")
    count = len(names)
    if tuple(weights.shape) != (count, count):
        raise ValueError(
            f"weights must have shape {(count, count)} for {count} names, "
            f"got {tuple(weights.shape)}"
        )
    if not weights.is_coalesced():
        raise ValueError("weights must be coalesced, got a tensor that may hold an entry twice")
    rows, columns = weights.indices().cpu().numpy()
    _check_values(
        weights.values().detach().cpu().numpy(),
        lambda k: f"the synapse {names[columns[k]]} -> {names[rows[k]]}",
        signed=False,
    )


def check_per_neuron(name: str, values: Sequence[Any] | np.ndarray | None, count: int) -> None:
    """Check that there is one value for every neuron."""
    if values is not None and len(values) != count:
        raise ValueError(f"{name} must have one entry per neuron ({count}), got {len(values)}")


def check_weights(weights: np.ndarray, sources: np.ndarray, targets: np.ndarray) -> None:
    """Check that the weights of an edge table are numbers, naming the row of the table."""
    _check_values(weights, lambda k: f"edge {k} ({sources[k]} -> {targets[k]})", signed=True)


def _check_values(values: np.ndarray, where: Callable[[int], str], signed: bool) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ValueError(f"weight of {where(bad[0])} must be finite, got {values[bad[0]]}")
    bad = np.flatnonzero(values < 0)
    if len(bad) and not signed:
        raise ValueError(
            f"weight of {where(bad[0])} must be at least 0 "
            f"(signs belong to the sending neuron), got {values[bad[0]]:g}"
        )


def find_duplicate(targets: np.ndarray, sources: np.ndarray, count: int) -> tuple[int, int] | None:
    """First edge that repeats an earlier one, and the earlier one."""
    keys = targets.astype(np.int64) * count + sources
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    if not len(same):
        return None
    first = min(same, key=lambda k: order[k + 1])
    return int(order[first + 1]), int(order[first])


def check_rows(
    weights: Tensor, names: Sequence[str], empty_rows: str, warn: Callable[[str], None]
) -> None:
    """Report neurons that receive nothing, as ``empty_rows`` says."""
    check_choice("empty_rows", empty_rows, ("allow", "warn", "error"))
    if empty_rows == "allow":
        return
    counts = torch.bincount(weights.indices()[0], minlength=len(names))
    empty = (counts == 0).nonzero().flatten().tolist()
    if not empty:
        return
    listed = ", ".join(str(names[i]) for i in empty[:5]) + (", ..." if len(empty) > 5 else "")
    message = f"{len(empty)} of {len(names)} neurons receive no synapse: {listed}"
    if empty_rows == "error":
        raise ValueError(f"{message} (pass empty_rows='allow' if that is meant)")
    warn(message)
