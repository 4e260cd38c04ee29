"""Analog linear layer."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import Linear, Module

from aihwkit.nn.modules.weight_layer import AnalogWeightLayer, resolve_tile_request
from aihwkit.simulator.parameters.base import RPUConfigBase

__all__ = ["AnalogLinear"]


class AnalogLinear(AnalogWeightLayer, Linear):  # type: ignore[misc]
    r"""Linear layer :math:`y = W x + b` with its weights on analog tiles.

    Without `rpu_config` the tile is a `FloatingPointTile` that also holds the bias. With the same
    seed, the initial weights are those of `torch.nn.Linear`.

    Args:
        in_features: size of the inputs.
        out_features: size of the outputs.
        bias: whether there is a bias.
        rpu_config: configuration of the tiles.
        tile_module_class: class of the tile module; None takes the configuration's choice: one
            tile, or an array if the matrix is larger than the mapping's largest tile.
        resistive_device: device of the first interface, instead of `rpu_config`.
        realistic_read_write: read and write weights through the device (first interface).

    Shape:
        Input `[..., in_features]`, output `[..., out_features]`.

    Example:
        >>> model = AnalogLinear(5, 3)
        >>> model(torch.rand(4, 5)).shape
        torch.Size([4, 3])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        rpu_config: RPUConfigBase | None = None,
        tile_module_class: type | None = None,
        *,
        resistive_device: Any = None,
        realistic_read_write: bool = False,
    ) -> None:
        # Not Linear.__init__: it would make digital parameters.
        Module.__init__(self)
        self.in_features = in_features
        self.out_features = out_features
        request = resolve_tile_request(
            rpu_config, tile_module_class, resistive_device, realistic_read_write
        )
        self._build_tile(request, bias)

    def forward(self, x_input: Tensor) -> Tensor:
        """Return the outputs `[..., out_features]` of inputs `[..., in_features]`."""
        return self.analog_module(x_input)

    @classmethod
    def from_digital(
        cls, module: Linear, rpu_config: RPUConfigBase, tile_module_class: type | None = None
    ) -> AnalogLinear:
        """Return an analog layer with the weights of a digital one."""
        layer = cls(
            module.in_features,
            module.out_features,
            module.bias is not None,
            rpu_config,
            tile_module_class,
        )
        return layer._take_over(module)

    @classmethod
    def to_digital(cls, module: AnalogLinear, realistic: bool = False) -> Linear:
        """Return a digital layer with the weights of an analog one.

        Args:
            module: analog layer.
            realistic: estimate the weights from outputs instead of reading them exactly.
        """
        digital = Linear(module.in_features, module.out_features, module.use_bias)
        return module._hand_over(digital, realistic)

    def extra_repr(self) -> str:
        """Show sizes, bias and configuration."""
        config = type(next(self.analog_tiles()).rpu_config).__name__
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.use_bias}, {config}"
        )
