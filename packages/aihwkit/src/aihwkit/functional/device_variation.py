"""Device-to-device variation: the parameters of each single device, drawn at construction."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from aihwkit.exceptions import ConfigError

__all__ = ["draw_pulsed_parameters", "split_by_direction"]

_BIAS_RANGE = 100.0


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, dtype=like.dtype, generator=generator)


def split_by_direction(
    mean: float,
    spread: float,
    asymmetry: float,
    asymmetry_spread: float,
    log_normal: bool,
    like: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    r"""Draw a parameter for both directions.

    .. math:: p_{up} = m (g + \min(u, 0) + \rho), \qquad p_{dn} = m (g - \max(u, 0) - \rho)

    with the gain :math:`g = 1 + \sigma\xi` (or :math:`e^{\sigma\xi}`) shared by both and the spread
    of the asymmetry :math:`\rho = \sigma_u \xi'`.

    Args:
        mean: :math:`m`.
        spread: :math:`\sigma`.
        asymmetry: :math:`u`.
        asymmetry_spread: :math:`\sigma_u`.
        log_normal: whether the gain is log-normal (its median is then 1).
        like: tensor of the wanted shape and type.
        generator: of the draws.
    """
    draw = spread * _normal(like, generator)
    gain = torch.exp(draw) if log_normal else 1 + draw
    rho = asymmetry_spread * _normal(like, generator)
    return mean * (gain + min(asymmetry, 0.0) + rho), mean * (gain - max(asymmetry, 0.0) - rho)


def draw_pulsed_parameters(
    meta: Any, shape: tuple[int, int], dtype: torch.dtype, generator: torch.Generator
) -> "OrderedDict[str, Tensor]":
    """Draw what all pulsed devices have.

    Args:
        meta: object with the fields of `PulsedDevice`.
        shape: `(d, x)`.
        dtype: of the parameters.
        generator: CPU generator.

    Returns:
        `max_bound`, `min_bound`, `dwmin_up`, `dwmin_down`, `decay_scales`, `diffusion_rates`,
        `reset_bias`, `drift_nu`, each `[d, x]`.

    Raises:
        ConfigError: if the interval of weights does not contain 0.
    """
    if meta.w_min > 0 or meta.w_max < 0:
        raise ConfigError(
            f"the interval from w_min to w_max must contain 0, got {meta.w_min} to {meta.w_max}"
        )
    like = torch.empty(shape, dtype=dtype)
    drift_nu = torch.zeros_like(like)
    if meta.drift.nu > 0:
        drift_nu = meta.drift.nu * (1 + meta.drift.nu_dtod * _normal(like, generator))
    upper = meta.w_max * (1 + meta.w_max_dtod * _normal(like, generator))
    lower = meta.w_min * (1 + meta.w_min_dtod * _normal(like, generator))
    up, down = split_by_direction(
        meta.dw_min,
        meta.dw_min_dtod,
        meta.up_down,
        meta.up_down_dtod,
        meta.dw_min_dtod_log_normal,
        like,
        generator,
    )
    if meta.enforce_consistency:
        up, down = up.abs(), down.abs()
        lower, upper = torch.minimum(lower, upper), torch.maximum(lower, upper)
        lower, upper = -lower.abs(), upper.abs()
    else:
        middle = (lower + upper) / 2
        crossed = lower > upper
        lower, upper = torch.where(crossed, middle, lower), torch.where(crossed, middle, upper)
    lower, upper, stuck = _corrupt(meta, lower, upper, generator)
    up, down = up.masked_fill(stuck, 0.0), down.masked_fill(stuck, 0.0)
    if meta.perfect_bias:
        up[:, -1] = down[:, -1] = meta.dw_min
        lower[:, -1], upper[:, -1] = _BIAS_RANGE * meta.w_min, _BIAS_RANGE * meta.w_max
    diffusion = (meta.diffusion * (1 + meta.diffusion_dtod * _normal(like, generator))).abs()
    reset = meta.reset + meta.reset_dtod * _normal(like, generator)
    return OrderedDict(
        max_bound=upper,
        min_bound=lower,
        dwmin_up=up,
        dwmin_down=down,
        decay_scales=_decay(meta, like, generator),
        diffusion_rates=diffusion,
        reset_bias=reset,
        drift_nu=drift_nu,
    )


def _corrupt(
    meta: Any, lower: Tensor, upper: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Let some devices be stuck at a random weight."""
    uniform = torch.rand(lower.shape, dtype=lower.dtype, generator=generator)
    stuck = uniform < meta.corrupt_devices_prob
    limit = abs(meta.corrupt_devices_range)
    low = torch.minimum(lower, upper).clamp(min=-limit)
    high = torch.maximum(lower, upper).clamp(max=limit)
    place = torch.rand(lower.shape, dtype=lower.dtype, generator=generator)
    value = low + (high - low) * place
    return torch.where(stuck, value, lower), torch.where(stuck, value, upper), stuck


def _decay(meta: Any, like: Tensor, generator: torch.Generator) -> Tensor:
    """Factor of each weight per mini-batch."""
    if meta.lifetime <= 0:
        return torch.ones_like(like)
    time = meta.lifetime * (1 + meta.lifetime_dtod * _normal(like, generator))
    return torch.where(time > 1, 1 - 1 / time, 0.0)
