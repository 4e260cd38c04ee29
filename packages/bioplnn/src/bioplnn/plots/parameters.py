"""What a network has learned: receptive fields and time constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from bioplnn.models.connectome.base import ConnectomeMixIn
from bioplnn.models.spatially_embedded import SpatiallyEmbeddedArea
from bioplnn.plots.axes import add_scale, clear, grid_of_axes, one_axes
from synaptensor.validation import check_integer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 8


def plot_receptive_fields(
    area: SpatiallyEmbeddedArea,
    neuron_type: int = 0,
    channel: int = 0,
    axes: Any = None,
    *,
    row: int = 0,
    cmap: str = "RdBu_r",
) -> np.ndarray:
    """Draw the kernels from the input (or another source) to the subtypes of one cell type.

    All kernels share their colours; a new figure says at the right what they mean.

    Args:
        area: An area.
        neuron_type: Which cell type receives.
        channel: Channel of the source.
        axes: Where to, at least one per subtype.
        row: Row of the connectivity table that sends; 0 is the input.
        cmap: Colours, white at zero.

    Returns:
        The axes that were drawn into, one per subtype.

    Raises:
        ValueError: There is no such connection.
    """
    if not area.inter_neuron_type_connectivity[row, neuron_type]:
        raise ValueError(f"row {row} must be connected to cell type {neuron_type}, but is not")
    kernels = area.conv(row, neuron_type).weight.detach().cpu()
    check_integer("channel", channel, minimum=0, maximum=kernels.shape[1] - 1)
    maps = kernels[:, channel].numpy()
    rows = -(-len(maps) // _COLUMNS)
    if axes is None:
        grid = grid_of_axes(None, rows, min(len(maps), _COLUMNS), side=0.9).ravel()
        for ax in grid[len(maps) :]:
            ax.remove()
        grid = grid[: len(maps)]
    else:
        grid = grid_of_axes(axes, 1, len(maps))[0]
    largest = float(np.abs(maps).max()) or 1.0
    for ax, kernel in zip(grid, maps, strict=True):
        image = ax.imshow(kernel, cmap=cmap, vmin=-largest, vmax=largest)
        clear(ax)
    if axes is None:
        add_scale(image, grid, "weight")
    return grid


def plot_time_constants(model: nn.Module, ax: Axes | None = None, *, bins: int = 20) -> Axes:
    """Draw histograms of the time constants of a network, one per cell type.

    Args:
        model: An area, a network or a classifier.
        ax: Where to.
        bins: Number of bins.

    Raises:
        ValueError: The model has no time constants.
    """
    ax = one_axes(ax)
    found = time_constants(model)
    if not found:
        raise ValueError(f"model must have time constants, got {type(model).__name__}")
    low = min(float(tau.min()) for tau in found.values())
    high = max(float(tau.max()) for tau in found.values())
    edges = np.linspace(low, max(high, low + 1e-3), bins + 1)
    ax.hist([tau.numpy() for tau in found.values()], edges.tolist(), label=list(found))
    ax.set(xlabel="time constant (steps)", ylabel="count")
    ax.legend(frameon=False)
    return ax


def time_constants(model: nn.Module) -> dict[str, Tensor]:
    """Time constants in every cell type of every area (or of a connectome), flat."""
    found: dict[str, Tensor] = {}
    areas = [module for module in model.modules() if isinstance(module, SpatiallyEmbeddedArea)]
    for number, area in enumerate(areas):
        where = f"area {number}, " if len(areas) > 1 else ""
        for name, tau in zip(area.type_names(), area.tau, strict=True):
            found[f"{where}{name}"] = tau.detach().cpu().flatten()
    for module in model.modules():
        if isinstance(module, ConnectomeMixIn):
            found.update(_of_connectome(module))
    return found


def _of_connectome(module: ConnectomeMixIn) -> dict[str, Tensor]:
    tau = module.tau.detach().cpu().flatten()
    if not module.num_neuron_types:
        return {"all neurons": tau}
    if module.neuron_tau_mode == "per_neuron_type":
        return {str(label): tau[k : k + 1] for label, k in module.neuron_type_index_map.items()}
    types = module.neuron_type_mask.cpu()
    return {str(label): tau[types == k] for label, k in module.neuron_type_index_map.items()}
