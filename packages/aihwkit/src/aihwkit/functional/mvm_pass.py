"""One analog evaluation: input stage, crossbar, output stage."""

import math

import torch
from torch import Tensor

from aihwkit.functional.lines import LineParameters
from aihwkit.functional.quantize import clip, quantize
from aihwkit.functional.settings import MVMSettings

__all__ = ["crossbar", "evaluate", "finalize_output", "prepare_input", "product"]

_Flags = tuple[Tensor, Tensor | None, Tensor | None]


def product(weight: Tensor, x: Tensor, transposed: bool = False) -> Tensor:
    """Return `x @ W^T`, or `x @ W` if transposed; a 3-d weight holds one matrix per sample."""
    if weight.dim() == 2:
        return x @ (weight if transposed else weight.t())
    matrices = weight if transposed else weight.transpose(1, 2)
    if x.dim() == 2:
        return torch.bmm(x.unsqueeze(1), matrices).squeeze(1)
    return torch.matmul(x, matrices)


def _normal_like(value: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randn(value.shape, dtype=value.dtype, device=value.device, generator=generator)


def prepare_input(
    x: Tensor, settings: MVMSettings, generator: torch.Generator | None = None
) -> Tensor:
    """Convert scaled digital inputs to what drives the crossbar: DAC, bounds, noise, asymmetry."""
    x = quantize(x, settings.inp_step, settings.inp_sto_round, generator)
    x = clip(x, settings.inp_bound)
    if settings.inp_noise > 0:
        x = x + settings.inp_noise * _normal_like(x, generator)
    if settings.inp_asymmetry != 0:
        x = torch.where(x < 0, x * (1 - settings.inp_asymmetry), x)
    return x


def crossbar(
    weight: Tensor,
    x: Tensor,
    settings: MVMSettings,
    lines: LineParameters,
    transposed: bool,
    generator: torch.Generator | None,
) -> Tensor:
    """Pass prepared inputs through the crossbar: product, IR drop, offsets, weight noise."""
    y = product(weight, x, transposed)
    if settings.ir_drop > 0:
        y = y - _ir_drop(weight, x, settings, transposed)
    if settings.has_offset_stage:
        y = _voltage_offset(y, x, settings, lines)
    if settings.w_noise > 0 and settings.w_noise_type != "None":
        if settings.w_noise_type == "AdditiveConstant":
            spread = x.square().sum(dim=-1, keepdim=True).sqrt()
        else:
            spread = product(weight.abs(), x.square(), transposed).sqrt()
        y = y + settings.w_noise * spread * _normal_like(y, generator)
    return y


def _ir_drop(weight: Tensor, x: Tensor, settings: MVMSettings, transposed: bool) -> Tensor:
    r"""Steady-state voltage loss along the lines, a cubic in the total current.

    .. math:: c_i \sum_j W_{ij} x_j (1 - (1 - j/n)^2), \quad
              c = a (a (0.05 a - 0.2) + 0.5), \quad a_i = n \sum_j |W_{ij}| |x_j| / g
    """
    n = x.shape[-1]
    a = product(weight.abs(), x.abs(), transposed) * (n / settings.ir_drop_g_ratio)
    c = a * (a * (0.05 * a - 0.2) + 0.5)
    position = torch.arange(n, dtype=x.dtype, device=x.device) / n
    profile = 1 - (1 - position).square()
    return settings.ir_drop * c * product(weight, x * profile, transposed)


def _voltage_offset(y: Tensor, x: Tensor, settings: MVMSettings, lines: LineParameters) -> Tensor:
    r"""Voltage offsets and series resistance, around a reference column of weight `w_min`.

    .. math:: \frac{(1 - v)(y + y_{ref})}{1 + r|y + y_{ref}|} - \frac{(1 + v) y_{ref}}{1 +
    r|y_{ref}|},
              \qquad y_{ref} = -w_{min} \sum_j x_j
    """
    offset = 0.0 if lines.v_offset is None else lines.v_offset
    resistance = max(settings.r_series, 0.0)
    reference = -settings.v_offset_w_min * x.sum(dim=-1, keepdim=True)
    total = y + reference
    signal = (1 - offset) * total / (1 + resistance * total.abs())
    return signal - (1 + offset) * reference / (1 + resistance * reference.abs())


def finalize_output(
    y: Tensor,
    settings: MVMSettings,
    lines: LineParameters,
    generator: torch.Generator | None = None,
) -> _Flags:
    """Convert line outputs to digital values: S-shape, asymmetry, noise, ADC, bounds.

    Returns:
        Values, and which of them exceeded the upper and the lower bound (None if there is no
        bound).
    """
    if settings.has_s_shape and lines.out_nonlinearity is not None:
        y = y / (1 + (lines.out_nonlinearity * y).abs())
        if lines.out_nonlinearity_factor is not None:
            y = lines.out_nonlinearity_factor * y
    if settings.out_asymmetry != 0:
        y = torch.where(y < 0, y * (1 - settings.out_asymmetry), y)
    if lines.out_noise_values is not None:
        y = y + lines.out_noise_values * _normal_like(y, generator)
    elif settings.out_noise > 0:
        y = y + settings.out_noise * _normal_like(y, generator)
    y = quantize(y, settings.out_step, settings.out_sto_round, generator)
    if math.isinf(settings.out_bound):
        return y, None, None
    return clip(y, settings.out_bound), y > settings.out_bound, y < -settings.out_bound


def evaluate(
    weight: Tensor,
    x: Tensor,
    settings: MVMSettings,
    lines: LineParameters,
    transposed: bool = False,
    generator: torch.Generator | None = None,
) -> _Flags:
    """Evaluate the analog product once for scaled inputs.

    Args:
        weight: `[d, x]` or `[batch, d, x]`.
        x: scaled inputs `[..., n_in]`.
        settings: of the pass.
        lines: per-line parameters of the pass.
        transposed: multiply with the transposed matrix.
        generator: source of all draws.

    Returns:
        Values `[..., n_out]` and the masks of values above and below the output bounds (None if
        unbounded).
    """
    x = prepare_input(x, settings, generator)

    def read(matrix: Tensor, part: Tensor) -> Tensor:
        return crossbar(matrix, part, settings, lines, transposed, generator)

    if settings.mv_type == "OnePass":
        return finalize_output(read(weight, x), settings, lines, generator)
    negative_weight = weight
    if settings.w_read_asymmetry_dtod > 0 and lines.w_asymmetry is not None:
        negative_weight = weight * lines.w_asymmetry.view(weight.shape[-2:])
    # Not clamp: the gradient of inputs that are exactly zero must pass once.
    is_negative, zero = x < 0, x.new_zeros(())
    negative = read(negative_weight, torch.where(is_negative, x, zero))
    positive = read(weight, torch.where(is_negative, zero, x))
    if settings.mv_type == "PosNegSeparate":
        return finalize_output(negative + positive, settings, lines, generator)
    minus, minus_high, minus_low = finalize_output(negative, settings, lines, generator)
    plus, plus_high, plus_low = finalize_output(positive, settings, lines, generator)
    if plus_high is None or plus_low is None or minus_high is None or minus_low is None:
        return minus + plus, None, None
    return minus + plus, minus_high | plus_high, minus_low | plus_low
