r"""Initial weights under which a network with Dale's law learns.

torch's default draws signed weights. Dale's law cuts the negative half off, so every cell adds up
some seventy positive inputs: all cells of a type then do nearly the same, and far from threshold.
The balanced initialisation keeps the law and avoids both:

- *Twins.* Types of one area start with the same input kernels and the same incoming synapses, so
  that channel :math:`k` of an inhibitory type at first follows channel :math:`k` of an excitatory
  type. The two synapses from such a pair have the weights :math:`m + g/2` and :math:`m - g/2`.
  What the pair sends is then the signed drive :math:`g`, as in a network without Dale's law; the
  mean :math:`m` cancels, as in balanced cortical networks.
- *Threshold.* Cells whose function is not zero at rest start below threshold, with input strong
  enough to cross it: activity is sparse in space, and the background is silent.
- *Plastic synapses.* Weights start at the size by which an optimizer changes them within some
  hundred steps. Gain that learning needs belongs into the readout (:func:`prepare_readout_`).

Reference:
    van Vreeswijk and Sompolinsky (1996), Chaos in neuronal networks with balanced excitatory and
    inhibitory activity.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea
    from bioplnn.models.spatially_embedded.fusion import Connection

# Found by training on handwritten digits for two epochs; neighbouring values do nearly as well.
_THRESHOLD = 3.0
_INPUT_NORM = 2.4
_SYNAPSE_MEAN = 0.15
_SYNAPSE_SPREAD = 0.3
_UNBALANCED_SUM = 1.0
_OUTPUT_BACKGROUND = 0.03
_LAST_OUTPUT = 0.3
_HIDDEN_GAIN = 64.0
_SCORE_GAIN = 0.06


@torch.no_grad()
def balance_(area: SpatiallyEmbeddedArea) -> None:
    """Draw balanced weights for every connection of an area, and set thresholds by its biases."""
    twins = _Twins()
    for c in area.connections:
        conv = area.conv(c.row, c.column)
        if conv.bias is not None:
            conv.bias.zero_()
        if c.column == area.num_neuron_types:
            weight = _to_output(conv.weight, area.row_class(c.row))
        elif area.row_class(c.row) == "hybrid":
            weight = twins.kernels(_key(area, c), conv.weight)
            if c.row <= area.use_feedback:
                weight = _INPUT_NORM * weight / weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        else:
            jitter = 0.5 * c.sign * twins.kernels(_key(area, c), conv.weight)
            mean = _mean_weight(area, c, conv.weight[0].numel())
            weight = (mean + jitter * (mean / _SYNAPSE_MEAN)).clamp(min=0)
        conv.weight.copy_(weight)
    for column in range(area.num_neuron_types):
        _set_threshold(area, column)


@torch.no_grad()
def prepare_readout_(area: SpatiallyEmbeddedArea, hidden: nn.Linear, scores: nn.Linear) -> None:
    """Give a readout the gain that lets the area behind it learn.

    Cells of an excitatory population share a large positive mean, and pooling leaves small
    differences between images on top of it. Hidden units start blind to the mean of all features,
    and see the differences amplified. Scores start near zero, so that first gradients are small.

    Args:
        area: The last area.
        hidden: First layer of the readout.
        scores: Last layer of the readout.
    """
    for c in area.connections:
        if c.column == area.num_neuron_types:
            area.conv(c.row, c.column).weight.mul_(_LAST_OUTPUT)
    hidden.weight.sub_(hidden.weight.mean(1, keepdim=True)).mul_(_HIDDEN_GAIN)
    scores.weight.mul_(_SCORE_GAIN)


class _Twins:
    """Kernels without mean that several types share, as far as they have channels."""

    def __init__(self) -> None:
        self._drawn: dict[Hashable, Tensor] = {}

    def kernels(self, key: Hashable, like: Tensor) -> Tensor:
        """Kernels of the shape of ``like``; the same for the same key, channel by channel."""
        channels = like.shape[0]
        drawn = self._drawn.get(key)
        missing = channels - (0 if drawn is None else drawn.shape[0])
        if missing > 0:
            new = torch.randn_like(like[:missing]) * _SYNAPSE_SPREAD
            if new[0].numel() > 1:
                new -= new.mean((1, 2, 3), keepdim=True)
            drawn = new if drawn is None else torch.cat([drawn, new])
            self._drawn[key] = drawn
        assert drawn is not None  # at least one channel was missing without it
        return drawn[:channels]


def _key(area: SpatiallyEmbeddedArea, c: Connection) -> Hashable:
    """Connections with the same key start alike: k-th type of a class with k-th of another."""
    first_cell = 1 + area.use_feedback
    source: Hashable = "external", c.row
    if c.row >= first_cell:
        name = area.row_class(c.row)
        source = name == "hybrid", _rank(area, c.row - first_cell)
    return source, _rank(area, c.column), area.conv(c.row, c.column).weight.shape[1:]


def _rank(area: SpatiallyEmbeddedArea, cell: int) -> int:
    return area.neuron_type_class[:cell].count(area.neuron_type_class[cell])


def _to_output(like: Tensor, source_class: str) -> Tensor:
    """Every output listens to one channel, the first of them at their own place."""
    channels, fan_in = like.shape[0], like[0].numel()
    if source_class == "hybrid":
        return torch.randn_like(like) / fan_in**0.5
    sources, height, width = like.shape[1:]
    weight = torch.rand_like(like) * _OUTPUT_BACKGROUND
    rows = torch.randint(height, (channels,), device=like.device)
    columns = torch.randint(width, (channels,), device=like.device)
    rows[:sources], columns[:sources] = height // 2, width // 2
    channel = torch.arange(channels, device=like.device)
    weight[channel, channel % sources, rows, columns] += 1.0
    return weight


def _mean_weight(area: SpatiallyEmbeddedArea, c: Connection, fan_in: int) -> float:
    """Mean weight of a connection, such that excitation and inhibition of a cell cancel."""
    fans = {1: 0, -1: 0}
    for other in area.connections:
        if other.column == c.column and area.row_class(other.row) != "hybrid":
            fans[other.sign] += area.conv(other.row, other.column).weight[0].numel()
    if not fans[-c.sign]:
        return _UNBALANCED_SUM / fan_in
    return _SYNAPSE_MEAN * min(1.0, fans[-c.sign] / fans[c.sign])


def _set_threshold(area: SpatiallyEmbeddedArea, column: int) -> None:
    """Let the bias of a hybrid source put resting cells below threshold."""
    first_cell = 1 + area.use_feedback
    threshold = _threshold(area, column)
    drive, free = 0.0, None
    for c in area.connections:
        if c.column != column:
            continue
        conv = area.conv(c.row, c.column)
        if area.row_class(c.row) == "hybrid" and conv.bias is not None and c.linear:
            free = conv.bias
        elif c.row >= first_cell and c.linear:
            function = area.neuron_type_nonlinearity[c.row - first_cell]
            below = -_threshold(area, c.row - first_cell)
            rest = function(conv.weight.new_full((1, area.row_channels(c.row), 1, 1), below))
            drive += c.sign * float(rest.mean()) * float(conv.weight[0].sum())
    if free is not None:
        free.fill_(-threshold - drive)


def _threshold(area: SpatiallyEmbeddedArea, cell: int) -> float:
    """How far below zero drive a type rests: only types that are active at zero drive."""
    zeros = area.tau[cell].new_zeros(1, area.num_neuron_subtypes[cell], 1, 1)
    return _THRESHOLD if float(area.neuron_type_nonlinearity[cell](zeros).mean()) > 0 else 0.0
