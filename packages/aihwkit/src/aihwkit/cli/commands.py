"""What the commands do."""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aihwkit.exceptions import ArgumentError, ConfigError

__all__ = ["infer", "list_names", "plot_device", "summary", "train"]


def train(options: argparse.Namespace) -> None:
    """Train a classifier."""
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
        options.output.parent.mkdir(parents=True, exist_ok=True)
        torch.save(experiment.model.state_dict(), options.output)
        print(f"saved {options.output}")
    _save(options, results)


def infer(options: argparse.Namespace) -> None:
    """Test a classifier at several times after programming."""
    from torch import nn

    from aihwkit.experiments import BasicInferencing
    from aihwkit.experiments.runners.local import InferenceLocalRunner
    from aihwkit.simulator.tiles.inference import InferenceTileWithPeriphery

    model = _model(options)
    if not any(isinstance(tile, InferenceTileWithPeriphery) for tile in model.analog_tiles()):
        raise ConfigError(
            f"--config {options.config} has tiles that are trained, not programmed, so nothing "
            "would change over time; give a configuration for inference, such as "
            "TorchInferenceRPUConfig or StandardHWATrainingPreset"
        )
    experiment = BasicInferencing(
        _dataset(options),
        model,
        batch_size=options.batch_size,
        loss_function=nn.NLLLoss,
        weight_template_id=str(options.checkpoint or ""),
        inference_repeats=options.repeats,
        inference_time=options.time,
    )
    if options.checkpoint is None:
        print("no --checkpoint: the weights are random, so labels are guesses")
    with _telling_of_checkpoint(options):
        runner = InferenceLocalRunner(options.device)
        results = runner.run(experiment, options.limit, options.data)
    for row in results["inference_runs"]["inference_results"]:
        print(
            f"{row['t_inference']:>14.1f} s  accuracy {row['avg_accuracy']:6.2f} ± "
            f"{row['std_accuracy']:.2f} %  loss {row['avg_loss']:.4f}"
        )
    _save(options, results)


def summary(options: argparse.Namespace) -> None:
    """Show layers, tiles and costs."""
    from aihwkit.cli.models import INPUT_SHAPES

    model, shape = _model(options), (1, *INPUT_SHAPES[options.model])
    if options.cost:
        from aihwkit.cost import cost_estimate

        print(cost_estimate(model, shape, options.cost))
        return
    from aihwkit.utils.analog_info import analog_summary

    print(analog_summary(model, shape))


def plot_device(options: argparse.Namespace) -> None:
    """Plot the response of a device to pulses."""
    from aihwkit.cli.models import device_named
    from aihwkit.utils.visualization import plot_device_compact
    from synaptensor.optional import require

    require("matplotlib", extra="plot", package="aihwkit")
    figure = plot_device_compact(device_named(options.device), n_steps=options.steps)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.output)
    print(f"saved {options.output}")


def list_names(options: argparse.Namespace) -> None:
    """Show the names of all configurations and devices."""
    from aihwkit.cli.models import all_names

    for title, names in all_names().items():
        print(f"{title}:")
        for name in names:
            print(f"  {name}")


def _dataset(options: argparse.Namespace) -> Any:
    from synaptensor.optional import require

    datasets = require("torchvision.datasets", extra="experiments", package="aihwkit")
    dataset = getattr(datasets, options.dataset)
    for part in (True, False):
        try:
            dataset(options.data, train=part, download=options.download)
        except RuntimeError as error:
            if options.download:
                raise
            raise ArgumentError(
                f"{options.dataset} is not in the folder {options.data!r}: give its folder with "
                "--data, or --download"
            ) from error
    return dataset


def _model(options: argparse.Namespace) -> Any:
    import torch

    from aihwkit.cli.models import make_config, make_model

    torch.manual_seed(getattr(options, "seed", 1))
    return make_model(options.model, make_config(options.config))


def _save(options: argparse.Namespace, results: Any) -> None:
    if options.json:
        path: Path = options.json
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n")


@contextmanager
def _telling_of_checkpoint(options: argparse.Namespace) -> Iterator[None]:
    """Say of a file that is no checkpoint, or that of another network, what it is not."""
    try:
        yield
    except (EOFError, pickle.UnpicklingError) as error:
        raise ArgumentError(f"{options.checkpoint} is no checkpoint of tensors") from error
    except RuntimeError as error:
        if "Error(s) in loading state_dict" not in str(error):
            raise
        raise ArgumentError(
            f"{options.checkpoint} does not belong to --model {options.model} with --config "
            f"{options.config}: give those that it was trained with"
        ) from error
