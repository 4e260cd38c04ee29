"""Four mappings of weights to devices, one that is searched for, and a drift table of one's own.

Weights of a matrix are programmed with one pair of devices, two pairs, three pairs and pairs that
follow a table; errors after a second and after a month are relative, with the drift compensated.
"""

import argparse
from typing import Any

import torch

from aihwkit.inference import (
    BaseConductanceConverter,
    CustomDriftPCMLikeNoiseModel,
    CustomPairConductanceConverter,
    DualPairConductanceConverter,
    NPairConductanceConverter,
    PCMLikeNoiseModel,
    SinglePairConductanceConverter,
)
from aihwkit.inference.converter.wpo import WeightProgrammingOptimizer
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import IOParameters, MappingParameter, TorchInferenceRPUConfig

MONTH = 30 * 86400.0
G_MIN, G_MAX = 0.1, 15.0

# --8<-- [start:converters]
_LOW, _HIGH = G_MIN, G_MAX
CONVERTERS: dict[str, BaseConductanceConverter] = {
    "one pair": SinglePairConductanceConverter(g_min=_LOW, g_max=_HIGH),
    "two pairs": DualPairConductanceConverter([1.0, 3.0], g_min=_LOW, g_max=_HIGH),
    "three pairs": NPairConductanceConverter([1.0, 2.0, 3.0], g_min=_LOW, g_max=_HIGH),
    "table": CustomPairConductanceConverter(
        [1.0],
        [[_LOW, 2.0, 5.0, 9.45, _HIGH], [_HIGH, 9.45, 5.0, 2.0, _LOW]],
        g_min=_LOW,
        g_max=_HIGH,
    ),
}
DRIFT = {
    "g_lst": [0.0, 10.0, 25.0],
    "nu_mean_lst": [0.08, 0.05, 0.03],
    "nu_std_lst": [0.03, 0.02, 0.01],
}
# --8<-- [end:converters]


def chip(noise_model: Any, size: int) -> TorchInferenceRPUConfig:
    """Return a chip with exact converters, so that the devices alone count."""
    return TorchInferenceRPUConfig(
        forward=IOParameters(is_perfect=True),
        mapping=MappingParameter(max_input_size=size),
        noise_model=noise_model,
    )


@torch.no_grad()
def errors(noise_model: Any, size: int, repeats: int) -> list[float]:
    """Return the mean relative errors of the weights after a second and after a month."""
    layer = AnalogLinear(size, size, bias=False, rpu_config=chip(noise_model, size)).eval()
    weights = torch.randn(size, size)
    layer.set_weights(weights)
    sums = [0.0, 0.0]
    for _ in range(repeats):
        layer.program_analog_weights()
        for index, time in enumerate((1.0, MONTH)):
            layer.drift_analog_weights(time)
            read = layer.analog_module.alpha * layer.get_weights()[0]
            sums[index] += float((read - weights).norm() / weights.norm())
    return [value / repeats for value in sums]


# --8<-- [start:search]
def searched(size: int, generations: int, seed: int) -> BaseConductanceConverter:
    """Return the best table of conductances found, by the errors of the weights over a month."""
    baseline = CONVERTERS["one pair"]
    optimizer = WeightProgrammingOptimizer(
        torch.randn(size, size),
        [1.0],
        chip(PCMLikeNoiseModel(g_converter=baseline), size),
        t_steps=[1.0, 3600.0, MONTH],
        g_converter_baseline=baseline,
        use_max_kw=True,
        maxiter=generations,
        popsize=20,
        loss_margin=1.0,
        disp=False,
        seed=seed,
    )
    converter, _ = optimizer.run_optimizer()
    return converter


# --8<-- [end:search]


def main(argv: list[str] | None = None) -> dict[str, list[float]]:
    """Print and return the errors by mapping."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="rows and columns of the matrix")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--generations", type=int, default=10, help="of the search")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="accepted, as by other examples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    converters = dict(CONVERTERS)
    if options.generations > 0:
        converters["searched"] = searched(options.size, options.generations, options.seed)
    results = {}
    for name, converter in converters.items():
        model = PCMLikeNoiseModel(g_converter=converter)
        results[name] = errors(model, options.size, options.repeats)
    custom = CustomDriftPCMLikeNoiseModel(
        DRIFT, g_max=25.0, prog_noise_scale=0.0, read_noise_scale=0.0
    )
    results["drift table alone"] = errors(custom, options.size, options.repeats)
    print(f"{'':>18}{'1 s':>10}{'1 month':>10}")
    for name, (second, month) in results.items():
        print(f"{name:>18}{second:>10.4f}{month:>10.4f}")
    return results


if __name__ == "__main__":
    main()
