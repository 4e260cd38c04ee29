"""Arguments of the command `aihwkit`, and what it does."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from aihwkit.exceptions import AihwkitException
from aihwkit.version import __version__

__all__ = ["main"]

_DATASETS = ("MNIST", "FashionMNIST", "KMNIST")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 after printing what is wrong.

    Args:
        argv: arguments; those of the process if None.
    """
    options = _parser().parse_args(argv)
    try:
        options.run(options)
    except (AihwkitException, ImportError, OSError, RuntimeError, ValueError) as error:
        print(f"aihwkit: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aihwkit", description="Train, test and describe models on simulated analog hardware."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    train = commands.add_parser("train", help="train a classifier")
    _add_model_arguments(train, config="TorchInferenceRPUConfig")
    _add_data_arguments(train, batch_size=64)
    train.add_argument("--epochs", type=int, default=1)
    train.add_argument("--lr", type=float, default=0.05)
    train.add_argument("--output", type=Path, help="save the checkpoint to this file")
    train.set_defaults(run=_train)
    infer = commands.add_parser("infer", help="test a classifier over time after programming")
    _add_model_arguments(infer, config="TorchInferenceRPUConfig")
    _add_data_arguments(infer, batch_size=200)
    infer.add_argument("--checkpoint", type=Path, help="load this checkpoint first")
    infer.add_argument("--repeats", type=int, default=2, help="number of programmed chips")
    infer.add_argument("--time", type=float, default=86400.0, help="last time in seconds")
    infer.set_defaults(run=_infer)
    summary = commands.add_parser("summary", help="show layers, tiles and costs")
    _add_model_arguments(summary, config="InferenceRPUConfig")
    summary.add_argument("--cost", help="also estimate costs with these numbers, e.g. hermes")
    summary.set_defaults(run=_summary)
    plot = commands.add_parser("plot-device", help="plot the response of a device to pulses")
    plot.add_argument("device", help="preset or device, e.g. ReRamESPresetDevice")
    plot.add_argument("--output", type=Path, required=True, help="file of the figure")
    plot.add_argument("--steps", type=int, help="number of pulses in each direction")
    plot.set_defaults(run=_plot_device)
    return parser


def _add_model_arguments(parser: argparse.ArgumentParser, config: str) -> None:
    from aihwkit.cli.models import MODELS

    parser.add_argument("--model", choices=MODELS, default="lenet5")
    parser.add_argument("--config", default=config, help=f"preset or configuration ({config})")


def _add_data_arguments(parser: argparse.ArgumentParser, batch_size: int) -> None:
    parser.add_argument("--dataset", choices=_DATASETS, default="MNIST")
    parser.add_argument("--data", default="data", help="folder of the data set")
    parser.add_argument("--download", action="store_true", help="download the data set")
    parser.add_argument("--limit", type=int, default=0, help="use only the first samples")
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", help="for example cuda")
    parser.add_argument("--json", type=Path, help="save the results to this file")


def _dataset(options: argparse.Namespace) -> Any:
    from synaptensor.optional import require

    datasets = require("torchvision.datasets", extra="experiments", package="aihwkit")
    dataset = getattr(datasets, options.dataset)
    if options.download:
        for part in (True, False):
            dataset(options.data, train=part, download=True)
    return dataset


def _model(options: argparse.Namespace) -> Any:
    import torch

    from aihwkit.cli.models import make_config, make_model

    torch.manual_seed(getattr(options, "seed", 1))
    return make_model(options.model, make_config(options.config))


def _save(options: argparse.Namespace, results: Any) -> None:
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def _train(options: argparse.Namespace) -> None:
    import torch

    from aihwkit.experiments import BasicTraining
    from aihwkit.experiments.runners.local import LocalRunner

    experiment = BasicTraining(
        _dataset(options),
        _model(options),
        batch_size=options.batch_size,
        epochs=options.epochs,
        learning_rate=options.lr,
    )
    results = LocalRunner(options.device).run(experiment, options.limit, options.data, stdout=True)
    if options.output:
        torch.save(experiment.model.state_dict(), options.output)
        print(f"saved {options.output}")
    _save(options, results)


def _infer(options: argparse.Namespace) -> None:
    from torch import nn

    from aihwkit.experiments import BasicInferencing
    from aihwkit.experiments.runners.local import InferenceLocalRunner

    experiment = BasicInferencing(
        _dataset(options),
        _model(options),
        batch_size=options.batch_size,
        loss_function=nn.NLLLoss,
        weight_template_id=str(options.checkpoint or ""),
        inference_repeats=options.repeats,
        inference_time=options.time,
    )
    results = InferenceLocalRunner(options.device).run(experiment, options.limit, options.data)
    for row in results["inference_runs"]["inference_results"]:
        print(
            f"{row['t_inference']:>14.1f} s  accuracy {row['avg_accuracy']:6.2f} ± "
            f"{row['std_accuracy']:.2f} %  loss {row['avg_loss']:.4f}"
        )
    _save(options, results)


def _summary(options: argparse.Namespace) -> None:
    from aihwkit.cli.models import INPUT_SHAPES

    model, shape = _model(options), (1, *INPUT_SHAPES[options.model])
    if options.cost:
        from aihwkit.cost import cost_estimate

        print(cost_estimate(model, shape, options.cost))
        return
    from aihwkit.utils.analog_info import analog_summary

    print(analog_summary(model, shape))


def _plot_device(options: argparse.Namespace) -> None:
    from aihwkit.cli.models import preset_named
    from aihwkit.simulator.parameters.base import RPUConfigBase
    from aihwkit.utils.visualization import plot_device_compact
    from synaptensor.optional import require

    require("matplotlib", extra="plot", package="aihwkit")
    device: Any = preset_named(options.device)
    if isinstance(device, RPUConfigBase):
        device = device.device  # type: ignore[attr-defined]
    figure = plot_device_compact(device, n_steps=options.steps)
    figure.savefig(options.output)
    print(f"saved {options.output}")
