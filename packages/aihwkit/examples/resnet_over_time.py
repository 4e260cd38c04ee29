"""ResNet32 on a chip: exact training, training with noise, accuracy until a year later.

Images are those of CIFAR10 where the folder of `--data` holds them, and otherwise enlarged digits.
`--training tiki-taka` trains the network on a crossbar from the start instead.
"""

import copy
from typing import Any

import torch
from common import accuracy, arguments
from images import augmented, load_colour
from residual import ResidualNetwork
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from aihwkit.inference import (
    GlobalDriftCompensation,
    PCMLikeNoiseModel,
    drift_analog_weights,
    program_analog_weights,
)
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
    WeightClipParameter,
    WeightClipType,
    WeightModifierParameter,
    WeightModifierType,
    WeightRemapParameter,
    WeightRemapType,
)
from aihwkit.simulator.configs.utils import BoundManagementType, NoiseManagementType
from aihwkit.simulator.presets import TikiTakaEcRamPreset

TIMES = {"1 s": 1.0, "1 h": 3600.0, "1 day": 86400.0, "1 year": 3.1536e7}


# --8<-- [start:chip]
def chip(noise: float = 0.06) -> TorchInferenceRPUConfig:
    """Return the chip: 8-bit converters without management, learned input ranges."""
    forward = IOParameters(inp_res=254, out_res=254, out_bound=10.0, out_noise=0.04)
    forward.bound_management = BoundManagementType.NONE
    forward.noise_management = NoiseManagementType.NONE
    ranges = InputRangeParameter(
        enable=True,
        decay=0.01,
        init_from_data=50,
        init_std_alpha=3.0,
        input_min_percentage=0.995,
        manage_output_clipping=False,
    )
    return TorchInferenceRPUConfig(
        forward=forward,
        modifier=WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=noise),
        mapping=MappingParameter(
            digital_bias=True, weight_scaling_omega=1.0, weight_scaling_columnwise=False
        ),
        remap=WeightRemapParameter(type=WeightRemapType.LAYERWISE_SYMMETRIC),
        clip=WeightClipParameter(type=WeightClipType.LAYER_GAUSSIAN, sigma=2.0),
        pre_post=PrePostProcessingParameter(input_range=ranges),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation(),
    )


# --8<-- [end:chip]


def fit(
    model: nn.Module, data: tuple[Tensor, Tensor], epochs: int, lr: float, options: Any, **more: Any
) -> float:
    """Train with a learning rate that falls to zero, and return the mean loss of the last epoch."""
    optimizer = AnalogSGD(model.parameters(), lr=lr, **more)
    if hasattr(model, "analog_tiles"):
        optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(epochs, 1))
    images, labels = data
    mean = float("nan")
    for epoch in range(epochs):
        model.train()
        losses = []
        parts = torch.randperm(len(images)).split(options.batch_size)
        for part in tqdm(parts, disable=options.quiet, desc=f"epoch {epoch + 1}"):
            x = images[part] if options.plain else augmented(images[part])
            optimizer.zero_grad()
            loss = cross_entropy(model(x), labels[part])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        mean = sum(losses) / len(losses)
        print(f"epoch {epoch + 1}: loss {mean:.4f}")
    return mean


def over_time(model: Any, test: tuple[Tensor, Tensor], options: Any) -> dict[str, list[float]]:
    """Return the accuracies of some chips by time."""
    model.eval()
    results: dict[str, list[float]] = {label: [] for label in TIMES}
    for _ in range(options.repeats):
        program_analog_weights(model)
        for label, seconds in TIMES.items():
            drift_analog_weights(model, seconds)
            results[label].append(accuracy(model, test))
    return results


def parse(argv: list[str] | None) -> Any:
    """Return the options."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=5, lr=0.05, batch_size=128)
    parser.add_argument("--training", choices=("chip", "tiki-taka"), default="chip")
    parser.add_argument("--channels", type=int, default=16, help="of the first stage")
    parser.add_argument("--blocks", type=int, nargs=3, default=[5, 5, 5], help="of the stages")
    parser.add_argument("--tune-epochs", type=int, default=2, help="epochs with noise")
    parser.add_argument("--tune-lr", type=float, default=0.005)
    parser.add_argument("--repeats", type=int, default=3, help="number of programmed chips")
    parser.add_argument("--plain", action="store_true", help="no shifts, flips and cuts of images")
    return parser.parse_args(argv)


def in_analog(options: Any, data: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> float:
    """Train on a crossbar from the start, and return the accuracy."""
    config = TikiTakaEcRamPreset(mapping=MappingParameter(weight_scaling_omega=0.6))
    digital = ResidualNetwork(options.channels, options.blocks)
    model = convert_to_analog(digital, config).to(options.device)
    fit(model, data, options.epochs, options.lr, options)
    return accuracy(model, test)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, and return accuracies."""
    options = parse(argv)
    data, test = (load_colour(options, "CIFAR10", part) for part in (True, False))
    torch.manual_seed(options.seed)
    if options.training == "tiki-taka":
        results: dict[str, Any] = {"tiki-taka": in_analog(options, data, test)}
        print(f"trained by tiki-taka: {results['tiki-taka']:.2%}")
        return results
    digital = ResidualNetwork(options.channels, options.blocks).to(options.device)
    more = {"momentum": 0.9, "weight_decay": 5e-4}
    fit(digital, data, options.epochs, options.lr, options, **more)
    results = {"digital": accuracy(digital, test)}
    model = convert_to_analog(copy.deepcopy(digital), chip())
    results["loss"] = fit(model, data, options.tune_epochs, options.tune_lr, options, momentum=0.9)
    results["times"] = over_time(model, test, options)
    results["tiles"] = model.analog_tile_count()
    print(f"digital: {results['digital']:.2%}, {results['tiles']} tiles")
    for label, values in results["times"].items():
        mean = torch.tensor(values)
        print(f"{label:>8}: {mean.mean():.2%} ± {mean.std(correction=0):.2%}")
    if options.plot:
        from matplotlib.figure import Figure
        from toy import save

        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        axes.boxplot(list(results["times"].values()), tick_labels=list(TIMES))
        axes.axhline(results["digital"], linestyle=":", color="#718096")
        axes.set(xlabel="time after programming", ylabel="accuracy")
        save(figure, options.plot)
    return results


if __name__ == "__main__":
    main()
