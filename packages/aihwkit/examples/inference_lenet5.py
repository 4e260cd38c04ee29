"""LeNet5 on phase-change memory: accuracy from one second to one year after programming.

Two networks are trained, one exactly and one with noise on weights and outputs ("hardware-aware").
Both are programmed several times onto chips and drift; each chip is read with and without the
compensation of the drift. `--plot` saves the four curves with one standard deviation.
"""

import json
from pathlib import Path
from typing import Any

import torch
from common import accuracy, arguments, load_mnist, train
from torch import nn

from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
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

DAY = 86400.0
TIMES = (1.0, 60.0, 3600.0, DAY, 30 * DAY, 365 * DAY)
LABELS = ("1 s", "1 min", "1 h", "1 day", "1 month", "1 year")
CURVES = {
    "aware, compensated": ("#2b6cb0", "o-"),
    "aware": ("#2b6cb0", "o:"),
    "exact, compensated": ("#c05621", "s-"),
    "exact": ("#c05621", "s:"),
}


def chip(aware: bool) -> TorchInferenceRPUConfig:
    """Return the configuration of the chip; only the noise in training differs.

    Args:
        aware: put noise on the weights during training.
    """
    modifier = WeightModifierParameter()
    if aware:
        modifier = WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=0.1)
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
        modifier=modifier,
        pre_post=PrePostProcessingParameter(
            input_range=InputRangeParameter(enable=True, init_from_data=50)
        ),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation(),
    )


def build(config: TorchInferenceRPUConfig) -> AnalogSequential:
    """Return LeNet5."""
    return AnalogSequential(
        AnalogConv2d(1, 16, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        AnalogConv2d(16, 32, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        nn.Flatten(),
        AnalogLinear(512, 128, rpu_config=config),
        nn.Tanh(),
        AnalogLinear(128, 10, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )


def set_exact(model: AnalogSequential, exact: bool) -> None:
    """Let all products be exact, or those of the chip."""
    for tile in model.analog_tiles():
        tile.rpu_config.forward.is_perfect = exact


def trained(aware: bool, data: Any, options: Any) -> AnalogSequential:
    """Return a trained network."""
    torch.manual_seed(options.seed)
    model = build(chip(aware)).to(options.device)
    set_exact(model, not aware)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr, momentum=0.9)
    optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    train(model, optimizer, nn.functional.nll_loss, data, options, scheduler)
    return model


def over_time(model: AnalogSequential, data: Any, repeats: int) -> dict[bool, list[list[float]]]:
    """Return accuracies by compensation, chip and time."""
    set_exact(model, False)
    model.eval()
    results: dict[bool, list[list[float]]] = {True: [], False: []}
    for _ in range(repeats):
        model.program_analog_weights()
        rows: dict[bool, list[float]] = {True: [], False: []}
        for time in TIMES:
            model.drift_analog_weights(time)
            rows[True].append(accuracy(model, data))
            for tile in model.analog_tiles():
                tile.alpha.fill_(1.0)
            rows[False].append(accuracy(model, data))
        for key, row in rows.items():
            results[key].append(row)
    return results


def plot(path: Path, results: dict[str, Any]) -> None:
    """Save the accuracies against time with one standard deviation over the chips."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, (colour, style) in CURVES.items():
        mean, std = results[name]["mean"], results[name]["std"]
        axes.errorbar(TIMES, mean, std, fmt=style, color=colour, label=name, capsize=3)
    axes.set(xscale="log", xlabel="time after programming", ylabel="test accuracy [%]")
    axes.set_xticks(TIMES, LABELS)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(title="training")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"saved {path}")


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train both networks, evaluate them over time, and return the accuracies in percent."""
    description = (__doc__ or "").splitlines()[0]
    parser = arguments(description, epochs=3, lr=0.05, batch_size=50)
    parser.add_argument("--repeats", type=int, default=5, help="number of programmed chips")
    parser.add_argument("--json", type=Path, help="save the accuracies to this file")
    options = parser.parse_args(argv)
    training, test = load_mnist(options, train=True), load_mnist(options, train=False)
    results: dict[str, Any] = {"times": list(TIMES)}
    for name in ("exact", "aware"):
        model = trained(name == "aware", training, options)
        set_exact(model, True)
        results[f"{name} digital"] = 100 * accuracy(model, test)
        print(f"{name}: {results[f'{name} digital']:.2f} % with exact products")
        for compensated, rows in over_time(model, test, options.repeats).items():
            label = f"{name}, compensated" if compensated else name
            values = 100 * torch.tensor(rows, dtype=torch.float64)
            mean, std = values.mean(0), values.std(0, correction=0)
            results[label] = {"mean": mean.tolist(), "std": std.tolist()}
            row = "  ".join(
                f"{t}: {m:.2f} ± {s:.2f}" for t, m, s in zip(LABELS, mean, std, strict=True)
            )
            print(f"{label:>20}  {row}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.plot:
        plot(options.plot, results)
    return results


if __name__ == "__main__":
    main()
