"""Figures of the documentation pages, drawn while the pages are built."""

import base64
import io

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})

WIDE = 7.0  # inches


def inline(figure: Figure, alt: str = "figure") -> str:
    """Return `figure` as an HTML image that carries its own data.

    Figures of several panels have a class of their own, so that narrow screens can scroll them.
    """
    kind = ' class="wide"' if figure.get_figwidth() > WIDE else ""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130, bbox_inches="tight")
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<p><img{kind} alt="{alt}" src="data:image/png;base64,{data}"></p>'


def image_grid(images: Tensor, columns: int = 10) -> Figure:
    """Draw images `[N, H, W]`, each on its own symmetric scale."""
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 0.75, rows * 0.75))
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image in zip(axes.flat, images, strict=False):
        limit = float(image.abs().max())
        axis.imshow(image.numpy(), cmap="RdBu_r", vmin=-limit, vmax=limit)
    return figure


def heat(values: Tensor, label: str, extent: tuple[float, ...] | None = None) -> Figure:
    """Draw a matrix `[H, W]` with its colour bar; NaN stays dark."""
    figure, axis = plt.subplots(figsize=(5.2, 4.2))
    axis.set_facecolor("#14181d")
    picture = axis.imshow(values.numpy(), extent=extent, origin="lower", cmap="viridis")
    figure.colorbar(picture, label=label)
    return figure
