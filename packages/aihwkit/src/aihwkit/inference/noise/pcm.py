"""Phase-change memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor

from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.interpolation import interpolate
from aihwkit.inference.noise.physics import log_fit
from aihwkit.inference.noise.power_law import PowerLawNoiseModel

__all__ = ["CustomDriftPCMLikeNoiseModel", "PCMLikeNoiseModel"]

_ZERO_CLIP = 1e-7
_PROG_COEFF = (0.26348, 1.9650, -1.1731)
_G_MAX_OF_COEFF = 25.0


class PCMLikeNoiseModel(PowerLawNoiseModel):
    r"""Programming noise, drift and read noise of a million phase-change devices.

    With :math:`\hat g = g_T / g_{max}`:

    .. math::
        \sigma_P &= \frac{g_{max}}{25} (0.26348 + 1.9650\, \hat g - 1.1731\, \hat g^2) \\
        \nu &= |\mu_\nu + \sigma_\nu \xi|, \quad
        \mu_\nu = \mathrm{clip}(-0.0155 \ln \hat g + 0.0244, 0.049, 0.1), \quad
        \sigma_\nu = \mathrm{clip}(-0.0125 \ln \hat g - 0.0059, 0.008, 0.045) \\
        Q &= \min(0.0088 / (g_P / g_{max})^{0.65}, 0.2)

    Args:
        prog_coeff: coefficients of the programming noise in microsiemens, constant term first.
        g_converter: mapping of weights to conductances; one pair with `g_max` if None.
        g_max: largest conductance in microsiemens if there is no converter; 25 if None.
        t_read: duration of a read in seconds.
        t_0: time between programming and first read in seconds.
        prog_noise_scale: factor on the programming noise.
        read_noise_scale: factor on the read noise.
        drift_scale: factor on the drift exponents.
        prog_coeff_g_max_reference: largest conductance that `prog_coeff` was measured with;
            `g_max` if None.

    Raises:
        ValueError: if a number is out of range.

    Reference:
        Nandakumar et al., "Phase-change memory models for deep learning training and inference",
        ICECS 2019.
    """

    def __init__(
        self,
        prog_coeff: Sequence[float] | None = None,
        g_converter: BaseConductanceConverter | None = None,
        g_max: float | None = None,
        t_read: float = 250.0e-9,
        t_0: float = 20.0,
        prog_noise_scale: float = 1.0,
        read_noise_scale: float = 1.0,
        drift_scale: float = 1.0,
        prog_coeff_g_max_reference: float | None = None,
    ) -> None:
        super().__init__(
            g_converter, g_max, t_read, t_0, prog_noise_scale, read_noise_scale, drift_scale
        )
        self._set_prog_coeff(prog_coeff, prog_coeff_g_max_reference, _PROG_COEFF, _G_MAX_OF_COEFF)

    def _drift_statistics(self, g_target: Tensor) -> tuple[Any, Tensor]:
        log_g = (g_target / self.g_max).abs_().clamp_(min=_ZERO_CLIP).log_()
        mean = log_fit(log_g, -0.0155, 0.0244, 0.049, 0.1)
        return mean, log_g.mul_(-0.0125).add_(-0.0059).clamp_(0.008, 0.045)

    def _read_noise_width(self, g_prog: Tensor, drifted: Tensor) -> Tensor:
        # 0.0088 / max(g^0.65, 1e-3) as an exponential. The limit changes nothing, but zeros and
        # infinities take forty times as long as other numbers in vectorised logarithms.
        log_g = (g_prog / self.g_max).abs_().clamp_(min=_ZERO_CLIP).log_()
        return log_g.mul_(-0.65).exp_().clamp_(max=1e3).mul_(0.0088).clamp_(max=0.2).mul_(drifted)


class CustomDriftPCMLikeNoiseModel(PCMLikeNoiseModel):
    """Phase-change memory with drift exponents from a table.

    Args:
        custom_drift_model: `{"g_lst": [...], "nu_mean_lst": [...], "nu_std_lst": [...]}`:
            conductances in microsiemens, ascending, and mean and standard deviation of the drift
            exponent there; interpolated between them.
        prog_coeff: coefficients of the programming noise in microsiemens, constant term first.
        g_converter: mapping of weights to conductances; one pair with `g_max` if None.
        g_max: largest conductance in microsiemens if there is no converter; 25 if None.
        t_read: duration of a read in seconds.
        t_0: time between programming and first read in seconds.
        prog_noise_scale: factor on the programming noise.
        read_noise_scale: factor on the read noise.
        drift_scale: factor on the drift exponents.
        prog_coeff_g_max_reference: largest conductance that `prog_coeff` was measured with.

    Raises:
        AssertionError: if the table has another form.
        ValueError: if the conductances of the converter leave the table.
    """

    def __init__(
        self,
        custom_drift_model: dict[str, list[float]],
        prog_coeff: Sequence[float] | None = None,
        g_converter: BaseConductanceConverter | None = None,
        g_max: float | None = None,
        t_read: float = 250.0e-9,
        t_0: float = 20.0,
        prog_noise_scale: float = 1.0,
        read_noise_scale: float = 1.0,
        drift_scale: float = 1.0,
        prog_coeff_g_max_reference: float | None = None,
    ) -> None:
        super().__init__(
            prog_coeff,
            g_converter,
            g_max,
            t_read,
            t_0,
            prog_noise_scale,
            read_noise_scale,
            drift_scale,
            prog_coeff_g_max_reference,
        )
        _check_table(custom_drift_model)
        low, high = _conductance_range(self.g_converter)
        nodes = custom_drift_model["g_lst"]
        if low < nodes[0] or high > nodes[-1]:
            raise ValueError(
                f"custom_drift_model['g_lst'] must cover the conductances {low} to {high} of the "
                f"converter, got {nodes[0]} to {nodes[-1]}"
            )
        self.custom_drift_model = custom_drift_model

    def _drift_statistics(self, g_target: Tensor) -> tuple[Any, Tensor]:
        table = self.custom_drift_model
        mean = interpolate(g_target, table["g_lst"], table["nu_mean_lst"])
        return mean, interpolate(g_target, table["g_lst"], table["nu_std_lst"])


_KEYS = ("g_lst", "nu_mean_lst", "nu_std_lst")


def _check_table(table: Any) -> None:
    """Check the form of a drift table.

    Raises:
        AssertionError: as the documented type of this error, with what is wrong.
    """
    if not isinstance(table, dict) or set(table) != set(_KEYS):
        found = sorted(table) if isinstance(table, dict) else type(table).__name__
        raise AssertionError(f"custom_drift_model must be a dict of {_KEYS}, got {found}")
    for key in _KEYS:
        if not isinstance(table[key], list) or len(table[key]) < 2:
            raise AssertionError(f"custom_drift_model[{key!r}] must be a list of 2 or more numbers")
    if len({len(table[key]) for key in _KEYS}) != 1:
        raise AssertionError("the lists of custom_drift_model must be equally long")
    nodes = table["g_lst"]
    if nodes[0] < 0 or any(b <= a for a, b in pairwise(nodes)):
        raise AssertionError(f"custom_drift_model['g_lst'] must ascend from 0, got {nodes}")
    if min(table["nu_std_lst"]) < 0:
        raise AssertionError("custom_drift_model['nu_std_lst'] must not be negative")


def _conductance_range(converter: Any) -> tuple[float, float]:
    low, high = getattr(converter, "g_min", None), getattr(converter, "g_max", None)
    if low is not None and high is not None:
        return low, high
    if hasattr(converter, "g_lst"):
        values = [value for row in converter.g_lst for value in row]
        return min(values), max(values)
    raise ValueError(
        f"g_converter must have g_min and g_max, or g_lst, got a {type(converter).__name__}"
    )
