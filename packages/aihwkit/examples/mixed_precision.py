"""Digits with coarse devices: plain pulsed gradient descent against mixed precision.

In mixed precision gradients are collected in a digital matrix, and only whole steps of the
device are written to the crossbar, so a coarse and asymmetric device loses less on the way.
"""

from typing import Any

import torch
from common import accuracy, arguments, load_mnist, train
from mnist_fully_connected import build
from torch import nn
from toy import draw_curves, save

from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    DigitalRankUpdateRPUConfig,
    MixedPrecisionCompound,
    SingleRPUConfig,
    SoftBoundsDevice,
)


# --8<-- [start:configs]
def configs(dw_min: float) -> dict[str, Any]:
    """Return the two configurations, with the same device."""
    device = SoftBoundsDevice(dw_min=dw_min)
    return {
        "plain": SingleRPUConfig(device=device),
        "mixed precision": DigitalRankUpdateRPUConfig(device=MixedPrecisionCompound(device=device)),
    }


# --8<-- [end:configs]


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train both networks and return their accuracies."""
    description = (__doc__ or "").splitlines()[0]
    parser = arguments(description, epochs=3, lr=0.1, batch_size=10)
    parser.add_argument("--dw-min", type=float, default=0.02, help="step of the device")
    options = parser.parse_args(argv)
    data, test = load_mnist(options, train=True), load_mnist(options, train=False)
    results, curves = {}, {}
    for name, config in configs(options.dw_min).items():
        print(name)
        torch.manual_seed(options.seed)
        model = build(config).to(options.device)
        optimizer = AnalogSGD(model.parameters(), lr=options.lr)
        optimizer.regroup_param_groups(model)
        curves[name] = train(model, optimizer, nn.functional.nll_loss, data, options)
        results[name] = accuracy(model, test)
        print(f"test accuracy {results[name]:.2%}")
    if options.plot:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        draw_curves(axes, curves)
        axes.set(xlabel="batch")
        save(figure, options.plot)
    return results


if __name__ == "__main__":
    main()
