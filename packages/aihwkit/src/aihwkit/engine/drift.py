"""The drift of a matrix of devices, with its clocks."""

from collections.abc import Callable

import torch
from torch import Tensor

from aihwkit.functional.drift import DriftSettings, drifted

__all__ = ["DriftProcess"]

_STATE = ("w0", "previous_weights", "t")


class DriftProcess:
    """Keeps when each weight was last written, and lets it drift from there.

    A weight that differs from what the last drift left is taken as written anew: its clock starts.

    Args:
        settings: of the drift.
        nu: drift exponents `[d, x]`, or one number for all.
    """

    def __init__(self, settings: DriftSettings, nu: Tensor | float) -> None:
        self.settings = settings
        self.nu = nu
        self.clock = 0.0
        self.w0: Tensor | None = None
        self.previous_weights: Tensor | None = None
        self.t: Tensor | None = None

    def __call__(
        self, weight: Tensor, delta_t: float, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the weights after `delta_t` more units of time; the caller stores them."""
        if self.w0 is None or self.previous_weights is None or self.t is None:
            self.w0, self.previous_weights = weight.clone(), weight.clone()
            self.t, self.clock = torch.zeros_like(weight), 0.0
        self.clock += delta_t / self.settings.t_0
        written = (self.previous_weights - weight).abs() > self.settings.reset_tol
        self.t = torch.where(written, self.clock, self.t)
        self.w0 = torch.where(written, weight, self.w0)
        age = self.clock - self.t
        result = drifted(self.w0, weight, age, self.nu, self.settings, generator)
        result = torch.where(written, weight, result)
        if self.settings.w_noise_std > 0:
            noise = torch.randn(
                weight.shape, dtype=weight.dtype, device=weight.device, generator=generator
            )
            result = result + self.settings.w_noise_std * noise
        return result

    def remember(self, weight: Tensor) -> None:
        """Note the weights as this drift has left them."""
        self.previous_weights = weight.clone()

    def restart(self) -> None:
        """Forget when weights were written; the next drift starts all clocks."""
        self.w0 = self.previous_weights = self.t = None
        self.clock = 0.0

    def map(self, function: Callable[[Tensor], Tensor]) -> None:
        """Apply a device or dtype move to all tensors."""
        for name in (*_STATE, "nu"):
            value = getattr(self, name)
            if isinstance(value, Tensor):
                setattr(self, name, function(value))

    def state(self) -> dict[str, Tensor]:
        """Return the clocks as tensors."""
        state = {"current_t": torch.tensor([self.clock], dtype=torch.float64)}
        for name in _STATE:
            value = getattr(self, name)
            state[name] = torch.empty(0) if value is None else value.clone()
        return state

    def load_state(self, state: dict[str, Tensor], like: Tensor) -> None:
        """Take over what `state` returned."""
        self.clock = float(state["current_t"][0])
        for name in _STATE:
            value = state[name]
            empty = value.numel() == 0
            setattr(self, name, None if empty else value.to(like).view_as(like).clone())
