"""Devices whose step vanishes linearly at the bound."""

import math
import warnings
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.enums import RPUDataType

from .pulsed import PulsedDevice
from .step_devices import check_reverse

__all__ = ["SoftBoundsDevice", "SoftBoundsPmaxDevice", "SoftBoundsReferenceDevice"]

_DERIVED = ("w_min", "w_max", "dw_min", "up_down")


@dataclass
class SoftBoundsDevice(PulsedDevice):
    r"""Step that vanishes linearly at each device's own bound.

    Up: $w \leftarrow w + s_{up} (1 - w / b_{max}) (1 + \sigma \xi)$, down:
    $w \leftarrow w - s_{down} (1 - w / b_{min}) (1 + \sigma \xi)$; with `mult_noise=False` the
    noise is $s \sigma \xi$, independent of the weight.
    """

    bindings_class: ClassVar[str | None] = "SoftBoundsResistiveDeviceParameter"

    mult_noise: bool = True
    """Noise proportional to the step."""

    write_noise_std: float = 0.0
    """Noise of the visible weight around the persistent one, in units of `dw_min`."""

    apply_write_noise_on_set: bool = True
    """Add that noise when weights are set directly, too."""

    reverse_up: bool = False
    """Let the up step grow from the lower bound on."""

    reverse_down: bool = False
    """Let the down step grow from the upper bound on."""

    reverse_offset: float = 0.01
    """Distance from the bound at which a reversed step vanishes."""

    def check_consistency(self) -> None:
        """Check that reversed slopes come with multiplicative noise."""
        check_reverse(self)


@dataclass
class SoftBoundsPmaxDevice(SoftBoundsDevice):
    r"""Soft-bounds device given by its response to a train of equal pulses.

    $w(p) = B (1 - e^{-\alpha p}) + r_{min}$ upwards from $r_{min}$, with
    $B = (r_{max} - r_{min}) / (1 - e^{-\alpha p_{max}})$, so that $p_{max}$ pulses reach
    $r_{max}$; the downward response from $r_{max}$ is the mirror image. `w_min`, `w_max`, `dw_min`
    and `up_down` follow from it and cannot be given.
    """

    bindings_ignore: ClassVar[list[str]] = ["p_max", "alpha", "range_min", "range_max"]

    dw_min: float | None = None  # type: ignore[assignment]
    up_down: float | None = None  # type: ignore[assignment]
    w_max: float | None = None  # type: ignore[assignment]
    w_min: float | None = None  # type: ignore[assignment]

    p_max: int = 1000
    """Number of pulses from `range_min` to `range_max`."""

    alpha: float = 0.0005
    """Curvature of the response per pulse."""

    range_min: float = -1.0
    """Weight at which the upward response starts."""

    range_max: float = 1.0
    """Weight reached after `p_max` pulses."""

    def check_consistency(self) -> None:
        """Check that the response is an increasing curve around 0."""
        super().check_consistency()
        if not (self.p_max > 0 and self.alpha > 0 and self.range_min < self.range_max):
            raise ConfigError(
                "SoftBoundsPmaxDevice needs p_max > 0, alpha > 0 and range_min < range_max, got "
                f"p_max={self.p_max}, alpha={self.alpha}, range_min={self.range_min}, "
                f"range_max={self.range_max}"
            )

    def to_soft_bounds(self) -> SoftBoundsDevice:
        """Return the equivalent device in terms of bounds and step sizes.

        A soft-bounds pulse multiplies the distance from the bound by `1 - s / bound`, which is
        `exp(-alpha)` for `s = (1 - exp(-alpha)) * bound`.
        """
        self.check_consistency()
        self._warn_of_ignored()
        amplitude = (self.range_max - self.range_min) / -math.expm1(-self.p_max * self.alpha)
        w_max, w_min = self.range_min + amplitude, self.range_max - amplitude
        if w_max <= 0 or w_min >= 0:
            raise ConfigError(
                "SoftBoundsPmaxDevice must have its bounds on both sides of 0, got "
                f"w_min={w_min:g}, w_max={w_max:g} from range_min={self.range_min}, "
                f"range_max={self.range_max}, alpha={self.alpha}, p_max={self.p_max}"
            )
        step_up, step_down = -math.expm1(-self.alpha) * w_max, math.expm1(-self.alpha) * w_min
        dw_min = max(step_up, step_down)
        up_down = 1 - step_down / dw_min if step_down < dw_min else step_up / dw_min - 1
        names = {item.name for item in fields(SoftBoundsDevice)} - set(_DERIVED)
        values = {name: getattr(self, name) for name in names}
        return SoftBoundsDevice(w_min=w_min, w_max=w_max, dw_min=dw_min, up_down=up_down, **values)

    def _warn_of_ignored(self) -> None:
        for name in _DERIVED:
            if getattr(self, name) is not None:
                warnings.warn(
                    f"SoftBoundsPmaxDevice.{name}={getattr(self, name)} has no effect: it follows "
                    "from p_max, alpha, range_min and range_max",
                    stacklevel=4,
                )

    def as_bindings(self, data_type: RPUDataType = RPUDataType.FLOAT) -> Any:
        """Return the parameter object of the simulator core."""
        self.validate()
        return self.to_soft_bounds().as_bindings(data_type)


@dataclass
class SoftBoundsReferenceDevice(PulsedDevice):
    r"""Soft-bounds device whose weight is read against a reference device.

    With $v = w + r$, up: $w \leftarrow w + s_{up} (1 - v / b_{max} + \sigma \xi)$, down:
    $w \leftarrow w - s_{down} (1 - v / b_{min} + \sigma \xi)$.

    Reference:
        Gong, Rasch et al., "Deep learning acceleration in 14nm CMOS compatible ReRAM array: device,
        material and algorithm co-optimization", IEDM 2022.
    """

    bindings_class: ClassVar[str | None] = "SoftBoundsReferenceResistiveDeviceParameter"

    mult_noise: bool = False
    """Noise proportional to the step instead of constant."""

    write_noise_std: float = 0.0
    """Noise of the visible weight around the persistent one, in units of `dw_min`."""

    apply_write_noise_on_set: bool = True
    """Add that noise when weights are set directly, too."""

    slope_up_dtod: float = 0.0
    """Relative spread of the slope of the up step."""

    slope_down_dtod: float = 0.0
    """Relative spread of the slope of the down step."""

    reference_mean: float = 0.0
    """Mean of the reference (on top of the symmetry point)."""

    reference_std: float = 0.0
    """Spread of the reference."""

    subtract_symmetry_point: bool = False
    """Put the reference at each device's symmetry point."""
