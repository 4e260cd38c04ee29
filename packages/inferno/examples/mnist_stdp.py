"""Digits learned by spike-timing dependent plasticity, without labels (Diehl and Cook, 2015).

Excitatory neurons with adaptive thresholds compete through an inhibitory group; STDP shapes
their input weights. Labels only assign the neurons to classes afterwards. Prints the accuracy
while it learns and on the test set, and plots a raster and the receptive fields.

One pass over all 60,000 images with 100 neurons reached 76 % during training and 81 % on the test
set; one pass over the first 5,000 reached 48 % and, on 1,000 test images, 62 %.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

import inferno
from inferno import functional, learn, neural

DATA = Path(__file__).parents[3] / "tests" / "data"


class Model(inferno.Module):
    """An excitatory group driven by images, inhibited by a copy of itself.

    Args:
        shape: shape of the excitatory group.
        step_time: length of a simulated step in ms.
        batch_size: number of images simulated side by side.
    """

    def __init__(self, shape: tuple[int, int], step_time: float, batch_size: int) -> None:
        super().__init__()
        common: dict[str, Any] = {"batch_size": batch_size}
        delta = neural.DeltaCurrent.partialconstructor
        exc = neural.ALIF(
            shape,
            step_time,
            rest_v=-65.0,
            reset_v=-60.0,
            thresh_eq_v=-52.0,
            refrac_t=5.0,
            tc_membrane=100.0,
            tc_adaptation=1e7,
            spike_increment=0.05,
            **common,
        )
        inh = neural.LIF(
            shape,
            step_time,
            rest_v=-60.0,
            reset_v=-45.0,
            thresh_v=-40.0,
            refrac_t=2.0,
            time_constant=75.0,
            **common,
        )
        enc2exc = neural.LinearDense(
            (28, 28),
            shape,
            step_time,
            synapse=delta(100.0),
            weight_init=lambda x: inferno.rescale(inferno.uniform(x), 0.0, 0.3),
            **common,
        )
        inh2exc = neural.LinearLateral(
            shape,
            step_time,
            synapse=delta(100.0),
            weight_init=lambda x: inferno.full(x, -180.0),
            **common,
        )
        exc2inh = neural.LinearDirect(
            shape,
            step_time,
            synapse=delta(75.0),
            weight_init=lambda x: inferno.full(x, 22.5),
            **common,
        )
        self.feedfwd = neural.Serial(enc2exc, exc)
        self.inhibit = neural.Serial(inh2exc, exc)
        self.trigger = neural.Serial(exc2inh, inh)

    def forward(self, inputs: Tensor, trainer: learn.STDP | None = None) -> Tensor:
        """Runs all steps of a batch and returns the excitatory spikes, time first."""
        spikes = []
        for x in inputs:
            out = self.feedfwd(x)
            self.inhibit(self.trigger(out))
            if self.training and trainer:
                trainer()
                self.feedfwd.connection.update()
            spikes.append(out)
        for layer in (self.feedfwd, self.inhibit, self.trigger):
            layer.clear()
        return torch.stack(spikes)


def load(root: Path, train: bool, count: int | None, batch_size: int) -> DataLoader:
    """Loads images, scaled to [0, 1], and labels in whole batches."""
    from torchvision.datasets import MNIST

    data = MNIST(root, train=train)
    images, labels = data.data[:count] / 255.0, data.targets[:count]
    return DataLoader(TensorDataset(images, labels), batch_size, drop_last=True, shuffle=train)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Trains, tests, plots; returns the accuracies."""
    options = arguments().parse_args(argv)
    torch.manual_seed(options.seed)
    shape = (options.side, options.side)
    model = Model(shape, options.step_time, options.batch_size).to(options.device)
    connection = model.feedfwd.connection
    normalize = neural.Normalization(
        model, "feedfwd.connection.weight", order=1, scale=78.4, dim=-1, eval_update=False
    )
    normalize.register()
    normalize()

    trainer = learn.STDP(
        step_time=options.step_time, lr_post=5e-4, lr_pre=-5e-6, tc_post=30.0, tc_pre=30.0
    )
    connection.updater = connection.defaultupdater()
    trainer.register_cell("feedfwd", model.feedfwd.cell)
    trainer.to(device=options.device)
    clamp = neural.Clamping(connection.updater, "parent.weight", min=0.0)
    clamp.register()
    connection.updater.weight.upperbound(functional.bound_upper_multiplicative, 1.0)

    classifier = learn.MaxRateClassifier(shape, num_classes=10, decay=1e-6).to(options.device)
    encoder = neural.HomogeneousPoissonEncoder(
        round(options.duration / options.step_time), options.step_time, frequency=128.0
    )
    results: dict[str, float] = {}
    for name, count in (("train", options.train), ("test", options.test)):
        model.train(name == "train"), trainer.train(name == "train")
        start, correct, seen = time.perf_counter(), 0, 0
        bar = tqdm(load(options.data, name == "train", count, options.batch_size), desc=name)
        for images, labels in bar:
            images, labels = images.to(options.device), labels.to(options.device)
            spikes = model(encoder(images), trainer if name == "train" else None)
            predicted = classifier(spikes, labels if name == "train" else None)
            correct += int((predicted == labels).sum())
            seen += len(labels)
            bar.set_postfix(accuracy=f"{correct / seen:.3f}")
        results[name] = correct / seen
        print(f"{name}: accuracy {results[name]:.4f}, {time.perf_counter() - start:.1f} s")
    if options.plot:
        plot(options.plot, spikes[:, 0], connection.weight.cpu(), options.step_time)
    return results


def plot(path: Path, spikes: Tensor, weight: Tensor, step_time: float) -> None:
    """Draws the spikes of one test image and the receptive fields."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from inferno.plot import raster, receptive_fields

    figure, axes = plt.subplots(1, 2, figsize=(12, 6))
    raster(spikes.cpu(), step_time, ax=axes[0])
    receptive_fields(weight, (28, 28), ax=axes[1])
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)


def arguments() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(description="MNIST by spike-timing dependent plasticity.")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with MNIST/raw")
    parser.add_argument("--plot", type=Path, help="file for raster and receptive fields")
    parser.add_argument("--train", type=int, help="number of training images, all by default")
    parser.add_argument("--test", type=int, help="number of test images, all by default")
    parser.add_argument("--side", type=int, default=10, help="side of the square of neurons")
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--duration", type=float, default=250.0, help="ms for which to show one")
    parser.add_argument("--step-time", type=float, default=1.0, help="ms of a step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


if __name__ == "__main__":
    with torch.no_grad():
        main()
