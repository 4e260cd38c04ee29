"""Analog linear layer that is always spread over an array of tiles."""

from __future__ import annotations

from torch.nn import Linear

from aihwkit.exceptions import ConfigError
from aihwkit.nn.modules.linear import AnalogLinear
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.tiles.array import TileModuleArray

__all__ = ["AnalogLinearMapped"]


class AnalogLinearMapped(AnalogLinear):
    """Linear layer on an array of tiles, even if a single tile would do; the bias is digital.

    Args:
        in_features: size of the inputs.
        out_features: size of the outputs.
        bias: whether there is a bias.
        rpu_config: configuration of the tiles; its mapping has the largest tile sizes. None means
            exact floating-point tiles.
        tile_module_class: class of the array.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        rpu_config: RPUConfigBase | None = None,
        tile_module_class: type = TileModuleArray,
    ) -> None:
        super().__init__(
            in_features, out_features, bias, mappable_config(rpu_config), tile_module_class
        )

    @classmethod
    def from_digital(
        cls,
        module: Linear,
        rpu_config: RPUConfigBase,
        tile_module_class: type | None = TileModuleArray,
    ) -> AnalogLinearMapped:
        """Return an analog layer with the weights of a digital one.

        Raises:
            ConfigError: if the configuration has no mapping.
        """
        layer = cls(
            module.in_features,
            module.out_features,
            module.bias is not None,
            rpu_config,
            tile_module_class or TileModuleArray,
        )
        return layer._take_over(module)


def mappable_config(rpu_config: RPUConfigBase | None) -> MappableRPU:
    """Return the configuration of a mapped layer; None gives exact floating-point tiles.

    Raises:
        ConfigError: if the configuration has no mapping.
    """
    if rpu_config is None:
        from aihwkit.simulator.configs.configs import FloatingPointRPUConfig

        return FloatingPointRPUConfig()
    if not isinstance(rpu_config, MappableRPU):
        raise ConfigError(
            f"Only mappable RPUConfigs are supported, got {type(rpu_config).__name__}"
        )
    return rpu_config
