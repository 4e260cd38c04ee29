"""Reading and writing single columns or rows of devices inside a compound."""

from dataclasses import replace

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell, Region, UpdateContext
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import analog_mvm
from aihwkit.functional.pulses import pulse_blocks
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["read_slices", "slice_region", "write_slice"]


def slice_region(index: int, columns: bool) -> Region:
    """Return the region of one column or row."""
    part = slice(index, index + 1)
    return (slice(None), part) if columns else (part, slice(None))


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


def write_slice(
    cell: Cell,
    index: int,
    columns: bool,
    values: Tensor,
    lr: float,
    settings: UpdateSettings,
    context: UpdateContext,
) -> None:
    """Add `lr * values` to a column or row by pulses, with a unit vector on the other side.

    Args:
        cell: devices to write to.
        index: of the column or row.
        columns: whether a column is written.
        values: `[d]`, or `[x]` for a row.
        lr: learning rate of the writing.
        settings: of the pulses.
        context: of the update that the writing is part of.
    """
    error = -values.unsqueeze(0)
    one = torch.ones(1, 1, dtype=values.dtype, device=values.device)
    x, d = (one, error) if columns else (error, one)
    inner = replace(context, settings=settings, lr=abs(lr))
    region = slice_region(index, columns)
    for pulses in pulse_blocks(x, d, lr, cell.granularity, settings, context.generator):
        cell.apply(pulses, inner, region)
