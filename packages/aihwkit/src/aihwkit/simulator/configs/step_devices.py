"""Devices with constant, linear, exponential, power or piecewise linear steps."""

from dataclasses import dataclass, field
from typing import ClassVar

from aihwkit.exceptions import ConfigError

from .pulsed import PulsedDevice

__all__ = [
    "ConstantStepDevice",
    "ExpStepDevice",
    "LinearStepDevice",
    "PiecewiseStepDevice",
    "PowStepDevice",
    "PowStepReferenceDevice",
    "check_reverse",
]


def check_reverse(device: PulsedDevice) -> None:
    """Refuse reversed slopes without multiplicative noise.

    Raises:
        ConfigError: If `reverse_up` or `reverse_down` is set but `mult_noise` is not.
    """
    reverse = [name for name in ("reverse_up", "reverse_down") if getattr(device, name)]
    if reverse and not getattr(device, "mult_noise"):  # noqa: B009 - not a field of every class
        raise ConfigError(
            f"{type(device).__name__}.{reverse[0]}=True needs mult_noise=True, got mult_noise=False"
        )


@dataclass
class ConstantStepDevice(PulsedDevice):
    r"""The same step everywhere between the bounds.

    Up: $w \leftarrow w + s_{up} (1 + \sigma \xi)$, down: $w \leftarrow w - s_{down} (1 + \sigma
    \xi)$.
    """

    bindings_class: ClassVar[str | None] = "ConstantStepResistiveDeviceParameter"


@dataclass
class LinearStepDevice(PulsedDevice):
    r"""Step that shrinks linearly towards the bound it moves to.

    Up: $w \leftarrow w + s_{up} (1 - \gamma_{up} w / b_{max}) (1 + \sigma \xi)$, down:
    $w \leftarrow w - s_{down} (1 - \gamma_{down} w / b_{min}) (1 + \sigma \xi)$; with
    `mult_noise=False` the noise is $s \sigma \xi$, independent of the weight.
    """

    bindings_class: ClassVar[str | None] = "LinearStepResistiveDeviceParameter"

    gamma_up: float = 0.0
    """Slope of the up step."""

    gamma_down: float = 0.0
    """Slope of the down step."""

    gamma_up_dtod: float = 0.05
    """Absolute spread of the up slope."""

    gamma_down_dtod: float = 0.05
    """Absolute spread of the down slope."""

    allow_increasing: bool = False
    """Allow steps that grow towards the bound."""

    mean_bound_reference: bool = True
    """Take slopes relative to the mean bounds instead of each device's own."""

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
class ExpStepDevice(PulsedDevice):
    r"""Step with exponential dependence on the weight.

    With $z = 2 a w / (b_{max} - b_{min}) + b$, up:
    $w \leftarrow w + s_{up} \max(1 - A_{up} e^{\gamma_{up} z}, 0) (1 + \sigma \xi)$, down:
    $w \leftarrow w - s_{down} \max(1 - A_{down} e^{-\gamma_{down} z}, 0) (1 + \sigma \xi)$.

    Reference:
        Gong et al., "Signal and noise extraction from analog memory elements for neuromorphic
        computing", Nature Communications 2018.
    """

    bindings_class: ClassVar[str | None] = "ExpStepResistiveDeviceParameter"

    A_up: float = 0.00081
    """Amplitude of the up exponential."""

    A_down: float = 0.36833
    """Amplitude of the down exponential."""

    gamma_up: float = 12.44625
    """Rate of the up exponential."""

    gamma_down: float = 12.78785
    """Rate of the down exponential."""

    a: float = 0.244
    """Scale of the relative weight."""

    b: float = 0.2425
    """Offset of the relative weight."""

    dw_min_std_add: float = 0.0
    """Absolute noise per pulse, before the factor `dw_min_std`."""

    dw_min_std_slope: float = 0.0
    """Noise per pulse proportional to the absolute weight, before the factor `dw_min_std`."""

    write_noise_std: float = 0.0
    """Noise of the visible weight around the persistent one, in units of `dw_min`."""

    apply_write_noise_on_set: bool = True
    """Add that noise when weights are set directly, too."""


@dataclass
class PowStepDevice(PulsedDevice):
    r"""Step that is a power of the distance from the bound.

    With $R = b_{max} - b_{min}$, up:
    $w \leftarrow w + s_{up} ((b_{max} - w) / R)^{\gamma_{up}} (1 + \sigma \xi)$, down:
    $w \leftarrow w - s_{down} ((w - b_{min}) / R)^{\gamma_{down}} (1 + \sigma \xi)$.
    """

    bindings_class: ClassVar[str | None] = "PowStepResistiveDeviceParameter"

    pow_gamma: float = 1.0
    """Mean exponent."""

    pow_gamma_dtod: float = 0.1
    """Relative spread of the exponent."""

    pow_up_down: float = 0.0
    """Asymmetry of the exponents, as `up_down` for the steps."""

    pow_up_down_dtod: float = 0.0
    """Spread of that asymmetry."""

    write_noise_std: float = 0.0
    """Noise of the visible weight around the persistent one, in units of `dw_min`."""

    apply_write_noise_on_set: bool = True
    """Add that noise when weights are set directly, too."""


@dataclass
class PowStepReferenceDevice(PulsedDevice):
    """Power step device whose weight is read against a reference device."""

    bindings_class: ClassVar[str | None] = "PowStepReferenceResistiveDeviceParameter"

    pow_gamma: float = 1.0
    """Mean exponent."""

    pow_gamma_dtod: float = 0.1
    """Relative spread of the exponent."""

    pow_up_down: float = 0.0
    """Asymmetry of the exponents, as `up_down` for the steps."""

    pow_up_down_dtod: float = 0.0
    """Spread of that asymmetry."""

    subtract_symmetry_point: bool = False
    """Put the reference at each device's symmetry point."""

    n_estimation_steps: int = -1
    """Up-down pairs with which the symmetry point is estimated; 0 or less: enough of them."""

    reference_mean: float = 0.0
    """Mean of the reference (on top of the symmetry point)."""

    reference_std: float = 0.0
    """Spread of the reference."""


@dataclass
class PiecewiseStepDevice(PulsedDevice):
    r"""Step interpolated linearly between nodes that divide the weight range evenly.

    Up: $w \leftarrow w + s_{up} f_{up}(w) (1 + \sigma \xi)$, down:
    $w \leftarrow w - s_{down} f_{down}(w) (1 + \sigma \xi)$.
    """

    bindings_class: ClassVar[str | None] = "PiecewiseStepResistiveDeviceParameter"

    piecewise_up: list[float] = field(default_factory=lambda: [1.0])
    """Factors of the up step from the lower to the upper bound."""

    piecewise_down: list[float] = field(default_factory=lambda: [1.0])
    """Factors of the down step from the lower to the upper bound."""

    write_noise_std: float = 0.0
    """Noise of the visible weight around the persistent one, in units of `dw_min`."""

    apply_write_noise_on_set: bool = True
    """Add that noise when weights are set directly, too."""

    def check_consistency(self) -> None:
        """Check that there is the same number of nodes for both directions, and at least one."""
        n_up, n_down = len(self.piecewise_up), len(self.piecewise_down)
        if n_up != n_down or n_up == 0:
            raise ConfigError(
                "PiecewiseStepDevice.piecewise_up and piecewise_down must have the same number of "
                f"nodes, at least one, got {n_up} and {n_down}"
            )
