"""ResNet32 with analog tiles and 6-bit activations between 8-bit digital layers.

The network is trained digitally; then its inner convolutions go to quantised tiles and its first
and last layer are quantised digitally. Ranges come from data, before and after further training.
Images are those of CIFAR10 where the folder of `--data` holds them, and otherwise enlarged digits.
"""

import copy
from typing import Any

import torch
from common import accuracy, arguments, plot_values
from images import load_colour
from residual import ResidualNetwork
from resnet_over_time import chip, fit
from torch import nn

from aihwkit.inference import drift_analog_weights, program_analog_weights
from aihwkit.inference.calibration import (
    InputRangeCalibrationType,
    calibrate_input_ranges,
    calibrate_quantization_ranges,
)
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.nn.low_precision_conversion import convert_to_quantized
from aihwkit.nn.low_precision_modules.conversion_utils import append_default_conversions
from aihwkit.simulator.configs import QuantizedTorchInferenceRPUConfig
from aihwkit.simulator.parameters.quantization import (
    ActivationQuantConfig,
    QuantizationConfig,
    QuantizationMap,
    WeightQuantConfig,
)


# --8<-- [start:build]
def quantised_chip(bits: int) -> QuantizedTorchInferenceRPUConfig:
    """Return the chip of `resnet_over_time.py` with quantised outputs."""
    plain = chip()
    names = ("forward", "modifier", "mapping", "remap", "clip", "noise_model")
    config = QuantizedTorchInferenceRPUConfig(**{name: getattr(plain, name) for name in names})
    config.pre_post.input_range = plain.pre_post.input_range
    config.drift_compensation = plain.drift_compensation
    config.act_quant_config = ActivationQuantConfig(bits, symmetric=False)
    return config


def quantised(model: nn.Sequential, bits: int) -> Any:
    """Return a network whose inner convolutions are analog and whose other layers are quantised."""
    first, last = "0", str(len(model) - 1)
    analog = convert_to_analog(model, quantised_chip(bits), exclude_modules=[first, last])
    config = QuantizationConfig(ActivationQuantConfig(bits, symmetric=False), WeightQuantConfig(8))
    return convert_to_quantized(analog, append_default_conversions(QuantizationMap(config)))


# --8<-- [end:build]


def calibrated(model: Any, images: torch.Tensor) -> Any:
    """Return the model with ranges of inputs, weights and activations from images.

    Quantisers come first, since inputs pass through them; then again, with the ranges of inputs.
    """
    parts = list(images.split(64))
    kind = InputRangeCalibrationType.CACHE_QUANTILE
    calibrate_quantization_ranges(model, parts)
    calibrate_input_ranges(model, kind, [((part,), {}) for part in parts], quantile=0.9995)
    calibrate_quantization_ranges(model, parts)
    return model


def programmed(model: Any, test: Any, repeats: int) -> list[float]:
    """Return the accuracies of some chips right after programming."""
    values = []
    model.eval()
    for _ in range(repeats):
        program_analog_weights(model)
        drift_analog_weights(model, 0.0)
        values.append(accuracy(model, test))
    return values


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, quantise, train on, and return accuracies."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=5, lr=0.05, batch_size=128)
    parser.add_argument("--channels", type=int, default=16, help="of the first stage")
    parser.add_argument("--blocks", type=int, nargs=3, default=[5, 5, 5], help="of the stages")
    parser.add_argument("--bits", type=int, default=6, help="of activations")
    parser.add_argument("--tune-epochs", type=int, default=2, help="epochs with noise")
    parser.add_argument("--tune-lr", type=float, default=0.005)
    parser.add_argument("--repeats", type=int, default=3, help="number of programmed chips")
    parser.add_argument("--plain", action="store_true", help="no shifts, flips and cuts of images")
    options = parser.parse_args(argv)
    data, test = (load_colour(options, "CIFAR10", part) for part in (True, False))
    torch.manual_seed(options.seed)
    digital = ResidualNetwork(options.channels, options.blocks).to(options.device)
    more = {"momentum": 0.9, "weight_decay": 5e-4}
    fit(digital, data, options.epochs, options.lr, options, **more)
    model = calibrated(quantised(copy.deepcopy(digital), options.bits), data[0][:512])
    results: dict[str, Any] = {
        "digital": accuracy(digital, test),
        "quantised": programmed(copy.deepcopy(model), test, options.repeats),
    }
    fit(model, data, options.tune_epochs, options.tune_lr, options, momentum=0.9)
    results["trained on"] = programmed(model, test, options.repeats)
    print(f"digital: {results['digital']:.2%}")
    for name in ("quantised", "trained on"):
        values = torch.tensor(results[name])
        print(f"{name}: {values.mean():.2%} ± {values.std(correction=0):.2%}")
    if options.plot:
        means = {name: float(torch.tensor(value).mean()) for name, value in results.items()}
        plot_values(options.plot, means, "test accuracy")
    results["tiles"] = model.analog_tile_count() if hasattr(model, "analog_tile_count") else 0
    return results


if __name__ == "__main__":
    main()
