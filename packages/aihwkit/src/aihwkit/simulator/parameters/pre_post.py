"""Digital processing before and after the analog product."""

from dataclasses import dataclass, field
from typing import Any

from .base import RPUConfigBase
from .checked import CheckedParameters, bounded
from .enums import BoundManagementType, NoiseManagementType
from .io import IOParameters
from .printable import PrintableMixin

__all__ = [
    "InputRangeParameter",
    "PeripheryQuantizationParameter",
    "PrePostProcessingParameter",
    "PrePostProcessingParameterQuant",
    "PrePostProcessingRPU",
]


@dataclass
class InputRangeParameter(CheckedParameters):
    """Static or learned range of the inputs.

    Inputs are clipped to `±r` and divided by `r` before the analog product and the result is
    multiplied by `r` again. Gradient of the range: `sum(min(d, 0) where x >= r) - sum(max(d, 0)
    where x <= -r)`.
    """

    enable: bool = field(default=False, metadata={"always_show": True})
    """Whether there is an input range."""

    learn_input_range: bool = True
    """Whether the range is a trained parameter."""

    init_value: float = 3.0
    """Initial range."""

    init_from_data: int = 100
    """Number of training batches from which the range is estimated first."""

    init_std_alpha: float = 3.0
    """Estimated range in standard deviations of the input."""

    decay: float = 0.001
    """Decay of the range, added to its gradient as long as enough inputs are within it."""

    input_min_percentage: float = bounded(0.95, 0.0, 1.0)
    """Fraction of inputs within the range above which it decays."""

    manage_output_clipping: bool = False
    """Widen the range when too many outputs are clipped."""

    output_min_percentage: float = bounded(0.95, 0.0, 1.0)
    """Fraction of outputs that must not be clipped."""

    gradient_scale: float = 1.0
    """Factor on the gradient of the range."""

    gradient_relative: bool = True
    """Make the gradient relative to the range."""

    calibration_info: str | None = None
    """Free text about how the range was found."""

    def supports_manage_output_clipping(self, rpu_config: Any) -> bool:
        """Return whether the forward product of a configuration has outputs that really clip."""
        forward = getattr(rpu_config, "forward", None)
        if not isinstance(forward, IOParameters):
            return False
        return (
            not forward.is_perfect
            and forward.noise_management == NoiseManagementType.NONE
            and forward.bound_management == BoundManagementType.NONE
        )


@dataclass
class PeripheryQuantizationParameter(CheckedParameters):
    """Quantisation of the digital output scales and biases."""

    n_bits: int = 0
    """Number of bits; 0 or less: no quantisation."""

    symmetric: bool = True
    """Symmetric range around zero."""

    learn_quant_params: bool = False
    """Learn the range after its initialisation."""

    init_learning_after: int = bounded(100, minimum=1)
    """Number of batches before learning begins."""


@dataclass
class PrePostProcessingParameter(CheckedParameters):
    """Everything digital around the analog product."""

    input_range: InputRangeParameter = field(default_factory=InputRangeParameter)
    """Range of the inputs."""


@dataclass
class PrePostProcessingParameterQuant(PrePostProcessingParameter):
    """Adds the quantisation of the digital periphery."""

    periph_quant: PeripheryQuantizationParameter = field(
        default_factory=PeripheryQuantizationParameter
    )
    """Quantisation of scales and biases."""


@dataclass
class PrePostProcessingRPU(RPUConfigBase, PrintableMixin):
    """Configuration with digital pre- and post-processing."""

    pre_post: PrePostProcessingParameter = field(default_factory=PrePostProcessingParameter)
    """Digital processing before and after the analog product."""
