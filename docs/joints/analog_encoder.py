"""A similarity-matching circuit whose encoder is an analog crossbar.

The circuit's rule for the encoder is Hebbian growth and decay,

    W <- W + (4 lr / C) (mean(y x^T) - W).

On a crossbar the first term arrives as pulses. The second needs no circuit at all: devices leak.
A device that loses the share ``1 / lifetime`` of its weight in every step, with

    lifetime = C / (4 lr),

is the penalty on the weights, so the loss is computed without one.
"""

import torch
from torch import Tensor, nn

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import SingleRPUConfig
from pynsm import SimilarityMatching

LEARNING_RATE = 0.05


# --8<-- [start:build]
def build_digital(inputs: int, channels: int) -> SimilarityMatching:
    """Build the circuit with weights in memory and a penalty on them."""
    encoder = nn.Linear(inputs, channels, bias=False)
    return SimilarityMatching(encoder, channels, iteration_projection=nn.ReLU())


def build_analog(inputs: int, channels: int, device) -> SimilarityMatching:
    """Build the same circuit with its weights on devices, whose leak is the penalty."""
    start = nn.Linear(inputs, channels, bias=False).weight
    device.lifetime = channels / (4 * LEARNING_RATE)
    encoder = AnalogLinear(inputs, channels, bias=False, rpu_config=SingleRPUConfig(device=device))
    encoder.set_weights(start.detach())
    return SimilarityMatching(
        encoder, channels, regularization="none", iteration_projection=nn.ReLU()
    )


# --8<-- [end:build]


# --8<-- [start:train]
def optimizer_of(model: SimilarityMatching) -> AnalogSGD:
    """An optimizer for the lateral weights and, by pulses, for the crossbar."""
    return AnalogSGD(model.parameters(), lr=LEARNING_RATE)


def train(model: SimilarityMatching, optimizer: AnalogSGD, batches) -> list[float]:
    """Learn from batches ``[B, inputs]`` without labels; return the losses."""
    return [float(model.training_step(optimizer, x)[1]) for x in batches]


# --8<-- [end:train]


def alignment(model: SimilarityMatching, images: Tensor) -> float:
    """Correlation of the similarities among outputs with those among inputs."""
    x, y = (nn.functional.normalize(v, dim=1) for v in (images, model(images)))
    pairs = torch.triu_indices(len(x), len(x), offset=1).unbind()
    grams = torch.stack([(x @ x.T)[pairs], (y @ y.T)[pairs]])
    return float(torch.corrcoef(grams)[0, 1])
