"""Devices under pulses, as numbers."""

import copy
from typing import Any

import torch
from torch import Tensor

from aihwkit.simulator.tiles.analog import AnalogTile
from aihwkit.utils.pulse_response import config_for_reading

__all__ = ["average", "bounds", "crossbar", "pulse", "steps", "traces"]

_SPREADS = ("_dtod", "_std")


def average(device: Any) -> Any:
    """Return a copy of `device` without any spread from device to device and without noise."""
    plain = copy.deepcopy(device)
    for part in (plain, *getattr(plain, "unit_cell_devices", ()), getattr(plain, "device", None)):
        for name in vars(part) if part is not None else ():
            if name.endswith(_SPREADS):
                setattr(part, name, 0.0)
    return plain


def crossbar(device: Any, weights: Tensor) -> AnalogTile:
    """Return a tile of devices `[out, in]` on which every update is one pulse a cross-point."""
    config = config_for_reading(device)
    config.update.update_bl_management = config.update.update_management = False
    config.update.desired_bl = 1
    tile = AnalogTile(*weights.shape, config)
    tile.set_learning_rate(1.0)
    tile.set_weights(weights.clone())
    return tile


def pulse(tile: AnalogTile, direction: int) -> Tensor:
    """Give every cross-point one pulse, up (1) or down (-1), and return the weights."""
    tile.update(-torch.ones(1, tile.in_size), direction * torch.ones(1, tile.out_size))
    return tile.get_weights()[0]


def traces(device: Any, pulses: int, count: int, cycles: int = 2) -> Tensor:
    """Return weights `[2 * cycles * pulses + 1, count]`: so many pulses up, as many down, again."""
    tile = crossbar(device, torch.zeros(count, 1))
    for _ in range(3 * pulses):
        pulse(tile, -1)
    path = [tile.get_weights()[0]]
    for cycle in range(2 * cycles):
        path += [pulse(tile, 1 - 2 * (cycle % 2)) for _ in range(pulses)]
    return torch.stack(path)[:, :, 0]


def steps(device: Any, direction: int, count: int = 200, nodes: int = 49) -> tuple[Tensor, ...]:
    """Return weights `[N]` and the steps of `count` devices from there `[count, N]`."""
    low, high = bounds(device)
    at = torch.linspace(0.98 * low, 0.98 * high, nodes)
    before = at.expand(count, nodes).contiguous()
    tile = crossbar(device, before)
    start = tile.get_weights()[0]
    step = pulse(tile, direction) - start
    # A device whose bound does not reach a weight has no step there.
    return at, torch.where((start - before).abs() < 1e-6, step, torch.nan)


def bounds(device: Any) -> tuple[float, float]:
    """Return the mean bounds of a pulsed device."""
    core = device.as_bindings()
    return core.w_min, core.w_max
