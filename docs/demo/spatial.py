"""Part 2: one cortical area of excitatory and inhibitory cells, trained by gradient descent."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import torch
from digits import Digits, batches
from matplotlib.figure import Figure
from report import Picture, Section
from torch import Tensor, nn
from tqdm import tqdm

from bioplnn.models import SpatiallyEmbeddedClassifier

EPOCHS, STEPS = 6, 5


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


@torch.no_grad()
def test(model: SpatiallyEmbeddedClassifier, images: Tensor, labels: Tensor) -> float:
    """Share of the images that the network reads correctly."""
    model.eval()
    predicted = torch.cat([model(part, num_steps=STEPS).argmax(1) for part in images.split(200)])
    return float((predicted == labels).float().mean())


def draw_activity(model: SpatiallyEmbeddedClassifier, image: Tensor) -> Figure:
    """Mean activity of each cell type over the steps, beside the image `[1, 28, 28]`."""
    activity = model.activity(image[None], num_steps=STEPS)
    figure, axes = plt.subplots(
        len(activity), STEPS + 1, figsize=(10, 3.6), layout="constrained", squeeze=False
    )
    for row, (name, states) in zip(axes, activity.items(), strict=True):
        maps = states[0].mean(1).numpy()  # over the subtypes: one map a step
        row[0].imshow(image[0].numpy(), "gray")
        row[0].set_ylabel(name)
        for step, (axis, values) in enumerate(zip(row[1:], maps, strict=True), start=1):
            axis.imshow(values, "magma", vmin=maps.min(), vmax=maps.max())
            axis.set_title(f"step {step}", fontsize=9)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    return figure


def draw_accuracy(accuracy: list[float], test_accuracy: float) -> Figure:
    """Accuracy of each batch with its running mean."""
    figure, axis = plt.subplots(figsize=(10, 2.8), layout="constrained")
    values = torch.tensor(accuracy)
    smooth = values.unfold(0, min(10, len(values)), 1).mean(1)
    axis.plot(values, color="#c8d0d8", linewidth=0.7, label="each batch")
    axis.plot(range(len(values) - len(smooth), len(values)), smooth, "#1f6f8b", label="mean of ten")
    axis.axhline(test_accuracy, color="#d1495b", linestyle=":", label="test digits")
    axis.set(xlabel="batch of a hundred digits", ylabel="accuracy", ylim=(0, 1.02))
    axis.legend(frameon=False, loc="lower right")
    return figure


def run(digits: Digits) -> Section:
    """Train the area and describe how it answers."""
    mean, deviation = 0.1307, 0.3081  # of the whole training set
    images = (digits.train_images.unsqueeze(1) - mean) / deviation
    test_images = (digits.test_images.unsqueeze(1) - mean) / deviation
    model = build()
    accuracy = train(model, images, digits.train_labels, EPOCHS)
    test_accuracy = test(model, test_images, digits.test_labels)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Section(
        package="bioplnn",
        title="a cortical area that obeys Dale's law learns to read",
        lead="Sixteen excitatory and sixteen inhibitory channels on a sheet of 28 by 28 cells, "
        "five steps of recurrent dynamics, gradient descent. No synapse changes its sign.",
        program=inspect.getsource(build) + "\n\n" + inspect.getsource(train),
        results={
            "test accuracy": f"{test_accuracy:.1%}",
            "accuracy in the last ten batches": f"{sum(accuracy[-10:]) / 10:.1%}",
            "parameters": f"{parameters:,}",
        },
        pictures=[
            Picture.of(
                draw_activity(model, test_images[0]),
                "One test digit and the mean activity of both cell types as the steps go by.",
            ),
            Picture.of(
                draw_accuracy(accuracy, test_accuracy),
                "Accuracy on each training batch before the network learns from it.",
            ),
        ],
    )
