"""One analog layer learns two vectors with constant-step devices.

The loss falls until the noise of the analog products and the devices' steps limit it.
"""

import argparse
from pathlib import Path

import torch
from common import plot_training
from torch import Tensor
from torch.nn.functional import mse_loss
from tqdm import tqdm

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig

X = Tensor([[0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.1, 0.3]])
Y = Tensor([[1.0, 0.5], [0.7, 0.3]])


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save device curves and loss to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train and return the first and the last loss."""
    options = parse(argv)
    torch.manual_seed(options.seed)
    device = ConstantStepDevice()
    model = AnalogLinear(4, 2, bias=True, rpu_config=SingleRPUConfig(device=device))
    model = model.to(options.device)
    x, y = X.to(options.device), Y.to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)

    losses = []
    for _ in tqdm(range(options.epochs), disable=options.quiet):
        optimizer.zero_grad()
        loss = mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"loss {losses[0]:.4f} in the first epoch, {losses[-1]:.4f} in the last")
    if options.plot:
        plot_training(options.plot, device, losses)
    return {"first": losses[0], "last": losses[-1]}


if __name__ == "__main__":
    main()
