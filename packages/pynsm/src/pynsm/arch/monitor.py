"""Watching the convergence of the general iteration."""

import torch
from torch import Tensor

from pynsm.functional.relaxation import Convergence

__all__ = ["ConvergenceMonitor"]


class ConvergenceMonitor:
    """Compares the states of successive iterations, for the whole batch or by sample.

    Args:
        tol: Converged when every element changed by less than this; 0 never converges.
        mode: ``"batch"`` or ``"sample"``.
        like: Tensor of the shape and on the device of the states.

    Attributes:
        met: Which samples have converged, shape ``[B]``.
        counts: Number of iterations of each sample, shape ``[B]``.
        over: Whether every sample has converged; the first iteration never counts.
    """

    def __init__(self, tol: float, mode: Convergence, like: Tensor) -> None:
        self.tol = tol
        self.mode = mode
        self.met = torch.zeros(like.shape[0], dtype=torch.bool, device=like.device)
        self.counts = torch.zeros_like(self.met, dtype=torch.int64)
        self.over = False
        self._last: Tensor | None = None

    def hold(self, y: Tensor) -> Tensor:
        """Return the state with the samples that have converged put back."""
        if self.mode == "batch" or self._last is None:
            return y
        return torch.where(self.met.view(-1, *[1] * (y.dim() - 1)), self._last, y)

    def update(self, y: Tensor) -> None:
        """Take the state after an iteration."""
        last, self._last = self._last, y.clone()
        self.counts = self.counts + (~self.met).to(self.counts.dtype)
        if last is None:
            return
        below = ((y - last).abs() < self.tol).flatten(1).all(1)
        self.met = self.met | (below if self.mode == "sample" else below.all())
        self.over = bool(self.met.all())
