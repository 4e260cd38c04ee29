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

    Attributes:
        met: Which samples have converged, shape ``[B]``; `None` before the first state.
        counts: Number of iterations of each sample, shape ``[B]``; `None` likewise.
    """

    def __init__(self, tol: float, mode: Convergence) -> None:
        self.tol = tol
        self.mode = mode
        self.met: Tensor | None = None
        self.counts: Tensor | None = None
        self._last: Tensor | None = None

    def hold(self, y: Tensor) -> Tensor:
        """Return the state with the samples that have converged put back."""
        if self.mode == "batch" or self.met is None or self._last is None:
            return y
        return torch.where(self.met.view(-1, *[1] * (y.dim() - 1)), self._last, y)

    def update(self, y: Tensor) -> bool:
        """Take the state after an iteration; return whether the iteration is over."""
        last, self._last = self._last, y.clone()
        if last is None or self.met is None or self.counts is None:
            self.met = torch.zeros(y.shape[0], dtype=torch.bool, device=y.device)
            self.counts = torch.ones(y.shape[0], dtype=torch.int64, device=y.device)
            return False
        self.counts = self.counts + (~self.met).to(self.counts.dtype)
        below = (y - last).abs().flatten(1).amax(1) < self.tol
        self.met = self.met | (below if self.mode == "sample" else below.all())
        return bool(self.met.all())
