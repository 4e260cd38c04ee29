"""Reading and writing columns or rows of devices inside a compound."""

from dataclasses import replace

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell, Region, UpdateContext
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import analog_mvm
from aihwkit.functional.pulse_counts import PulseCounts
from aihwkit.functional.pulses import Pulses, pulse_blocks
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["is_read_alone", "read_alone", "read_slices", "write_slices"]


def is_read_alone(settings: MVMSettings, lines: LineParameters) -> bool:
    """Tell whether reading a slice depends on no other slice and not on its place."""
    crosstalk = settings.inp_noise > 0 or settings.ir_drop > 0
    return not crosstalk and lines.w_asymmetry is None


def read_alone(
    values: Tensor, settings: MVMSettings, lines: LineParameters, generator: torch.Generator
) -> Tensor:
    """Read slices by analog products with unit vectors, each on its own.

    Args:
        values: weights of the slices, `[slices, n]`.
        settings: of the analog product.
        lines: its per-line parameters.
        generator: source of the noise.
    """
    one = values.new_ones(values.shape[0], 1)
    return analog_mvm(values.unsqueeze(2), one, settings, lines, generator=generator).values


def read_slices(
    weight: Tensor,
    slices: Tensor,
    columns: bool,
    settings: MVMSettings,
    lines: LineParameters,
    generator: torch.Generator,
) -> Tensor:
    """Read columns or rows by analog products with unit vectors.

    Args:
        weight: `[d, x]`.
        slices: indices of the columns or rows.
        columns: whether columns are read.
        settings: of the analog product.
        lines: its per-line parameters.
        generator: source of the noise.

    Returns:
        `[n_slices, d]`, or `[n_slices, x]` for rows.
    """
    n_in = weight.shape[1] if columns else weight.shape[0]
    unit = torch.zeros(slices.numel(), n_in, dtype=weight.dtype, device=weight.device)
    unit.scatter_(1, slices.unsqueeze(1), 1.0)
    return analog_mvm(
        weight, unit, settings, lines, transposed=not columns, generator=generator
    ).values


def write_slices(
    cell: Cell,
    index: Tensor,
    columns: bool,
    values: Tensor,
    lr: float,
    settings: UpdateSettings,
    context: UpdateContext,
) -> None:
    """Add `lr * values` to columns or rows by pulses, with a unit vector on the other side.

    Args:
        cell: devices to write to.
        index: of the columns or rows, all different, `[slices]`.
        columns: whether columns are written.
        values: `[slices, d]`, or `[slices, x]` for rows; slices of zeros get nothing.
        lr: learning rate of the writing.
        settings: of the pulses.
        context: of the update that the writing is part of.
    """
    if index.numel() == 0:
        return
    inner = replace(context, settings=settings, lr=abs(lr))
    generator = context.generator
    if not cell.takes_slices_at_once or settings.pulse_type in ("None", "NoneWithDevice"):
        for place in values.any(dim=1).nonzero().view(-1).tolist():
            x, d = _vectors(values[place : place + 1], columns)
            for block in pulse_blocks(x, d, lr, cell.granularity, settings, generator):
                cell.apply(block, inner, _region(index[place : place + 1], columns))
    else:
        x, d = _vectors(values, columns)
        blocks = list(pulse_blocks(x, d, lr, cell.granularity, settings, generator))
        signed = torch.cat([b.several(slice(None)) for b in blocks if isinstance(b, Pulses)])
        counts = signed.squeeze(2).t().contiguous() if columns else signed.squeeze(1)
        cell.apply(PulseCounts(counts), inner, _region(index, columns))


def _region(index: Tensor, columns: bool) -> Region:
    return (slice(None), index) if columns else (index, slice(None))


def _vectors(values: Tensor, columns: bool) -> tuple[Tensor, Tensor]:
    """Return inputs and gradients that write slices, with a one on the other side."""
    one = values.new_ones(values.shape[0], 1)
    return (one, -values) if columns else (-values, one)
