"""Properties of the individual lines of a crossbar, drawn once when a tile is created."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from aihwkit.functional.settings import MVMSettings

__all__ = ["LineParameters", "draw_line_parameters"]


@dataclass(frozen=True)
class LineParameters:
    """Per-line tensors of one pass; None where the effect is off.

    Attributes:
        v_offset: voltage offset of each output line, `[n_out]`.
        w_asymmetry: factor of each cross point for negative inputs, `[d, x]`.
        out_nonlinearity: strength of the S-shape of each output line, `[n_out]`.
        out_nonlinearity_factor: gain that compensates the S-shape, `[1]`.
        out_noise_values: standard deviation of each output line's noise, `[n_out]`.
    """

    v_offset: Tensor | None = None
    w_asymmetry: Tensor | None = None
    out_nonlinearity: Tensor | None = None
    out_nonlinearity_factor: Tensor | None = None
    out_noise_values: Tensor | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> "LineParameters":
        """Return a copy with `function` applied to every tensor."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return LineParameters(
            **{name: None if value is None else function(value) for name, value in values.items()}
        )


def draw_line_parameters(
    settings: MVMSettings,
    n_out: int,
    weight_shape: tuple[int, int],
    dtype: torch.dtype = torch.float32,
    generator: torch.Generator | None = None,
) -> LineParameters:
    """Draw the line-to-line variations of one pass.

    Args:
        settings: of the pass.
        n_out: number of output lines of the pass.
        weight_shape: `(d, x)` of the crossbar.
        dtype: of the tensors.
        generator: CPU generator, so that all devices see the same draws.
    """
    if settings.is_perfect:
        return LineParameters()

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=dtype, generator=generator)

    v_offset = s_shape = factor = asymmetry = noise = None
    if settings.has_offset_stage:
        v_offset = (settings.v_offset_std * normal(n_out)).clamp_(min=0.0)
    if settings.has_s_shape:
        spread = 1 + max(settings.out_nonlinearity_std, 0.0) * normal(n_out)
        s_shape = (settings.out_nonlinearity / settings.out_reference * spread).abs()
        factor = _slope_factor(settings, s_shape)
    if settings.w_read_asymmetry_dtod != 0:
        asymmetry = 1 + settings.w_read_asymmetry_dtod * normal(*weight_shape)
    if settings.out_noise_std > 0:
        noise = (settings.out_noise * (1 + settings.out_noise_std * normal(n_out))).abs()
    return LineParameters(v_offset, asymmetry, s_shape, factor, noise)


def _slope_factor(settings: MVMSettings, s_shape: Tensor) -> Tensor:
    factor = torch.ones(1, dtype=s_shape.dtype)
    if settings.slope_calibration > 0:
        mean = s_shape.abs().mean() if settings.out_nonlinearity > 0 else 0.0
        gain = 1 + (mean + settings.r_series) * settings.slope_calibration * settings.out_reference
        factor = factor * gain**2
    return factor
