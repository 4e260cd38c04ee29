"""A cortical area read out by spiking neurons, trained as one network.

The area's activity, one map a step, flows into leaky neurons as a current; the neuron that fires
most often names the digit. Surrogate gradients carry the error through the spikes into the area.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bioplnn.models import SpatiallyEmbeddedRNN
from inferno import neural

STEPS = 8


# --8<-- [start:build]
class SpikingReadout(nn.Module):
    """Leaky neurons, one for each class, that take currents of real size.

    Args:
        features: number of currents.
        classes: number of neurons.
        batch_size: number of samples at first; it follows the currents.
    """

    def __init__(self, features: int, classes: int, batch_size: int = 1) -> None:
        super().__init__()
        connection = neural.LinearDense(
            features, classes, 1.0,
            synapse=neural.DeltaPlusCurrent.partialconstructor(1.0),
            weight_init=lambda w: torch.randn_like(w) * (8.0 / features**0.5),
            batch_size=batch_size,
        )  # fmt: skip
        neuron = neural.LIF(
            classes, 1.0, rest_v=-60.0, reset_v=-60.0, thresh_v=-50.0, refrac_t=0.0,
            time_constant=5.0, resistance=10.0, batch_size=batch_size,
        )  # fmt: skip
        self.layer = neural.Serial(connection, neuron)
        self.requires_grad_()
        neural.surrogate_gradients(self, neural.FastSigmoid(5.0))

    def forward(self, currents: Tensor) -> Tensor:
        """Count the spikes ``[B, classes]`` that currents ``[T, B, features]`` cause."""
        self.layer.connection.batchsz = self.layer.neuron.batchsz = currents.shape[1]
        silence = torch.zeros(currents.shape[1:], dtype=torch.bool)
        spikes = [self.layer(silence, current) for current in currents]
        self.layer.clear()
        return torch.stack(spikes).sum(0)


class SpikingClassifier(nn.Module):
    """One area of excitatory and inhibitory cells, and spiking neurons that read it.

    Args:
        size: height and width of the images.
        subtypes: channels of either cell type.
        batch_size: number of images at first.
    """

    def __init__(self, size: int = 14, subtypes: int = 8, batch_size: int = 1) -> None:
        super().__init__()
        area = {
            "num_neuron_types": 2,
            "num_neuron_subtypes": [subtypes, subtypes],
            "neuron_type_class": ["excitatory", "inhibitory"],
            "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]],
            "in_size": [size, size],
            "in_channels": 1,
            "out_channels": 2 * subtypes,
        }
        self.area = SpatiallyEmbeddedRNN(num_areas=1, area_kwargs=[area], batch_first=False)
        self.readout = SpikingReadout(2 * subtypes * 9, 10, batch_size)

    def forward(self, images: Tensor) -> Tensor:
        """Count the spikes ``[B, 10]`` that images ``[B, 1, H, W]`` cause."""
        outs, _, _ = self.area(images, num_steps=STEPS)
        pooled = F.adaptive_max_pool2d(outs[0].flatten(0, 1), 3)
        return self.readout(pooled.flatten(1).unflatten(0, (STEPS, -1)))


# --8<-- [end:build]


def train_step(model: nn.Module, optimizer, images: Tensor, labels: Tensor) -> float:
    """Learn from one batch of images ``[B, 1, H, W]``."""
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of images that are named rightly."""
    counts = torch.cat([model(part) for part in images.split(250)])
    return float((counts.argmax(1) == labels).float().mean())
