"""A connectome as a matrix, sorted by type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bioplnn.connectomes.connectome import Connectome
from bioplnn.plots.axes import one_axes
from synaptensor.validation import check_integer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = {1: "tab:red", -1: "tab:blue", 0: "0.4"}
_LABELS = {1: "excitatory", -1: "inhibitory", 0: "sign unknown"}
_MAX_DOTS = 200_000
_CELLS = 400
_NAMED_SHARE = 0.02


def plot_connectome(
    connectome: Connectome,
    ax: Axes | None = None,
    *,
    sort: bool = True,
    size: float | None = None,
    order: Sequence[str] | None = None,
    max_dots: int = _MAX_DOTS,
) -> Axes:
    """Draw every connection as a dot: sender along x, receiver along y, colour by sign.

    Larger connectomes are drawn as a map of the density of connections, sorted in the same way.

    Args:
        connectome: What to draw.
        ax: Where to.
        sort: Whether to put neurons of one type side by side and name the types (but for those
            too small for a name).
        size: Area of a dot in points squared.
        order: Types from left to right, all of them; alphabetic if ``None``.
        max_dots: From how many connections on the density is drawn instead of dots.

    Raises:
        ValueError: ``order`` does not hold every type once.
    """
    ax = one_axes(ax)
    count = connectome.num_neurons
    place = np.arange(count)
    if sort and connectome.types is not None:
        place = _place_by_type(ax, np.asarray(connectome.types), order)
    x, y = place[connectome.sources.numpy()], place[connectome.targets.numpy()]
    if len(x) > check_integer("max_dots", max_dots, minimum=0):
        _draw_density(ax, x, y, count)
    else:
        size = 2e4 / max(1, len(x)) ** 1.05 if size is None else size
        _draw_dots(ax, x, y, _sent_signs(connectome), min(max(0.05, size), 8.0))
        if connectome.signs is not None:
            ax.legend(markerscale=3, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    ax.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), xlabel="sender", ylabel="receiver")
    ax.set_aspect("equal")
    return ax


def _place_by_type(ax: Axes, types: np.ndarray, order: Sequence[str] | None) -> np.ndarray:
    """Place of every neuron when types lie side by side; names the types at the axes."""
    labels = sorted(set(types.tolist()))
    if order is not None:
        if sorted(order) != labels:
            raise ValueError(f"order must hold every type of {labels} once, got {list(order)}")
        labels = list(order)
    rank = {label: i for i, label in enumerate(labels)}
    ranks = np.array([rank[label] for label in types.tolist()])
    place = np.empty(len(types), dtype=np.int64)
    place[np.argsort(ranks, kind="stable")] = np.arange(len(types))
    stops = np.cumsum(np.bincount(ranks, minlength=len(labels)))
    for stop in stops[:-1]:
        ax.axhline(stop - 0.5, color="0.7", linewidth=0.6)
        ax.axvline(stop - 0.5, color="0.7", linewidth=0.6)
    starts = np.concatenate([[0], stops[:-1]])
    middle = (starts + stops) / 2 - 0.5
    wide = np.flatnonzero(stops - starts > _NAMED_SHARE * len(types))
    names = [labels[i] for i in wide]
    ax.set_yticks(middle[wide], names)
    ax.set_xticks(middle[wide], names, rotation=45, ha="right")
    return place


def _sent_signs(connectome: Connectome) -> np.ndarray:
    """Sign of the sender of every connection; 1 where no signs are known at all."""
    if connectome.signs is None:
        return np.ones(connectome.num_synapses, dtype=int)
    return connectome.signs[connectome.sources.numpy()]


def _draw_dots(ax: Axes, x: np.ndarray, y: np.ndarray, signs: np.ndarray, size: float) -> None:
    for sign in np.unique(signs)[::-1]:
        chosen = signs == sign
        ax.scatter(
            x[chosen], y[chosen],
            s=size, c=_COLORS[int(sign)], label=_LABELS[int(sign)], linewidths=0,
        )  # fmt: skip


def _draw_density(ax: Axes, x: np.ndarray, y: np.ndarray, count: int) -> None:
    """Share of the possible connections that exist, over cells of neighbouring neurons."""
    edges = np.linspace(-0.5, count - 0.5, min(count, _CELLS) + 1)
    found = np.histogram2d(y, x, (edges, edges))[0]
    share = found / (edges[1] - edges[0]) ** 2
    # A few crowded cells, as at the edges of a sheet, would leave the rest pale.
    largest = float(np.quantile(share[share > 0], 0.99)) if found.any() else 1.0
    image = ax.imshow(
        share, cmap="Greys", vmin=0.0, vmax=largest, extent=(-0.5, count - 0.5, count - 0.5, -0.5),
        interpolation="nearest",
    )  # fmt: skip
    image.figure.colorbar(image, ax=ax, label="share of connected pairs", extend="max")
