"""Base classes of tiles: what every tile computes, and the wrapper that owns a simulator tile."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, as_tensor
from torch.nn import Module, Parameter

from aihwkit.exceptions import MissingBiasError, TileError, TileModuleError
from aihwkit.optim.context import AnalogContext
from aihwkit.optim.guard import install_optimizer_guard
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.parameters.enums import RPUDataType
from aihwkit.simulator.parameters.mapping import MappingParameter
from aihwkit.simulator.parameters.plain import config_from_plain, config_to_plain
from aihwkit.simulator.parameters.runtime import RuntimeParameter
from aihwkit.simulator.tiles.simulator_tile import SimulatorTile
from aihwkit.simulator.tiles.state_names import AnalogTileStateNames
from aihwkit.version import __version__
from synaptensor.random import RandomStream
from synaptensor.validation import check_flag, check_instance, check_integer

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AnalogTileStateNames",
    "BaseTile",
    "SimulatorTile",
    "SimulatorTileWrapper",
    "TileModuleBase",
]


class TileModuleBase:
    """Marker of tile modules."""


class BaseTile:
    """What every tile computes: product, transposed product and update."""

    def joint_forward(self, x_input: Tensor, is_test: bool = False, ctx: Any = None) -> Tensor:
        """Return the product including digital processing."""
        raise NotImplementedError

    def backward(self, d_input: Tensor, ctx: Any = None) -> Tensor:
        """Return the transposed product including digital processing."""
        raise NotImplementedError

    def update(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights from inputs and output gradients."""
        raise NotImplementedError


class SimulatorTileWrapper:
    """Owner of one simulator tile: sizes, configuration, context, state and moves.

    Args:
        out_size: number of outputs (rows of the matrix).
        in_size: number of inputs (columns, without a bias column).
        rpu_config: configuration; the tile keeps its own copy.
        bias: whether there is a bias.
        in_trans: inputs come as `[in, batch]`.
        out_trans: outputs go as `[out, batch]`.
        torch_update: the weights are an ordinary torch parameter.
        handle_output_bound: drop the gradient of outputs that the converter clipped.
        ignore_analog_state: the simulator tile is a module that stores its own state.

    Raises:
        TypeError: if `rpu_config` is no configuration.
        ValueError: if a size is not a positive integer.
    """

    analog_ctx: AnalogContext
    shared_weights: Parameter | None
    update_stream: RandomStream | None = None
    """What replicated tiles of all processes draw from while their devices change."""

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase,
        bias: bool = True,
        in_trans: bool = False,
        out_trans: bool = False,
        torch_update: bool = False,
        handle_output_bound: bool = False,
        ignore_analog_state: bool = False,
    ) -> None:
        self.out_size = check_integer("out_size", out_size, minimum=1)
        self.in_size = check_integer("in_size", in_size, minimum=1)
        self.rpu_config = copy.deepcopy(check_instance("rpu_config", rpu_config, RPUConfigBase))
        self.in_trans = check_flag("in_trans", in_trans)
        self.out_trans = check_flag("out_trans", out_trans)
        self.handle_output_bound = handle_output_bound
        self.ignore_analog_state = ignore_analog_state

        mapping = getattr(rpu_config, "mapping", None) or MappingParameter()
        bias = check_flag("bias", bias)
        self.use_bias = bias
        self.digital_bias = bias and mapping.digital_bias
        self.analog_bias = bias and not mapping.digital_bias

        self._shared_weight_tensor: Tensor | None = None
        self.tile = self._create_simulator_tile(self.x_size, self.out_size, self.rpu_config)
        self._bind_storage()
        install_optimizer_guard()
        self.analog_ctx = AnalogContext(self)
        self.analog_ctx.use_torch_update = torch_update

    # -- description -------------------------------------------------------------------------

    @property
    def x_size(self) -> int:
        """Number of columns of the matrix, the bias column included."""
        return self.in_size + int(self.analog_bias)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self._get_tile_weights_ref().device

    @property
    def is_cuda(self) -> bool:
        """Whether the weights are on a CUDA device."""
        return self.device.type == "cuda"

    def get_runtime(self) -> RuntimeParameter:
        """Return the runtime options of the configuration."""
        if getattr(self.rpu_config, "runtime", None) is None:
            self.rpu_config.runtime = RuntimeParameter()
        return self.rpu_config.runtime

    def get_data_type(self) -> RPUDataType:
        """Return the data type of the configuration."""
        return self.get_runtime().data_type

    def get_dtype(self) -> torch.dtype:
        """Return the torch data type of the configuration."""
        return self.get_data_type().as_torch()

    def get_tensor_view(self, ndim: int, dim: int | None = None) -> tuple[int, ...]:
        """Return the view that broadcasts a vector over dimension `dim` of `ndim` dimensions.

        Without `dim` it is the output dimension: the last, or the first if `out_trans`.
        """
        if dim is None:
            dim = 0 if self.out_trans else ndim - 1
        view = [1] * ndim
        view[dim] = -1
        return tuple(view)

    def get_forward_out_bound(self) -> float | None:
        """Return the level from which on an output counts as clipped, if there is one."""
        return None

    def get_analog_ctx(self) -> AnalogContext:
        """Return the context."""
        return self.analog_ctx

    def get_brief_info(self) -> str:
        """Return one line about the simulator tile."""
        return self.tile.get_brief_info().rstrip()

    def set_verbosity_level(self, verbose: int) -> None:
        """Set how much the simulator prints; this simulator prints nothing."""

    # -- to be provided by the concrete tile --------------------------------------------------

    @abstractmethod
    def _create_simulator_tile(
        self, x_size: int, d_size: int, rpu_config: RPUConfigBase
    ) -> SimulatorTile:
        """Build the simulator tile."""
        raise NotImplementedError

    def _recreate_simulator_tile(
        self, x_size: int, d_size: int, rpu_config: RPUConfigBase
    ) -> SimulatorTile:
        """Build the simulator tile of a replaced configuration."""
        return self._create_simulator_tile(x_size, d_size, rpu_config)

    @abstractmethod
    def update(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights from inputs and output gradients."""
        raise NotImplementedError

    @abstractmethod
    def update_indexed(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights from images and gradients of output maps."""
        raise NotImplementedError

    @abstractmethod
    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate."""
        raise NotImplementedError

    @abstractmethod
    def get_learning_rate(self) -> float | None:
        """Return the learning rate, if the tile has one."""
        raise NotImplementedError

    def post_update_step(self) -> None:
        """Do what is due once per optimizer step; nothing here."""

    # -- weights -----------------------------------------------------------------------------

    def _bind_storage(self) -> None:
        """Make one tensor the storage of tile and context; torch tiles own theirs.

        Weights are drawn at first use, so that building a layer takes no random numbers.
        """
        if isinstance(self.tile, Module):
            self._shared_weight_tensor = None
            return
        storage, device = self._shared_weight_tensor, self.tile.device  # type: ignore[attr-defined]
        if storage is None or storage.device != device:
            shape = (self.out_size, self.x_size)
            storage = torch.zeros(shape, dtype=self.get_dtype(), device=device)
        self.tile.set_shared_weights(storage)  # type: ignore[attr-defined]
        self._shared_weight_tensor = storage

    def _get_tile_weights_ref(self) -> Tensor:
        """Return the live weight storage `[d_size, x_size]`."""
        if self._shared_weight_tensor is not None:
            return self._shared_weight_tensor
        return self.tile.get_weights(as_ref=True).detach()

    def _combine_weights(
        self, weight: Tensor | Sequence[Any], bias: Tensor | Sequence[Any] | None = None
    ) -> Tensor:
        """Return the tile's matrix `[out, in (+1)]` for a weight and an analog bias.

        Raises:
            MissingBiasError: if an analog bias is missing (a ValueError and a RuntimeError).
            ValueError: if a size is wrong, or a value is not finite.
        """
        weight = self._checked("weight", weight, self.out_size * self.in_size)
        weight = weight.reshape(self.out_size, self.in_size)
        if not self.analog_bias:
            return weight.contiguous()
        if bias is None:
            raise MissingBiasError(
                f"bias must be a tensor of {self.out_size} elements because this tile stores it on "
                "the crossbar, got None"
            )
        bias = self._checked("bias", bias, self.out_size)
        return torch.cat([weight, bias.reshape(-1, 1)], dim=1)

    def _checked(self, name: str, value: Any, numel: int) -> Tensor:
        tensor = as_tensor(value).detach().to(dtype=self.get_dtype(), device="cpu")
        if tensor.numel() != numel:
            raise ValueError(
                f"{name} must have {numel} elements for this {self.out_size} x {self.in_size} "
                f"tile, got shape {tuple(tensor.shape)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} must be finite, got NaN or infinite values")
        return tensor.clone()

    def _separate_weights(self, combined: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return weight `[out, in]` and, if it is on the crossbar, bias `[out]`."""
        if not self.analog_bias:
            return combined, None
        return combined[:, :-1].contiguous(), combined[:, -1].clone()

    def get_hidden_parameters(self) -> OrderedDict[str, Tensor]:
        """Return the device parameters by name, each a copy `[d_size, x_size]`."""
        values = self.tile.get_hidden_parameters().detach().cpu()
        names = self.tile.get_hidden_parameter_names()
        return OrderedDict((name, values[i].clone()) for i, name in enumerate(names))

    def set_hidden_parameters(self, ordered_parameters: dict[str, Tensor]) -> None:
        """Write the device parameters.

        Raises:
            TileError: if the names are not exactly those of the tile, in order, or there is a NaN.
        """
        if len(ordered_parameters) == 0:
            return
        names = self.tile.get_hidden_parameter_names()
        if list(ordered_parameters) != names:
            raise TileError(
                f"hidden parameters must be named {names}, got {list(ordered_parameters)}"
            )
        for name, values in ordered_parameters.items():
            if bool(as_tensor(values).isnan().any()):
                raise TileError(f"hidden parameter {name} must be finite, got NaN")
        stacked = torch.stack([as_tensor(v).to("cpu") for v in ordered_parameters.values()])
        self.tile.set_hidden_parameters(stacked.to(device=self.device, dtype=self.get_dtype()))

    # -- state -------------------------------------------------------------------------------

    def get_analog_state(self) -> dict[str, Any]:
        """Return everything the simulator tile holds as tensors and plain data."""
        names = AnalogTileStateNames
        state: dict[str, Any] = {
            names.VERSION: __version__,
            names.CLASS: type(self).__name__,
            names.RPU_CONFIG: config_to_plain(self.rpu_config),
        }
        if self.update_stream is not None:
            state[names.UPDATE_STREAM] = self.update_stream.state_dict()
        if self.ignore_analog_state:
            return state
        state |= {
            names.WEIGHTS: self.tile.get_weights().detach().cpu().clone(),
            names.HIDDEN_PARAMETERS: self.tile.get_hidden_parameters().detach().cpu().clone(),
            names.HIDDEN_PARAMETER_NAMES: list(self.tile.get_hidden_parameter_names()),
            names.LR: self.tile.get_learning_rate(),
            names.EXTRA: self.tile.dump_extra(),
        }
        return state

    def check_analog_state(self, state: dict[str, Any]) -> RPUConfigBase | None:
        """Check that a state fits this tile and return the configuration it holds.

        Raises:
            TileError: if it belongs to another tile class, size or device, or holds NaN.
        """
        names = AnalogTileStateNames
        stored = state.get(names.RPU_CONFIG)
        config = stored if isinstance(stored, RPUConfigBase) else config_from_plain(stored)
        tile_class = state.get(names.CLASS)
        own = type(self).__name__
        if tile_class not in (None, own) and not self.rpu_config.compatible_with(tile_class):
            raise TileError(
                f"the stored state belongs to a {tile_class} and does not fit a {own} with "
                f"{type(self.rpu_config).__name__}"
            )
        weights = state.get(names.WEIGHTS)
        if weights is not None and tuple(weights.shape) != (self.out_size, self.x_size):
            raise TileError(
                f"stored weights must have shape {(self.out_size, self.x_size)}, got "
                f"{tuple(weights.shape)}"
            )
        for name in (names.WEIGHTS, names.HIDDEN_PARAMETERS):
            stored_values = state.get(name)
            if stored_values is not None and bool(stored_values.isnan().any()):
                raise TileError(f"stored {name} must be finite, got NaN")
        return config

    def set_analog_state(self, state: dict[str, Any]) -> None:
        """Write weights, device parameters, learning rate and extra state to the tile.

        Raises:
            TileError: if the device parameters are not those of this tile.
        """
        names = AnalogTileStateNames
        if self.ignore_analog_state or names.WEIGHTS not in state:
            return
        self._check_hidden(self.tile, state)
        self._write_state(self.tile, state)
        self._resume_update_stream(state)

    def _check_hidden(self, tile: Any, state: dict[str, Any]) -> None:
        names = AnalogTileStateNames
        stored = list(state.get(names.HIDDEN_PARAMETER_NAMES, []))
        expected = list(tile.get_hidden_parameter_names())
        if stored != expected:
            raise TileError(
                f"stored hidden parameters must be named {expected}, got {stored}; the checkpoint "
                "comes from another device"
            )

    def _write_state(self, tile: Any, state: dict[str, Any]) -> None:
        names = AnalogTileStateNames
        place = {"device": self.device, "dtype": self.get_dtype()}
        with torch.no_grad():
            hidden = state.get(names.HIDDEN_PARAMETERS)
            if hidden is not None and hidden.numel() > 0:
                tile.set_hidden_parameters(hidden.to(**place))
            # Not set_weights: devices with write noise would add fresh noise to stored weights.
            tile.get_weights(as_ref=True).copy_(state[names.WEIGHTS])
            if state.get(names.LR) is not None:
                tile.set_learning_rate(state[names.LR])
            if state.get(names.EXTRA) is not None:
                tile.load_extra(state[names.EXTRA], False)

    def _resume_update_stream(self, state: dict[str, Any]) -> None:
        # A tile that is not replicated keeps to itself, whatever it is loaded from.
        stored = state.get(AnalogTileStateNames.UPDATE_STREAM)
        if self.update_stream is not None and stored is not None:
            self.update_stream.load_state_dict(stored)

    def _replace_tile(self, rpu_config: RPUConfigBase, state: dict[str, Any]) -> None:
        """Rebuild the simulator tile for a configuration and give it a state.

        The new tile is complete before the old one is let go, so an error leaves everything as it
        was. The context stays the same object.
        """
        config = copy.deepcopy(rpu_config)
        tile = self._recreate_simulator_tile(self.x_size, self.out_size, config)
        if not isinstance(tile, Module):
            tile.to(self.device)  # type: ignore[attr-defined]
        if not self.ignore_analog_state and AnalogTileStateNames.WEIGHTS in state:
            self._check_hidden(tile, state)
            self._write_state(tile, state)
        self._resume_update_stream(state)
        self.rpu_config = config
        self.tile = tile
        self._bind_storage()
        self._rebind_after_move()

    def _move(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move the simulator tile and its storage.

        Raises:
            TileModuleError: if the data type would change, which only torch tiles can.
        """
        if isinstance(self.tile, Module):
            return
        if dtype != self._get_tile_weights_ref().dtype:
            raise TileModuleError(
                f"the data type of a {type(self).__name__} is set by rpu_config.runtime.data_type "
                f"when it is created and cannot be changed to {dtype}"
            )
        if device != self.device:
            self.tile.to(device)  # type: ignore[attr-defined]
            self._bind_storage()

    def _after_load(self) -> None:
        """Derive again what follows from loaded parameters and buffers; nothing here."""

    def _rebind_after_move(self) -> None:
        """Let the context follow the weights after parameters and buffers have moved."""
        self.analog_ctx._replace_raw_data(self._get_tile_weights_ref())
