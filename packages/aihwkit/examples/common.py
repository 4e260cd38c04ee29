"""What the examples share: arguments, data, training loop, evaluation, figure."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from aihwkit.optim import AnalogSGD

SMALL_DATA = Path(__file__).resolve().parents[3] / "tests" / "data"


def arguments(description: str, epochs: int, lr: float, batch_size: int) -> argparse.ArgumentParser:
    """Return a parser with the options that the MNIST examples have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--data",
        type=Path,
        default=SMALL_DATA,
        help="folder with MNIST/raw as torchvision lays it out (default: a small part of MNIST)",
    )
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--lr", type=float, default=lr)
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--limit", type=int, help="use only the first images")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save device curves and loss to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser


def load_mnist(options: argparse.Namespace, train: bool) -> tuple[Tensor, Tensor]:
    """Return images `[N, 1, 28, 28]` in [0, 1] and labels `[N]`, on the device."""
    from torchvision.datasets import MNIST

    try:
        data = MNIST(root=options.data, train=train, download=False)
    except RuntimeError as error:
        raise SystemExit(
            f"MNIST is not in {options.data}: give --data the folder that torchvision downloaded "
            "it to"
        ) from error
    images = data.data[: options.limit].unsqueeze(1).float() / 255
    return images.to(options.device), data.targets[: options.limit].to(options.device)


def train(
    model: nn.Module,
    optimizer: AnalogSGD,
    loss_function: Callable[[Tensor, Tensor], Tensor],
    data: tuple[Tensor, Tensor],
    options: argparse.Namespace,
    scheduler: Any = None,
) -> list[float]:
    """Train for some epochs and return the loss of every batch."""
    images, labels = data
    losses: list[float] = []
    for epoch in range(options.epochs):
        model.train()
        start = time.perf_counter()
        parts = torch.randperm(len(images)).split(options.batch_size)
        for part in tqdm(parts, disable=options.quiet, desc=f"epoch {epoch + 1}"):
            optimizer.zero_grad()
            loss = loss_function(model(images[part]), labels[part])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        if scheduler is not None:
            scheduler.step()
        mean = sum(losses[-len(parts) :]) / len(parts)
        print(f"epoch {epoch + 1}: loss {mean:.4f} in {time.perf_counter() - start:.1f} s")
    return losses


@torch.no_grad()
def accuracy(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    """Return the fraction of images that the model labels correctly."""
    model.eval()
    images, labels = data
    right = [
        (model(x).argmax(1) == y).sum()
        for x, y in zip(images.split(100), labels.split(100), strict=True)
    ]
    return int(torch.stack(right).sum()) / len(labels)


def plot_training(path: Path, device: Any, losses: list[float]) -> None:
    """Save a figure with the response of some devices to pulses, and the loss of the batches."""
    from matplotlib.figure import Figure

    from aihwkit.utils.visualization import plot_device_compact

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    plot_device_compact(device, n_steps=500, n_traces=5, n_loops=1, axes=left)
    left.set(xlabel="pulse", ylabel="weight", title=type(device).__name__)
    right.plot(losses, linewidth=0.8)
    right.set(xlabel="batch", ylabel="loss", title="training")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"saved {path}")


def plot_values(path: Path, values: dict[str, float], quantity: str) -> None:
    """Save a figure with one bar for each value."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 1 + 0.25 * len(values)), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(values), list(values.values()), color="#2b6cb0")
    axes.invert_yaxis()
    axes.set(xlabel=quantity)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"saved {path}")
