"""Parameter classes of the single pulsed devices."""

from aihwkit.simulator.rpu_base.devices.parameters import PulsedResistiveDeviceParameter

__all__ = [
    "ConstantStepResistiveDeviceParameter",
    "ExpStepResistiveDeviceParameter",
    "LinearStepResistiveDeviceParameter",
    "PiecewiseStepResistiveDeviceParameter",
    "PowStepReferenceResistiveDeviceParameter",
    "PowStepResistiveDeviceParameter",
    "SoftBoundsReferenceResistiveDeviceParameter",
    "SoftBoundsResistiveDeviceParameter",
]


class ConstantStepResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Step independent of the weight."""

    config = ("configs.devices", "ConstantStepDevice")
    kind = "ConstantStep"


class LinearStepResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Step linear in the weight."""

    config = ("configs.devices", "LinearStepDevice")
    kind = "LinearStep"


class SoftBoundsResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Step that vanishes linearly at the bound."""

    config = ("configs.devices", "SoftBoundsDevice")
    kind = "SoftBounds"


class SoftBoundsReferenceResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Soft bounds, read against a reference device."""

    config = ("configs.devices", "SoftBoundsReferenceDevice")
    kind = "SoftBoundsReference"


class ExpStepResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Step exponential in the weight."""

    config = ("configs.devices", "ExpStepDevice")
    kind = "ExpStep"


class PowStepResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Step a power of the distance to the bound."""

    config = ("configs.devices", "PowStepDevice")
    kind = "PowStep"


class PowStepReferenceResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Power step, read against a reference device."""

    config = ("configs.devices", "PowStepReferenceDevice")
    kind = "PowStepReference"


class PiecewiseStepResistiveDeviceParameter(PulsedResistiveDeviceParameter):
    """Step interpolated between nodes."""

    config = ("configs.devices", "PiecewiseStepDevice")
    kind = "PiecewiseStep"
