"""Resistive memory."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from aihwkit.exceptions import ArgumentError
from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.converter.conductance import (
    SingleDeviceConductanceConverter,
    SinglePairConductanceConverter,
)
from aihwkit.inference.noise.base import BaseNoiseModel
from aihwkit.inference.noise.physics import normal_like, polynomial, read_noise_growth
from synaptensor.validation import check_instance

__all__ = ["ReRamCMONoiseModel", "ReRamWan2022NoiseModel"]

_WAN_TABLE = {
    1.0: [0.348, 16.030, -43.853, 45.393, -16.815],
    86400.0: [0.701, 22.086, -50.773, 47.095, -16.458],
    172800.0: [0.782, 20.274, -43.507, 37.062, -11.934],
}


class ReRamWan2022NoiseModel(BaseNoiseModel):
    r"""Deviation of resistive memory from its target, tabulated for some times.

    .. math::
        g(t) = \max\Big(0, g_T + s \frac{g_{max}}{g_{ref}} \sum_i c_i(t) (g_T / g_{max})^i\;
        \xi\Big)

    Args:
        coeff_dic: time in seconds to coefficients in microsiemens, constant term first; those of
            the reference after 1 second, 1 day and 2 days if None.
        g_converter: mapping of weights to conductances; a copy is kept. One pair with `g_max` if
            None.
        g_max: largest conductance in microsiemens if there is no converter; 25 if None.
        noise_scale: factor on the noise.
        coeff_g_max_reference: largest conductance that the coefficients were measured with;
            `g_max` if None. It is 40 for those of the reference.

    Raises:
        ValueError: if there is no largest conductance.

    Reference:
        Wan et al., "A compute-in-memory chip based on resistive random-access memory", Nature 2022
        (extended data figure 3d).
    """

    def __init__(
        self,
        coeff_dic: dict[float, list[float]] | None = None,
        g_converter: BaseConductanceConverter | None = None,
        g_max: float | None = None,
        noise_scale: float = 1.0,
        coeff_g_max_reference: float | None = None,
    ) -> None:
        if g_converter is None:
            g_converter = SinglePairConductanceConverter(g_max=g_max)
        super().__init__(copy.deepcopy(g_converter))
        self.g_max: float = getattr(self.g_converter, "g_max", g_max)  # type: ignore[assignment]
        if self.g_max is None:
            raise ValueError("g_max must be a number in microsiemens, got None")
        self.coeff_dic = copy.deepcopy(_WAN_TABLE if coeff_dic is None else coeff_dic)
        if not self.coeff_dic:
            raise ValueError("coeff_dic must have at least one time, got none")
        self.noise_scale = noise_scale
        self.coeff_g_max_reference = (
            self.g_max if coeff_g_max_reference is None else coeff_g_max_reference
        )

    def _deviating(self, g_target: Tensor, coefficients: Sequence[float]) -> Tensor:
        width = polynomial(coefficients, g_target / self.g_max)
        factor = self.noise_scale * self.g_max / self.coeff_g_max_reference
        return width.mul_(normal_like(g_target)).mul_(factor).add_(g_target).clamp_(min=0.0)

    @torch.no_grad()
    def apply_programming_noise_to_conductance(self, g_target: Tensor) -> Tensor:
        """Return the conductances at the earliest time of the table."""
        return self._deviating(g_target, self.coeff_dic[min(self.coeff_dic)])

    @torch.no_grad()
    def generate_drift_coefficients(self, g_target: Tensor) -> Tensor:
        """Return the targets, from which the conductances of later times are drawn."""
        return g_target

    @torch.no_grad()
    def apply_drift_noise_to_conductance(
        self, g_prog: Tensor, drift_noise_param: Any, t_inference: float
    ) -> Tensor:
        """Return the conductances at a time of the table.

        Raises:
            ArgumentError: if the time is not in the table.
        """
        if t_inference not in self.coeff_dic:
            raise ArgumentError(
                f"t_inference must be one of {sorted(self.coeff_dic)} seconds, for which the "
                f"model has coefficients, got {t_inference!r}"
            )
        return self._deviating(drift_noise_param, self.coeff_dic[t_inference])


_CMO_PROGRAMMING = {0.2: [0.00081107, 0.00106879], 2: [0.0112185391, 0.01129027418]}
_CMO_DECAY = {"mean": [-0.08900206], "std": [0.04201137, 0.41183342]}
_CMO_READ = {"K": 0.0277316483, "t_read": 1e-6}
# Default of the interface, which never was a key of the table and has always meant 0.2 %.
_ACCEPTANCE_DEFAULT = 2e-2
_LOWEST_G = 1e-7


class ReRamCMONoiseModel(BaseNoiseModel):
    r"""Resistive memory with a conductive metal oxide: one bidirectional device for each weight.

    .. math::
        g_P &= g_T + (c_0 + c_1 g_T)\, \xi \\
        g_D &= g_P + m \ln t + (s_0 \ln t + s_1)\, \xi' \\
        g &= \mathrm{clip}\big(g_D + K \log_{10}(g_D) \sqrt{\ln((t + t_r) / 2 t_r)}\; \xi'',
        g_{min}, g_{max}\big)

    Args:
        coeff_dict: acceptance range of the programming in percent to :math:`c_0, c_1`.
        g_max: largest conductance in microsiemens; 88.199997 if None.
        g_min: smallest conductance in microsiemens; 9 if None.
        prog_noise_scale: factor on the programming noise.
        read_noise_scale: factor on the read noise.
        drift_scale: factor on the drift and its spread.
        decay_dict: :math:`m` as `{"mean": [m], "std": [s_0, s_1]}`.
        read_dict: `{"K": K, "t_read": t_r}`.
        acceptance_range: acceptance range of the programming in percent, a key of `coeff_dict`;
            the default means the smallest one.

    Raises:
        ArgumentError: if `acceptance_range` is not in the table.

    Reference:
        Falcone et al., "All-in-one analog AI hardware: on-chip training and inference with
        conductive-metal-oxide/HfOx ReRAM devices", Advanced Functional Materials 2025.
    """

    def __init__(
        self,
        coeff_dict: dict[float, list[float]] | None = None,
        g_max: float | None = None,
        g_min: float | None = None,
        prog_noise_scale: float = 1.0,
        read_noise_scale: float = 1.0,
        drift_scale: float = 1.0,
        decay_dict: dict[str, list[float]] | None = None,
        read_dict: dict[str, float] | None = None,
        acceptance_range: float = _ACCEPTANCE_DEFAULT,
    ) -> None:
        converter = SingleDeviceConductanceConverter(g_max, g_min)
        super().__init__(converter)
        self.g_max, self.g_min = converter.g_max, converter.g_min
        given = check_instance("coeff_dict", coeff_dict, dict | None)
        self.coeff_dict = copy.deepcopy(_CMO_PROGRAMMING if given is None else given)
        if not self.coeff_dict:
            raise ArgumentError("coeff_dict must hold at least one acceptance range, got none")
        if acceptance_range not in self.coeff_dict:
            if acceptance_range != _ACCEPTANCE_DEFAULT:
                raise ArgumentError(
                    f"acceptance_range must be one of {sorted(self.coeff_dict)} percent, got "
                    f"{acceptance_range!r}"
                )
            acceptance_range = min(self.coeff_dict)
        self.acceptance_range = acceptance_range
        self.prog_noise_scale = prog_noise_scale
        self.read_noise_scale = read_noise_scale
        self.drift_scale = drift_scale
        self.decay_dict = copy.deepcopy(_CMO_DECAY if decay_dict is None else decay_dict)
        self.read_dict = copy.deepcopy(_CMO_READ if read_dict is None else read_dict)
        self.coeff_g_max_reference = self.g_max

    @torch.no_grad()
    def apply_programming_noise_to_conductance(self, g_target: Tensor) -> Tensor:
        """Return the conductances after programming; they may leave the range a little."""
        width = polynomial(self.coeff_dict[self.acceptance_range], g_target)
        return width.mul_(normal_like(g_target)).mul_(self.prog_noise_scale).add_(g_target)

    @torch.no_grad()
    def generate_drift_coefficients(self, g_target: Tensor) -> Tensor:
        """Return the targets."""
        return g_target

    @torch.no_grad()
    def apply_drift_noise_to_conductance(
        self, g_prog: Tensor, drift_noise_param: Any, t_inference: float
    ) -> Tensor:
        """Return the conductances as they are read at a time, within the range."""
        if t_inference == 0:
            return g_prog
        log_t = math.log(t_inference)
        slope, offset = self.decay_dict["std"]
        spread = (slope * log_t + offset) * self.drift_scale
        mean = self.decay_dict["mean"][0] * log_t * self.drift_scale
        drifted = normal_like(g_prog).mul(spread).add_(g_prog).add_(mean)
        growth = _growth(t_inference, self.read_dict["t_read"])
        width = drifted.clamp(min=_LOWEST_G).log10_()
        width.mul_(self.read_dict["K"] * growth * self.read_noise_scale)
        return width.mul_(normal_like(g_prog)).add_(drifted).clamp_(self.g_min, self.g_max)


def _growth(t: float, t_read: float) -> float:
    """Return the growth of the read noise, none for times below one read."""
    return read_noise_growth(t, t_read) if t > t_read else 0.0
