"""Pictures of devices under pulses."""

from typing import Any

import matplotlib.pyplot as plt
import torch
from docs.figures import inline
from docs.zoo.colours import DEVICES, DOWN, UP
from docs.zoo.pulses import average, steps, traces
from matplotlib.axes import Axes

from aihwkit.simulator.configs.devices import PulsedDevice

__all__ = ["portrait"]


def portrait(device: PulsedDevice, pulses: int = 60, count: int = 5) -> str:
    """Draw devices under pulses up and down, and the size of their steps, as HTML."""
    torch.manual_seed(0)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.7), width_ratios=(3, 2))
    draw_traces(left, device, pulses, count)
    left.set(xlabel="pulse", ylabel="weight")
    for direction, colour, label in ((1, UP, "up"), (-1, DOWN, "down")):
        draw_steps(right, device, direction, colour, label)
    right.axhline(0.0, color="#888888", lw=0.5)
    right.set(xlabel="weight", ylabel="step")
    right.legend(frameon=False)
    figure.tight_layout()
    return inline(figure, f"response of {type(device).__name__} to pulses")


def draw_traces(axis: Axes, device: Any, pulses: int, count: int = 5) -> None:
    """Draw `count` devices, coloured, and the average one without noise, black."""
    axis.set_prop_cycle(color=DEVICES)
    axis.plot(traces(device, pulses, count), lw=0.8)
    axis.plot(traces(average(device), pulses, 1), color="k", lw=1.3)
    for turn in range(1, 4):
        axis.axvline(turn * pulses, color="#bbbbbb", lw=0.5, ls=":")


def draw_steps(axis: Axes, device: Any, direction: int, colour: str, label: str) -> None:
    """Draw the step of the average device, and the middle 80 % of all devices and pulses."""
    at, mean = steps(average(device), direction, count=1)
    axis.plot(at, mean[0], color=colour, lw=1.5, label=label)
    at, all_of_them = steps(device, direction)
    low, high = (torch.nanquantile(all_of_them, q, dim=0) for q in (0.1, 0.9))
    axis.fill_between(at, low, high, color=colour, alpha=0.2, lw=0)
