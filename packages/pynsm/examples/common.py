"""What the examples share: arguments, data, training loop, probe, figures."""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from pynsm import MultiSimilarityMatching, extract_embeddings

SMALL_DATA = Path(__file__).resolve().parents[3] / "tests" / "data"
Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]


def arguments(description: str, epochs: int, data: bool = True) -> argparse.ArgumentParser:
    """Return a parser with the options that every example has."""
    parser = argparse.ArgumentParser(description=description)
    if data:
        help_text = "folder of the data set as torchvision lays it out (default: the small MNIST)"
        parser.add_argument("--data", type=Path, default=SMALL_DATA, help=help_text)
        parser.add_argument("--probe", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save a figure to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser


def load(name: str, root: Path, train: bool) -> tuple[Tensor, Tensor]:
    """Return images ``[N, channels, height, width]`` in [0, 1] and integer labels."""
    from torchvision import datasets

    kind = getattr(datasets, name)
    try:
        data = kind(root, train=train, download=False)
    except RuntimeError as error:
        raise SystemExit(
            f"{name} is not in {root}: give --data the folder that torchvision downloaded it to, "
            f'for example after `torchvision.datasets.{name}("{root}", download=True)`'
        ) from error
    images = torch.as_tensor(data.data).float() / 255
    images = images.unsqueeze(1) if images.dim() == 3 else images.permute(0, 3, 1, 2)
    return images.contiguous(), torch.as_tensor(data.targets)


def batches(x: Tensor, label: Tensor, size: int, shuffle: bool, device: str) -> Batches:
    """Return a function that goes through the data once, in a new order if shuffled."""

    def once() -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
        for part in order.split(size):
            yield x[part].to(device), label[part].to(device)

    return once


def train(
    model: MultiSimilarityMatching,
    optimizer: torch.optim.Optimizer,
    loader: Batches,
    options: argparse.Namespace,
    *,
    inputs: Callable[[Tensor, Tensor], tuple[Any, ...]] = lambda x, label: (x,),
    scheduler: Any = None,
    after: Callable[[Tensor, Tensor], None] = lambda y, label: None,
) -> list[float]:
    """Train epoch by epoch; return the loss of every batch and print one line an epoch."""
    losses: list[float] = []
    start = time.perf_counter()
    for epoch in range(options.epochs):
        for x, label in tqdm(list(loader()), disable=options.quiet, desc=f"epoch {epoch + 1}"):
            y, loss = model.training_step(optimizer, *inputs(x, label))
            if scheduler is not None:
                scheduler.step()
            losses.append(loss.item())
            after(y, label)
        print(f"epoch {epoch + 1}: loss of the last batch {losses[-1]:.6g}")
    print(f"training: {time.perf_counter() - start:.1f} s, {len(losses)} batches")
    return losses


def probe(
    model: nn.Module,
    loaders: dict[str, Callable[[], Iterator[tuple[Tensor, Tensor]]]],
    options: argparse.Namespace,
    classifier: Any = None,
) -> dict[str, float]:
    """Fit a linear classifier on the pooled outputs; print and return its accuracies.

    Logistic regression by default. It has one minimum, so its accuracy says nothing of the order
    of the samples, unlike that of a hinge loss after some passes of stochastic descent.
    """
    pooled = nn.Sequential(model, nn.MaxPool2d(kernel_size=2, stride=2))
    bar = None if options.quiet else tqdm
    features = {}
    for name, loader in loaders.items():
        start = time.perf_counter()
        found = extract_embeddings(pooled, list(loader()), progress=bar)
        features[name] = (found.output.flatten(1).numpy(), found.label.numpy())
        print(f"embedding of {len(found.label)} {name} images: {time.perf_counter() - start:.1f} s")
    if classifier is None:
        from sklearn.linear_model import LogisticRegression

        classifier = LogisticRegression(C=0.03, max_iter=1000)
    start = time.perf_counter()
    fitted = classifier.fit(*features["train"])
    print(f"{type(fitted).__name__}: {time.perf_counter() - start:.1f} s")
    scores = {name: float(fitted.score(*pair)) for name, pair in features.items()}
    for name, score in scores.items():
        print(f"accuracy of the linear classifier, {name}: {100 * score:.2f} %")
    return scores


def plot_training(path: Path | None, losses: list[float], filters: Tensor) -> None:
    """Save the curve of the loss and the first 49 filters."""
    if path is None:
        return
    figure, axes = new_figure(1, 2, (10, 4.5))
    axes[0].plot(losses, linewidth=0.8)
    axes[0].set(xlabel="batch", ylabel="loss")
    axes[1].imshow(_tiles(filters.detach().cpu()[:49]).numpy(), cmap="gray")
    axes[1].set_axis_off()
    save(figure, path)


def new_figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return a figure that needs no display, and its axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(rows, columns, figsize=size)


def save(figure: Any, path: Path) -> None:
    """Write a figure to a file."""
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    print(f"figure: {path}")


def _tiles(filters: Tensor) -> Tensor:
    """Lay filters ``[K, channels, h, w]`` out as a square image, each scaled to [0, 1]."""
    count, channels, height, width = filters.shape
    low, high = filters.amin((1, 2, 3), keepdim=True), filters.amax((1, 2, 3), keepdim=True)
    scaled = (filters - low) / (high - low).clamp_min(1e-12)
    side = int(count**0.5 + 0.999)
    image = torch.ones(side * (height + 1), side * (width + 1), channels)
    for index, tile in enumerate(scaled.permute(0, 2, 3, 1)):
        top, left = index // side * (height + 1), index % side * (width + 1)
        image[top : top + height, left : left + width] = tile
    return image.squeeze(-1)
