r"""Initial weights under which a network with Dale's law learns.

torch's default draws signed weights. Dale's law cuts the negative half off, so every cell adds up
some seventy positive inputs: all cells of a type then do nearly the same, and far from threshold.
The balanced initialisation keeps the law and avoids both. Every cell gets only a few synapses from
each excitatory or inhibitory type, so that cells differ; the synapses of a type add up to one
number, so that excitation and inhibition cancel at rest, as in balanced cortical networks.

Reference:
    van Vreeswijk and Sompolinsky (1996), Chaos in neuronal networks with balanced excitatory and
    inhibitory activity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea

# Synapses of one cell from one type, and what their weights add up to. With a logistic function of
# slope 1/4 and activities around 1/2 this puts a network at the edge between fading and chaotic.
_SYNAPSES = 4
_RECURRENT_SUM = 8.0
_OUTPUT_SUM = 16.0
_INPUT_GAIN = 2.0


@torch.no_grad()
def balance_(area: SpatiallyEmbeddedArea) -> None:
    """Draw balanced weights for every connection of an area.

    Sources with a sign: ``_SYNAPSES`` entries of every kernel, uniform within a factor of three and
    normalised to a fixed sum. Hybrid sources: normal, with variance ``gain^2 / fan_in``. All biases
    are zero, except that a hybrid source takes over what excitation and inhibition leave over at
    rest.
    """
    for connection in area.connections:
        conv = area.conv(connection.row, connection.column)
        if conv.bias is not None:
            conv.bias.zero_()
        if area.row_class(connection.row) == "hybrid":
            fan_in = conv.weight[0].numel()
            conv.weight.normal_(0.0, _INPUT_GAIN / fan_in**0.5)
        else:
            to_output = connection.column == area.num_neuron_types
            total = _OUTPUT_SUM if to_output else _RECURRENT_SUM
            conv.weight.copy_(sparse_positive(conv.weight, _SYNAPSES, total))
    for column in range(area.num_neuron_types):
        _cancel_at_rest(area, column)


def sparse_positive(like: Tensor, synapses: int, total: float) -> Tensor:
    """Draw positive kernels with few nonzero entries and a fixed sum per output channel.

    Args:
        like: Kernel ``(C_out, C_in, kh, kw)`` of the shape wanted.
        synapses: Nonzero entries per output channel.
        total: Their sum.
    """
    channels, fan_in = like.shape[0], like[0].numel()
    count = min(synapses, fan_in)
    places = torch.rand(channels, fan_in, device=like.device).argsort(1)[:, :count]
    sizes = 0.5 + torch.rand(channels, count, device=like.device, dtype=like.dtype)
    sizes *= total / sizes.sum(1, keepdim=True)
    flat = torch.zeros(channels, fan_in, device=like.device, dtype=like.dtype)
    return flat.scatter_(1, places, sizes).view_as(like)


def _cancel_at_rest(area: SpatiallyEmbeddedArea, column: int) -> None:
    """Let the bias of a hybrid source cancel the drive of all cells at their resting activity."""
    first_cell = 1 + area.use_feedback
    drive, free = 0.0, None
    for c in area.connections:
        if c.column != column:
            continue
        bias = area.conv(c.row, c.column).bias
        if area.row_class(c.row) == "hybrid" and bias is not None and c.linear:
            free = bias
        elif c.row >= first_cell:
            function = area.neuron_type_nonlinearity[c.row - first_cell]
            channels = torch.zeros(1, area.row_channels(c.row), 1, 1)
            rest = function(channels).mean().item()
            drive += c.sign * _RECURRENT_SUM * rest
    if free is not None:
        free.fill_(-drive)
