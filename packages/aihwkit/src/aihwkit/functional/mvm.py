"""The analog matrix-vector product: the one definition that all tiles and devices use."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm_pass import evaluate, product
from aihwkit.functional.noise_management import input_scale
from aihwkit.functional.settings import MVMSettings

__all__ = ["Evaluation", "MVMOutput", "analog_mvm", "manage_bounds"]

_NO_LINES = LineParameters()


class MVMOutput(NamedTuple):
    """Result of an analog product.

    Attributes:
        values: `[..., n_out]`.
        clipped: which outputs were limited by the output converter, same shape, or None if there
            is no limit.
    """

    values: Tensor
    clipped: Tensor | None


def analog_mvm(
    weight: Tensor,
    x: Tensor,
    settings: MVMSettings,
    lines: LineParameters = _NO_LINES,
    *,
    transposed: bool = False,
    generator: torch.Generator | None = None,
    running: Tensor | None = None,
) -> MVMOutput:
    r"""Multiply every vector of a batch with the weights of a crossbar, non-idealities included.

    .. math:: y = s_{out}\,\alpha\, F\big(P(W, \xi(x / \alpha))\big)

    with the input scale :math:`\alpha` of the noise and bound management, the input stage
    :math:`\xi` (DAC,
    bounds, noise, asymmetry), the crossbar :math:`P` (IR drop, offsets, series resistance, weight
    noise) and
    the output stage :math:`F` (S-shape, asymmetry, noise, ADC, bounds). Vectors are independent:
    scales, noise
    and repetitions of the bound management are their own. A vector of zeros gives exactly zero
    when noise management is on and there is no input noise (always, in the transposed product).

    Args:
        weight: `[d, x]`, or `[batch, d, x]` for one matrix per sample.
        x: `[..., x]`; with `transposed` `[..., d]`.
        settings: normalised parameters of the pass.
        lines: per-line parameters.
        transposed: multiply with the transposed matrix.
        generator: source of all draws; torch's default generator if None.
        running: averages for `AverageAbsMax`, one per vector.

    Returns:
        Outputs `[..., d]` (`[..., x]`) and the mask of limited outputs. Differentiable with
        respect to `weight`
        and `x`; quantisation passes gradients unchanged, bounds stop them outside, and input
        scales count as constants.
    """
    if settings.is_perfect:
        values = product(weight, x, transposed)
        return MVMOutput(values if settings.out_scale == 1.0 else values * settings.out_scale, None)
    alpha = input_scale(x.detach(), settings, running=running)
    reduction = None if alpha is None else torch.where(alpha > 0, alpha, torch.ones_like(alpha))
    run = _Evaluation(weight, settings, lines, transposed, generator)
    values, clipped, failed = run(x, reduction)
    if settings.bound_management != "None":
        values, clipped = manage_bounds(run, x, reduction, values, clipped, failed)
    if alpha is not None and (transposed or settings.inp_noise <= 0):
        silent = (alpha <= 0) & (x == 0).all(dim=-1, keepdim=True)
        values = values.masked_fill(silent, 0.0)
    return MVMOutput(values, clipped)


class _Evaluation(NamedTuple):
    """One evaluation of the analog product at a given input scale."""

    weight: Tensor
    settings: MVMSettings
    lines: LineParameters
    transposed: bool
    generator: torch.Generator | None

    def __call__(
        self, x: Tensor, scale: Tensor | None, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        scaled = x if scale is None else x * (1.0 / scale)
        weight = self.weight
        if rows is not None and weight.dim() == 3:
            weight = weight[rows]
        values, high, low = evaluate(
            weight, scaled, self.settings, self.lines, self.transposed, self.generator
        )
        if scale is not None:
            values = values * (scale * self.settings.out_scale)
        elif self.settings.out_scale != 1.0:
            values = values * self.settings.out_scale
        if high is None or low is None:
            return values, None, None
        failed = high | low if self.settings.bm_test_negative_bound else high
        return values, high | low, failed.any(dim=-1)


class Evaluation(Protocol):
    """Something that evaluates an analog product once, at given input scales."""

    @property
    def settings(self) -> MVMSettings:
        """Parameters of the pass."""

    def __call__(
        self, x: Tensor, scale: Tensor | None, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return values, which of them are clipped, and which vectors must be repeated."""


def manage_bounds(
    run: Evaluation,
    x: Tensor,
    scale: Tensor | None,
    values: Tensor,
    clipped: Tensor | None,
    failed: Tensor | None,
) -> tuple[Tensor, Tensor | None]:
    """Repeat vectors with clipped outputs at half the input until none is left."""
    if failed is None or clipped is None:
        return values, clipped
    settings = run.settings
    shape = values.shape
    x, values = x.reshape(-1, x.shape[-1]), values.reshape(-1, shape[-1])
    clipped, failed = clipped.reshape(-1, shape[-1]), failed.reshape(-1)
    base = torch.ones_like(x[:, :1]) if scale is None else scale.reshape(-1, 1)
    factor, repetition = 1.0, 0
    while not _is_last(factor, settings) and bool(failed.any()):
        rows = failed.nonzero().squeeze(-1)
        factor, repetition = factor * 2.0, repetition + 1
        worst_case = settings.bound_management == "IterativeWorstCase" and repetition == 1
        if worst_case and settings.noise_management != "AbsMaxNPSum":
            factor = 1.0
            alpha = input_scale(x[rows].detach(), settings, kind="AbsMaxNPSum")
            assert alpha is not None
            base = base.index_copy(0, rows, torch.where(alpha > 0, alpha, torch.ones_like(alpha)))
        part, part_clipped, part_failed = run(x[rows], base[rows] * factor, rows)
        assert part_clipped is not None
        assert part_failed is not None
        values = values.index_copy(0, rows, part)
        clipped = clipped.index_copy(0, rows, part_clipped)
        failed = failed.index_copy(0, rows, part_failed)
    return values.reshape(shape), clipped.reshape(shape)


def _is_last(factor: float, settings: MVMSettings) -> bool:
    if int(factor) > settings.max_bm_factor:
        return True
    return settings.inp_step > 0 and factor > settings.max_bm_res / settings.inp_step
