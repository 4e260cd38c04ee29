"""Parameters of an analog matrix-vector product, checked and normalised once."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aihwkit.exceptions import ConfigError
from aihwkit.functional.quantize import quantization_step

__all__ = ["MVMSettings", "member"]

_MV_TYPES = ("Ideal", "OnePass", "PosNegSeparate", "PosNegSeparateDigitalSum")
_BOUND_MANAGEMENT = ("None", "Iterative", "IterativeWorstCase")
_NOISE_MANAGEMENT = ("None", "AbsMax", "AbsMaxNPSum", "Max", "Constant", "AverageAbsMax")
_WEIGHT_NOISE = ("None", "AdditiveConstant", "PCMRead")


def member(value: Any) -> str:
    """Return the text of an enumeration member, whichever enumeration class it comes from."""
    return str(value.value) if isinstance(value, Enum) else str(value)


def _choice(field: str, value: Any, choices: tuple[str, ...]) -> str:
    name = member(value)
    if name not in choices:
        raise ConfigError(
            f"{field} must be one of {', '.join(choices)} for this tile, got {value!r}"
        )
    return name


@dataclass(frozen=True)
class MVMSettings:
    """Everything that one analog matrix-vector product needs to know, apart from tensors.

    Bounds are positive or infinite, steps are positive or 0 (no quantisation), enumerations are
    their text. The fields have the meaning of the fields of `IOParameters`.
    """

    is_perfect: bool = False
    mv_type: str = "OnePass"
    inp_bound: float = 1.0
    inp_step: float = 0.0
    inp_sto_round: bool = False
    inp_noise: float = 0.0
    inp_asymmetry: float = 0.0
    out_bound: float = math.inf
    out_step: float = 0.0
    out_sto_round: bool = False
    out_noise: float = 0.0
    out_noise_std: float = 0.0
    out_asymmetry: float = 0.0
    out_scale: float = 1.0
    bound_management: str = "None"
    noise_management: str = "None"
    nm_thres: float = 0.0
    nm_decay: float = 1e-3
    nm_assumed_wmax: float = 0.6
    w_noise: float = 0.0
    w_noise_type: str = "None"
    ir_drop: float = 0.0
    ir_drop_g_ratio: float = 1.0 / 0.35 / 5e-6
    out_nonlinearity: float = 0.0
    out_nonlinearity_std: float = 0.0
    slope_calibration: float = 0.0
    v_offset_std: float = 0.0
    v_offset_w_min: float = -1.0
    r_series: float = 0.0
    w_read_asymmetry_dtod: float = 0.0
    max_bm_factor: int = 1000
    max_bm_res: float = 0.25
    bm_test_negative_bound: bool = True

    @property
    def has_offset_stage(self) -> bool:
        """Whether voltage offsets or a series resistance act."""
        return self.v_offset_std > 0 or self.r_series > 0

    @property
    def has_s_shape(self) -> bool:
        """Whether the outputs are bent by a nonlinearity."""
        return self.out_nonlinearity > 0 or self.r_series > 0

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but converters, bounds and output noise around the product."""
        random = self.inp_sto_round or self.out_sto_round or self.inp_noise > 0
        bent = self.has_offset_stage or self.has_s_shape or self.ir_drop > 0
        asymmetric = self.inp_asymmetry != 0 or self.out_asymmetry != 0
        noisy_weights = self.w_noise > 0 and self.w_noise_type != "None"
        averaged = self.noise_management == "AverageAbsMax"
        special = random or bent or asymmetric or noisy_weights or averaged or self.is_perfect
        return self.mv_type == "OnePass" and not special

    @property
    def out_reference(self) -> float:
        """The output bound, or 1 where there is none."""
        return 1.0 if math.isinf(self.out_bound) else self.out_bound

    @classmethod
    def from_parameters(
        cls, io: Any, *, backward: bool = False, read: bool = False
    ) -> "MVMSettings":
        """Normalise an `IOParameters` object (or the core's counterpart of it).

        Args:
            io: object with the fields of `IOParameters`.
            backward: for the transposed product, which has no bound management.
            read: for reading a slice of a device inside a compound: neither bound nor noise
                management.

        Raises:
            ConfigError: for combinations and members that the tile does not support.
        """
        mv_type = _choice("mv_type", io.mv_type, _MV_TYPES)
        if io.is_perfect or mv_type == "Ideal":
            return cls(is_perfect=True, out_scale=float(io.out_scale))
        bound_management = _choice("bound_management", io.bound_management, _BOUND_MANAGEMENT)
        noise_management = _choice("noise_management", io.noise_management, _NOISE_MANAGEMENT)
        if noise_management != "None" and io.inp_bound != 1.0:
            raise ConfigError(
                f"inp_bound must be 1.0 when noise management is on, got {io.inp_bound!r} with "
                f"noise_management {noise_management}"
            )
        if backward or read:
            bound_management = "None"
        if read:
            noise_management = "None"
        same = {name: getattr(io, name) for name in _COPIED}
        return cls(
            mv_type=mv_type,
            inp_bound=float(io.inp_bound) if io.inp_bound > 0 else math.inf,
            inp_step=quantization_step(io.inp_res, io.inp_bound),
            out_bound=float(io.out_bound) if io.out_bound > 0 else math.inf,
            out_step=quantization_step(io.out_res, io.out_bound),
            bound_management=bound_management,
            noise_management=noise_management,
            nm_thres=0.0 if noise_management == "None" else float(io.nm_thres),
            nm_decay=float(getattr(io, "nm_decay", cls.nm_decay)),
            nm_assumed_wmax=float(getattr(io, "nm_assumed_wmax", cls.nm_assumed_wmax)),
            w_noise_type=_choice("w_noise_type", io.w_noise_type, _WEIGHT_NOISE),
            **same,
        )


_COPIED = (
    "inp_sto_round",
    "inp_noise",
    "inp_asymmetry",
    "out_sto_round",
    "out_noise",
    "out_noise_std",
    "out_asymmetry",
    "out_scale",
    "w_noise",
    "ir_drop",
    "ir_drop_g_ratio",
    "out_nonlinearity",
    "out_nonlinearity_std",
    "slope_calibration",
    "v_offset_std",
    "v_offset_w_min",
    "r_series",
    "w_read_asymmetry_dtod",
    "max_bm_factor",
    "max_bm_res",
    "bm_test_negative_bound",
)
