"""Digits learned by backpropagation through time, with surrogate gradients (Neftci et al., 2019).

Two layers of leaky neurons read Poisson spikes; the output neuron that fires most often names the
digit. Forward the neurons spike as in any other simulation; backward the step of each spike is
replaced by the derivative of a fast sigmoid. Prints the accuracy after every epoch, and plots the
learning curve, the spikes of a test image and what some hidden neurons look for.

Three epochs over the 5,000 images in the repository reached 89 % on 1,000 test images, in eleven
seconds on one core.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

from inferno import neural

DATA = Path(__file__).parents[3] / "tests" / "data"


class Network(nn.Module):
    """Layers of leaky neurons, trained by backpropagation through time.

    Args:
        sizes: numbers of inputs, hidden neurons and outputs.
        batch_size: number of images simulated side by side.
    """

    def __init__(self, sizes: tuple[int, ...], batch_size: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for insize, outsize in pairwise(sizes):
            connection = neural.LinearDense(
                insize,
                outsize,
                1.0,
                synapse=neural.DeltaCurrent.partialconstructor(1.0),
                batch_size=batch_size,
                weight_init=lambda w: torch.randn_like(w) * (6.0 / w.shape[1] ** 0.5),
            )
            neuron = neural.LIF(
                outsize,
                1.0,
                rest_v=-60.0,
                reset_v=-60.0,
                thresh_v=-50.0,
                refrac_t=1.0,
                time_constant=10.0,
                resistance=5.0,
                batch_size=batch_size,
            )
            self.layers.append(neural.Serial(connection, neuron))
        self.requires_grad_()
        neural.surrogate_gradients(self, neural.FastSigmoid(5.0))

    def forward(self, spikes: Tensor) -> list[Tensor]:
        """Runs all steps and returns the spikes of every layer, time first."""
        recorded: list[list[Tensor]] = [[] for _ in self.layers]
        for x in spikes:
            for layer, record in zip(self.layers, recorded, strict=True):
                x = layer(x)
                record.append(x)
        for layer in self.layers:
            layer.clear()
        return [torch.stack(record) for record in recorded]


def load(root: Path, train: bool, count: int | None, batch_size: int) -> DataLoader:
    """Loads images, scaled to [0, 1], and labels in whole batches."""
    from torchvision.datasets import MNIST

    data = MNIST(root, train=train)
    images, labels = data.data[:count].flatten(1) / 255.0, data.targets[:count]
    return DataLoader(TensorDataset(images, labels), batch_size, shuffle=train, drop_last=True)


def evaluate(network: Network, data: DataLoader, steps: int) -> tuple[float, Tensor]:
    """Returns the accuracy and the hidden spikes of the last batch."""
    correct = seen = 0
    hidden = torch.empty(0)
    with torch.no_grad():
        for images, labels in data:
            hidden, output = network(torch.rand(steps, *images.shape) < 0.3 * images)
            correct += int((output.sum(0).argmax(1) == labels).sum())
            seen += len(labels)
    return correct / seen, hidden


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Trains, tests, plots; returns the accuracy and the last loss."""
    options = arguments().parse_args(argv)
    torch.manual_seed(options.seed)
    network = Network((784, options.hidden, 10), options.batch_size)
    optimizer = torch.optim.Adam(network.parameters(), options.lr)
    train = load(options.data, True, options.train, options.batch_size)
    test = load(options.data, False, options.test, options.batch_size)
    losses: list[float] = []
    accuracy, start = 0.0, time.perf_counter()
    for epoch in range(options.epochs):
        bar = tqdm(train, desc=f"epoch {epoch + 1}", disable=options.quiet)
        for images, labels in bar:
            _, output = network(torch.rand(options.steps, *images.shape) < 0.3 * images)
            loss = F.cross_entropy(output.sum(0), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}")
        accuracy, hidden = evaluate(network, test, options.steps)
        print(f"epoch {epoch + 1}: test accuracy {accuracy:.4f}, loss {losses[-1]:.4f}")
    print(f"{time.perf_counter() - start:.1f} s")
    if options.plot:
        plot(options.plot, losses, hidden[:, 0], network.layers[0].connection.weight.detach())
    return {"accuracy": accuracy, "loss": losses[-1], "first_loss": losses[0]}


def plot(path: Path, losses: list[float], spikes: Tensor, weight: Tensor) -> None:
    """Draws the learning curve, hidden spikes of one image and weights of hidden neurons."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from inferno.plot import raster, receptive_fields

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.5))
    axes[0].plot(losses)
    axes[0].set(xlabel="batch", ylabel="cross entropy", title="learning")
    raster(spikes.bool(), 1.0, ax=axes[1])
    axes[1].set_title("hidden spikes of a test image")
    receptive_fields(weight[:25], (28, 28), ax=axes[2])
    axes[2].set_title("weights of hidden neurons")
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


def arguments() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(description="MNIST by surrogate gradients.")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with MNIST/raw")
    parser.add_argument("--plot", type=Path, help="file for curve, raster and weights")
    parser.add_argument("--train", type=int, help="number of training images, all by default")
    parser.add_argument("--test", type=int, help="number of test images, all by default")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--hidden", type=int, default=128, help="number of hidden neurons")
    parser.add_argument("--steps", type=int, default=20, help="steps for which an image is shown")
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


if __name__ == "__main__":
    main()
