"""Pictures of the statistical models of a chip."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from docs.figures import inline
from docs.zoo.colours import DEVICES, DOWN, UP
from matplotlib.axes import Axes
from torch import Tensor

from aihwkit.inference import BaseNoiseModel
from aihwkit.inference.noise.power_law import PowerLawNoiseModel

__all__ = ["draw_spread", "statistics"]


def statistics(model: BaseNoiseModel, times: Sequence[float], count: int = 400) -> str:
    """Draw programming error, drift exponents where there are some, and conductances over time."""
    torch.manual_seed(0)
    low, high = getattr(model.g_converter, "g_min", 0.0), model.g_converter.g_max
    g = torch.linspace(low, high, 60).expand(count, 60).contiguous()
    programmed = model.apply_programming_noise_to_conductance(g)
    nu = model.generate_drift_coefficients(g)
    has_exponents = isinstance(model, PowerLawNoiseModel)
    figure, axes = plt.subplots(1, 2 + has_exponents, figsize=(8, 2.5), layout="constrained")
    draw_spread(axes[0], g[0], programmed - g, DOWN)
    axes[0].set(xlabel="target (µS)", ylabel="programmed - target (µS)")
    if has_exponents:
        draw_spread(axes[1], g[0], nu, UP)
        axes[1].set(xlabel="target (µS)", ylabel="drift exponent")
    draw_drift(axes[-1], model, times, low, high, count)
    return inline(figure, f"programming error and drift of {type(model).__name__}")


def draw_spread(axis: Axes, at: Tensor, values: Tensor, colour: str) -> None:
    """Draw the median and the middle 80 % of values `[count, N]`."""
    low, middle, high = (torch.nanquantile(values, q, dim=0) for q in (0.1, 0.5, 0.9))
    axis.plot(at, middle, color=colour, lw=1.3)
    axis.fill_between(at, low, high, color=colour, alpha=0.2, lw=0)


def draw_drift(
    axis: Axes, model: BaseNoiseModel, times: Sequence[float], low: float, high: float, count: int
) -> None:
    """Draw median and middle 80 % of five conductances over time."""
    g = torch.linspace(low, high, 6)[1:].expand(count, 5).contiguous()
    programmed = model.apply_programming_noise_to_conductance(g)
    drawn = model.generate_drift_coefficients(g)
    path = torch.stack(
        [model.apply_drift_noise_to_conductance(programmed, drawn, time) for time in times]
    )
    for index, colour in enumerate(DEVICES):
        draw_spread(axis, torch.tensor(times), path[:, :, index].T, colour)
    axis.set(xscale="log", xlabel="time (s)", ylabel="conductance (µS)")
