"""Inference tiles: products, training steps, programming and drift, resistive wires.

The yardstick of a product is the plain matrix product, that of programming one draw for each
weight.
"""

import argparse

import torch

from aihwkit.functional.irdrop_t import thevenin_equivalent
from aihwkit.inference import DualPairConductanceConverter
from aihwkit.inference.converter.wpo import WeightProgrammingOptimizer, denormalize_all
from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    MappingParameter,
    TorchInferenceRPUConfig,
    TorchInferenceRPUConfigIRDropT,
)
from synaptensor.benchmark import Benchmark, Table

RESNET18_TILES = 45


def layer(options):
    """A layer of 784 inputs and 256 outputs with 64 vectors."""
    x, d = torch.rand(64, 784), 0.01 * torch.randn(64, 256)
    plain = torch.rand(256, 784)
    table = Table("")
    for config_class in (InferenceRPUConfig, TorchInferenceRPUConfig):
        mapping = MappingParameter(max_input_size=0, max_output_size=0)
        module = AnalogLinear(784, 256, bias=False, rpu_config=config_class(mapping=mapping))
        # Weights that grew would let the bound management repeat products.
        optimizer = AnalogSGD(module.parameters(), lr=1e-6)
        optimizer.regroup_param_groups(module)

        def step(module=module, optimizer=optimizer):
            optimizer.zero_grad()
            module(x).backward(d)
            optimizer.step()

        def forward(module=module):
            with torch.no_grad():
                module(x)

        for name, fn, yardstick in (
            ("forward", forward, lambda: x @ plain.T),
            ("training step", step, lambda: (x @ plain.T, d.T @ x)),
        ):
            bench = benchmark(f"{config_class.__name__} {name} 784-256", options)
            bench.add("plain torch", yardstick)
            bench.add("analog", fn)
            table.extend(bench.run())
    return table


def programming(options):
    """Program and drift as many weights as ResNet18 has, on tiles of 512 x 512."""
    config = InferenceRPUConfig()
    tiles = [
        AnalogLinear(512, 512, bias=False, rpu_config=config).eval() for _ in range(RESNET18_TILES)
    ]

    def run():
        for tile in tiles:
            tile.program_analog_weights()
            tile.drift_analog_weights(3600.0)

    bench = benchmark("program and drift ResNet18", options)
    bench.add("plain torch", lambda: [torch.randn(512, 512) for _ in range(RESNET18_TILES)])
    bench.add("analog", run)
    return bench.run()


def wires(options):
    """Resistive wires in 512 x 512 cells with 16 vectors, in closed form and by definition."""
    config = TorchInferenceRPUConfigIRDropT()
    module = AnalogLinear(512, 512, bias=False, rpu_config=config).eval()
    x = torch.rand(16, 512) * 2 - 1
    plus, minus = 25 * torch.rand(2, 512, 256)
    bench = benchmark("time-resolved IR drop 512-512", options)
    bench.add("plain torch", lambda: x @ plus)
    bench.add("analog", lambda: module(x))
    bench.add("definition, one vector", lambda: thevenin_equivalent(x[:1], plus, minus, 128))
    return bench.run()


def weight_programming(options):
    """One generation of 19 candidates of the optimisation of weight programming."""
    search = WeightProgrammingOptimizer(
        torch.randn(20000),
        [1.0, None],
        InferenceRPUConfig(),
        [1.0, 60.0, 3600.0, 86400.0, 2592000.0, 31104000.0],
        DualPairConductanceConverter([1.0, 1.0]),
        baseline_iterations=1,
        use_max_kw=True,
    )
    points = torch.rand(19, search.problem.dimensions).numpy()
    tables = denormalize_all(points, search.problem)
    bench = benchmark("errors of 19 converters at 6 times", options)
    bench.add("one by one", lambda: search.errors.of_converter(search.g_converter_baseline))
    bench.add("all at once", lambda: search.errors.of_tables(*tables))
    return bench.run()


def benchmark(name, options):
    yardstick = "one by one" if name.startswith("errors") else "plain torch"
    return Benchmark(name, yardstick=yardstick, repeats=options.repeats, threads=options.threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", default=None)
    options = parser.parse_args()
    torch.manual_seed(0)
    table = layer(options)
    for part in (programming, wires, weight_programming):
        table.extend(part(options))
    print(table)
    if options.json:
        table.save(options.json)


if __name__ == "__main__":
    main()
