"""Devices that take any weight and any update exactly."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Cell, Region, UpdateContext
from aihwkit.engine.drift import DriftProcess
from aihwkit.functional.drift import DriftSettings
from aihwkit.functional.pulses import ExactUpdate, Pulses

__all__ = ["IdealCell"]


class IdealCell(Cell):
    """Floating-point weights with optional diffusion, decay and drift, without bounds.

    Args:
        weight: storage of the weights `[d, x]`.
        meta: parameter object with some of `diffusion`, `lifetime`, `drift`, `reset_std`.
    """

    def __init__(self, weight: Tensor, meta: Any) -> None:
        self.weight = weight
        self.diffusion = float(getattr(meta, "diffusion", 0.0))
        self.lifetime = float(getattr(meta, "lifetime", 0.0))
        self.reset_std = float(getattr(meta, "reset_std", 0.01))
        settings = DriftSettings.from_parameters(getattr(meta, "drift", None))
        self.drift_process = DriftProcess(settings, settings.nu)

    @property
    def uses_pulses(self) -> bool:
        """Ideal devices are updated exactly."""
        return False

    @property
    def granularity(self) -> float:
        """Zero: there are no steps."""
        return 0.0

    @property
    def n_states(self) -> float:
        """Zero: there are no steps."""
        return 0.0

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights exactly."""
        self.weight.copy_(value)

    def clip(self, limit: float, generator: torch.Generator) -> None:
        """Limit weights to ±limit; a negative limit does nothing."""
        if limit >= 0:
            self.weight.clamp_(-limit, limit)

    def decay(self, alpha: float, generator: torch.Generator) -> None:
        """Multiply with `1 - alpha / lifetime` if that lies in (0, 1) and `lifetime > 1`."""
        if self.lifetime > 1:
            factor = 1 - alpha / self.lifetime
            if 0 < factor < 1:
                self.weight.mul_(factor)

    def diffuse(self, generator: torch.Generator) -> None:
        """Add Gaussian noise of standard deviation `diffusion`."""
        if self.diffusion > 0:
            self.weight.add_(self._normal(self.weight, generator), alpha=self.diffusion)

    def drift(self, delta_t: float, generator: torch.Generator) -> None:
        """Let weights drift for some time."""
        self.weight.copy_(self.drift_process(self.weight, delta_t, generator))
        self.drift_process.remember(self.weight)

    def reset(self, columns: list[int], prob: float, generator: torch.Generator) -> None:
        """Set to Gaussian noise of standard deviation `reset_std`."""
        index = torch.tensor(columns, device=self.weight.device)
        part = self.weight[:, index]
        fresh = self.reset_std * self._normal(part, generator)
        if prob < 1:
            hit = torch.rand(part.shape, device=part.device, generator=generator) < prob
            fresh = torch.where(hit, fresh, part)
        self.weight[:, index] = fresh

    def update(self, x: Tensor, d: Tensor, lr: float | Tensor, context: UpdateContext) -> None:
        """Subtract the exact outer product, `W -= lr d^T x`."""
        if isinstance(lr, Tensor):
            x, lr = x * lr.unsqueeze(-1), 1.0
        self.weight.addmm_(d.t(), x, alpha=-lr)

    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Refuse: ideal devices have no pulses."""
        raise RuntimeError("ideal devices take exact updates, not pulses")

    def bind(self, storage: Tensor) -> None:
        """Keep the weights in other storage."""
        self.weight = storage

    def map(self, function: Callable[[Tensor], Tensor]) -> None:
        """Move the clocks of the drift."""
        self.drift_process.map(function)

    def extra(self) -> dict[str, Any]:
        """Return the clocks of the drift."""
        return {f"wdrifter.{name}": value for name, value in self.drift_process.state().items()}

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the clocks of the drift."""
        prefix = "wdrifter."
        drift = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
        if drift:
            self.drift_process.load_state(drift, self.weight)

    @staticmethod
    def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
        return torch.randn(like.shape, dtype=like.dtype, device=like.device, generator=generator)
