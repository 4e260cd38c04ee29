"""Plots of the response of devices to pulses."""

from typing import Any

import numpy as np

from synaptensor.optional import require

from .pulse_response import (
    Array,
    compute_pulse_response,
    compute_pulse_statistics,
    config_for_reading,
    estimate_n_steps,
    get_tile_for_plotting,
    up_down_cycles,
)

__all__ = [
    "plot_device",
    "plot_device_compact",
    "plot_device_symmetry",
    "plot_pulse_response",
    "plot_pulse_statistics",
    "plot_response_overview",
]

_MAX_NODES = 100


def _pyplot() -> Any:
    return require("matplotlib.pyplot", extra="plot", package="aihwkit")


def _plot_traces(axes: Any, trace: Array, **options: Any) -> None:
    axes.plot(trace.reshape(len(trace), -1), **options)


def plot_pulse_response(
    analog_tile: Any, direction: Any, use_forward: bool = False, axes: Any = None
) -> Array:
    """Plot the weights after each pulse and return them as `[T, out, in]`.

    Args:
        analog_tile: Tile, see `get_tile_for_plotting`.
        direction: Direction of each pulse `[T]`.
        use_forward: Read with the tile's forward product instead of exactly.
        axes: Where to plot (default: the current axes).
    """
    axes = _pyplot().gca() if axes is None else axes
    trace = compute_pulse_response(analog_tile, direction, use_forward)
    _plot_traces(axes, trace)
    suffix = "" if use_forward else " (without cycle/read noise)"
    axes.set_title(f"{type(analog_tile.rpu_config.device).__name__}{suffix}")
    axes.set_xlabel("Pulse number #")
    axes.set_ylabel("Weight [conductance]")
    return trace


def plot_pulse_statistics(
    w_trace: Any,
    direction: Any,
    up_direction: bool,
    num_nodes: int = 100,
    smoothness: float = 0.5,
    axes: Any = None,
) -> tuple[Array, Array, Array]:
    """Plot the mean step size against the weight, with a band of its standard deviation.

    Args:
        w_trace: Weights `[T, out, in]`.
        direction: Direction of each pulse `[T]`.
        up_direction: Steps up instead of down.
        num_nodes: Number of weights at which the step is computed.
        smoothness: See `compute_pulse_statistics`.
        axes: Where to plot (default: the current axes).

    Returns:
        Weights `[N]`, mean and standard deviation of the step `[N, out, in]`.
    """
    axes = _pyplot().gca() if axes is None else axes
    nodes = np.linspace(np.min(w_trace), np.max(w_trace), num_nodes)
    mean, std = compute_pulse_statistics(nodes, w_trace, direction, up_direction, smoothness)
    for row, column in np.ndindex(*mean.shape[1:]):
        centre, spread = mean[:, row, column], std[:, row, column]
        (line,) = axes.plot(nodes, centre)
        axes.fill_between(
            nodes, centre - spread, centre + spread, alpha=0.5, color=line.get_color()
        )
    axes.set_title("up-direction" if up_direction else "down-direction")
    axes.set_xlabel("Weight $w$")
    axes.set_ylabel("Avg. step $\\Delta w$")
    return nodes, mean, std


def plot_response_overview(
    rpu_config: Any,
    n_loops: int = 5,
    n_steps: int | None = None,
    n_traces: int = 5,
    use_cuda: bool = False,
    smoothness: float = 0.1,
) -> Any:
    """Plot noisy traces, the same devices without noise, and their step sizes.

    Args:
        rpu_config: Configuration with the device.
        n_loops: Number of times the weights go up and down.
        n_steps: Number of pulses each way (default: from bound to bound).
        n_traces: Number of devices.
        use_cuda: Compute on the accelerator.
        smoothness: See `compute_pulse_statistics`.

    Returns:
        The figure (the current one, cleared).
    """
    steps = estimate_n_steps(rpu_config) if n_steps is None else n_steps
    direction = up_down_cycles(n_loops, steps)
    figure = _pyplot().gcf()
    figure.clear()
    noisy = get_tile_for_plotting(rpu_config, n_traces, use_cuda)
    quiet = get_tile_for_plotting(rpu_config, n_traces, use_cuda, noise_free=True)
    quiet.set_hidden_parameters(noisy.get_hidden_parameters())
    plot_pulse_response(noisy, direction, use_forward=True, axes=figure.add_subplot(3, 1, 1))
    axes = figure.add_subplot(3, 1, 2)
    trace = plot_pulse_response(quiet, direction, use_forward=False, axes=axes)
    for position, up_direction in ((5, True), (6, False)):
        axes = figure.add_subplot(3, 2, position)
        nodes = min(steps, _MAX_NODES)
        plot_pulse_statistics(trace, direction, up_direction, nodes, smoothness, axes)
    figure.tight_layout()
    return figure


def plot_device(device: Any, w_noise: float = 0.0, **kwargs: Any) -> Any:
    """Plot the overview of a device in a new figure, and return the figure.

    Args:
        device: Single device or unit cell.
        w_noise: Standard deviation of the weight noise of the reads.
        **kwargs: See `plot_response_overview`.
    """
    figure = _pyplot().figure(figsize=(7, 7))
    plot_response_overview(config_for_reading(device, w_noise), **kwargs)
    return figure


def _compact_axes(figure: Any) -> tuple[Any, Any, Any]:
    grid = figure.add_gridspec(1, 3, width_ratios=[1, 6, 1], wspace=0.05)
    centre = figure.add_subplot(grid[0, 1])
    left = figure.add_subplot(grid[0, 0], sharey=centre)
    right = figure.add_subplot(grid[0, 2], sharey=centre)
    return left, centre, right


def plot_device_compact(
    device: Any,
    w_noise: float = 0.0,
    n_steps: int | None = None,
    n_traces: int = 3,
    n_loops: int = 2,
    w_init: float | None = None,
    use_cuda: bool = False,
    axes: Any = None,
    **plot_kwargs: Any,
) -> Any:
    """Plot traces of a device between its up and down step sizes.

    Args:
        device: Single device or unit cell.
        w_noise: Standard deviation of the weight noise of the reads.
        n_steps: Number of pulses each way (default: from bound to bound).
        n_traces: Number of devices.
        n_loops: Number of times the weights go up and down.
        w_init: Initial weight (default: the lower bound).
        use_cuda: Compute on the accelerator.
        axes: Where to plot the traces, alone; otherwise a new figure holds everything.
        **plot_kwargs: Options of the lines, such as `linewidth`.

    Returns:
        The axes if they were given, else the figure.
    """
    config = config_for_reading(device, w_noise)
    steps = estimate_n_steps(config) if n_steps is None else n_steps
    direction = up_down_cycles(n_loops, steps)
    options = {"linewidth": 1} | plot_kwargs
    noisy = get_tile_for_plotting(config, n_traces, use_cuda, w_init=w_init)
    trace = compute_pulse_response(noisy, direction, use_forward=True)
    if axes is not None:
        _plot_traces(axes, trace, **options)
        return axes
    quiet = get_tile_for_plotting(config, n_traces, use_cuda, noise_free=True, w_init=w_init)
    quiet.set_hidden_parameters(noisy.get_hidden_parameters())
    quiet_trace = compute_pulse_response(quiet, direction)
    figure = _pyplot().figure(figsize=(12, 4))
    left, centre, right = _compact_axes(figure)
    _plot_traces(centre, trace, **options)
    centre.set_xlabel("Pulse number #")
    centre.tick_params(labelleft=False)
    limit = 1.2 * float(np.max(np.abs(trace)))
    centre.set_ylim(-limit, limit)
    nodes = np.linspace(quiet_trace.min(), quiet_trace.max(), min(steps, _MAX_NODES))
    sides = ((left, True, "Up pulse size"), (right, False, "Down pulse size"))
    sizes = [
        np.abs(compute_pulse_statistics(nodes, quiet_trace, direction, up)[0]) for _, up, _ in sides
    ]
    largest = max((float(np.nanmax(size)) for size in sizes if np.isfinite(size).any()), default=0)
    for (side, _, label), size in zip(sides, sizes, strict=True):
        side.plot(size.reshape(len(nodes), -1), nodes, **options)
        side.set_xlabel(label)
        if largest > 0:
            side.set_xlim(0.0, 1.2 * largest)
    left.set_ylabel("Weight \n [conductance]")
    right.tick_params(labelleft=False)
    return figure


def plot_device_symmetry(
    device: Any,
    w_noise: float = 0.0,
    n_pulses: int = 10000,
    n_traces: int = 3,
    use_cuda: bool = False,
    w_init: float = 1.0,
    axes: Any = None,
) -> Any:
    """Plot how alternating up and down pulses bring a device to its symmetry point.

    Args:
        device: Single device or unit cell.
        w_noise: Standard deviation of the weight noise of the reads.
        n_pulses: Number of pulses.
        n_traces: Number of devices.
        use_cuda: Compute on the accelerator.
        w_init: Initial weight.
        axes: Where to plot (default: a new figure).

    Returns:
        The axes if they were given, else the figure.
    """
    figure = None
    if axes is None:
        figure = _pyplot().figure(figsize=(10, 5))
        axes = figure.add_subplot()
    config = config_for_reading(device, w_noise)
    tile = get_tile_for_plotting(config, n_traces, use_cuda, w_init=w_init)
    direction = np.where(np.arange(n_pulses) % 2 == 0, 1.0, -1.0)
    plot_pulse_response(tile, direction, use_forward=False, axes=axes)
    axes.set_ylim(-1, 1)
    axes.grid(visible=True)
    return axes if figure is None else figure
