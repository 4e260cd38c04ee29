"""A layer with one weight matrix on a tile: construction, legacy parameters, conversion."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import Module, Parameter, init

from aihwkit.exceptions import ArgumentError, ModuleError
from aihwkit.nn.modules.base import AnalogModuleBase
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.defaults import (
    as_rpu_config,
    default_layer_config,
    is_resistive_device,
)
from aihwkit.simulator.tiles.module import TileModule
from synaptensor.validation import check_flag

__all__ = [
    "AnalogWeightLayer",
    "TileRequest",
    "check_tile_module_class",
    "initial_weights",
    "resolve_tile_request",
]


class TileRequest(NamedTuple):
    """What the arguments of a layer ask for.

    Attributes:
        config: configuration of the tiles.
        tile_module_class: class of the tile module, or None for the configuration's choice.
        resistive_device: device of the first interface, or None.
        realistic_read_write: read and write weights through the device.
        first_interface: the layer was built without a modern configuration.
    """

    config: RPUConfigBase
    tile_module_class: type | None
    resistive_device: Any
    realistic_read_write: bool
    first_interface: bool


def resolve_tile_request(
    rpu_config: Any,
    tile_module_class: Any,
    resistive_device: Any,
    realistic_read_write: bool,
) -> TileRequest:
    """Sort the arguments of today's and of the first interface.

    Positionally, a device may stand where `rpu_config` is and a bool, `realistic_read_write`, where
    `tile_module_class` is.

    Raises:
        ArgumentError: if a configuration and a device are given.
    """
    if isinstance(tile_module_class, bool):
        tile_module_class, realistic_read_write = None, tile_module_class
    if is_resistive_device(rpu_config):
        if resistive_device is not None:
            raise ArgumentError("two resistive devices were given, expected one")
        rpu_config, resistive_device = None, rpu_config
    first = rpu_config is None
    realistic_read_write = check_flag("realistic_read_write", realistic_read_write)
    check_tile_module_class(tile_module_class)
    config = as_rpu_config(rpu_config, resistive_device, default_layer_config)
    return TileRequest(config, tile_module_class, resistive_device, realistic_read_write, first)


def check_tile_module_class(tile_module_class: Any) -> None:
    """Refuse what is neither None nor a class of tile modules."""
    if tile_module_class is not None and not hasattr(tile_module_class, "get_weights"):
        raise TypeError(
            "tile_module_class must be a class of tile modules, such as TileModuleArray, got "
            f"{tile_module_class!r}"
        )


def initial_weights(
    out_features: int, in_features: int, bias: bool, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None]:
    """Return weight `[out, in]` and bias `[out]` (or None), torch's for the same seed."""
    weight = torch.empty(out_features, in_features, dtype=dtype)
    init.kaiming_uniform_(weight, a=sqrt(5))
    if not bias:
        return weight, None
    bound = 1 / sqrt(in_features)
    return weight, init.uniform_(weight.new_empty(out_features), -bound, bound)


class AnalogWeightLayer(AnalogModuleBase):
    """Mixin of layers with one weight matrix `[out_features, in_features]` and a bias.

    Layers that are built without a configuration, or with a `resistive_device`, have parameters
    `weight` and `bias` that show the weights of the last `sync_parameters_from_tile` or
    `set_weights`; training changes the tile only. They are no parameters of the module, so no
    optimizer takes them for weights.

    Attributes:
        analog_module: the tile module.
        use_bias: whether the layer has a bias.
        realistic_read_write: read and write weights through the device.
    """

    in_features: int
    out_features: int
    analog_module: Any

    def _build_tile(self, request: TileRequest, bias: bool) -> None:
        self.use_bias = bias
        self.resistive_device = request.resistive_device
        self.realistic_read_write = request.realistic_read_write
        self._first_interface = request.first_interface
        self._synced: dict[str, Parameter] = {}
        self._sync_due = False
        bias = check_flag("bias", bias)
        config = request.config
        tile_class = request.tile_module_class
        if tile_class is None:
            tile_class = config.get_default_tile_module_class(self.out_features, self.in_features)
        self.analog_module = self._make_tile_module(tile_class, config, bias)
        self.reset_parameters()

    def _make_tile_module(self, tile_class: type, config: RPUConfigBase, bias: bool) -> Module:
        return tile_class(self.out_features, self.in_features, config, bias)

    def reset_parameters(self) -> None:
        """Draw weight and bias as the digital layer does and write them."""
        weight, bias = initial_weights(
            self.out_features, self.in_features, self.use_bias, self._weight_dtype()
        )
        self.set_weights(weight, bias, force_exact=True)

    def _weight_dtype(self) -> torch.dtype:
        tile = next(self.analog_tiles())
        return tile.get_dtype()  # type: ignore[operator]

    def _weight_device(self) -> torch.device:
        return next(self.analog_tiles()).device  # type: ignore[return-value]

    # -- weights -----------------------------------------------------------------------------

    def set_weights(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        force_exact: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the logical weights.

        Args:
            weight: `[out_features, in_features]`, or anything that reshapes to it.
            bias: `[out_features]`, or None.
            force_exact: write exactly even if the layer reads and writes through the device.
            **kwargs: keywords of the tile's `set_weights`, such as `realistic`.
        """
        kwargs.setdefault("realistic", self.realistic_read_write and not force_exact)
        self.analog_module.set_weights(weight, bias if self.use_bias else None, **kwargs)
        # Reading the tile now would draw its devices, and with them shift the initial weights of
        # the layers that are built next.
        self._sync_due = self._first_interface

    def get_weights(
        self, force_exact: bool | None = None, **kwargs: Any
    ) -> tuple[Tensor, Tensor | None]:
        """Return copies of the logical weight and the bias (or None) on the CPU.

        Args:
            force_exact: read exactly even if the layer reads and writes through the device.
            **kwargs: keywords of the tile's `get_weights`, such as `realistic`.
        """
        kwargs.setdefault("realistic", self.realistic_read_write and not force_exact)
        return self.analog_module.get_weights(**kwargs)

    # -- parameters of the first interface -----------------------------------------------------

    @property
    def weight(self) -> Parameter | None:
        """Weights at the last synchronisation; None if there was none."""
        self._sync_if_due()
        return self._synced.get("weight")

    @property
    def bias(self) -> Parameter | bool | None:
        """Bias at the last synchronisation; whether there is a bias if there was none."""
        self._sync_if_due()
        if not self._synced:
            return self.use_bias
        return self._synced.get("bias")

    def _sync_if_due(self) -> None:
        if self._sync_due:
            self.sync_parameters_from_tile()

    @torch.no_grad()
    def sync_parameters_from_tile(self) -> None:
        """Copy the tile's exact weights to `weight` and `bias`."""
        self._sync_due = False
        weight, bias = self.analog_module.get_weights(realistic=False)
        self._store("weight", weight.reshape(self._weight_shape()))
        self.weight.is_weight = True  # type: ignore[union-attr]
        if bias is not None:
            self._store("bias", bias)
            self.bias.is_bias = True  # type: ignore[union-attr]

    def sync_parameters_to_tile(self) -> None:
        """Write `weight` and `bias` to the tile.

        Raises:
            ModuleError: if they were never synchronised.
        """
        self._sync_if_due()
        if not self._synced:
            raise ModuleError("there is no weight to write; call sync_parameters_from_tile() first")
        self.set_weights(self.weight, self._synced.get("bias"), force_exact=True)  # type: ignore[arg-type]

    _sync_weights_from_tile = sync_parameters_from_tile
    _sync_weights_to_tile = sync_parameters_to_tile

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_features, self.in_features)

    def _store(self, name: str, value: Tensor) -> None:
        value = value.to(self._weight_device())
        stored = self._synced.get(name)
        if stored is not None and stored.device == value.device:
            stored.copy_(value)
        else:
            self._synced[name] = Parameter(value.clone(), requires_grad=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        result = super()._apply(fn, recurse)  # type: ignore[misc]
        with torch.no_grad():
            for parameter in self._synced.values():
                parameter.data = fn(parameter.data)
        return result

    @property
    def analog_tile(self) -> TileModule:
        """The tile of the layer.

        Raises:
            ModuleError: if the layer has several.
        """
        if not isinstance(self.analog_module, TileModule):
            raise ModuleError(
                f"the layer has {self.analog_tile_count()} tiles, expected one; use analog_tiles()"
            )
        return self.analog_module

    # -- conversion --------------------------------------------------------------------------

    def _take_over(self, module: Any) -> Any:
        """Take weights, device and mode of a digital layer; returns self."""
        weight, bias = module.weight, module.bias
        self.set_weights(
            weight.detach().reshape(self.out_features, -1),
            None if bias is None else bias.detach(),
            force_exact=True,
        )
        self.to(device=weight.device)  # type: ignore[attr-defined]
        self.train(module.training)  # type: ignore[attr-defined]
        return self

    def _hand_over(self, digital: Any, realistic: bool) -> Any:
        """Give weights, device, data type and mode to a digital layer; returns the layer."""
        weight, bias = self.get_weights(realistic=realistic)
        with torch.no_grad():
            digital.weight.copy_(weight.reshape(digital.weight.shape))
            if digital.bias is not None and bias is not None:
                digital.bias.copy_(bias)
        digital.to(device=self._weight_device(), dtype=self._weight_dtype())
        return digital.train(self.training)
