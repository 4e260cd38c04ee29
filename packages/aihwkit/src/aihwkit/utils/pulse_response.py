"""Response of devices to single pulses, as numbers."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs.configs import SingleRPUConfig, UnitCellRPUConfig
from aihwkit.simulator.configs.pulsed import PulsedDevice
from aihwkit.simulator.parameters.enums import (
    BoundManagementType,
    NoiseManagementType,
    PulseType,
    WeightNoiseType,
)
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters
from aihwkit.simulator.tiles.analog import AnalogTile

__all__ = [
    "compute_pulse_response",
    "compute_pulse_statistics",
    "config_for_reading",
    "estimate_n_steps",
    "get_tile_for_plotting",
    "up_down_cycles",
]

_DEFAULT_N_STEPS = 1000
_MIN_KERNEL_SUM = 0.1
# Not 0, so that the device keeps its persistent weights and with them its hidden parameters.
_NEGLIGIBLE_WRITE_NOISE = 1e-6

Array = NDArray[np.float64]


@torch.no_grad()
def compute_pulse_response(analog_tile: Any, direction: Any, use_forward: bool = False) -> Array:
    r"""Return the weights after each pulse of a train.

    With the settings of `get_tile_for_plotting` every update $W \leftarrow W + d_t$ is one pulse.

    Args:
        analog_tile: Tile; its weights change.
        direction: Direction of each pulse `[T]`, 1 up and -1 down.
        use_forward: Read the weights with the tile's forward product instead of exactly.

    Returns:
        Weights `[T, out, in]`.
    """
    out_size, in_size = analog_tile.out_size, analog_tile.in_size
    options = {"device": analog_tile.device, "dtype": analog_tile.get_dtype()}
    inputs, errors = -torch.ones(1, in_size, **options), torch.ones(1, out_size, **options)
    identity = torch.eye(in_size, **options)
    trace = np.empty((len(direction), out_size, in_size))
    for index, sign in enumerate(np.asarray(direction, dtype=float)):
        analog_tile.update(inputs, errors * float(sign))
        if use_forward:
            weights = analog_tile.forward(identity).t()
        else:
            weights, _ = analog_tile.get_weights()
        trace[index] = weights.cpu().numpy()
    return trace


def compute_pulse_statistics(
    w_nodes: Any, w_trace: Any, direction: Any, up_direction: bool, smoothness: float = 0.5
) -> tuple[Array, Array]:
    r"""Return mean and standard deviation of the step size as a function of the weight.

    The steps $\Delta w$ at the weights $w$ are averaged with the weights
    $e^{-(n - w)^2 / 2 \lambda^2}$, where $\lambda$ is half the distance of two nodes $n$ times
    `smoothness`.

    Args:
        w_nodes: Weights `[N]` at which the step is wanted, evenly spaced.
        w_trace: Weights `[T, out, in]`.
        direction: Direction of each pulse `[T]`.
        up_direction: Steps up instead of down.
        smoothness: Width of the average relative to the distance of nodes.

    Returns:
        Mean and standard deviation `[N, out, in]`; NaN where there are too few steps.
    """
    nodes, trace = np.asarray(w_nodes, dtype=float), np.asarray(w_trace, dtype=float)
    signs = np.sign(np.asarray(direction, dtype=float))
    wanted = (signs[:-1] == (1.0 if up_direction else -1.0)) & (signs[:-1] == signs[1:])
    steps, weights = np.diff(trace, axis=0)[wanted], trace[:-1][wanted]
    width = (nodes[1] - nodes[0]) / 2 * smoothness
    mean = np.full((len(nodes), *trace.shape[1:]), np.nan)
    std = np.full_like(mean, np.nan)
    for index, node in enumerate(nodes):
        kernel = np.exp(-0.5 * ((node - weights) / width) ** 2)
        total = kernel.sum(axis=0)
        enough = total >= _MIN_KERNEL_SUM
        kernel = kernel / np.where(enough, total, np.nan)
        mean[index] = (kernel * steps).sum(axis=0)
        std[index] = np.sqrt((kernel * (steps - mean[index]) ** 2).sum(axis=0))
    return mean, std


def up_down_cycles(n_loops: int, n_steps: int) -> Array:
    """Return directions that go up and down `n_loops` times, `n_steps` each way."""
    total = min(max(2 * n_loops * n_steps, 1000), max(50000, 2 * n_steps))
    signs = np.sign(np.sin(np.pi * (np.arange(total) + 0.5) / n_steps))
    return np.asarray(signs, dtype=float)


def _without_noise(device: Any) -> None:
    for part in (
        device,
        *getattr(device, "unit_cell_devices", ()),
        getattr(device, "device", None),
    ):
        if part is None:
            continue
        if hasattr(part, "dw_min_std"):
            part.dw_min_std = 0.0
        if getattr(part, "write_noise_std", 0.0) > 0:
            part.write_noise_std = _NEGLIGIBLE_WRITE_NOISE
        for name in ("refresh_forward", "transfer_forward"):
            if hasattr(part, name):
                getattr(part, name).is_perfect = True
        for name in ("refresh_update", "transfer_update"):
            if hasattr(part, name):
                getattr(part, name).pulse_type = PulseType.NONE_WITH_DEVICE


def get_tile_for_plotting(
    rpu_config: Any,
    n_traces: int,
    use_cuda: bool = False,
    noise_free: bool = False,
    w_init: float | None = None,
) -> AnalogTile:
    """Return a tile whose every update is a single pulse.

    Args:
        rpu_config: Configuration; it is not changed.
        n_traces: Number of devices.
        use_cuda: Put the tile on the accelerator.
        noise_free: No noise from pulse to pulse and from read to read.
        w_init: Initial weight (default: the lower bound).
    """
    config = copy.deepcopy(rpu_config)
    config.update.update_bl_management = False
    config.update.update_management = False
    config.update.desired_bl = 1
    if noise_free:
        config.forward = IOParameters(is_perfect=True)
        _without_noise(config.device)
    tile = AnalogTile(n_traces, 1, config)
    tile.set_learning_rate(1.0)
    if w_init is None:
        lower = getattr(config.device.as_bindings(), "w_min", -1.0)
        w_init = float(lower)
    tile.set_weights(torch.full((n_traces, 1), w_init))
    return tile.cuda() if use_cuda else tile


def estimate_n_steps(rpu_config: Any) -> int:
    """Return the number of pulses from the lower to the upper bound (1000 for compounds).

    Raises:
        ConfigError: If the device has no bounds.
    """
    if not isinstance(rpu_config, SingleRPUConfig):
        return _DEFAULT_N_STEPS
    core = rpu_config.device.as_bindings()
    if not hasattr(core, "w_min"):
        raise ConfigError(
            f"a {type(rpu_config.device).__name__} has no bounds (w_min), so the number of pulses "
            "between them is unknown; give n_steps"
        )
    return round((core.w_max - core.w_min) / core.calc_weight_granularity())


def config_for_reading(device: Any, w_noise: float = 0.0) -> SingleRPUConfig | UnitCellRPUConfig:
    """Return a configuration that reads a device exactly except for weight noise.

    Args:
        device: Single device or unit cell.
        w_noise: Standard deviation of the weight noise.
    """
    forward = IOParameters(
        out_noise=0.0,
        w_noise=w_noise,
        inp_res=-1.0,
        out_bound=100.0,
        out_res=-1.0,
        bound_management=BoundManagementType.NONE,
        noise_management=NoiseManagementType.NONE,
        w_noise_type=WeightNoiseType.ADDITIVE_CONSTANT,
    )
    config_class = SingleRPUConfig if isinstance(device, PulsedDevice) else UnitCellRPUConfig
    return config_class(device=device, forward=forward, update=UpdateParameters())
