"""What all analog layers and containers have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, cast
from warnings import warn

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from aihwkit.exceptions import ModuleError
from aihwkit.optim.data_parallel import is_updated_by_tile, replicate
from aihwkit.simulator.devices import BaseResistiveDevice, FloatingPointResistiveDevice
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.all_or_nothing import check_loadable
from aihwkit.simulator.tiles.analog import AnalogTile
from aihwkit.simulator.tiles.floating_point import FloatingPointTile
from aihwkit.simulator.tiles.module import TileModule

__all__ = ["AnalogLayerBase", "AnalogModuleBase"]


class AnalogLayerBase:
    """Mixin for layers and containers that hold analog tiles; the first base of such a class.

    An analog layer is a submodule (or the module itself) with this mixin that is no container; an
    analog tile is a `TileModule` among the submodules. Names are those of `named_modules()`.

    Attributes:
        IS_CONTAINER: whether the class only holds analog layers.
    """

    IS_CONTAINER: bool = False

    # Provided by torch.nn.Module.
    training: bool
    named_modules: Callable[..., Iterator[tuple[str, Module]]]

    # -- parts -------------------------------------------------------------------------------

    def named_analog_modules(self) -> Iterator[tuple[str, AnalogLayerBase]]:
        """Generate names and modules of analog layers and containers."""
        for name, module in self.named_modules():
            if isinstance(module, AnalogLayerBase):
                yield name, module

    def analog_modules(self) -> Iterator[AnalogLayerBase]:
        """Generate analog layers and containers."""
        return (module for _, module in self.named_analog_modules())

    def named_analog_layers(self) -> Iterator[tuple[str, AnalogLayerBase]]:
        """Generate names and modules of analog layers."""
        return (item for item in self.named_analog_modules() if not item[1].IS_CONTAINER)

    def analog_layers(self) -> Iterator[AnalogLayerBase]:
        """Generate analog layers."""
        return (module for _, module in self.named_analog_layers())

    def named_analog_tiles(self) -> Iterator[tuple[str, TileModule]]:
        """Generate names and modules of analog tiles."""
        for name, module in self.named_modules():
            if isinstance(module, TileModule):
                yield name, module

    def analog_tiles(self) -> Iterator[TileModule]:
        """Generate analog tiles."""
        return (tile for _, tile in self.named_analog_tiles())

    def analog_tile_count(self) -> int:
        """Return the number of analog tiles."""
        return sum(1 for _ in self.analog_tiles())

    def apply_to_analog_layers(self, fn: Callable[[Any], Any]) -> Any:
        """Call a function with every analog layer; returns self."""
        for layer in list(self.analog_layers()):
            fn(layer)
        return self

    def apply_to_analog_tiles(self, fn: Callable[[Any], Any]) -> Any:
        """Call a function with every analog tile; returns self."""
        for tile in list(self.analog_tiles()):
            fn(tile)
        return self

    def get_analog_tile_devices(self) -> list[torch.device]:
        """Return the device of every tile."""
        return [tile.device for tile in self.analog_tiles()]  # type: ignore[misc]

    def unregister_parameter(self, param_name: str) -> None:
        """Replace a parameter by the plain attribute None.

        Raises:
            ModuleError: if there is no such parameter.
        """
        parameter = getattr(self, param_name, None)
        if not isinstance(parameter, Parameter):
            raise ModuleError(f"Cannot find parameter {param_name!r} to unregister")
        self._parameters.pop(param_name, None)  # type: ignore[attr-defined]
        setattr(self, param_name, None)

    # -- weights -----------------------------------------------------------------------------

    def set_weights(self, weight: Tensor, bias: Tensor | None = None, **kwargs: Any) -> None:
        """Write the logical weights; keywords are those of the tile's `set_weights`.

        Raises:
            ModuleError: if the layer has no tile of its own.
        """
        self._tile_of_layer().set_weights(weight, bias, **kwargs)

    def get_weights(self, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Return logical weight and bias; keywords are those of the tile's `get_weights`."""
        return self._tile_of_layer().get_weights(**kwargs)

    def _tile_of_layer(self) -> Any:
        tile = getattr(self, "analog_module", None)
        if tile is None:
            raise ModuleError(f"{type(self).__name__} has no analog_module of its own")
        return tile

    def remap_analog_weights(self, weight_scaling_omega: float | None = 1.0) -> None:
        """Scale the weights of every tile anew; None takes the configured value."""
        for tile in self.analog_tiles():
            tile.remap_weights(weight_scaling_omega=weight_scaling_omega)  # type: ignore[operator]

    def replace_rpu_config(self, rpu_config: RPUConfigBase) -> None:
        """Give every tile another configuration of the same kind."""
        for tile in self.analog_tiles():
            tile.to(rpu_config)

    # -- training and inference ---------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients, and what backward passes stored for analog tiles."""
        super().zero_grad(set_to_none)  # type: ignore[misc]
        for tile in self.analog_tiles():
            tile.analog_ctx.reset()

    def drift_analog_weights(self, t_inference: float = 0.0) -> None:
        """Let the weights of all inference tiles drift from programming to `t_inference` seconds.

        Other tiles have no drift model and are left alone.

        Raises:
            ModuleError: in training mode.
        """
        self._require_evaluation("drift_analog_weights")
        for tile in self.analog_tiles():
            if getattr(tile, "has_drift_model", False):
                tile.drift_weights(t_inference)  # type: ignore[operator]

    def program_analog_weights(self, noise_model: Any = None) -> None:
        """Program the weights of every tile.

        Args:
            noise_model: programming noise of inference tiles; None takes the configured one.

        Raises:
            ModuleError: in training mode.
        """
        self._require_evaluation("program_analog_weights")
        for tile in self.analog_tiles():
            tile.program_weights(noise_model=noise_model)  # type: ignore[operator]

    def _require_evaluation(self, method: str) -> None:
        if self.training:
            raise ModuleError(
                f"{method} needs evaluation mode, got training mode; call eval() first"
            )

    def prepare_for_ddp(self) -> None:
        """Make the module ready for data parallel training; call it in every process.

        Torch's data parallelism is told to leave the analog contexts alone. Tiles that are trained
        in analog get the devices of the first process, and an analog optimizer keeps them the
        same: its step updates with the inputs and gradients of all processes. Call it after the
        process group exists and checkpoints are loaded, before wrapping the module in
        `torch.nn.parallel.DistributedDataParallel`, which is needed only for ordinary parameters.

        Raises:
            ModuleError: if a tile does not support it, or if there is no process group though a
                tile is trained in analog.
        """
        for name, tile in self.named_analog_tiles():
            if not tile.supports_ddp:
                raise ModuleError(
                    "DDP is only supported with some tiles (e.g. Torch/InferenceTile), got "
                    f"{type(tile).__name__} at {name!r}"
                )
        replicate(self.analog_tiles())
        ignored = []
        for name, tile in self.named_analog_tiles():
            entries = ["analog_ctx", "analog_tile_state"]
            if is_updated_by_tile(tile):
                # Its gradient does not pass through autograd; analog optimizers average it.
                entries.append("input_range")
            ignored += [f"{name}.{entry}" if name else entry for entry in entries]
        self._ddp_params_and_buffers_to_ignore = ignored

    # -- state dictionaries -------------------------------------------------------------------

    def load_state_dict(
        self,
        state_dict: Mapping[str, Any],
        strict: bool = True,
        load_rpu_config: bool | None = None,
        strict_rpu_config_check: bool | None = None,
        assign: bool = False,
    ) -> Any:
        """Load parameters, buffers and analog states.

        Args:
            state_dict: what `state_dict()` returned.
            strict: require that the keys match.
            load_rpu_config: take over the stored configurations; None keeps what the tiles are set
                to (initially yes).
            strict_rpu_config_check: require that stored and current configuration are of one kind;
                None keeps what the tiles are set to (initially yes).
            assign: take over the stored tensors as they are; weights on tiles are always copied.

        Returns:
            Missing and unexpected keys.

        Raises:
            RuntimeError: if a tile or a parameter does not fit; nothing is changed then.
        """
        old = [k for k, v in state_dict.items() if k.endswith("analog_ctx") and _is_empty(v)]
        if old:
            warn(
                f"the checkpoint is of a version before 0.9.2; ignored empty entries {old}",
                UserWarning,
                stacklevel=2,
            )
            state_dict = {k: v for k, v in state_dict.items() if k not in old}
            strict = False
        tiles = list(self.analog_tiles())
        flags = [(tile.load_rpu_config, tile.strict_rpu_config_check) for tile in tiles]
        for tile in tiles:
            tile.set_load_rpu_config_state(load_rpu_config, strict_rpu_config_check)
        try:
            check_loadable(cast("Module", self), state_dict)
            return super().load_state_dict(state_dict, strict, assign)  # type: ignore[misc]
        finally:
            for tile, (load, check) in zip(tiles, flags, strict=True):
                tile.set_load_rpu_config_state(load, check)

    def extra_repr(self) -> str:
        """Add the class of the configuration to the parent's text."""
        text = super().extra_repr()  # type: ignore[misc]
        first = next(self.analog_tiles(), None)
        if not text or first is None:
            return text
        return f"{text}, {type(first.rpu_config).__name__}"


def _is_empty(value: Any) -> bool:
    return isinstance(value, Tensor) and value.numel() == 0


class AnalogModuleBase(AnalogLayerBase):
    """Base of layers with one weight matrix, under its name and rules of the first interface.

    A layer of one's own takes its tile from `_setup_tile` and keeps it as `analog_tile`.

    Attributes:
        TILE_CLASS_FLOATING_POINT: class of tiles of a `FloatingPointResistiveDevice`.
        TILE_CLASS_ANALOG: class of tiles of all other devices.
    """

    TILE_CLASS_FLOATING_POINT: ClassVar[type] = FloatingPointTile
    TILE_CLASS_ANALOG: ClassVar[type] = AnalogTile

    def _setup_tile(
        self,
        in_features: int,
        out_features: int,
        bias: bool,
        resistive_device: BaseResistiveDevice | None = None,
        realistic_read_write: bool = False,
    ) -> Any:
        """Note sizes and device and return a tile for them.

        Args:
            in_features: columns of the matrix, without the bias.
            out_features: rows of the matrix.
            bias: whether the tile holds a bias.
            resistive_device: device; None means a floating-point tile, as in all layers.
            realistic_read_write: read and write weights through the device.
        """
        device = FloatingPointResistiveDevice() if resistive_device is None else resistive_device
        self.use_bias = bias
        self.realistic_read_write = realistic_read_write
        self.in_features, self.out_features = in_features, out_features
        exact = isinstance(device, FloatingPointResistiveDevice)
        tile_class = self.TILE_CLASS_FLOATING_POINT if exact else self.TILE_CLASS_ANALOG
        return tile_class(out_features, in_features, resistive_device=device, bias=bias)

    def _tile_of_layer(self) -> Any:
        own = getattr(self, "analog_module", None)
        tile = getattr(self, "analog_tile", None) if own is None else own
        return super()._tile_of_layer() if tile is None else tile
