"""Power-law drift of weights after they were written."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["DriftSettings", "drifted"]


@dataclass(frozen=True)
class DriftSettings:
    """Parameters of the drift; the fields of `DriftParameter`."""

    nu: float = 0.0
    t_0: float = 1.0
    reset_tol: float = 1e-7
    nu_dtod: float = 0.0
    nu_std: float = 0.0
    wg_ratio: float = 1.0
    g_offset: float = 0.0
    w_offset: float = 0.0
    nu_k: float = 0.0
    log_g0: float = 0.0
    w_noise_std: float = 0.0

    @classmethod
    def from_parameters(cls, drift: Any) -> "DriftSettings":
        """Read the fields that a drift parameter object has; the simple one lacks most."""
        names = cls.__dataclass_fields__
        return cls(**{name: float(getattr(drift, name)) for name in names if hasattr(drift, name)})


def drifted(
    initial: Tensor,
    current: Tensor,
    age: Tensor,
    nu: Tensor | float,
    settings: DriftSettings,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Return the weights that have drifted for some time since they were written.

    .. math:: w(t) = w_0 t^{-\nu} + a (t^{-\nu} - 1), \qquad a = g_{off} r + w_{off}

    Args:
        initial: weights :math:`w_0` as they were written.
        current: weights now; the exponent may depend on them.
        age: time since the writing in units of `t_0`; below 1 nothing has drifted yet.
        nu: drift exponents.
        settings: of the drift.
        generator: source of the variation of the exponent from call to call.
    """
    exponent = nu * torch.ones_like(initial)
    if settings.nu_std > 0:
        noise = torch.randn(
            initial.shape, dtype=initial.dtype, device=initial.device, generator=generator
        )
        exponent = exponent + settings.nu_std * exponent * noise
    if settings.nu_k != 0:
        conductance = (current - settings.w_offset) / settings.wg_ratio + settings.g_offset
        exponent = exponent - settings.nu_k * (torch.log(conductance) - settings.log_g0)
    factor = age.clamp(min=1.0) ** (-exponent)
    shift = settings.g_offset * settings.wg_ratio + settings.w_offset
    if abs(shift) < settings.reset_tol:
        return initial * factor
    return initial * factor + shift * (factor - 1)
