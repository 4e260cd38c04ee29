"""The analog product between plain converters, as one node of autograd's graph.

Gradients of the definition pass through a dozen operations and through every repetition of the
bound management. Between plain converters they are known: one product for the weights, one for
the inputs, whatever happened in between.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import analog_mvm, manage_bounds
from aihwkit.functional.noise_management import input_scale
from aihwkit.functional.quantize import quantize_
from aihwkit.functional.settings import MVMSettings

__all__ = ["traced_mvm"]

_NO_LINES = LineParameters()


def traced_mvm(
    weight: Tensor, x: Tensor, settings: MVMSettings, lines: LineParameters = _NO_LINES
) -> Tensor:
    r"""Return the analog product, with the values, draws and gradients of `analog_mvm`.

    .. math::
        \delta W = (m \circ s\,\delta y)^T\, \xi(x / s), \qquad
        \delta x = (m \circ \delta y)\, W

    with the mask `m` of outputs that the converter did not limit and the input scales `s` at which
    the outputs were read; inputs beyond the bound have no gradient.

    Anything but converters, bounds and output noise is left to the definition, as are graphs that
    the compiler traces.

    Args:
        weight: `[d, x]`; one matrix per sample is left to the definition.
        x: `[..., x]`.
        settings: of the pass.
        lines: per-line parameters.
    """
    plain = settings.is_plain and weight.dim() == 2 and weight.dtype == x.dtype
    if not plain or torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type):
        return analog_mvm(weight, x, settings, lines).values
    rows = x.reshape(-1, x.shape[-1])
    if torch.is_grad_enabled() and (weight.requires_grad or x.requires_grad):
        values: Tensor = _Traced.apply(weight, rows, settings, lines.out_noise_values)
    else:
        values = _Pass(weight, settings, lines.out_noise_values).product(rows)
    return values.view(*x.shape[:-1], values.shape[-1])


class _Traced(Function):
    """The product; scales count as constants in its gradient."""

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, x: Tensor, settings: MVMSettings, noise: Tensor | None
    ) -> Tensor:
        run = _Pass(weight, settings, noise, keep=True, keep_inside=ctx.needs_input_grad[1])
        values = run.product(x)
        ctx.out_scale = settings.out_scale
        ctx.save_for_backward(weight, run.prepared, run.scale, run.outside, run.clipped, run.silent)
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        weight, prepared, scale, outside, clipped, silent = ctx.saved_tensors
        if clipped is not None:
            grad = grad.masked_fill(clipped, 0.0)
        if silent is not None:
            grad = grad.masked_fill(silent, 0.0)
        if ctx.out_scale != 1.0:
            grad = grad * ctx.out_scale
        grad_weight = grad_x = None
        if ctx.needs_input_grad[0]:
            grad_weight = (grad if scale is None else grad * scale).t() @ prepared
        if ctx.needs_input_grad[1]:
            grad_x = grad @ weight
            if outside is not None:
                grad_x.masked_fill_(outside, 0.0)
        return grad_weight, grad_x, None, None


class _Pass:
    """One product, its repetitions included, and what its gradient needs.

    Attributes:
        prepared: what drove the crossbar when the outputs were read that count.
        scale: input scales of the same read, or None.
        outside: which inputs the converter limited, or None.
        clipped: which outputs the converter limited, or None.
        silent: vectors of zeros, whose outputs are zero, or None.
    """

    def __init__(
        self,
        weight: Tensor,
        settings: MVMSettings,
        noise: Tensor | None,
        keep: bool = False,
        keep_inside: bool = False,
    ) -> None:
        self.settings = settings
        self._weight, self._noise = weight, noise
        self._keep, self._keep_inside = keep, keep_inside
        self._managed = settings.bound_management != "None"
        self.prepared: Tensor | None = None
        self.scale: Tensor | None = None
        self.outside: Tensor | None = None
        self.clipped: Tensor | None = None
        self.silent: Tensor | None = None

    @torch.no_grad()
    def product(self, x: Tensor) -> Tensor:
        """Return the outputs `[n, d]` of inputs `[n, x]`."""
        settings = self.settings
        alpha = input_scale(x, settings)
        scale = None if alpha is None else torch.where(alpha > 0, alpha, 1.0)
        values, self.clipped, failed = self(x, scale)
        if self._managed:
            values, self.clipped = manage_bounds(self, x, scale, values, self.clipped, failed)
        if alpha is not None:
            self.silent = alpha <= 0
            if not settings.noise_management.startswith("AbsMax"):
                self.silent &= (x == 0).all(dim=-1, keepdim=True)
            values.masked_fill_(self.silent, 0.0)
        return values

    def __call__(
        self, x: Tensor, scale: Tensor | None, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        settings = self.settings
        prepared = self._prepare(x, scale, rows)
        values = prepared @ self._weight.t()
        if self._noise is not None:
            values.add_(torch.randn_like(values).mul_(self._noise))
        elif settings.out_noise > 0:
            values.add_(torch.randn_like(values).mul_(settings.out_noise))
        quantize_(values, settings.out_step)
        clipped = failed = None
        if settings.out_bound < float("inf"):
            if self._keep or self._managed:
                clipped = values.abs() > settings.out_bound
            if self._managed and clipped is not None:
                tested = clipped
                if not settings.bm_test_negative_bound:
                    tested = values > settings.out_bound
                failed = tested.any(dim=-1)
            values.clamp_(-settings.out_bound, settings.out_bound)
        if scale is not None:
            values.mul_(scale * settings.out_scale)
        elif settings.out_scale != 1.0:
            values.mul_(settings.out_scale)
        return values, clipped, failed

    def _prepare(self, x: Tensor, scale: Tensor | None, rows: Tensor | None) -> Tensor:
        """Return what drives the crossbar, and keep it for the gradient."""
        settings = self.settings
        prepared = x.clone() if scale is None else x * (1.0 / scale)
        quantize_(prepared, settings.inp_step)
        outside = None
        if settings.inp_bound < float("inf"):
            if self._keep_inside:
                outside = prepared.abs() > settings.inp_bound
            prepared.clamp_(-settings.inp_bound, settings.inp_bound)
        if self._keep:
            if rows is not None and self.scale is None and self.prepared is not None:
                self.scale = x.new_ones(self.prepared.shape[0], 1)
            self.prepared = _replaced(self.prepared, prepared, rows)
            self.scale = _replaced(self.scale, scale, rows)
            self.outside = _replaced(self.outside, outside, rows)
        return prepared


def _replaced(kept: Tensor | None, part: Tensor | None, rows: Tensor | None) -> Tensor | None:
    """Return what was kept of all vectors with some of them replaced."""
    if rows is None or kept is None or part is None:
        return part
    return kept.index_copy(0, rows, part)
