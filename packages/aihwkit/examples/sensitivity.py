"""How many bits, and how much noise, a network stands: accuracy for each, all else exact.

LeNet5 is trained digitally and put onto chips that differ in one respect from an exact one: bits of
the input and output converters, noise of inputs, outputs and weights, programming, and drift for a
day without compensation.
"""

from typing import Any

import torch
from common import accuracy, arguments, load_mnist, plot_values
from inference_lenet5 import build, fit

from aihwkit.inference import PCMLikeNoiseModel
from aihwkit.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.simulator.configs import (
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
    WeightNoiseType,
)
from aihwkit.simulator.configs.utils import BoundManagementType, NoiseManagementType

DAY = 86400.0


# --8<-- [start:chip]
def chip(**settings: Any) -> TorchInferenceRPUConfig:
    """Return a chip that is exact but for the settings of its converters and reads."""
    exact: dict[str, Any] = {
        "inp_res": -1.0,
        "out_res": -1.0,
        "out_bound": -1.0,
        "out_noise": 0.0,
        "bound_management": BoundManagementType.NONE,
        "noise_management": NoiseManagementType.NONE,
    }
    return TorchInferenceRPUConfig(
        forward=IOParameters(**(exact | settings)),
        mapping=MappingParameter(weight_scaling_omega=1.0, max_input_size=512),
        pre_post=PrePostProcessingParameter(input_range=InputRangeParameter(enable=True)),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=None,
    )


# --8<-- [end:chip]


def chips() -> dict[str, TorchInferenceRPUConfig]:
    """Return chips by name."""
    read = WeightNoiseType.ADDITIVE_CONSTANT
    result = {"exact": chip()}
    for bits in (2, 3, 4, 6, 8):
        result[f"inputs of {bits} bits"] = chip(inp_res=2**bits - 2)
    for bits in (3, 4, 6, 8):
        result[f"outputs of {bits} bits"] = chip(out_res=2**bits - 2, out_bound=10.0)
    for noise in (0.1, 0.3, 1.0):
        result[f"input noise {noise}"] = chip(inp_noise=noise)
        result[f"output noise {noise}"] = chip(out_noise=noise)
        result[f"weight noise {noise / 5}"] = chip(w_noise=noise / 5, w_noise_type=read)
    return result


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train, put the network onto each chip, and return the accuracies."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=3, lr=0.02, batch_size=50)
    options = parser.parse_args(argv)
    training, test = load_mnist(options, train=True), load_mnist(options, train=False)
    torch.manual_seed(options.seed)
    digital = build().to(options.device)
    fit(digital, training, options, options.epochs, options.lr)
    results = {"digital": accuracy(digital, test)}
    batches = [((part,), {}) for part in training[0][:200].split(50)]
    for name, config in chips().items():
        analog = convert_to_analog(digital, config)
        calibrate_input_ranges(
            analog, InputRangeCalibrationType.CACHE_QUANTILE, batches, quantile=0.9999
        )
        results[name] = accuracy(analog, test)
        if name == "exact":
            analog.eval()
            analog.program_analog_weights()
            results["programmed"] = accuracy(analog, test)
            analog.drift_analog_weights(DAY)
            results["drifted for a day"] = accuracy(analog, test)
    for name, value in results.items():
        print(f"{name:>22}: {value:.2%}")
    if options.plot:
        plot_values(options.plot, results, "test accuracy")
    return results


if __name__ == "__main__":
    main()
