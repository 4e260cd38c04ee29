"""Responses of the device presets to pulses, and a device fitted to measured pulses.

The "measurement" comes from a device whose parameters are known, so that the fit can be judged.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aihwkit.simulator.configs import SoftBoundsDevice
from aihwkit.simulator.presets import (
    CapacitorPresetDevice,
    EcRamMOPresetDevice,
    EcRamPresetDevice,
    IdealizedPresetDevice,
    PCMPresetUnitCell,
    ReRamESPresetDevice,
    ReRamSBPresetDevice,
)
from aihwkit.utils.fitting import fit_measurements

# --8<-- [start:presets]
PRESETS = {
    IdealizedPresetDevice: 10000,
    ReRamESPresetDevice: 1000,
    ReRamSBPresetDevice: 1000,
    CapacitorPresetDevice: 400,
    EcRamPresetDevice: 1000,
    EcRamMOPresetDevice: 8000,
    PCMPresetUnitCell: 80,
}
"""Devices, with the pulses from one bound to the other."""
# --8<-- [end:presets]
TRUE = {"dw_min": 0.1, "up_down": 0.1, "w_max": 0.8}
W_MIN = -0.7
N_PULSES = 20


# --8<-- [start:fit]
def measured() -> tuple[np.ndarray, np.ndarray]:
    """Return pulses and the noisy responses of a soft-bounds device to them."""
    pulses = np.concatenate([np.ones(N_PULSES), -np.ones(N_PULSES)])
    up = TRUE["dw_min"] * (1 + min(TRUE["up_down"], 0.0))
    down = TRUE["dw_min"] * (1 - max(TRUE["up_down"], 0.0))
    weight, responses = -0.5, []
    for pulse in pulses:
        responses.append(weight)
        if pulse > 0:
            weight += up * (1 - weight / TRUE["w_max"])
        else:
            weight -= down * (1 - weight / W_MIN)
    noise = np.random.default_rng(0).normal(scale=0.005, size=len(responses))
    return pulses, np.asarray(responses) + noise


def fitted() -> Any:
    """Return the result of the fit."""
    parameters = {
        "dw_min": (0.05, 0.01, 0.5),
        "up_down": (0.0, -0.9, 0.9),
        "w_max": (0.6, 0.3, 2.0),
        "w_min": W_MIN,
    }
    result, _, _ = fit_measurements(parameters, *measured(), SoftBoundsDevice())
    return result


# --8<-- [end:fit]


def draw(path: Path) -> None:
    """Save a figure with the responses of all presets."""
    from matplotlib.figure import Figure
    from toy import save

    from aihwkit.utils.visualization import plot_device_compact

    figure = Figure(figsize=(12, 6), layout="constrained")
    for axes, (device, n_steps) in zip(figure.subplots(2, 4).flat, PRESETS.items(), strict=False):
        plot_device_compact(device(), n_steps=min(n_steps, 500), n_traces=3, n_loops=1, axes=axes)
        axes.set_title(device.__name__, fontsize="small")
    save(figure, path)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Fit, print and return the errors of the parameters; draw the presets if asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--plot", type=Path, help="save a figure with the presets to this file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="accepted, as by other examples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    result = fitted()
    errors = {}
    for name, true in TRUE.items():
        parameter = result.params[name]
        errors[name] = parameter.value - true
        print(f"{name:8} {parameter.value:.4f} ± {parameter.stderr:.4f}, true value {true}")
    if options.plot:
        draw(options.plot)
    return errors


if __name__ == "__main__":
    main()
