"""The module part of a tile: configuration changes, state dictionaries, moves."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from aihwkit.exceptions import AihwkitException, CudaError, TileModuleError
from aihwkit.optim.context import AnalogContext
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.tiles.base import AnalogTileStateNames, SimulatorTileWrapper, TileModuleBase
from synaptensor.validation import check_instance

__all__ = ["TileModule"]

_CONTEXT = AnalogTileStateNames.CONTEXT
# Parameters over the simulator tile's weights, which the analog state holds.
_ALIASES = (_CONTEXT, AnalogTileStateNames.SHARED_WEIGHTS)


class TileModule(Module, TileModuleBase):
    """Torch module around a simulator tile.

    Attributes:
        supports_ddp: whether several processes can train the tile together.
        load_rpu_config: whether `load_state_dict` takes over the stored configuration.
        strict_rpu_config_check: whether stored and current configuration must be of one kind.
    """

    supports_ddp = False

    # Provided by the tile wrapper that every concrete tile also derives from.
    analog_ctx: AnalogContext
    rpu_config: RPUConfigBase

    def __init__(self) -> None:
        super().__init__()
        self.load_rpu_config = True
        self.strict_rpu_config_check = True

    # -- configuration -----------------------------------------------------------------------

    def set_load_rpu_config_state(
        self, load_rpu_config: bool | None, strict_rpu_config_check: bool | None = None
    ) -> None:
        """Set what `load_state_dict` does with the stored configuration; None leaves a flag."""
        if load_rpu_config is not None:
            self.load_rpu_config = load_rpu_config
        if strict_rpu_config_check is not None:
            self.strict_rpu_config_check = strict_rpu_config_check

    def compatible_with(self, rpu_config: RPUConfigBase) -> tuple[bool, str | None]:
        """Tell whether the tile can work with a configuration, and why not."""
        if not self.strict_rpu_config_check:
            return True, None
        mine, other = type(self.rpu_config), type(rpu_config)
        if not (issubclass(mine, other) or issubclass(other, mine)):
            return False, f"rpu_config must be a {mine.__name__}, got {other.__name__}"
        if not isinstance(rpu_config, MappableRPU) or not isinstance(self.rpu_config, MappableRPU):
            return True, None
        if not self.rpu_config.mapping.compatible_with(rpu_config.mapping):
            return False, (
                "rpu_config.mapping may differ in the weight scaling only, expected "
                f"{self.rpu_config.mapping}, got {rpu_config.mapping}"
            )
        return True, None

    def replace_with(self, rpu_config: RPUConfigBase) -> None:
        """Rebuild the tile with another configuration of the same kind.

        Weights, device parameters, learning rate and extra state are kept, so settings that are
        drawn when a device is made show only in a new tile.

        Raises:
            TileModuleError: if the configurations are not compatible.
        """
        check_instance("rpu_config", rpu_config, RPUConfigBase)
        fits, reason = self.compatible_with(rpu_config)
        if not fits:
            raise TileModuleError(f"the configuration does not fit the tile: {reason}")
        tile = _wrapper(self)
        state = tile.get_analog_state()
        tile._replace_tile(rpu_config, state)

    # -- moves -------------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Move to a device, or replace the configuration if one is given. Returns self."""
        config = kwargs.pop("rpu_config", None)
        if args and isinstance(args[0], RPUConfigBase):
            config, *rest = args
            args = tuple(rest)
        if config is not None:
            self.replace_with(config)
            if not args and not kwargs:
                return self
        return super().to(*args, **kwargs)

    def cuda(self, device: torch.device | int | None = None) -> Any:
        """Move to a CUDA device, with all device parameters. Returns self.

        Raises:
            CudaError: if there is none.
        """
        if not torch.cuda.is_available():
            raise CudaError("no CUDA device is available, so a tile cannot be moved to one")
        return super().cuda(device)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Move or convert all tensors, the simulator tile's included.

        What `fn` does to tensors of the tile's kind is read off an empty one.

        Raises:
            TileModuleError: if `fn` asks for something that the tile cannot do.
        """
        tile = _wrapper(self)
        raw = tile._get_tile_weights_ref()
        probe = fn(torch.empty(0, dtype=raw.dtype, device=raw.device))
        tile._move(probe.device, probe.dtype)
        with self._hidden(_CONTEXT):
            super()._apply(fn, recurse)
        tile._rebind_after_move()
        return self

    def is_floating_point(self) -> bool:
        """Tell that tiles hold floating-point numbers."""
        return True

    def extra_repr(self) -> str:
        """Describe the simulator tile, unless it is a module and describes itself."""
        tile = _wrapper(self)
        return "" if isinstance(tile.tile, Module) else tile.get_brief_info()

    # -- copies ------------------------------------------------------------------------------

    @contextmanager
    def _hidden(self, *names: str) -> Iterator[None]:
        """Hide parameters whose values are the simulator tile's from torch for a while."""
        hidden = {name: self._parameters[name] for name in names if name in self._parameters}
        self._parameters.update(dict.fromkeys(hidden))
        try:
            yield
        finally:
            self._parameters.update(hidden)

    def __getstate__(self) -> dict[str, Any]:
        """Return all attributes; the context goes as its trace and flags."""
        state = self.__dict__.copy()
        state["_parameters"] = {**self._parameters, _CONTEXT: None}
        state["_context_state"] = self.analog_ctx.trace_state()
        state["_shared_weight_tensor"] = None
        if "tile" in state:
            # A copy of a simulator tile keeps its weights itself and can be bound anew.
            state["tile"] = copy.copy(state["tile"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore all attributes and create the context anew over the restored weights."""
        context_state = state.pop("_context_state")
        super().__setstate__(state)
        tile = _wrapper(self)
        tile._bind_storage()
        context = AnalogContext(tile)
        context.load_trace_state(context_state)
        self._parameters[_CONTEXT] = context
        tile._rebind_after_move()

    # -- state dictionaries -------------------------------------------------------------------

    @staticmethod
    def get_analog_state_name(prefix: str) -> str:
        """Return the key of the analog state under a prefix."""
        return prefix + AnalogTileStateNames.ANALOG_STATE_NAME

    def state_dict(  # type: ignore[override]
        self,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Return (or write into `destination`) parameters, buffers and the analog state."""
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        return super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        with self._hidden(_CONTEXT):
            super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[self.get_analog_state_name(prefix)] = _wrapper(self).get_analog_state()

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load parameters, buffers and the analog state, all or nothing for this tile."""
        for name in _ALIASES:
            state_dict.pop(prefix + name, None)
        if not isinstance(_wrapper(self).tile, Module):
            # A torch tile wrote its weights under its own name, too.
            self._skip_simulator_tile(state_dict, prefix)
        problems = self.state_problems(state_dict, prefix)
        state = state_dict.pop(self.get_analog_state_name(prefix), None)
        config = None
        if state is None:
            missing_keys.append(self.get_analog_state_name(prefix))
        elif not problems:
            config = self._config_for(state)
        if problems:
            error_msgs.extend(problems)
            self._skip_simulator_tile(state_dict, prefix)
            return
        if state is not None:
            try:
                _wrapper(self)._replace_tile(config, state)  # type: ignore[arg-type]
            except (AihwkitException, RuntimeError) as error:
                error_msgs.append(f"{prefix}{AnalogTileStateNames.ANALOG_STATE_NAME}: {error}")
                self._skip_simulator_tile(state_dict, prefix)
                return
        self._fit_flexible_buffers(state_dict, prefix)
        with self._hidden(*_ALIASES):
            super()._load_from_state_dict(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        _wrapper(self)._rebind_after_move()
        _wrapper(self)._after_load()

    @staticmethod
    def _skip_simulator_tile(state_dict: dict[str, Any], prefix: str) -> None:
        """Keep torch from loading what belongs to the simulator tile of a torch tile."""
        for key in [k for k in state_dict if k.startswith(f"{prefix}tile.")]:
            del state_dict[key]

    def state_problems(self, state_dict: Mapping[str, Any], prefix: str = "") -> list[str]:
        """Return why the tile cannot take its part of a checkpoint; nothing is written.

        Args:
            state_dict: checkpoint; what is absent is no problem here.
            prefix: of the tile's entries.
        """
        problems = self._shape_problems(state_dict, prefix)
        name = self.get_analog_state_name(prefix)
        state = state_dict.get(name)
        if state is not None and not problems:
            try:
                self._config_for(state)
            except AihwkitException as error:
                problems.append(f"{name}: {error}")
        return problems

    def _shape_problems(self, state_dict: Mapping[str, Any], prefix: str) -> list[str]:
        """Return what torch would complain about before anything is written."""
        own = {**self._parameters, **self._buffers}
        own = {name: tensor for name, tensor in own.items() if name not in _ALIASES}
        problems = []
        for name, tensor in own.items():
            stored = state_dict.get(prefix + name)
            flexible = name in self._flexible_buffers()
            if tensor is None or not isinstance(stored, Tensor):
                continue
            if bool(stored.isnan().any()):
                problems.append(f"{prefix}{name} must be finite, got NaN")
            if not flexible and tuple(stored.shape) != tuple(tensor.shape):
                problems.append(
                    f"size mismatch for {prefix}{name}: copying a param with shape "
                    f"{tuple(stored.shape)} from checkpoint, the shape in current model is "
                    f"{tuple(tensor.shape)}."
                )
        return problems

    def _flexible_buffers(self) -> tuple[str, ...]:
        """Return names of buffers that take the shape of the stored tensor."""
        return (AnalogTileStateNames.MAPPING_SCALES,)

    def _fit_flexible_buffers(self, state_dict: dict[str, Any], prefix: str) -> None:
        for name in self._flexible_buffers():
            stored = state_dict.get(prefix + name)
            if isinstance(stored, Tensor) and name in self._buffers:
                like = _wrapper(self)._get_tile_weights_ref()
                self._buffers[name] = torch.empty_like(stored.reshape(-1), device=like.device)
                state_dict[prefix + name] = stored.reshape(-1)

    def _config_for(self, state: dict[str, Any]) -> RPUConfigBase:
        """Return the configuration the tile will have after loading a state.

        Raises:
            TileModuleError: if stored and current configuration are not compatible.
            TileError: if the state belongs to another tile.
        """
        stored = _wrapper(self).check_analog_state(state)
        if stored is None:
            return self.rpu_config
        fits, reason = self.compatible_with(stored)
        if not fits:
            raise TileModuleError(f"the stored configuration does not fit the tile: {reason}")
        if not self.load_rpu_config:
            return self.rpu_config
        stored.tile_class = self.rpu_config.tile_class
        return stored


def _wrapper(module: Any) -> SimulatorTileWrapper:
    """Return a tile module seen as the wrapper that it also is."""
    return module
