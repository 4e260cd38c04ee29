"""One analog layer learns two vectors with devices of many kinds, single and several a crosspoint.

Each device is a preset that was fitted to measurements, or built here; the last one has three
different devices at every crosspoint, of which each update picks one at random.
"""

from typing import Any

from toy import arguments, compare, draw_curves, late, save

from aihwkit.simulator.configs import (
    ConstantStepDevice,
    LinearStepDevice,
    PowStepDevice,
    SingleRPUConfig,
    SoftBoundsDevice,
    UnitCellRPUConfig,
    VectorUnitCell,
)
from aihwkit.simulator.parameters import VectorUnitCellUpdatePolicy
from aihwkit.simulator.presets import (
    CapacitorPresetDevice,
    EcRamPresetDevice,
    ReRamESPresetDevice,
    ReRamSBPresetDevice,
)

# --8<-- [start:devices]
SINGLE = {
    "ConstantStep": ConstantStepDevice(),
    "LinearStep": LinearStepDevice(gamma_up=0.5, gamma_down=0.5),
    "SoftBounds": SoftBoundsDevice(),
    "PowStep": PowStepDevice(),
    "ReRAM, exponential step": ReRamESPresetDevice(),
    "ReRAM, soft bounds": ReRamSBPresetDevice(),
    "capacitor": CapacitorPresetDevice(),
    "ECRAM": EcRamPresetDevice(),
}
THREE = VectorUnitCell(
    unit_cell_devices=[
        ConstantStepDevice(w_max=0.3),
        ConstantStepDevice(w_max_dtod=0.4),
        ConstantStepDevice(up_down_dtod=0.1),
    ],
    update_policy=VectorUnitCellUpdatePolicy.SINGLE_RANDOM,
)
# --8<-- [end:devices]


def draw(curves: dict[str, list[float]]) -> Any:
    """Return a figure with the response of the devices to pulses, and the losses."""
    from matplotlib.figure import Figure

    from aihwkit.utils.visualization import plot_device_compact

    figure = Figure(figsize=(12, 7), layout="constrained")
    grid = figure.add_gridspec(2, 6)
    for index, (name, device) in enumerate(list(SINGLE.items())[:8]):
        axes = figure.add_subplot(grid[index // 4, index % 4])
        plot_device_compact(device, n_steps=500, n_traces=3, n_loops=1, axes=axes)
        axes.set_title(name, fontsize="small")
    draw_curves(figure.add_subplot(grid[:, 4:]), curves)
    return figure


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train with every device and return the losses at the end."""
    options = arguments((__doc__ or "").splitlines()[0], epochs=200).parse_args(argv)
    configs: dict[str, Any] = {name: SingleRPUConfig(device=d) for name, d in SINGLE.items()}
    configs["three a crosspoint"] = UnitCellRPUConfig(device=THREE)
    curves = compare(configs, options)
    if options.plot:
        save(draw(curves), options.plot)
    return {name: late(losses) for name, losses in curves.items()}


if __name__ == "__main__":
    main()
