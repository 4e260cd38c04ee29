"""Weight modifiers: noisy copies of the weights for hardware-aware training."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from aihwkit.exceptions import ConfigError
from aihwkit.functional.settings import member

__all__ = ["modified_weights"]

_PROG_STD = (0.26348, 1.9650, -1.1731)
_T_READ = 250e-9


def modified_weights(
    weight: Tensor, modifier: Any, generator: torch.Generator | None = None, n_samples: int = 0
) -> Tensor:
    """Return a modified copy of the weights.

    Args:
        weight: `[d, x]`.
        modifier: object with the fields of `WeightModifierParameter`.
        generator: source of all draws.
        n_samples: if positive, one copy for each sample, `[n_samples, d, x]`.

    Returns:
        The copy; the gradient with respect to `weight` is that of the identity except where
        weights are dropped.

    Raises:
        ConfigError: for an unknown type.
    """
    kind = member(modifier.type)
    if kind not in _MODIFIERS and kind not in ("None", "Copy", "DropConnect"):
        raise ConfigError(f"modifier type must be one of {', '.join(_MODIFIERS)}, got {kind!r}")
    base = weight.detach()
    if n_samples > 0:
        base = base.expand(n_samples, *weight.shape)
    w_max = _scale(weight.detach(), modifier)
    if kind in _MODIFIERS:
        changed = _MODIFIERS[kind](base, w_max, modifier, generator)
    else:
        changed = base.clone()
    result = _WithGradient.apply(weight, changed)
    if modifier.pdrop > 0:
        dropped = _uniform(base, generator) < modifier.pdrop
        result = result.masked_fill(dropped, 0.0)
    if modifier.copy_last_column:
        result = torch.cat((result[..., :-1], weight[..., -1:].expand_as(result[..., -1:])), dim=-1)
    return result


class _WithGradient(Function):
    """Other values with the gradient of the weights, that of copies summed up."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, values: Tensor) -> Tensor:
        ctx.is_batch = values.dim() > weight.dim()
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        grad = grad_outputs[0]
        return grad.sum(dim=0) if ctx.is_batch else grad, None


def _scale(weight: Tensor, modifier: Any) -> float:
    if not modifier.rel_to_actual_wmax:
        return float(modifier.assumed_wmax)
    used = weight[:, :-1] if modifier.copy_last_column else weight
    largest = float(used.abs().amax()) if used.numel() else 0.0
    return largest if largest > 0 else 1.0


def _normal(like: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randn(like.shape, dtype=like.dtype, device=like.device, generator=generator)


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.rand(like.shape, dtype=like.dtype, device=like.device, generator=generator)


def _round(
    value: Tensor, resolution: float, stochastic: bool, generator: torch.Generator | None
) -> Tensor:
    """Round to multiples of `resolution` (above 1: number of steps), half away from zero."""
    if resolution <= 0:
        return value
    step = 1.0 / resolution if resolution > 1 else resolution
    scaled = value / step
    if stochastic:
        scaled = scaled + _uniform(value, generator) - 0.5
    return torch.sign(scaled) * torch.floor(scaled.abs() + 0.5) * step


def _discretize(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    return w_max * _round(w / w_max, m.res, m.sto_round, generator)


def _mult_normal(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    return w + w * (m.std_dev * w_max) * _normal(w, generator)


def _add_normal(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    return _normal(w, generator).mul_(m.std_dev * w_max).add_(w)


def _discretize_add(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    return _discretize(w, w_max, m, generator) + (m.std_dev * w_max) * _normal(w, generator)


def _dorefa(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    if m.res <= 0:
        return w.clone()
    scale = abs(m.dorefa_clip / math.tanh(w_max))
    return _round(torch.tanh(w) * scale, m.res, m.sto_round, generator)


def _polynomial(w: Tensor, w_max: float, m: Any) -> Tensor:
    relative = w.abs() / w_max
    total = torch.zeros_like(w)
    for coefficient in reversed(list(m.coeffs)):
        total = total * relative + coefficient
    return total


def _poly(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    return w + w_max * m.std_dev * _polynomial(w, w_max, m) * _normal(w, generator)


def _prog_noise(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    spread = w_max * m.std_dev / m.g_max * _polynomial(w, w_max, m)
    noisy = w + spread * _normal(w, generator)
    return torch.where(w < 0, -noisy.abs(), noisy.abs())


def _pcm_noise(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    """Programming, drift and read noise of phase-change memory."""
    target = _pcm_target(w, w_max, m, generator)
    negative = (w < 0).to(w.dtype) * -2 + 1
    g = _pcm_programmed(target, m, generator)
    relative = g.abs() / m.g_max
    time = m.pcm_t_inference + m.pcm_t0
    if time > m.pcm_t0:
        spread = (-0.0125 * relative.clamp(min=1e-6).log() - 0.0059).clamp(0.008, 0.045)
        g = g * (time / m.pcm_t0) ** (-(spread * _normal(w, generator)).abs())
    if time > 0:
        q = (0.0088 / (relative**0.65).clamp(min=1e-3)).clamp(max=0.2)
        read = math.sqrt(math.log((time + _T_READ) / (2 * _T_READ)))
        g = g + m.std_dev * g.abs() * q * read * _normal(w, generator)
    g = torch.where(target == 0, 0.0, g)
    return g.abs() * (w_max / m.g_max) * negative


def _pcm_target(w: Tensor, w_max: float, m: Any, generator: torch.Generator | None) -> Tensor:
    """Conductances that the programming aims at, with stuck devices."""
    g = w.clamp(-w_max, w_max) * (m.g_max / w_max)
    g = torch.where(g.abs() <= m.pcm_zero_thres * m.std_dev * _PROG_STD[0], 0.0, g)
    if m.pcm_prob_at_reset > 0:
        g = torch.where(_uniform(w, generator) < m.pcm_prob_at_reset, 0.0, g)
    if m.pcm_prob_at_gmax > 0:
        side = torch.where(_uniform(w, generator) < 0.5, m.g_max, -m.g_max)
        g = torch.where(_uniform(w, generator) < m.pcm_prob_at_gmax, g + side, g)
    if m.pcm_prob_at_random > 0:
        random = m.g_max * _uniform(w, generator)
        random = torch.where(g > 0, random, -random)
        g = torch.where(_uniform(w, generator) < m.pcm_prob_at_random, random, g)
    return g.clamp(-m.g_max, m.g_max)


def _pcm_programmed(g: Tensor, m: Any, generator: torch.Generator | None) -> Tensor:
    q = g.abs() / m.g_max
    spread = _PROG_STD[0] + _PROG_STD[1] * q + _PROG_STD[2] * q * q
    return g + m.std_dev * spread * _normal(g, generator)


_MODIFIERS = {
    "Discretize": _discretize,
    "MultNormal": _mult_normal,
    "AddNormal": _add_normal,
    "DiscretizeAddNormal": _discretize_add,
    "DoReFa": _dorefa,
    "Poly": _poly,
    "ProgNoise": _prog_noise,
    "PCMNoise": _pcm_noise,
}
