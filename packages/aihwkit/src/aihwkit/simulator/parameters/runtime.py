"""Options that concern the computation, not the simulated hardware."""

from dataclasses import dataclass

from .checked import CheckedParameters
from .enums import RPUDataType

__all__ = ["RuntimeParameter"]


@dataclass
class RuntimeParameter(CheckedParameters):
    """Data type and memory placement of a tile."""

    data_type: RPUDataType = RPUDataType.FLOAT
    """Floating-point type of the tile."""

    on_the_fly_bindings: bool = False
    """Read clip, remap and modifier parameters from the configuration at every mini-batch."""

    offload_input: bool = False
    """Keep the stored inputs on the CPU until the update."""

    offload_gradient: bool = False
    """Keep the stored gradients on the CPU until the update."""
