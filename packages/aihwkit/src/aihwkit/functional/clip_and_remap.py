"""Limits and rescaling of weights between training steps."""

from typing import Any

import torch
from torch import Tensor

from aihwkit.exceptions import ConfigError
from aihwkit.functional.settings import member

__all__ = ["clip_limit", "remapped"]


def clip_limit(weight: Tensor, clip: Any) -> float:
    """Return the limit that a weight clipper asks for; not positive means none.

    Args:
        weight: `[d, x]`.
        clip: object with the fields of `WeightClipParameter`.

    Raises:
        ConfigError: for an unknown type.
    """
    kind = member(clip.type)
    if kind == "None":
        return 0.0
    if kind == "FixedValue":
        return float(clip.fixed_value)
    if kind == "LayerGaussian":
        limit = float(clip.sigma * weight.std()) if weight.numel() > 1 else 0.0
    elif kind == "AverageChannelMax":
        limit = float(weight.abs().amax(dim=1).mean())
    else:
        raise ConfigError(f"clip type must be a WeightClipType, got {clip.type!r}")
    return min(limit, float(clip.fixed_value)) if clip.fixed_value > 0 else limit


def remapped(weight: Tensor, scales: Tensor, remap: Any) -> tuple[Tensor, Tensor]:
    """Move scale from the weights to the digital scales, so that weights use the full range.

    Args:
        weight: `[d, x]`.
        scales: digital output scales `[d]`.
        remap: object with the fields of `WeightRemapParameter`.

    Returns:
        New weights and new scales; their product is unchanged up to rounding.

    Raises:
        ConfigError: for an unknown type, or a limited range together with `remapped_wmax != 1`.
    """
    kind = member(remap.type)
    if kind == "None":
        return weight, scales
    if kind == "LayerwiseSymmetric":
        largest = weight.abs().amax() / remap.remapped_wmax
        factor = torch.where(largest > 0, largest, torch.ones_like(largest))
        return weight / factor, scales * factor
    if kind != "ChannelwiseSymmetric":
        raise ConfigError(f"remap type must be a WeightRemapType, got {remap.type!r}")
    largest = weight.abs().amax(dim=1) / remap.remapped_wmax
    factor = torch.where(largest > 0, largest, torch.ones_like(largest))
    if remap.max_scale_range <= 0:
        return weight / factor.unsqueeze(1), scales * factor
    if remap.remapped_wmax != 1:
        raise ConfigError(
            f"remapped_wmax must be 1 with max_scale_range > 0, got {remap.remapped_wmax!r}"
        )
    new = factor * scales
    reference = max(float(scales.min()), 0.0)
    if reference > 0:
        reference = max(reference, float(remap.max_scale_ref))
        new = new.clamp(max=reference * remap.max_scale_range)
    return weight * (scales / new).unsqueeze(1), new
