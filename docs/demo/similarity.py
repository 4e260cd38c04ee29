"""Part 1: a non-negative similarity-matching circuit."""

import inspect

import matplotlib.pyplot as plt
import torch
from digits import Digits, batches
from matplotlib.figure import Figure
from report import Picture, Section
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from tqdm import tqdm

from pynsm import SimilarityMatching

EPOCHS = 15


def build() -> SimilarityMatching:
    """Fifty outputs that compete for the digits."""
    encoder = nn.Linear(784, 50)
    return SimilarityMatching(encoder, out_channels=50, iteration_projection=nn.ReLU())


def train(model: SimilarityMatching, images: Tensor, epochs: int) -> list[float]:
    """Train on images `[N, 784]` without labels and return the loss of each batch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    order = torch.Generator().manual_seed(0)
    losses = []
    for _ in tqdm(range(epochs), desc="pynsm", unit="epoch"):
        for pick in batches(len(images), 100, order):
            x = images[pick]
            out = model(x)
            loss = model.loss(x, out)

            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def read_out(model: SimilarityMatching, digits: Digits) -> float:
    """Test accuracy of a linear classifier on the circuit's outputs."""
    train, test = (
        model(images.flatten(1)).numpy() for images in (digits.train_images, digits.test_images)
    )
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    probe.fit(train, digits.train_labels.numpy())
    return float(probe.score(test, digits.test_labels.numpy()))


def draw_filters(model: SimilarityMatching, losses: list[float]) -> Figure:
    """Learned filters beside the loss."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.6), width_ratios=(2, 1), layout="constrained"
    )
    filters = model.encoder.weight.detach().reshape(5, 10, 28, 28)
    limit = float(filters.abs().quantile(0.995))
    left.imshow(
        filters.permute(0, 2, 1, 3).reshape(140, 280).numpy(), "RdBu_r", vmin=-limit, vmax=limit
    )
    left.set_axis_off()
    left.set_title("learned filters")
    right.plot(losses, color="#1f6f8b", linewidth=0.8)
    right.set(xlabel="batch", title="similarity-matching loss")
    return figure


def draw_similarity(model: SimilarityMatching, digits: Digits) -> Figure:
    """Gram matrices of inputs and outputs, digits in order."""
    pick = torch.cat([torch.where(digits.test_labels == digit)[0][:20] for digit in range(10)])
    inputs = digits.test_images[pick].flatten(1)
    outputs = model(inputs)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for axis, values, title in zip(axes, (inputs, outputs), ("inputs", "outputs"), strict=True):
        gram = nn.functional.normalize(values, dim=1) @ nn.functional.normalize(values, dim=1).T
        image = axis.imshow(gram.numpy(), "magma", vmin=0, vmax=1)
        axis.set(title=f"similarity of the {title}", xticks=range(10, 200, 20), yticks=[])
        axis.set_xticklabels(range(10))
    figure.colorbar(image, ax=axes, shrink=0.8, label="cosine")
    return figure


def run(digits: Digits) -> Section:
    """Train the circuit and describe what it learned."""
    model = build()
    losses = train(model, digits.train_images.flatten(1), EPOCHS)
    accuracy = read_out(model, digits)
    active = (model(digits.test_images.flatten(1)) > 0).float().mean().item()
    return Section(
        package="pynsm",
        title="features without labels or back-propagation through the relaxation",
        lead="Fifty units with lateral connections relax to a fixed point for every digit; one "
        "local loss trains what comes in and what goes between them.",
        program=inspect.getsource(build) + "\n\n" + inspect.getsource(train),
        results={
            "test accuracy of a linear read-out": f"{accuracy:.1%}",
            "last loss": f"{losses[-1]:.2f}",
            "units active at once": f"{active:.0%}",
        },
        pictures=[
            Picture.of(
                draw_filters(model, losses),
                "Each square is what one unit looks for: red raises its input, blue lowers it.",
            ),
            Picture.of(
                draw_similarity(model, digits),
                "Two hundred test digits, sorted by digit. The circuit keeps similar digits "
                "similar and makes its units answer to few of them: the blocks stand out.",
            ),
        ],
    )
