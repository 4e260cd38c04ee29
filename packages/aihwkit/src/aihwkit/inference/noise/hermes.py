"""Phase-change memory of the Hermes chip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.noise.physics import log_fit, polynomial
from aihwkit.inference.noise.power_law import PowerLawNoiseModel
from synaptensor.validation import check_number

__all__ = ["HermesNoiseModel"]

_ZERO_CLIP = 1e-7


@dataclass(frozen=True)
class _Fit:
    """Logarithmic below a relative conductance, polynomial above."""

    border: float
    log: tuple[float, float, float, float]
    poly: tuple[float, ...]

    def __call__(self, g: Tensor, log_g: Tensor) -> Tensor:
        low = log_fit(log_g, *self.log)
        return torch.where(g < self.border, low, polynomial(self.poly, g))


@dataclass(frozen=True)
class _Chip:
    """Coefficients for one number of devices for each conductance."""

    t_0: float
    g_max: float
    prog_coeff: tuple[float, ...]
    nu_mean: _Fit
    nu_std: _Fit
    read: _Fit


_NU_MEAN = _Fit(0.0945, (-0.0387, -0.0182, 0.0720, 0.13), (0.0736, -0.0126, -0.0436))
_CHIPS = {
    1: _Chip(
        t_0=200.0,
        g_max=10.35,
        prog_coeff=(0.15781817, 2.32443916, -2.16310839, 0.68841818),
        nu_mean=_NU_MEAN,
        nu_std=_Fit(0.3039, (-0.0120, -0.0023, 0.0124, 0.04), (0.0104, 0.0116, -0.0165)),
        read=_Fit(0.1591, (-0.0078, 0.0038, 0.0179, 0.04), (0.0088, 0.0768, -0.1352, 0.0664)),
    ),
    2: _Chip(
        t_0=300.0,
        g_max=20.7,
        prog_coeff=(0.16603222, 4.71806468, -8.48101252, 4.68961419),
        nu_mean=_NU_MEAN,
        nu_std=_Fit(0.3055, (-0.0117, -0.0057, 0.0091, 0.04), (0.0073, 0.0093, -0.0118)),
        read=_Fit(0.16, (-0.0117, -0.0069, 0.015, 0.04), (0.0123, 0.0211, -0.0280, 0.0069)),
    ),
}


class HermesNoiseModel(PowerLawNoiseModel):
    """Programming noise, drift and read noise measured on the Hermes chip.

    Args:
        prog_coeff: coefficients of the programming noise in microsiemens, constant term first.
        g_converter: mapping of weights to conductances; one pair with `g_max` if None.
        num_devices: devices for each conductance, 1 or 2.
        g_max: largest conductance in microsiemens if there is no converter; 10.35 for one and 20.7
            for two devices if None.
        t_read: duration of a read in seconds.
        t_0: time between programming and first read in seconds; 200 for one and 300 for two
            devices if None.
        prog_noise_scale: factor on the programming noise.
        read_noise_scale: factor on the read noise.
        drift_scale: factor on the drift exponents.
        prog_coeff_g_max_reference: largest conductance that `prog_coeff` was measured with;
            `g_max` if None.

    Raises:
        AssertionError: if `num_devices` is neither 1 nor 2, or `g_max` above the chip's.

    Reference:
        Le Gallo et al., "A 64-core mixed-signal in-memory compute chip based on phase-change
        memory for deep neural network inference", Nature Electronics 2023.
    """

    def __init__(
        self,
        prog_coeff: Sequence[float] | None = None,
        g_converter: BaseConductanceConverter | None = None,
        num_devices: int = 2,
        g_max: float | None = None,
        t_read: float = 512.0e-9,
        t_0: float | None = None,
        prog_noise_scale: float = 1.0,
        read_noise_scale: float = 1.0,
        drift_scale: float = 1.0,
        prog_coeff_g_max_reference: float | None = None,
    ) -> None:
        if num_devices not in _CHIPS:
            raise AssertionError(f"num_devices must be 1 or 2, got {num_devices!r}")
        chip = _CHIPS[num_devices]
        if g_max is not None and check_number("g_max", g_max) > chip.g_max:
            raise AssertionError(
                f"g_max must be at most {chip.g_max} for {num_devices} devices, got {g_max!r}"
            )
        super().__init__(
            g_converter,
            chip.g_max if g_max is None else g_max,
            t_read,
            chip.t_0 if t_0 is None else t_0,
            prog_noise_scale,
            read_noise_scale,
            drift_scale,
        )
        self.num_devices = num_devices
        self._set_prog_coeff(prog_coeff, prog_coeff_g_max_reference, chip.prog_coeff, chip.g_max)

    def _drift_statistics(self, g_target: Tensor) -> tuple[Any, Tensor]:
        chip = _CHIPS[self.num_devices]
        g = (g_target / self.g_max).abs_().clamp_(min=_ZERO_CLIP)
        log_g = g.log()
        return chip.nu_mean(g, log_g), chip.nu_std(g, log_g)

    def _read_noise_width(self, g_prog: Tensor, drifted: Tensor) -> Tensor:
        g = (g_prog / self.g_max).abs_().clamp_(min=_ZERO_CLIP)
        return _CHIPS[self.num_devices].read(g, g.log()).mul_(drifted)
