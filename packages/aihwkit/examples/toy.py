"""The toy problem of the small examples: one layer learns two vectors."""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import mse_loss
from tqdm import tqdm

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.parameters.base import RPUConfigBase

X = Tensor([[0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.1, 0.3]])
Y = Tensor([[1.0, 0.5], [0.7, 0.3]])


def arguments(description: str, epochs: int, lr: float = 0.1) -> argparse.ArgumentParser:
    """Return a parser with the options that the small examples have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--lr", type=float, default=lr)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save a figure to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


# --8<-- [start:train]
def train(config: RPUConfigBase, options: argparse.Namespace, name: str = "") -> list[float]:
    """Train a layer of a configuration and return the loss of every epoch."""
    torch.manual_seed(options.seed)
    model = AnalogLinear(4, 2, bias=True, rpu_config=config).to(options.device)
    x, y = X.to(options.device), Y.to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    losses = []
    for _ in tqdm(range(options.epochs), disable=options.quiet, desc=name):
        optimizer.zero_grad()
        loss = mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --8<-- [end:train]


def late(losses: list[float]) -> float:
    """Return the mean loss of the last tenth of the epochs."""
    last = losses[-max(len(losses) // 10, 1) :]
    return sum(last) / len(last)


def compare(configs: dict[str, RPUConfigBase], options: argparse.Namespace) -> dict[str, Any]:
    """Train a layer of each configuration, print the losses and return their curves."""
    curves = {}
    for name, config in configs.items():
        curves[name] = losses = train(config, options, name)
        print(f"{name:24} loss {losses[0]:.4f} -> {late(losses):.4f}")
    return curves


def draw_curves(axes: Any, curves: dict[str, list[float]]) -> None:
    """Draw the losses of all epochs, smoothed a little, on a logarithmic scale."""
    for name, losses in curves.items():
        width = max(len(losses) // 50, 1)
        means = [
            sum(losses[i : i + width]) / width for i in range(0, len(losses) - width + 1, width)
        ]
        axes.semilogy(range(0, width * len(means), width), means, linewidth=1, label=name)
    axes.set(xlabel="epoch", ylabel="loss", title="training")
    axes.legend(fontsize="small")


def save(figure: Any, path: Path) -> None:
    """Save a figure and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"saved {path}")
