"""Scales of input vectors: the digital input that the full range of the converter stands for."""

import torch
from torch import Tensor

from aihwkit.functional.settings import MVMSettings

__all__ = ["input_scale", "running_abs_max"]

_SCAN_ROWS = 512


def input_scale(
    x: Tensor, settings: MVMSettings, kind: str | None = None, running: Tensor | None = None
) -> Tensor | None:
    r"""Return the scale :math:`\alpha` of each input vector, or None if inputs are not scaled.

    Args:
        x: raw inputs `[..., n_in]`.
        settings: of the pass.
        kind: noise management to use instead of the configured one.
        running: value of the running average for each vector, `[...]` (`AverageAbsMax` only).

    Returns:
        Scales `[..., 1]`.
    """
    kind = kind or settings.noise_management
    if kind == "None":
        return None
    if kind == "Constant":
        constant = settings.nm_thres if settings.nm_thres > 0 else 1.0
        return x.new_full((*x.shape[:-1], 1), constant)
    if kind == "AverageAbsMax":
        return _abs_max(x) if running is None else running.unsqueeze(-1)
    largest = x.amax(dim=-1, keepdim=True) if kind == "Max" else _abs_max(x)
    if settings.nm_thres > 0:
        largest = largest.clamp(max=settings.nm_thres)
    if kind == "AbsMaxNPSum":
        return torch.maximum(largest, _worst_case(x, largest, settings))
    return largest


def _abs_max(x: Tensor) -> Tensor:
    return x.abs().amax(dim=-1, keepdim=True)


def _worst_case(x: Tensor, largest: Tensor, settings: MVMSettings) -> Tensor:
    """Scale at which weights of the assumed maximum, all in phase, reach the output bound."""
    positive = x.clamp(min=0).sum(dim=-1, keepdim=True)
    negative = -x.clamp(max=0).sum(dim=-1, keepdim=True)
    scale = torch.maximum(positive, negative) * (settings.nm_assumed_wmax / settings.out_reference)
    if settings.inp_step > 0:
        scale = torch.minimum(largest / settings.inp_step * settings.max_bm_res, scale)
    return scale


def running_abs_max(x: Tensor, start: float, decay: float) -> Tensor:
    r"""Return the running average of the largest absolute input after each vector, in order.

    .. math:: r_b = (1 - \lambda) r_{b-1} + \lambda \max_j |x_{bj}|, \qquad r_0 = \max_j
    |x_{0j}|
              \text{ if there was no value before}

    Args:
        x: inputs `[batch, n_in]`.
        start: value before the batch; negative if there was none.
        decay: :math:`\lambda`.

    Returns:
        The averages, `[batch]`.
    """
    largest = _abs_max(x).squeeze(-1)
    previous = largest[:1] if start < 0 else largest.new_full((1,), start)
    parts = []
    for block in largest.split(_SCAN_ROWS):
        n = block.shape[0]
        age = torch.arange(n, device=x.device, dtype=x.dtype)
        keep = (1.0 - decay) ** (age.unsqueeze(1) - age).clamp(min=0)
        history = torch.tril(keep) * decay
        part = history @ block + (1.0 - decay) ** (age + 1) * previous
        parts.append(part)
        previous = part[-1:]
    return torch.cat(parts) if parts else largest
