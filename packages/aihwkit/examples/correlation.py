"""A crossbar detects which pairs of inputs and errors are correlated, with devices of few states.

Inputs and errors are random; some pairs share a part. Outer products pile up where they do. Plain
pulses are also driven to the symmetry point of each device; each algorithm has its way around that.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aihwkit.simulator.configs import SoftBoundsReferenceDevice, build_config
from aihwkit.simulator.tiles import AnalogTile

SIZE = 5
ALGORITHMS = ("sgd", "tiki-taka", "ttv2", "c-ttv2", "agad", "mp")


# --8<-- [start:run]
def traces(algorithm: str, n_updates: int, options: Any) -> Tensor:
    """Return the weights after every hundredth update, `[n, SIZE, SIZE]`."""
    torch.manual_seed(options.seed)
    device = SoftBoundsReferenceDevice(
        dw_min=0.1,
        w_max_dtod=0.3,
        w_min_dtod=0.3,
        dw_min_dtod=0.0,
        dw_min_std=0.0,
        up_down_dtod=0.0,
        slope_up_dtod=0.0,
        slope_down_dtod=0.0,
        reference_std=0.1,
    )
    tile = AnalogTile(SIZE, SIZE, build_config(algorithm, device))
    tile.set_weights(torch.zeros(SIZE, SIZE))
    tile.set_learning_rate(options.lr)
    common = torch.rand(n_updates, SIZE) - 0.5
    x = options.alpha * common + (1 - options.alpha) * (torch.rand(n_updates, SIZE) - 0.5)
    d = torch.rand(n_updates, SIZE) - 0.5
    # Errors of even rows share a part with the input of the same number, with negative sign.
    d[:, ::2] = -options.alpha * common[:, ::2] + (1 - options.alpha) * d[:, ::2]
    kept = []
    for x_part, d_part in zip(x.split(100), d.split(100), strict=True):
        tile.update(x_part, d_part)
        kept.append(tile.get_weights()[0])
    return torch.stack(kept)


# --8<-- [end:run]


def contrast(weights: Tensor) -> float:
    """Return the mean correlated weight in standard deviations of the uncorrelated ones."""
    late = weights[len(weights) // 2 :].mean(0)
    correlated = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    correlated[range(0, SIZE, 2), range(0, SIZE, 2)] = True
    return float(late[correlated].mean() / late[~correlated].std())


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Print and return the contrast of every algorithm."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--updates", type=int, default=5000)
    parser.add_argument("--alpha", type=float, default=0.4, help="part that inputs share")
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="save the traces to this file")
    parser.add_argument("--quiet", action="store_true", help="accepted, as by other examples")
    options = parser.parse_args(argv)
    curves = {name: traces(name, options.updates, options) for name in ALGORITHMS}
    results = {name: contrast(weights) for name, weights in curves.items()}
    for name, value in results.items():
        print(f"{name:10} contrast {value:.1f}")
    if options.plot:
        from matplotlib.figure import Figure
        from toy import save

        figure = Figure(figsize=(12, 5), layout="constrained")
        panels = figure.subplots(2, 3, sharex=True, sharey=True)
        for axes, (name, weights) in zip(panels.flat, curves.items(), strict=True):
            axes.plot(weights.flatten(1).numpy(), linewidth=0.8)
            axes.set_title(name)
        save(figure, options.plot)
    return results


if __name__ == "__main__":
    main()
