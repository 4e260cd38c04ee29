"""Plots of preset devices for web pages; `python -m aihwkit.utils.visualization_web FOLDER`."""

import argparse
import re
from pathlib import Path
from typing import Any

from aihwkit.simulator.presets import (
    CapacitorPresetDevice,
    EcRamPresetDevice,
    IdealizedPresetDevice,
    PCMPresetUnitCell,
    ReRamESPresetDevice,
    ReRamSBPresetDevice,
)
from aihwkit.utils.visualization import plot_device_compact
from synaptensor.optional import require

__all__ = [
    "DEVICES",
    "WEB_COLORS",
    "plot_device_compact_web",
    "save_plots_for_web",
    "set_dark_style",
]

WEB_COLORS = [
    "#8A3FFC",
    "#33B1FF",
    "#007D79",
    "#FF7EB6",
    "#FA4D56",
    "#FFF1F1",
    "#6FDC8C",
    "#4589FF",
    "#D12771",
    "#D2A106",
    "#08BDBA",
    "#BAE6FF",
    "#BA4E00",
    "#D4BBFF",
]
"""Colours of lines on a dark ground."""

DEVICES: dict[type, int] = {
    ReRamESPresetDevice: 1000,
    ReRamSBPresetDevice: 1000,
    CapacitorPresetDevice: 400,
    EcRamPresetDevice: 1000,
    IdealizedPresetDevice: 10000,
    PCMPresetUnitCell: 80,
}
"""Devices to plot, and their number of pulses each way."""

_GROUND = "#262626"


def set_dark_style(axes: Any) -> Any:
    """Give axes the dark ground and the cycle of colours, and return them."""
    axes.set_prop_cycle(color=WEB_COLORS)
    axes.set_facecolor(_GROUND)
    return axes


def _recolor(axes: Any) -> None:
    set_dark_style(axes)
    for index, line in enumerate(axes.lines):
        line.set_color(WEB_COLORS[index % len(WEB_COLORS)])


def plot_device_compact_web(
    device: Any, w_noise: float = 0.0, n_steps: int | None = None, n_traces: int = 3
) -> Any:
    """Plot a device as `plot_device_compact` does, on a dark ground, and return the figure.

    Args:
        device: Single device or unit cell.
        w_noise: Standard deviation of the weight noise of the reads.
        n_steps: Number of pulses each way (default: from bound to bound).
        n_traces: Number of devices.
    """
    pyplot = require("matplotlib.pyplot", extra="plot", package="aihwkit")
    with pyplot.style.context("dark_background"):
        figure = plot_device_compact(device, w_noise, n_steps, n_traces)
        for axes in figure.axes:
            _recolor(axes)
    return figure


def _simplify(figure: Any) -> None:
    """Leave only thick lines of the traces."""
    for axes in figure.axes:
        axes.set_axis_off()
        for line in axes.lines:
            line.set_linewidth(5)


def save_plots_for_web(path: Path | str = Path("/tmp"), file_format: str = "svg") -> list[Path]:
    """Save two figures of each device, one of them small and without labels.

    Args:
        path: Folder.
        file_format: Ending that names a format of matplotlib.

    Returns:
        The files.
    """
    pyplot = require("matplotlib.pyplot", extra="plot", package="aihwkit")
    options = {"transparent": True, "bbox_inches": "tight"}
    files = []
    for device_class, n_steps in DEVICES.items():
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", device_class.__name__).lower()
        for suffix, n_traces in (("", 3), ("-mini", 1)):
            figure = plot_device_compact_web(device_class(), n_steps=n_steps, n_traces=n_traces)
            if suffix:
                _simplify(figure)
            file = Path(path) / f"{name}{suffix}.{file_format}"
            figure.savefig(file, **options)
            pyplot.close(figure)
            files.append(file)
    return files


def main(argv: list[str] | None = None) -> None:
    """Save the figures to the folder named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(";")[0])
    parser.add_argument("destination", type=Path, help="folder, created if it does not exist")
    destination = parser.parse_args(argv).destination
    destination.mkdir(parents=True, exist_ok=True)
    for file in save_plots_for_web(destination):
        print(file)


if __name__ == "__main__":
    main()
