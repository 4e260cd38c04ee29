"""Devices without pulses, and what all pulsed devices share."""

from dataclasses import dataclass, field
from typing import ClassVar

from aihwkit.simulator.parameters.checked import bounded
from aihwkit.simulator.parameters.inference import DriftParameter, SimpleDriftParameter

from .device_base import DeviceParameters

__all__ = ["FloatingPointDevice", "IdealDevice", "PulsedDevice"]


@dataclass
class FloatingPointDevice(DeviceParameters):
    """Exact weights in digital memory."""

    bindings_class: ClassVar[str | None] = "FloatingPointTileParameter"

    diffusion: float = 0.0
    """Standard deviation of the diffusion per mini-batch."""

    lifetime: float = 0.0
    """Inverse decay rate in mini-batches; 0: no decay."""

    drift: SimpleDriftParameter = field(
        default_factory=SimpleDriftParameter, metadata={"hide_if": SimpleDriftParameter()}
    )
    """Power-law drift."""


@dataclass
class IdealDevice(DeviceParameters):
    """Exact updates; the forward and backward product can still be analog."""

    bindings_class: ClassVar[str | None] = "IdealResistiveDeviceParameter"

    construction_seed: int = 0
    """Seed of the draws at construction; 0: different every time."""

    diffusion: float = 0.0
    """Standard deviation of the diffusion per mini-batch."""

    lifetime: float = 0.0
    """Inverse decay rate in mini-batches; 0: no decay."""

    reset_std: float = 0.01
    """Standard deviation of the weights after a reset."""


@dataclass
class PulsedDevice(DeviceParameters):
    r"""Base of all devices that change their weight pulse by pulse.

    Per cross-point, with standard normal draws $\xi$ (independent for every quantity, except that
    both directions share the one of `up_down_dtod`): $b_{max} = w_{max} (1 + \sigma \xi)$,
    $b_{min} = w_{min} (1 + \sigma \xi)$, $s_{up} = dw_{min} (1 + \sigma \xi + \min(ud, 0) + \rho)$
    and $s_{down} = dw_{min} (1 + \sigma \xi - \max(ud, 0) - \rho)$ with the spread $\rho =
    \sigma_{ud} \xi$ of the asymmetry.

    Note:
        Spreads called `*_dtod` are drawn once per device, those called `*_std` at every pulse.
    """

    bindings_class: ClassVar[str | None] = "PulsedResistiveDeviceParameter"

    construction_seed: int = 0
    """Seed of the device-to-device draws; 0: different every time. In a compound only that of the
    outermost object counts."""

    corrupt_devices_prob: float = bounded(0.0, 0.0, 1.0)
    """Probability that a device is stuck."""

    corrupt_devices_range: float = 0.1
    """Stuck weights are uniform within the bounds and within ± this value."""

    diffusion: float = 0.0
    """Mean standard deviation of the diffusion per mini-batch."""

    diffusion_dtod: float = 0.0
    """Relative spread of the diffusion."""

    drift: DriftParameter = field(
        default_factory=DriftParameter, metadata={"hide_if": DriftParameter()}
    )
    """Power-law drift."""

    dw_min: float = 0.001
    """Mean size of the step of one pulse at weight 0."""

    dw_min_dtod: float = 0.3
    """Relative spread of the step size."""

    dw_min_dtod_log_normal: bool = False
    """Log-normal instead of normal spread of the step size."""

    dw_min_std: float = 0.3
    """Relative noise of the step from pulse to pulse."""

    enforce_consistency: bool = True
    """Force steps to be positive and bounds to enclose 0."""

    lifetime: float = 0.0
    """Inverse decay rate in mini-batches; 0 or less: no decay."""

    lifetime_dtod: float = 0.0
    """Relative spread of the lifetime."""

    perfect_bias: bool = False
    """Exact steps and 100 times wider bounds in the last column."""

    reset: float = 0.0
    """Mean weight after a reset, and target of the decay."""

    reset_dtod: float = 0.0
    """Absolute spread of the reset value from device to device."""

    reset_std: float = 0.01
    """Absolute noise of the reset value from reset to reset."""

    up_down: float = 0.0
    """Asymmetry: shortens the down step if positive, the up step if negative."""

    up_down_dtod: float = 0.01
    """Spread of the asymmetry in units of `dw_min`."""

    w_max: float = bounded(0.6, minimum=0.0)
    """Mean upper bound."""

    w_max_dtod: float = 0.3
    """Relative spread of the upper bound."""

    w_min: float = bounded(-0.6, maximum=0.0)
    """Mean lower bound."""

    w_min_dtod: float = 0.3
    """Relative spread of the lower bound."""

    count_pulses: bool = False
    """Count the pulses of every device."""
