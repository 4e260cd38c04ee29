"""What models with power-law drift and 1/f read noise share."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.converter.conductance import SinglePairConductanceConverter
from aihwkit.inference.noise.base import BaseNoiseModel
from aihwkit.inference.noise.physics import (
    normal_like,
    polynomial,
    power_law_drift,
    read_noise_growth,
)
from synaptensor.validation import check_instance, check_nonnegative, check_positive

__all__ = ["PowerLawNoiseModel"]


class PowerLawNoiseModel(BaseNoiseModel):
    r"""Programming noise of polynomial width, power-law drift, and 1/f read noise.

    .. math::
        g_P &= \max(0, g_T + \sigma_P(g_T)\, \xi), \qquad
        \sigma_P = c_{ref} \sum_i c_i (g_T / g_{max})^i \\
        g_D &= g_P\, (t / t_0)^{-\nu}, \qquad t = t_{inference} + t_0 \\
        g &= \max\big(0, g_D + g_D\, Q(g_P) \sqrt{\ln((t + t_r) / 2 t_r)}\; \xi\big)

    Args:
        g_converter: mapping of weights to conductances; a copy is kept. One pair with `g_max` if
            None.
        g_max: largest conductance in microsiemens of the default converter.
        t_read: duration of a read in seconds.
        t_0: time between programming and first read in seconds.
        prog_noise_scale: factor on the programming noise.
        read_noise_scale: factor on the read noise.
        drift_scale: factor on the drift exponents.

    Raises:
        ValueError: if there is no largest conductance, or a number is out of range.
    """

    prog_coeff: list[float]

    def __init__(
        self,
        g_converter: BaseConductanceConverter | None,
        g_max: float | None,
        t_read: float,
        t_0: float,
        prog_noise_scale: float,
        read_noise_scale: float,
        drift_scale: float,
    ) -> None:
        if g_converter is None:
            g_converter = SinglePairConductanceConverter(g_max=g_max)
        super().__init__(copy.deepcopy(g_converter))
        # A converter's own largest conductance counts, as it limits the targets.
        self.g_max: float = getattr(self.g_converter, "g_max", g_max)  # type: ignore[assignment]
        if self.g_max is None:
            raise ValueError("g_max must be a number in microsiemens, got None")
        self.t_0 = check_positive("t_0", t_0)
        self.t_read = check_positive("t_read", t_read)
        self.prog_noise_scale = check_nonnegative("prog_noise_scale", prog_noise_scale)
        self.read_noise_scale = check_nonnegative("read_noise_scale", read_noise_scale)
        self.drift_scale = check_nonnegative("drift_scale", drift_scale)

    def _set_prog_coeff(
        self,
        prog_coeff: Sequence[float] | None,
        reference: float | None,
        default: Sequence[float],
        default_reference: float,
    ) -> None:
        """Take over coefficients, and the largest conductance that they were measured with."""
        if prog_coeff is None:
            self.prog_coeff = list(default)
            self.prog_coeff_g_max_reference = default_reference
            return
        self.prog_coeff = list(check_instance("prog_coeff", prog_coeff, Sequence))
        self.prog_coeff_g_max_reference = self.g_max if reference is None else reference
        check_positive("prog_coeff_g_max_reference", self.prog_coeff_g_max_reference)

    @torch.no_grad()
    def apply_programming_noise_to_conductance(self, g_target: Tensor) -> Tensor:
        """Return the conductances after programming, not negative."""
        factor = self.prog_noise_scale * self.g_max / self.prog_coeff_g_max_reference
        # Powers of the conductance itself: one tensor and two passes over it less.
        scaled = [factor * c / self.g_max**k for k, c in enumerate(self.prog_coeff)]
        width = polynomial(scaled, g_target)
        return normal_like(g_target).mul_(width).add_(g_target).clamp_(min=0.0)

    @torch.no_grad()
    def generate_drift_coefficients(self, g_target: Tensor) -> Tensor:
        """Draw the drift exponents, not negative."""
        mean, spread = self._drift_statistics(g_target)
        nu = normal_like(g_target).mul_(spread).add_(mean).abs_()
        return nu if self.drift_scale == 1.0 else nu.mul_(self.drift_scale)

    @torch.no_grad()
    def apply_drift_noise_to_conductance(
        self, g_prog: Tensor, drift_noise_param: Any, t_inference: float
    ) -> Tensor:
        """Return the conductances as they are read at a time, not negative."""
        t = t_inference + self.t_0
        drifted = g_prog
        if t > self.t_0:
            drifted = power_law_drift(g_prog, drift_noise_param.to(g_prog), t / self.t_0)
        scale = read_noise_growth(t, self.t_read) * self.read_noise_scale
        noise = self._read_noise_width(g_prog, drifted).mul_(normal_like(g_prog)).mul_(scale)
        return noise.add_(drifted).clamp_(min=0.0)

    def _drift_statistics(self, g_target: Tensor) -> tuple[Any, Tensor]:
        """Return mean and spread of the drift exponents."""
        raise NotImplementedError

    def _read_noise_width(self, g_prog: Tensor, drifted: Tensor) -> Tensor:
        """Return a new tensor with :math:`g_D Q(g_P)`, the width of the read noise without time."""
        raise NotImplementedError
