"""Mapping of logical weight matrices to tiles."""

from dataclasses import dataclass, field

from .base import RPUConfigBase
from .checked import CheckedParameters
from .printable import PrintableMixin

__all__ = ["MappableRPU", "MappingParameter"]


@dataclass
class MappingParameter(CheckedParameters):
    """How weights are scaled and split when they are written to tiles."""

    digital_bias: bool = True
    """Bias as digital parameter; otherwise an analog column driven by the constant 1."""

    weight_scaling_omega: float = 0.0
    """If positive, weights are scaled so that their largest absolute value becomes this number."""

    weight_scaling_columnwise: bool = False
    """One scale per output instead of one per tile."""

    weight_scaling_lr_compensation: bool = False
    """Divide the learning rate by the mean mapping scale; otherwise divide the gradient."""

    learn_out_scaling: bool = False
    """Additional learnable digital output scale."""

    out_scaling_columnwise: bool = False
    """That scale per output instead of one per tile."""

    max_input_size: int = 512
    """Largest number of inputs of one tile; 0 or less: no limit."""

    max_output_size: int = 512
    """Largest number of outputs of one tile; 0 or less: no limit."""

    def compatible_with(self, other: "MappingParameter") -> bool:
        """Return whether tiles of both mappings have the same state."""
        return all(getattr(self, name) == getattr(other, name) for name in _STATE_FIELDS)


_STATE_FIELDS = (
    "digital_bias",
    "learn_out_scaling",
    "out_scaling_columnwise",
    "max_input_size",
    "max_output_size",
)


@dataclass
class MappableRPU(RPUConfigBase, PrintableMixin):
    """Configuration whose tiles can be split into arrays."""

    tile_array_class: type | None = None
    """Class of the array of tiles; None: never split."""

    mapping: MappingParameter = field(default_factory=MappingParameter)
    """Mapping of weights to tiles."""

    def get_default_tile_module_class(self, out_size: int = 0, in_size: int = 0) -> type:
        """Return the array class if the matrix exceeds a limit, else the tile class."""
        if self.tile_array_class is None:
            return self.tile_class
        limits = self.mapping.max_input_size, self.mapping.max_output_size
        exceeds = any(
            0 < limit < size for limit, size in zip(limits, (in_size, out_size), strict=True)
        )
        return self.tile_array_class if exceeds else self.tile_class
