"""Products of a crossbar whose wires have a resistance, for each way to read it.

Inputs are pulse lengths; the voltages along a column fall with the currents of all its cells. The
table holds errors of the outputs, with and without output converters, and of the simple model of IR
drop that all tiles have, in percent of the sum of the magnitudes of all currents of a column.
"""

import argparse
from typing import Any

import torch
from torch import Tensor

from aihwkit.inference import PCMLikeNoiseModel, SinglePairConductanceConverter
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import (
    IOParameters,
    MappingParameter,
    TorchInferenceRPUConfig,
    TorchInferenceRPUConfigIRDropT,
)
from aihwkit.simulator.configs.utils import (
    AnalogMVType,
    BoundManagementType,
    NoiseManagementType,
)

MODES = {
    "one pass": AnalogMVType.ONE_PASS,
    "split": AnalogMVType.SPLIT_MODE,
    "bit by bit": AnalogMVType.BIT_WISE,
}


# --8<-- [start:config]
def wires(mode: AnalogMVType, converts: bool, size: int) -> TorchInferenceRPUConfigIRDropT:
    """Return a crossbar with resistive wires.

    Args:
        mode: how inputs become pulses.
        converts: let the output converter quantise the charges.
        size: rows of the crossbar.
    """
    model = PCMLikeNoiseModel(g_converter=SinglePairConductanceConverter(g_min=0.1, g_max=15.0))
    config = TorchInferenceRPUConfigIRDropT(noise_model=model, drift_compensation=None)
    config.mapping = MappingParameter(max_input_size=size, max_output_size=0)
    forward = config.forward
    forward.mv_type = mode
    forward.ir_drop_segments, forward.ir_drop_v_read = 32, 0.4
    forward.inp_res = 2**8 - 2
    forward.out_res, forward.out_noise, forward.out_bound = -1.0, 0.0, -1.0
    forward.bound_management = BoundManagementType.NONE
    forward.noise_management = NoiseManagementType.NONE
    forward.adc_quantization = converts
    return config


# --8<-- [end:config]


def simple(size: int) -> TorchInferenceRPUConfig:
    """Return a crossbar with the simple model of IR drop."""
    forward = IOParameters(
        inp_res=2**8 - 2, out_res=-1.0, out_noise=0.0, out_bound=-1.0, ir_drop=1.0
    )
    forward.bound_management = BoundManagementType.NONE
    forward.noise_management = NoiseManagementType.NONE
    mapping = MappingParameter(max_input_size=size, max_output_size=0)
    return TorchInferenceRPUConfig(forward=forward, mapping=mapping, drift_compensation=None)


def data(size: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Return inputs and weights: normal ones, a single active row, all rows active."""
    normal = (torch.randn(10, size) / 3).clamp(-1, 1)
    weights = (torch.randn(size, size) / 3).clamp(-1, 1)
    single = torch.zeros(10, size)
    single[:, size // 2] = torch.linspace(0.1, 1.0, 10)
    ramp = torch.linspace(-1, 1, size).repeat(size, 1)
    return {
        "normal": (normal, weights),
        "one row": (single, weights),
        "all rows": (torch.ones(10, size), ramp[:, torch.randperm(size)]),
    }


@torch.no_grad()
def error(config: Any, x: Tensor, weights: Tensor) -> float:
    """Return the error of the outputs in percent of all currents."""
    layer = AnalogLinear(x.shape[1], len(weights), bias=False, rpu_config=config).eval()
    layer.set_weights(weights)
    currents = x.abs() @ weights.abs().t()
    return 100 * float((layer(x) - x @ weights.t()).norm() / currents.norm())


def main(argv: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Print and return the errors by way to read and data."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="accepted, as by other examples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    sets = data(options.size)
    configs: dict[str, Any] = {"simple model": simple(options.size)}
    for name, mode in MODES.items():
        configs[name] = wires(mode, True, options.size)
        configs[f"{name}, exact charges"] = wires(mode, False, options.size)
    results = {}
    print(f"{'':>28}" + "".join(f"{name:>12}" for name in sets))
    for name, config in configs.items():
        results[name] = {key: error(config, *pair) for key, pair in sets.items()}
        print(f"{name:>28}" + "".join(f"{value:>12.3f}" for value in results[name].values()))
    return results


if __name__ == "__main__":
    main()
