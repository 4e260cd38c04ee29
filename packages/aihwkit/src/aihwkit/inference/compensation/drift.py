"""Compensation of drift by one factor for each tile, or for each of its outputs."""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from aihwkit.inference.compensation.base import BaseDriftCompensation

__all__ = [
    "GlobalDriftCompensation",
    "GlobalDriftCompensationWithExactReference",
    "PerColumnDriftCompensation",
]

_MIN_READOUT = 1e-4
_UNIT_VECTORS: WeakValueDictionary[tuple[int, torch.dtype], Tensor] = WeakValueDictionary()


def _unit_vectors(size: int) -> Tensor:
    """Return all unit vectors, in torch's default type and on the CPU.

    Tiles of one size share them, as they take much memory: they must not be changed.
    """
    key = size, torch.get_default_dtype()
    kept = _UNIT_VECTORS.get(key)
    if kept is None:
        kept = torch.eye(size, device="cpu")
        _UNIT_VECTORS[key] = kept
    return kept


class GlobalDriftCompensation(BaseDriftCompensation):
    r"""One factor for the whole tile: the mean magnitude of the outputs of all unit vectors.

    Reference:
        Joshi et al., "Accurate deep neural network inference using computational phase-change
        memory", Nature Communications 2020.
    """

    @torch.no_grad()
    def readout(self, out_tensor: Tensor) -> Tensor:
        """Return the mean magnitude of all outputs."""
        return out_tensor.abs().mean().clamp(min=_MIN_READOUT)

    @torch.no_grad()
    def get_readout_tensor(self, in_size: int) -> Tensor:
        """Return the unit vectors."""
        return _unit_vectors(in_size)


class GlobalDriftCompensationWithExactReference(GlobalDriftCompensation):
    """As `GlobalDriftCompensation`, relative to exact products with the target weights."""

    @torch.no_grad()
    def init_baseline(self, tile: Any) -> Tensor:
        """Return the readout that the target weights would give."""
        return self.readout(tile._forward_drift_readout_tensor(True, exact_reference=True))


class PerColumnDriftCompensation(BaseDriftCompensation):
    """One factor for each output of the tile."""

    @torch.no_grad()
    def readout(self, out_tensor: Tensor) -> Tensor:
        """Return the mean magnitude of each output."""
        return out_tensor.abs().mean(dim=0).clamp(min=_MIN_READOUT)

    @torch.no_grad()
    def get_readout_tensor(self, in_size: int) -> Tensor:
        """Return the unit vectors."""
        return _unit_vectors(in_size)
