"""Lengths and probabilities of pulse trains; see `aihwkit.functional.pulse_scales.train_scales`."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN202
import math

import numpy as np
import torch
from numba import njit
from torch import Tensor

from aihwkit.engine.kernels.numba_converters import largest_entry
from aihwkit.functional.pulse_scales import ROUNDING
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["outer_scales_numba"]


# No fast arithmetic: lengths are those of the definition, factors but for one rounding.
@njit(nogil=True, cache=True, error_model="numpy")
def _scales(x, d, rates, granularity, settings, length, x_factor, d_factor):
    desired, grad_scale, bl_management, fixed_bl, is_managed = settings
    for vector in range(x.shape[0]):
        x_max = np.float64(largest_entry(x[vector]))
        d_max = np.float64(largest_entry(d[vector]))
        rate = rates[vector % rates.shape[0]]
        d_scale = d_max * grad_scale
        k = rate * x_max * d_scale / granularity
        slots, limited = desired, False
        if bl_management:
            slots = min(math.ceil(k * (1 - ROUNDING)), desired) if k < np.inf else desired
        elif not fixed_bl:
            limited = granularity * desired < rate
            if limited:
                slots = max(math.ceil(rate / granularity), 1.0)
        factor = 1.0 if limited else math.sqrt(rate / (granularity * max(slots, 1.0)))
        ratio, active = 1.0, rate > 0
        if is_managed:
            active = active and x_max > 0 and d_max > 0
            if k > desired:
                d_scale = d_scale * desired / k
            if active:
                ratio = math.sqrt(x_max / d_scale)
            d_factor[vector], x_factor[vector] = factor * ratio, factor / ratio
        else:
            d_factor[vector] = x_factor[vector] = factor
        length[vector] = np.int64(slots) if active else 0


def outer_scales_numba(
    x: Tensor, d: Tensor, lr: float | Tensor, granularity: float, settings: UpdateSettings
) -> tuple[Tensor, Tensor, Tensor]:
    """Return train lengths and factors of entries; see `outer_scales`."""
    rates = torch.as_tensor(lr, dtype=torch.float64).abs().reshape(-1).numpy()
    length = torch.empty(x.shape[0], dtype=torch.int64)
    x_factor, d_factor = (torch.empty(x.shape[0], dtype=torch.float64) for _ in range(2))
    _scales(
        x.float().contiguous().numpy(),
        d.float().contiguous().numpy(),
        rates,
        granularity,
        (
            float(settings.desired_bl),
            settings.um_grad_scale,
            settings.update_bl_management,
            settings.fixed_bl,
            settings.is_managed,
        ),
        length.numpy(),
        x_factor.numpy(),
        d_factor.numpy(),
    )
    return length, x_factor, d_factor
