"""A connectome as a matrix, sorted by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioplnn.connectomes.connectome import Connectome
from bioplnn.plots.axes import one_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = {1: "tab:red", -1: "tab:blue", 0: "0.4"}
_LABELS = {1: "excitatory", -1: "inhibitory", 0: "sign unknown"}


def plot_connectome(
    connectome: Connectome, ax: Axes | None = None, *, sort: bool = True, size: float | None = None
) -> Axes:
    """Draw every connection as a dot: sender along x, receiver along y, colour by sign.

    Args:
        connectome: What to draw.
        ax: Where to.
        sort: Whether to put neurons of one type side by side and name the types.
        size: Area of a dot in points squared.
    """
    ax = one_axes(ax)
    count = connectome.num_neurons
    place = np.arange(count)
    if sort and connectome.types is not None:
        types = np.asarray(connectome.types)
        order = np.argsort(types, kind="stable")
        place[order] = np.arange(count)
        _name_types(ax, types[order])
    sources, targets = connectome.sources.numpy(), connectome.targets.numpy()
    signs = connectome.signs
    sent = np.ones(len(sources), dtype=int) if signs is None else signs[sources]
    size = max(0.05, 2e4 / max(1, len(sources)) ** 1.05) if size is None else size
    for sign in np.unique(sent):
        chosen = sent == sign
        ax.scatter(
            place[sources[chosen]], place[targets[chosen]],
            s=min(size, 8.0), c=_COLORS[int(sign)], label=_LABELS[int(sign)], linewidths=0,
        )  # fmt: skip
    if signs is not None:
        ax.legend(markerscale=3, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    ax.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), xlabel="sender", ylabel="receiver")
    ax.set_aspect("equal")
    return ax


def _name_types(ax: Axes, sorted_types: np.ndarray) -> None:
    labels, starts, counts = np.unique(sorted_types, return_index=True, return_counts=True)
    for start in starts[1:]:
        ax.axhline(start - 0.5, color="0.7", linewidth=0.6)
        ax.axvline(start - 0.5, color="0.7", linewidth=0.6)
    middle = starts + counts / 2 - 0.5
    ax.set_yticks(middle, labels)
    ax.set_xticks(middle, labels, rotation=45, ha="right")
