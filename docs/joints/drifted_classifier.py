"""A cortical area that classifies digits, deployed on drifting memory.

Every connection of the area is a convolution of nonnegative weights with a sign of its own. The
conversion puts each of them on crossbars: conductances are nonnegative, too, so the sign stays
where it was, in the wiring.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.simulator.configs import InferenceRPUConfig
from bioplnn.models import SpatiallyEmbeddedClassifier
from bioplnn.models.spatially_embedded.conv import Conv2dRectify

STEPS = 4


# --8<-- [start:build]
def build(size: int = 14, subtypes: int = 8) -> SpatiallyEmbeddedClassifier:
    """Build one area of excitatory and inhibitory cells, and a readout."""
    area = {
        "num_neuron_types": 2,
        "num_neuron_subtypes": [subtypes, subtypes],
        "neuron_type_class": ["excitatory", "inhibitory"],
        # rows send (input, E, I), columns receive (E, I, output)
        "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]],
        "in_size": [size, size],
        "in_channels": 1,
        "out_channels": 2 * subtypes,
    }
    return SpatiallyEmbeddedClassifier(
        rnn_kwargs={"num_areas": 1, "area_kwargs": [area]},
        num_classes=10, pool_size_classifier=(2, 2), fc_dim=64, dropout=0.1,
    )  # fmt: skip


ANALOG = {nn.Linear: AnalogLinear, nn.Conv2d: AnalogConv2d, Conv2dRectify: AnalogConv2d}


def deploy(model: SpatiallyEmbeddedClassifier, compensated: bool = True):
    """Put all weights of a trained classifier on phase-change memory."""
    model.rnn.project()
    config = InferenceRPUConfig(
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation() if compensated else None,
    )
    return convert_to_analog(model, config, conversion_map=ANALOG).eval()


# --8<-- [end:build]


# --8<-- [start:train]
def train_step(model: nn.Module, optimizer, images: Tensor, labels: Tensor) -> float:
    """Learn from one batch of images ``[B, 1, H, W]``."""
    loss = F.cross_entropy(model(images, num_steps=STEPS), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of images that are named rightly."""
    scores = [model(part, num_steps=STEPS) for part in images.split(250)]
    return float((torch.cat(scores).argmax(1) == labels).float().mean())


def accuracy_over_time(model, times: list[float], images: Tensor, labels: Tensor) -> list[float]:
    """Program the crossbars, and classify after each of some times in seconds."""
    model.program_analog_weights()
    found = []
    for seconds in times:
        model.drift_analog_weights(seconds)
        found.append(accuracy(model, images, labels))
    return found


# --8<-- [end:train]
