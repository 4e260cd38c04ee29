r"""Pulse-width modulated products of a crossbar with resistive wires, in closed form.

Every cell drives its column with 0.6, 0.2 or 0.4 V, depending on whether the input's pulse is on,
and with which sign. Its conductance is the same in all three cases, so the resistances of the
Thevenin equivalent of a column depend neither on time nor on the inputs, and the voltage is linear
in the pulses. The charge of a column is then one matrix product,

.. math::
    q_o = \frac{1}{R_o} \Big( (0.4 - v_{read}) \sum_u w_u
          + 0.2 \sum_i F_i\, \frac{c_{s(i) o}}{G_{s(i) o}} (g^+_{io} - g^-_{io}) \Big),

with the pulse lengths :math:`F_i = \mathrm{sign}(x_i) \sum_u w_u [t_u < |x_i|]`, the weights
:math:`w_u` of the integration over time, and the share :math:`c_{so}` of segment :math:`s` in the
Thevenin voltage of column :math:`o`.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = [
    "ColumnEquivalent",
    "TimeAxis",
    "adc_quantized",
    "column_equivalent",
    "pulse_lengths",
    "thevenin_equivalent",
]

V_PLUS, V_MINUS, V_MID = 0.6, 0.2, 0.4
V_SWING = 0.2
_MIN_CONDUCTANCE = 1e-12
_MEGAOHM = 1e-6
_ADC_STEP = 100.0


class TimeAxis(NamedTuple):
    """Time points of the integration, in units of one step of the input.

    Attributes:
        duration: time of the last point.
        points: number of points, the first at time 0.
        trapezoid: integrate by the trapezoid rule, with the first point taken twice, instead of
            by a sum.
    """

    duration: float
    points: int
    trapezoid: bool

    def weights(self, like: Tensor) -> Tensor:
        """Return the weight of each point in the integral, `[points]`."""
        weights = torch.ones(self.points, dtype=like.dtype, device=like.device)
        if self.trapezoid:
            weights[0] += 0.5
            weights[-1] -= 0.5
        return weights


def pulse_lengths(steps: Tensor, axis: TimeAxis) -> tuple[Tensor, float]:
    """Return how long the pulses of inputs are on, as the integration sees it, and the total time.

    Args:
        steps: inputs in units of one step, any shape.
        axis: time points.

    Returns:
        Signed lengths; gradients pass as if they were `steps`.
    """
    detached = steps.detach()
    times = torch.linspace(0.0, axis.duration, axis.points, dtype=detached.dtype)
    weights = axis.weights(detached)
    total = torch.cat([weights.new_zeros(1), weights.cumsum(0)])
    # A tolerance of a thousandth step keeps rounding from adding a time point.
    magnitude = (detached.abs() - 1e-3).contiguous()
    count = torch.searchsorted(times.to(detached.device), magnitude, right=False)
    lengths = total[count] * detached.sign()
    return steps + (lengths - detached), float(total[-1])


class ColumnEquivalent(NamedTuple):
    """Thevenin equivalent of the columns of a pair of conductance matrices.

    Attributes:
        share: contribution of a cell's pulse to the voltage of its column, `[rows, columns]`.
        resistance: of the columns, `[columns]`, in megaohm.
    """

    share: Tensor
    resistance: Tensor

    def charge(self, lengths: Tensor, total: float, v_read: float) -> Tensor:
        """Return the charge of the columns `[..., columns]` for pulses `[..., rows]`."""
        gain = (self.share * (V_SWING / self.resistance)).to(lengths.dtype)
        offset = ((V_MID - v_read) * total / self.resistance).to(lengths.dtype)
        return lengths @ gain + offset


def column_equivalent(
    g_plus: Tensor, g_minus: Tensor, segments: int, wire: float
) -> ColumnEquivalent:
    """Collapse the resistor network of each column.

    Args:
        g_plus: conductances `[rows, columns]` in microsiemens; row 0 is farthest from the reader.
        g_minus: conductances of the other device of the pairs.
        segments: number of segments; within one the wire has no resistance.
        wire: resistance of the wire between two cells in ohm.
    """
    rows, columns = g_plus.shape
    length = rows // segments
    plus, minus = g_plus.double(), g_minus.double()
    conductance = (plus + minus).view(segments, length, columns).sum(dim=1) + _MIN_CONDUCTANCE
    between = _MEGAOHM * wire * length
    resistance = 1.0 / conductance[0]
    own, kept = torch.ones_like(conductance), torch.ones_like(conductance)
    for s in range(1, segments):
        upstream = resistance + between
        kept[s] = 1.0 / (1.0 + upstream * conductance[s])
        own[s] = 1.0 - kept[s]
        resistance = upstream * kept[s]
    # What a segment contributes passes all segments between it and the reader.
    passed = kept.flip(0).cumprod(0).flip(0)
    share = own
    share[:-1] = share[:-1] * passed[1:]
    per_cell = (share / conductance).repeat_interleave(length, dim=0)
    return ColumnEquivalent(per_cell * (plus - minus), resistance + 0.5 * between)


def adc_quantized(charge: Tensor, frequency: float) -> Tensor:
    """Count the charge with an oscillator of a frequency in GHz; gradients pass unchanged."""
    counted = torch.trunc(charge.detach() / _ADC_STEP * frequency) * (_ADC_STEP / frequency)
    return charge + (counted - charge.detach())


def thevenin_equivalent(
    x: Tensor,
    g_plus: Tensor,
    g_minus: Tensor,
    time_steps: int,
    t_max: float = 1.0,
    segments: int = 8,
    r_s: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """Return voltage and resistance of each column at each time: the definition, step by step.

    Args:
        x: inputs `[batch, rows]`.
        g_plus: conductances `[rows, columns]` in microsiemens; row 0 is farthest from the reader.
        g_minus: conductances of the other device of the pairs.
        time_steps: number of time points.
        t_max: time of the last point.
        segments: number of segments of a column.
        r_s: resistance of the wire between two cells in ohm.

    Returns:
        Voltage in volt and resistance in megaohm, `[batch, columns, time_steps]`.
    """
    times = torch.linspace(0.0, t_max, time_steps, dtype=x.dtype, device=x.device)
    rows = x.shape[1]
    length = rows // segments
    on = (x.unsqueeze(-1) > times).to(x.dtype)
    inverse = (x.unsqueeze(-1) < -times).to(x.dtype)
    wire = _MEGAOHM * r_s * length
    voltage = resistance = torch.empty(0)
    for s in range(segments):
        part = slice(s * length, (s + 1) * length)
        plus, minus = g_plus[part], g_minus[part]
        high = torch.einsum("bit,io->bot", on[:, part], plus)
        high = high + torch.einsum("bit,io->bot", inverse[:, part], minus)
        low = torch.einsum("bit,io->bot", on[:, part], minus)
        low = low + torch.einsum("bit,io->bot", inverse[:, part], plus)
        middle = (plus + minus).sum(dim=0).view(1, -1, 1) - high - low
        g = high + low + middle + _MIN_CONDUCTANCE
        v = (V_PLUS * high + V_MINUS * low + V_MID * middle) / g
        if s == 0:
            voltage, resistance = v, 1.0 / g
            continue
        r1, r2 = resistance + wire, 1.0 / g
        resistance = r1 * r2 / (r1 + r2)
        voltage = (voltage / r1 + v / r2) * resistance
    return voltage, resistance + 0.5 * wire


def pcm_read_noise_terms(mean_steps: float) -> tuple[float, float]:
    """Return slope and offset (in microsiemens) of read noise for a mean pulse length in steps."""
    u = math.log10(mean_steps)
    slope = (0.02578764, -0.0146159, 0.00655714, -0.00187352, 0.00021926)
    offset = (1.17763144e-07, -6.77079241e-08, 3.07015063e-08, -9.08576764e-09, 1.11906167e-09)
    return (
        sum(c * u**k for k, c in enumerate(slope)),
        1e6 * sum(c * u**k for k, c in enumerate(offset)),
    )
