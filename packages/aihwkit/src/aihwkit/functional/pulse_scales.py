"""Length and probabilities of pulse trains."""

from typing import NamedTuple

import torch
from torch import Tensor

from aihwkit.functional.quantize import quantize
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["PulseProbabilities", "outer_scales", "pulse_probabilities", "train_scales"]

ROUNDING = 1e-6


class PulseProbabilities(NamedTuple):
    """Pulse trains of a batch of vectors, before the bits are drawn.

    Attributes:
        x: probability of a pulse in each slot for each input, `[batch, x]`; at least 1 means
            always.
        d: the same for each output, `[batch, d]`.
        length: number of slots of each vector's trains, int64 `[batch]`; 0: no pulses.
    """

    x: Tensor
    d: Tensor
    length: Tensor


def train_scales(
    x_max: Tensor, d_max: Tensor, lr: float | Tensor, granularity: float, settings: UpdateSettings
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Return train lengths and the factors from vector entries to probabilities.

    With :math:`X = \max|x|`, :math:`D = \max|d|` and the expected number of pulses of the
    largest product :math:`k = \lambda X D / \Delta w` the managed lengths and probabilities are

    .. math:: L = \min(\lceil k \rceil, L_{max}), \quad
              p_j = |x_j| \sqrt{\frac{\lambda D}{\Delta w L X}}, \quad
              q_i = |d_i| \sqrt{\frac{\lambda X}{\Delta w L D}},

    where :math:`D` is reduced to what :math:`L_{max}` pulses can express.

    Args:
        x_max: largest absolute input of each vector, `[batch]`.
        d_max: largest absolute gradient of each vector, `[batch]`.
        lr: learning rate, or one for each vector; its sign does not matter here.
        granularity: weight change of one pulse, :math:`\Delta w`.
        settings: of the update.

    Returns:
        Lengths (int64), factors for inputs, factors for gradients, each `[batch]` (factors in
        float64).

    Reference:
        Gokmen, Onen, Haensch, "Training deep convolutional neural networks with resistive
        cross-point devices", Front. Neurosci. 2017.
    """
    x_max, d_max = x_max.double(), d_max.double()
    rate = torch.as_tensor(lr, dtype=torch.float64, device=x_max.device).abs().expand_as(x_max)
    desired = torch.full_like(x_max, float(settings.desired_bl))
    length, limited = desired, torch.zeros_like(x_max, dtype=torch.bool)
    d_scale = d_max * settings.um_grad_scale
    k = rate * x_max * d_scale / granularity
    if settings.update_bl_management:
        # Weights that are read and written again carry rounding errors of single precision; they
        # must not cost a slot, which would make a certain pulse an uncertain one.
        length = torch.minimum(torch.ceil(k * (1 - ROUNDING)), desired)
    elif not settings.fixed_bl:
        limited = granularity * desired < rate
        length = torch.where(limited, torch.ceil(rate / granularity).clamp(min=1), desired)
    factor = torch.sqrt(rate / (granularity * length.clamp(min=1)))
    factor = torch.where(limited, torch.ones_like(factor), factor)
    x_factor = d_factor = factor
    active = rate > 0
    if settings.is_managed:
        active = active & (x_max > 0) & (d_max > 0)
        d_scale = torch.where(k > desired, d_scale * desired / k, d_scale)
        ratio = torch.sqrt(torch.where(active, x_max / d_scale, torch.ones_like(x_max)))
        d_factor, x_factor = factor * ratio, factor / ratio
    length = torch.where(active, length, torch.zeros_like(length))
    return length.long(), x_factor, d_factor


def outer_scales(
    x: Tensor, d: Tensor, lr: float | Tensor, granularity: float, settings: UpdateSettings
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `train_scales` returns, of vectors `[batch, x]` and `[batch, d]`."""
    return train_scales(_abs_max(x), _abs_max(d), lr, granularity, settings)


def _abs_max(vectors: Tensor) -> Tensor:
    """Return the largest absolute entry of each vector, `[batch]`."""
    lowest, highest = torch.aminmax(vectors, dim=1)
    return torch.maximum(highest, -lowest)


def pulse_probabilities(
    x: Tensor,
    d: Tensor,
    lr: float | Tensor,
    granularity: float,
    settings: UpdateSettings,
    generator: torch.Generator | None = None,
) -> PulseProbabilities:
    """Return the pulse probabilities of all entries of a batch of vectors.

    Args:
        x: inputs `[batch, x]`.
        d: gradients `[batch, d]`.
        lr: learning rate, or one for each vector.
        granularity: weight change of one pulse.
        settings: of the update.
        generator: source of stochastic rounding.
    """
    x_abs, d_abs = x.abs(), d.abs()
    length, x_factor, d_factor = train_scales(
        x_abs.amax(dim=1), d_abs.amax(dim=1), lr, granularity, settings
    )
    p = x_abs * x_factor.to(x.dtype).unsqueeze(1)
    q = d_abs * d_factor.to(d.dtype).unsqueeze(1)
    x_step = d_step = settings.step
    if settings.pulse_type == "DeterministicImplicit":
        x_step, d_step = settings.x_step_implicit, settings.d_step_implicit
    p = quantize(p, x_step, settings.sto_round, generator)
    q = quantize(q, d_step, settings.sto_round, generator)
    return PulseProbabilities(p, q, length)
