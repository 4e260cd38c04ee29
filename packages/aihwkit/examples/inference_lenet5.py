"""LeNet5 on phase-change memory: accuracy from one second to one year after programming.

A network is trained exactly; then it is trained on, once exactly and once with the noise of the
chip ("hardware-aware"). Both results are programmed several times onto chips and drift; each chip
is read with and without the compensation of the drift. `--plot` saves the four curves with one
standard deviation over the chips.
"""

import copy
import json
from pathlib import Path
from typing import Any

import torch
from common import accuracy, arguments, load_mnist, train
from drift import LABELS, TIMES, over_time, plot, summary
from torch import Tensor, nn

from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
from aihwkit.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
from aihwkit.nn import AnalogSequential
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    InputRangeParameter,
    MappingParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
    WeightClipParameter,
    WeightClipType,
    WeightModifierParameter,
    WeightModifierType,
)
from aihwkit.simulator.configs.utils import BoundManagementType, NoiseManagementType
from aihwkit.simulator.parameters.io import IOParameters

__all__ = ["LABELS", "TIMES", "build", "chip", "deployed", "main"]


# --8<-- [start:chip]
def chip() -> TorchInferenceRPUConfig:
    """Return the chip: converters of 8 bits, noisy outputs, phase-change memory."""
    return TorchInferenceRPUConfig(
        forward=IOParameters(
            inp_res=254,
            out_res=254,
            out_bound=10.0,
            out_noise=0.04,
            bound_management=BoundManagementType.NONE,
            noise_management=NoiseManagementType.NONE,
        ),
        mapping=MappingParameter(
            digital_bias=True,
            weight_scaling_omega=1.0,
            weight_scaling_columnwise=True,
            learn_out_scaling=True,
            out_scaling_columnwise=True,
            max_input_size=512,
            max_output_size=512,
        ),
        clip=WeightClipParameter(type=WeightClipType.LAYER_GAUSSIAN, sigma=2.5),
        modifier=WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=0.1),
        pre_post=PrePostProcessingParameter(input_range=InputRangeParameter(enable=True)),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation(),
    )


# --8<-- [end:chip]


def build() -> nn.Sequential:
    """Return LeNet5, digital."""
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=5),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        nn.Conv2d(16, 32, kernel_size=5),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        nn.Flatten(),
        nn.Linear(512, 128),
        nn.Tanh(),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )


# --8<-- [start:deploy]
def deployed(
    model: nn.Module, images: Tensor, output_quantile: float | None = 0.999
) -> AnalogSequential:
    """Return a digital network on the chip, its input ranges taken from images.

    Ranges that just hold the inputs would let sums of many of them exceed the output converters.
    """
    analog = convert_to_analog(model, chip())
    batches = [((part,), {}) for part in images[:1000].split(100)]
    calibrate_input_ranges(
        analog,
        InputRangeCalibrationType.CACHE_QUANTILE,
        batches,
        quantile=0.9999,
        output_quantile=output_quantile,
    )
    return analog


# --8<-- [end:deploy]


def fit(model: nn.Module, data: Any, options: Any, epochs: int, lr: float) -> None:
    """Train a model, digital or analog, with a learning rate that falls to zero."""
    optimizer = AnalogSGD(model.parameters(), lr=lr, momentum=0.9)
    optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(epochs, 1))
    options.epochs = epochs
    train(model, optimizer, nn.functional.nll_loss, data, options, scheduler)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train both networks, evaluate them over time, and return the accuracies in percent."""
    description = (__doc__ or "").splitlines()[0]
    parser = arguments(description, epochs=3, lr=0.02, batch_size=50)
    parser.add_argument("--tune-epochs", type=int, default=3, help="epochs with noise, or without")
    parser.add_argument("--tune-lr", type=float, default=0.01)
    parser.add_argument("--repeats", type=int, default=5, help="number of programmed chips")
    parser.add_argument("--json", type=Path, help="save the accuracies to this file")
    options = parser.parse_args(argv)
    training, test = load_mnist(options, train=True), load_mnist(options, train=False)
    torch.manual_seed(options.seed)
    exact = build().to(options.device)
    fit(exact, training, options, options.epochs, options.lr)
    aware = deployed(copy.deepcopy(exact), training[0])
    fit(exact, training, options, options.tune_epochs, options.tune_lr)
    fit(aware, training, options, options.tune_epochs, options.tune_lr)

    results: dict[str, Any] = {"times": list(TIMES), "digital": 100 * accuracy(exact, test)}
    print(f"digital: {results['digital']:.2f} %")
    careless = deployed(exact, training[0], output_quantile=None)
    results["outputs overflow"] = 100 * accuracy(careless, test)
    print(f"ranges from inputs alone, before programming: {results['outputs overflow']:.2f} %")
    for name, model in (("exact", deployed(exact, training[0])), ("aware", aware)):
        results |= summary(name, over_time(model, lambda m: 100 * accuracy(m, test), options))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.plot:
        plot(options.plot, results, "test accuracy [%]")
    return results


if __name__ == "__main__":
    main()
