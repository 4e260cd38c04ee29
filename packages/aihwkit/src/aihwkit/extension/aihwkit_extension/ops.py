"""The operators: rounding to small floating-point formats, and currents of resistive columns."""

import torch
from torch import Tensor

from aihwkit.functional.float_format import float_precision_cast
from aihwkit.functional.irdrop_t import thevenin_equivalent
from synaptensor.validation import check_integer, check_nonnegative, check_positive, check_shape

__all__ = ["float_precision_cast", "thevenin_equiv"]


def thevenin_equiv(
    x_input: Tensor,
    gp_values: Tensor,
    gm_values: Tensor,
    r_s: float,
    t_max: float,
    time_steps: int,
) -> Tensor:
    """Return the Thevenin equivalent of columns, cell by cell, at each time.

    Args:
        x_input: signed lengths of the pulses of the rows `[B, N]`, in the unit of `t_max`; row 0 is
            farthest from the reader.
        gp_values: conductances of the first devices of the pairs in microsiemens `[M, N]`.
        gm_values: conductances of the second devices in microsiemens `[M, N]`.
        r_s: resistance of the wire between two cells in ohm.
        t_max: time of the last point, in any unit.
        time_steps: number of time points, the first at time 0.

    Returns:
        Voltages in volt and resistances in megaohm, `[2, B, M, time_steps]`.

    Raises:
        ValueError: if shapes do not fit, or a number is out of range.
    """
    check_shape("x_input", x_input, (None, None))
    rows = x_input.shape[1]
    check_shape("gp_values", gp_values, (None, rows))
    check_shape("gm_values", gm_values, tuple(gp_values.shape))
    check_nonnegative("r_s", r_s)
    check_positive("t_max", t_max)
    check_integer("time_steps", time_steps, minimum=2)
    # In units of whole steps the comparison of lengths and times has no rounding of its own.
    last = float(time_steps - 1)
    voltage, resistance = thevenin_equivalent(
        x_input / t_max * last,
        gp_values.t(),
        gm_values.t(),
        time_steps,
        t_max=last,
        segments=rows,
        r_s=r_s,
    )
    return torch.stack([voltage, resistance.expand_as(voltage)])
