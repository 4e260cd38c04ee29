"""Part 2: one cortical area of excitatory and inhibitory cells, trained by gradient descent."""

import numpy as np
import torch
from digits import batches
from torch import Tensor, nn
from tqdm import tqdm

from bioplnn.models import SpatiallyEmbeddedClassifier

EPOCHS, STEPS = 3, 5


def build() -> SpatiallyEmbeddedClassifier:
    """Sixteen excitatory and sixteen inhibitory channels on a sheet of 28 by 28."""
    return SpatiallyEmbeddedClassifier(
        rnn_kwargs={
            "num_areas": 1,
            "area_kwargs": [
                {
                    "num_neuron_types": 2,
                    "num_neuron_subtypes": np.array([16, 16]),
                    "neuron_type_class": np.array(["excitatory", "inhibitory"]),
                    "inter_neuron_type_connectivity": np.array([[1, 1, 0], [1, 1, 1], [1, 1, 0]]),
                    "in_size": [28, 28],
                    "in_channels": 1,
                    "out_channels": 32,
                },
            ],
        },
        num_classes=10,
        fc_dim=256,
        dropout=0.5,
    )


def train(
    model: SpatiallyEmbeddedClassifier, images: Tensor, labels: Tensor, epochs: int
) -> list[float]:
    """Train on images `[N, 1, 28, 28]` and return the accuracy of each batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    order = torch.Generator().manual_seed(0)
    steps = [pick for _ in range(epochs) for pick in batches(len(images), 100, order)]
    accuracy = []
    model.train()
    for pick in tqdm(steps, desc="bioplnn", unit="batch"):
        logits = model(images[pick], num_steps=STEPS)
        loss = criterion(logits, labels[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        accuracy.append((logits.argmax(1) == labels[pick]).float().mean().item())
    return accuracy
