"""Noise whose statistics do not depend on the conductance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.noise.power_law import PowerLawNoiseModel
from synaptensor.validation import check_nonnegative

__all__ = ["StateIndependentNoiseModel"]


class StateIndependentNoiseModel(PowerLawNoiseModel):
    r"""Programming noise, drift and read noise with the same statistics for all conductances.

    .. math:: \nu = |\mu + \sigma \xi|, \qquad Q = 1 / g_{max}

    Args:
        g_converter: mapping of weights to conductances; one pair with `g_max` if None.
        g_max: largest conductance in microsiemens if there is no converter; 25 if None.
        prog_coeff: coefficients of the programming noise in microsiemens, constant term first,
            of powers of the relative conductance; `[0.2, 0, 0]` if None.
        prog_noise_scale: factor on the programming noise.
        drift_nu_mean: mean drift exponent.
        drift_nu_std: standard deviation of the drift exponent.
        drift_scale: factor on the drift exponents.
        t_0: time between programming and first read in seconds.
        read_noise_scale: factor on the read noise.
        t_read: duration of a read in seconds.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        g_converter: BaseConductanceConverter | None = None,
        g_max: float | None = None,
        prog_coeff: Sequence[float] | None = None,
        prog_noise_scale: float = 1.0,
        drift_nu_mean: float = 0.1,
        drift_nu_std: float = 0.05,
        drift_scale: float = 1.0,
        t_0: float = 20.0,
        read_noise_scale: float = 1.0,
        t_read: float = 250.0e-9,
    ) -> None:
        super().__init__(
            g_converter, g_max, t_read, t_0, prog_noise_scale, read_noise_scale, drift_scale
        )
        self._set_prog_coeff(prog_coeff, None, (0.2, 0.0, 0.0), self.g_max)
        self.drift_nu_mean = drift_nu_mean
        self.drift_nu_std = check_nonnegative("drift_nu_std", drift_nu_std)

    def _drift_statistics(self, g_target: Tensor) -> tuple[Any, Tensor]:
        mean = torch.as_tensor(self.drift_nu_mean, dtype=g_target.dtype, device=g_target.device)
        return mean, torch.full_like(g_target, self.drift_nu_std)

    def _read_noise_width(self, g_prog: Tensor, drifted: Tensor) -> Tensor:
        return (drifted / self.g_max).abs_()
