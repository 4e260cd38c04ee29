"""Rounding and clipping, the two operations of every converter."""

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["clip", "quantization_step", "quantize", "quantize_"]


def quantization_step(resolution: float, bound: float) -> float:
    r"""Return the step of a converter; 0 means "no quantisation".

    .. math:: \Delta = 2 r b

    Args:
        resolution: :math:`r`, the step as a fraction of the full range; above 1 it is the number
            of steps; not positive switches the converter off.
        bound: :math:`b`, half the full range; not positive or infinite switches the converter off.
    """
    if resolution <= 0 or bound <= 0 or math.isinf(bound):
        return 0.0
    fraction = 1.0 / resolution if resolution > 1 else float(resolution)
    return fraction * 2.0 * bound


class _StraightThroughRound(torch.autograd.Function):
    """Round to multiples of a step; the gradient passes unchanged."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, step: float, dither: Tensor | None) -> Tensor:
        return _round(value, step, dither)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None]:
        return grad_outputs[0], None, None


def _round(value: Tensor, step: float, dither: Tensor | None) -> Tensor:
    scaled = value / step
    if dither is not None:
        scaled = scaled + dither
    return torch.round(scaled) * step


def quantize(
    value: Tensor,
    step: float,
    stochastic: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Round to multiples of `step`, half to even, without saturation.

    .. math:: Q(v) = \Delta \, \mathrm{rint}(v / \Delta + (u - 1/2)),

    where the uniform draw `u` is present only with stochastic rounding. The gradient is that of
    the identity.

    Args:
        value: any shape.
        step: :math:`\Delta`; not positive returns `value` itself.
        stochastic: round up or down with probabilities that make the mean exact.
        generator: source of the uniform draws; torch's default generator if None.
    """
    if step <= 0:
        return value
    dither = None
    if stochastic:
        dither = torch.rand(
            value.shape, dtype=value.dtype, device=value.device, generator=generator
        ).sub_(0.5)
    if torch.is_grad_enabled() and value.requires_grad:
        result: Tensor = _StraightThroughRound.apply(value, step, dither)
        return result
    return _round(value, step, dither)


def quantize_(value: Tensor, step: float) -> Tensor:
    """Round to multiples of `step` as `quantize` does, in place and without gradient."""
    return value.div_(step).round_().mul_(step) if step > 0 else value


def clip(value: Tensor, bound: float) -> Tensor:
    """Limit to [-bound, bound]; the gradient is 1 inside and exactly at the bound, 0 outside."""
    if math.isinf(bound):
        return value
    if torch.is_grad_enabled() and value.requires_grad:
        limited = value.detach().clamp(-bound, bound)
        return torch.where(value.abs() <= bound, value, limited)
    return value.clamp(-bound, bound)
