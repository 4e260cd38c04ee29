"""Error of analog matrix-vector products from one second to ten years after programming.

The bidirectional resistive memory has inputs of 6 bits, outputs of 8 bits and wires of 0.35 ohm.
Reference, one chip: relative errors of 0.024, 0.031, 0.054, 0.068 and 0.101. The other devices have
exact converters, so that the devices alone are compared.
"""

import argparse
from typing import Any

import torch
from torch import Tensor

from aihwkit.inference import HermesNoiseModel, PCMLikeNoiseModel, ReRamCMONoiseModel
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import IOParameters, TorchInferenceRPUConfig
from aihwkit.simulator.configs.utils import BoundManagementType, NoiseManagementType

YEAR = 365 * 86400.0
TIMES = (0.0, 1.0, 3600.0, 86400.0, 10 * YEAR)
SIZE = 64


def resistive() -> TorchInferenceRPUConfig:
    """Return the configuration with resistive memory and wires."""
    return TorchInferenceRPUConfig(
        forward=IOParameters(
            inp_res=2**6 - 2,
            out_res=2**8 - 2,
            out_bound=15.0,
            out_noise=0.0,
            ir_drop=1.0,
            ir_drop_g_ratio=1.0 / 0.35 / 100e-6,
            bound_management=BoundManagementType.NONE,
            noise_management=NoiseManagementType.NONE,
        ),
        noise_model=ReRamCMONoiseModel(g_max=88.19, g_min=9.0, acceptance_range=0.2),
        drift_compensation=None,
    )


def configurations() -> dict[str, TorchInferenceRPUConfig]:
    """Return the configurations by name."""
    configs = {"resistive memory": resistive()}
    for name, model in (
        ("phase-change memory", PCMLikeNoiseModel()),
        ("Hermes, 1 device", HermesNoiseModel(num_devices=1)),
        ("Hermes, 2 devices", HermesNoiseModel(num_devices=2)),
    ):
        configs[name] = TorchInferenceRPUConfig(
            forward=IOParameters(is_perfect=True), noise_model=model
        )
    return configs


@torch.no_grad()
def errors(config: TorchInferenceRPUConfig, x: Tensor, weight: Tensor, repeats: int) -> Tensor:
    """Return the mean relative error at each time."""
    layer = AnalogLinear(SIZE, SIZE, bias=False, rpu_config=config)
    layer.set_weights(weight)
    layer.eval()
    exact = x @ weight.t()
    rows = []
    for _ in range(repeats):
        layer.program_analog_weights()
        row = []
        for time in TIMES:
            layer.drift_analog_weights(time)
            row.append(float((layer(x) - exact).norm() / exact.norm()))
        rows.append(row)
    return torch.tensor(rows).mean(0)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Print and return the errors by device and time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="number of programmed chips")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="accepted, as by other examples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    weight, x = torch.rand(SIZE, SIZE) * 2 - 1, torch.rand(100, SIZE) * 2 - 1
    results = {}
    print(f"{'':>22}" + "".join(f"{time:>12.0f} s" for time in TIMES))
    for name, config in configurations().items():
        results[name] = errors(config, x, weight, options.repeats).tolist()
        print(f"{name:>22}" + "".join(f"{error:>14.4f}" for error in results[name]))
    return results


if __name__ == "__main__":
    main()
