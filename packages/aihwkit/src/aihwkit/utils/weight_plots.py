"""Plots of the error of programmed weights and of their drift."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aihwkit.exceptions import TileError
from aihwkit.simulator.configs.configs import (
    InferenceRPUConfig,
    SingleRPUConfig,
    UnitCellRPUConfig,
)
from aihwkit.simulator.configs.pulsed import PulsedDevice
from aihwkit.simulator.parameters.base import RPUConfigBase
from synaptensor.optional import require

__all__ = ["plot_model_programming_error", "plot_programming_error", "plot_weight_drift"]

_PERCENT = 100.0


def _pyplot() -> Any:
    return require("matplotlib.pyplot", extra="plot", package="aihwkit")


def _binned_error(
    target: NDArray[Any], actual: NDArray[Any], edges: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return bin centres, mean absolute errors and standard errors; NaN for empty bins."""
    error = np.abs(actual - target).ravel()
    index = np.clip(np.digitize(target.ravel(), edges) - 1, 0, len(edges) - 2)
    count = np.bincount(index, minlength=len(edges) - 1)
    n_or_nan = np.where(count > 0, count, np.nan)
    mean = np.bincount(index, error, minlength=len(count)) / n_or_nan
    variance = np.bincount(index, (error - mean[index]) ** 2, minlength=len(count)) / n_or_nan
    return (edges[:-1] + edges[1:]) / 2, mean, np.sqrt(variance / n_or_nan)


def plot_weight_drift(
    noise_model: Any = None,
    t_inference_list: Any = None,
    w_inits: Any = None,
    n_repeats: int = 25,
    axes: Any = None,
) -> Any:
    """Plot how programmed weights drift.

    Args:
        noise_model: Noise model (default: phase-change memory).
        t_inference_list: Times in seconds (default: 15 from 1 to 1e7).
        w_inits: Target weights (default: 9 from -1 to 1).
        n_repeats: Number of devices for each target.
        axes: Where to plot (default: a new figure).

    Returns:
        The axes if they were given, else the figure.
    """
    from aihwkit.simulator.tiles import InferenceTile

    times = np.logspace(0, 7, 15) if t_inference_list is None else np.asarray(t_inference_list)
    targets = np.linspace(-1, 1, 9) if w_inits is None else np.asarray(w_inits)
    config = InferenceRPUConfig(drift_compensation=None)
    if noise_model is not None:
        config.noise_model = noise_model
    tile = InferenceTile(n_repeats, len(targets), config)
    tile.set_weights(torch.as_tensor(np.tile(targets, (n_repeats, 1)), dtype=torch.float32))
    tile.program_weights()
    programmed = tile.get_weights()[0].numpy()
    drifted = np.empty((len(times), n_repeats, len(targets)))
    for index, time in enumerate(times):
        tile.drift_weights(float(time))
        drifted[index] = tile.get_weights()[0].numpy()
    figure = None
    if axes is None:
        figure = _pyplot().figure(figsize=(10, 5))
        axes = figure.add_subplot()
    mean, std = drifted.mean(axis=1), (programmed - drifted).std(axis=1)
    for column in range(len(targets)):
        (line,) = axes.plot(times, mean[:, column])
        band = mean[:, column] - std[:, column], mean[:, column] + std[:, column]
        axes.fill_between(times, *band, alpha=0.5, color=line.get_color())
    axes.set_xscale("log")
    axes.set_xlabel("Time after programming [sec]")
    axes.set_ylabel("Weight value [norm. units]")
    return axes if figure is None else figure


def _config_for_programming(config: Any) -> Any:
    if isinstance(config, RPUConfigBase):
        return copy.deepcopy(config)
    from aihwkit.simulator.presets.utils import PresetIOParameters

    config_class = SingleRPUConfig if isinstance(config, PulsedDevice) else UnitCellRPUConfig
    return config_class(device=copy.deepcopy(config), forward=PresetIOParameters())


def plot_programming_error(
    config: Any,
    w_range: tuple[float, float] = (-1.0, 1.0),
    w_init: Any = None,
    n_rows: int = 100,
    realistic_read: bool = False,
    n_bins: int = 101,
    use_cuda: bool = False,
    label: str | None = None,
    axes: Any = None,
    t_inference: float | None = None,
    **kwargs: Any,
) -> Any:
    """Plot the error of programmed weights against the target weights.

    Args:
        config: Configuration, or a device.
        w_range: Range of the target weights.
        w_init: Target weights (default: uniform in the range).
        n_rows: Number of rows and columns of the default targets.
        realistic_read: Read with the forward product instead of exactly.
        n_bins: Number of edges of the weight bins.
        use_cuda: Compute on the accelerator.
        label: Label of the line.
        axes: Where to plot (default: the current axes).
        t_inference: For inference configurations: time in seconds to drift after the programming.
        **kwargs: Arguments of `program_weights`.

    Returns:
        The axes.
    """
    config = _config_for_programming(config)
    low, high = w_range
    target = torch.empty(n_rows, n_rows).uniform_(low, high) if w_init is None else w_init
    target = torch.as_tensor(target, dtype=torch.float32)
    tile = config.tile_class(*target.shape, config)
    tile = tile.cuda() if use_cuda else tile
    tile.set_weights(target, apply_weight_scaling=False)
    tile.program_weights(**kwargs)
    if isinstance(config, InferenceRPUConfig) and t_inference is not None:
        tile.drift_weights(t_inference)
    weights = tile.read_weights() if realistic_read else tile.get_weights()
    actual = weights[0].detach().cpu().numpy()
    axes = _pyplot().gca() if axes is None else axes
    centres, mean, error = _binned_error(target.numpy(), actual, np.linspace(low, high, n_bins))
    scale = _PERCENT / ((high - low) / 2)
    axes.errorbar(centres, mean * scale, error * scale, label=label)
    axes.set_xlabel("Weight value")
    axes.set_ylabel("Programming error [% of gmax]")
    return axes


def plot_model_programming_error(
    analog_model: Any,
    n_bins: int = 51,
    apply_weight_scaling: bool = False,
    axes: Any = None,
    **kwargs: Any,
) -> Any:
    """Plot the error of the programmed weights of a model against the target weights.

    The model is left as it was.

    Args:
        analog_model: Model whose inference tiles have been programmed.
        n_bins: Number of edges of the weight bins.
        apply_weight_scaling: Read logical weights, scales included.
        axes: Where to plot (default: the current axes).
        **kwargs: Arguments of `read_weights`.

    Returns:
        The axes.

    Raises:
        TileError: If a tile has not been programmed.
    """
    targets, actuals = [], []
    for tile in copy.deepcopy(analog_model).analog_tiles():
        reference = getattr(tile, "reference_combined_weights", None)
        if reference is None:
            raise TileError("the model must be programmed first (program_analog_weights)")
        tile.tile.set_weights(tile.programmed_weights)
        read, _ = tile.read_weights(apply_weight_scaling=apply_weight_scaling, **kwargs)
        target = reference[:, : read.shape[1]].detach().cpu().numpy()
        largest = np.abs(target).max()
        targets.append(target.ravel() / largest)
        actuals.append(read.detach().cpu().numpy().ravel() / largest)
    axes = _pyplot().gca() if axes is None else axes
    edges = np.linspace(-1.0, 1.0, n_bins)
    centres, mean, error = _binned_error(np.concatenate(targets), np.concatenate(actuals), edges)
    axes.errorbar(centres, mean * _PERCENT, error * _PERCENT)
    axes.set_xlim(-1.0, 1.0)
    axes.set_xlabel("Normalized weight value")
    axes.set_ylabel("Programming error\n[% of abs max weight]")
    return axes
