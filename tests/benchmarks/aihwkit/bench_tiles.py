"""Simulator tiles: analog products and pulsed updates, with compiled loops and with torch alone.

The yardstick of a product is the plain matrix product, that of an update the plain outer product.
Updates of 512 x 512 devices with 64 vectors give each cross point about four pulses a vector.
"""

import argparse

import torch

from aihwkit.simulator.configs import (
    ConstantStepDevice,
    ExpStepDevice,
    IOParameters,
    LinearStepDevice,
    SingleRPUConfig,
    SoftBoundsDevice,
    UpdateParameters,
)
from synaptensor.benchmark import Benchmark, Table
from synaptensor.kernels import capabilities, use_kernel

DEVICES = (ConstantStepDevice, LinearStepDevice, SoftBoundsDevice, ExpStepDevice)


def make_tile(device, x_size, d_size, **update):
    config = SingleRPUConfig(
        device=device, forward=IOParameters(), update=UpdateParameters(**update)
    )
    tile = config.as_bindings().create_array(x_size, d_size, config.device.as_bindings())
    tile.manual_seed(0)
    return tile


def layer(repeats, threads):
    """A layer of 784 inputs and 256 outputs with 64 vectors."""
    x, d = torch.rand(64, 784), 0.01 * torch.randn(64, 256)
    tile = make_tile(ConstantStepDevice(), 784, 256)
    tile.set_learning_rate(0.01)
    weight = tile.get_weights()

    def step():
        tile.forward(x)
        tile.backward(d)
        tile.update(x, d)

    table = Table(capabilities())
    for name, fn, plain in (
        ("forward 784-256", lambda: tile.forward(x), lambda: x @ weight.T),
        ("training step 784-256", step, lambda: (x @ weight.T, d @ weight, d.T @ x)),
    ):
        bench = Benchmark(name, yardstick="plain torch", repeats=repeats, threads=threads)
        bench.add("plain torch", plain)
        bench.add("analog tile", fn)
        table.extend(bench.run())
    return table


def updates(repeats, threads):
    """Updates of 512 x 512 devices, from the same weights each time."""
    x, d = (torch.rand(64, 512) * 2 - 1 for _ in range(2))
    start = torch.rand(512, 512) * 0.2 - 0.1
    table = Table(capabilities())
    for device in DEVICES:
        name = f"update {device.__name__} 512-512"
        bench = Benchmark(name, yardstick="plain torch", repeats=repeats, threads=threads)
        bench.add("plain torch", lambda: d.T @ x)
        for kernel in ("torch", "numba"):
            tile = make_tile(
                device(), 512, 512, update_bl_management=False, update_management=False
            )
            tile.set_learning_rate(0.5 * 31 * tile.cell.granularity)

            def run(tile, kernel=kernel):
                with use_kernel(kernel, "aihwkit"):
                    tile.update(x, d)

            bench.add(kernel, run, setup=lambda tile=tile: _restart(tile, start))
        table.extend(bench.run())
    return table


def _restart(tile, start):
    tile.set_weights(start)
    return tile


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", default=None)
    options = parser.parse_args()
    torch.manual_seed(0)
    table = layer(options.repeats, options.threads)
    table.extend(updates(options.repeats, options.threads))
    print(table)
    if options.json:
        table.save(options.json)


if __name__ == "__main__":
    main()
