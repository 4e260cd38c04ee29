"""Spike-timing dependent plasticity whose synapses are memristive devices.

The connection is one of inferno's, so every trainer, bound and normalisation works on it. Its
weights are the states of an aihwkit crossbar: currents are read through it, and what a rule asks
for arrives as pulses, as many as the devices need on average.
"""

import math

import torch
from torch import Tensor

from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import SingleRPUConfig
from inferno import functional, learn, neural

STEP = 1.0  # ms


# --8<-- [start:connection]
class MemristiveDense(neural.LinearDense):
    """All-to-all connection whose weights live on the devices of a crossbar.

    Assigning `weight` sends pulses for the difference to what the devices hold, in as many trains
    as it takes at their mean step; where they end up is up to them.

    Args:
        inputs: number of inputs.
        outputs: number of outputs.
        device: what stores a weight.
        **kwargs: arguments of `LinearDense`.
    """

    def __init__(self, inputs: int, outputs: int, device, **kwargs) -> None:
        super().__init__(inputs, outputs, STEP, **kwargs)
        config = SingleRPUConfig(device=device)
        crossbar = AnalogLinear(inputs, outputs, bias=False, rpu_config=config)
        crossbar.set_weights(self._parameters.pop("weight_").data)
        self.crossbar = crossbar.requires_grad_(False)
        self.reach = config.update.desired_bl * getattr(device, "dw_min", math.inf)

    @property
    def weight(self) -> Tensor:
        """Weights as a sense amplifier with infinite precision would see them."""
        if "crossbar" not in self._modules:  # while the connection is being built
            return super().weight
        return self.crossbar.get_weights()[0]

    @weight.setter
    def weight(self, value: Tensor) -> None:
        if "crossbar" not in self._modules:
            neural.LinearDense.weight.fset(self, value)
            return
        change = value - self.weight
        trains = max(1, math.ceil(float(change.abs().max()) / self.reach))
        tile = self.crossbar.analog_module
        tile.set_learning_rate(1.0)
        for _ in range(trains):
            # One line at a time: its pulses meet those of the outputs that shall change.
            tile.update(torch.eye(change.shape[1]), -change.t() / trains)

    def forward(self, *inputs: Tensor, **kwargs) -> Tensor:
        """Advance the synapses, and send their currents through the crossbar."""
        return self.crossbar(self.synapse(*(x.flatten(1) for x in inputs), **kwargs))


# --8<-- [end:connection]


# --8<-- [start:network]
class Listener:
    """Leaky neurons that learn which of their inputs arrive together.

    Args:
        inputs: number of inputs.
        outputs: number of neurons.
        device: what stores a weight; `None` for memory without noise.
    """

    def __init__(self, inputs: int, outputs: int, device=None) -> None:
        options = {
            "synapse": neural.DeltaCurrent.partialconstructor(90.0),
            "weight_init": lambda w: torch.full_like(w, 0.25),
        }
        if device is None:
            connection = neural.LinearDense(inputs, outputs, STEP, **options)
        else:
            connection = MemristiveDense(inputs, outputs, device, **options)
        connection.updater = connection.defaultupdater()
        connection.updater.weight.upperbound(functional.bound_upper_sharp, 0.5)
        connection.updater.weight.lowerbound(functional.bound_lower_sharp, 0.0)
        neuron = neural.LIF(
            outputs, STEP, rest_v=-60.0, reset_v=-60.0, thresh_v=-50.0, refrac_t=3.0,
            time_constant=10.0, resistance=0.1,
        )  # fmt: skip
        self.layer = neural.Serial(connection, neuron)
        self.trainer = learn.STDP(0.03, -0.036, 20.0, 20.0, step_time=STEP)
        self.trainer.register_cell("listener", self.layer.cell)

    @property
    def weight(self) -> Tensor:
        """Weights ``[outputs, inputs]``."""
        return self.layer.connection.weight

    def listen(self, spikes: Tensor) -> float:
        """Learn from spikes ``[T, 1, inputs]``; return the mean rate of the neurons in Hz."""
        fired = 0.0
        for x in spikes:
            fired += float(self.layer(x).sum())
            self.trainer()
            self.layer.connection.update()
        return 1000 * fired / (len(spikes) * STEP * self.weight.shape[0])


# --8<-- [end:network]


def volleys(steps: int, inputs: int, rate: float = 20.0, jitter: float = 2.0) -> Tensor:
    """Poisson spikes ``[T, 1, inputs]``, where those of the first half come in volleys.

    Args:
        steps: number of steps T.
        inputs: number of inputs.
        rate: spikes of each input, and volleys, in Hz.
        jitter: standard deviation of the times within a volley, in ms.
    """
    p = rate * STEP / 1000
    spikes = torch.rand(steps, inputs) < p
    times = (torch.rand(steps) < p).nonzero()
    together = inputs // 2
    moved = (times + jitter / STEP * torch.randn(len(times), together)).round().long()
    spikes[:, :together] = False
    spikes[moved.clamp(0, steps - 1), torch.arange(together)] = True
    return spikes.unsqueeze(1)
