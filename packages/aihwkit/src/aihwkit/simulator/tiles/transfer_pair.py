"""A tile of gradients and a tile of weights, with buffers between them: what both hold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from aihwkit.simulator.tiles.analog import AnalogTileWithoutPeriphery
from aihwkit.simulator.tiles.base import SimulatorTile
from synaptensor.random import RandomStream

__all__ = ["TransferTilePair"]

_TILES = ("grad_tile", "weight_tile")
_COUNTERS = ("update_counter", "transfer_idx", "sweep", "m_x", "m_d")


class TransferTilePair(Module, SimulatorTile):
    """Two analog tiles, buffers between them, and the state of the transfers.

    Args:
        x_size: number of columns.
        d_size: number of rows.
        configs: configurations of the tile of gradients and of the tile of weights.
        compound: parameters of the transfers.
        dtype: data type of buffers.
        has_reference: whether there are buffers of means and references.

    Attributes:
        grad_tile: fast tile; an `AnalogTileWithoutPeriphery`, no submodule.
        weight_tile: tile of the weights, alike.
        hidden_weight: the buffer `[t_in, t_out]`.
        chopper: signs `[t_in]`.
        learning_rate: learning rate of the next updates.
    """

    grad_tile: Any
    weight_tile: Any
    hidden_weight: Tensor
    chopper: Tensor
    past_mean_weight: Tensor
    reference_weight: Tensor

    def __init__(
        self,
        x_size: int,
        d_size: int,
        configs: tuple[Any, Any],
        compound: Any,
        dtype: torch.dtype,
        has_reference: bool,
    ) -> None:
        super().__init__()
        self.x_size, self.d_size = x_size, d_size
        self.compound = compound
        self.learning_rate = 0.1
        make: Any = AnalogTileWithoutPeriphery
        # Not submodules, or layers would count them as tiles of their own.
        self.__dict__["grad_tile"] = make(d_size, x_size, configs[0])
        self.__dict__["weight_tile"] = make(d_size, x_size, configs[1])
        columns = compound.transfer_columns
        self.t_in, self.t_out = (x_size, d_size) if columns else (d_size, x_size)
        self.register_buffer("hidden_weight", torch.zeros(self.t_in, self.t_out, dtype=dtype))
        self.register_buffer("chopper", torch.ones(self.t_in, dtype=dtype))
        for name in ("past_mean_weight", "reference_weight") if has_reference else ():
            self.register_buffer(name, torch.zeros(self.t_in, self.t_out, dtype=dtype))
        self.random = RandomStream()
        self._restart()

    def _restart(self) -> None:
        """Start the transfers anew."""
        for name, buffer in self.named_buffers(recurse=False):
            buffer.fill_(1.0 if name == "chopper" else 0.0)
        self.update_counter, self.transfer_idx, self.sweep = 0, -1, 0
        self.m_x = self.m_d = 0.0

    @property
    def simulators_inside(self) -> tuple[Any, Any]:
        """The simulator tiles of gradients and of weights."""
        return self.grad_tile.tile, self.weight_tile.tile

    # -- weights and parameters --------------------------------------------------------------

    def get_weights(self, as_ref: bool = False) -> Tensor:
        """Return a copy of the weights, or the live storage."""
        weights: Tensor = self.weight_tile.tile.get_weights(as_ref)
        return weights

    @torch.no_grad()
    def set_weights(self, weight: Tensor) -> None:
        """Write the weights and start the transfers anew."""
        self._restart()
        self.weight_tile.tile.set_weights(weight)

    def set_weights_uniform_random(self, bmin: float, bmax: float) -> None:
        """Draw all weights uniformly in `[bmin, bmax)`."""
        self.weight_tile.tile.set_weights_uniform_random(bmin, bmax)

    def get_learning_rate(self) -> float:
        """Return the learning rate."""
        return self.learning_rate

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate; None is ignored."""
        if learning_rate is not None:
            self.learning_rate = learning_rate

    def _buffers_of_weights(self) -> dict[str, Tensor]:
        return {name: value for name, value in self.named_buffers() if "weight" in name}

    def get_hidden_parameter_names(self) -> list[str]:
        """Return the names of the parameters of both tiles, their weights, and the buffers."""
        names = [
            f"{name}_{index}"
            for index, tile in enumerate((self.grad_tile, self.weight_tile))
            for name in tile.tile.get_hidden_parameter_names()
        ]
        return [*names, "fast_weight", "slow_weight", *self._buffers_of_weights()]

    def get_hidden_parameters(self) -> Tensor:
        """Return what the names say, `[n, d_size, x_size]`."""
        simulators = [self.grad_tile.tile, self.weight_tile.tile]
        parts = [simulator.get_hidden_parameters() for simulator in simulators]
        parts = [part for part in parts if part.numel() > 0]
        parts += [simulator.get_weights().unsqueeze(0) for simulator in simulators]
        buffers = self._buffers_of_weights().values()
        return torch.cat([*parts, *(self._oriented(b).unsqueeze(0) for b in buffers)])

    @torch.no_grad()
    def set_hidden_parameters(self, params: Tensor) -> None:
        """Write what `get_hidden_parameters` returned.

        Raises:
            RuntimeError: if the shape is another.
        """
        expected = (len(self.get_hidden_parameter_names()), self.d_size, self.x_size)
        if tuple(params.shape) != expected:
            raise RuntimeError(
                f"Hidden parameter shape mismatch! Expected {expected}, got {tuple(params.shape)}"
            )
        simulators = [self.grad_tile.tile, self.weight_tile.tile]
        start = 0
        for simulator in simulators:
            count = len(simulator.get_hidden_parameter_names())
            if count:
                simulator.set_hidden_parameters(params[start : start + count])
            start += count
        for simulator in simulators:
            simulator.set_weights(params[start])
            start += 1
        for buffer, value in zip(self._buffers_of_weights().values(), params[start:], strict=True):
            buffer.copy_(self._oriented(value))

    def _oriented(self, matrix: Tensor) -> Tensor:
        return matrix.t() if self.compound.transfer_columns else matrix

    def get_x_size(self) -> int:
        """Return the number of columns."""
        return self.x_size

    def get_d_size(self) -> int:
        """Return the number of rows."""
        return self.d_size

    def get_meta_parameters(self) -> Any:
        """Return the parameters of the tile of the weights."""
        return self.weight_tile.tile.get_meta_parameters()

    def get_brief_info(self) -> str:
        """Return one line about the tile."""
        return f"{type(self).__name__}({self.extra_repr()})"

    def extra_repr(self) -> str:
        """Show sizes and the two devices."""
        infos = [getattr(self, name).get_brief_info() for name in _TILES]
        return f"{self.d_size}, {self.x_size}, {', '.join(infos)}"

    # -- state -------------------------------------------------------------------------------

    def dump_extra(self) -> dict[str, Any]:
        """Return the state of both tiles beyond weights and parameters, and of the transfers."""
        return {
            "weight_tile": self.weight_tile.dump_extra(),
            "grad_tile": self.grad_tile.dump_extra(),
            "transfer": self._transfer_state(),
        }

    def load_extra(self, extra: dict[str, Any], strict: bool = False) -> None:
        """Restore what `dump_extra` returned; the state of the transfers may be absent.

        Raises:
            RuntimeError: for other keys; nothing is changed then.
        """
        if not set(_TILES) <= set(extra) <= {*_TILES, "transfer"}:
            raise RuntimeError(
                f"extra state must have the keys {', '.join(_TILES)} and transfer, got "
                f"{', '.join(sorted(extra))}"
            )
        for name in _TILES:
            getattr(self, name).load_extra(extra[name], strict)
        if "transfer" in extra:
            self._load_transfer_state(extra["transfer"])

    def _transfer_state(self) -> dict[str, Any]:
        counters = {name: getattr(self, name) for name in _COUNTERS}
        rate = {"learning_rate": self.learning_rate}
        return {**counters, **rate, "random": self.random.state_dict()}

    def _load_transfer_state(self, state: dict[str, Any]) -> None:
        for name in (*_COUNTERS, "learning_rate"):
            setattr(self, name, state[name])
        self.random.load_state_dict(state["random"])

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        for name in _TILES:
            getattr(self, name)._apply(fn, recurse)
        return super()._apply(fn, recurse)

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name in _TILES:
            getattr(self, name).state_dict(
                destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
            )
        destination[f"{prefix}transfer_state"] = self._transfer_state()

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
        own = {key: state_dict.pop(key) for key in list(state_dict) if _belongs(key, prefix)}
        problems: list[str] = []
        for name in _TILES:
            getattr(self, name)._load_from_state_dict(
                own, f"{prefix}{name}.", local_metadata, strict, missing_keys, [], problems
            )
        error_msgs.extend(problems)
        if problems:
            return
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )
        state = own.get(f"{prefix}transfer_state")
        if state is not None:
            self._load_transfer_state(state)


def _belongs(key: str, prefix: str) -> bool:
    """Tell whether an entry belongs to one of the tiles inside, or to the transfers."""
    inside = tuple(f"{prefix}{name}." for name in _TILES)
    return key.startswith(inside) or key == f"{prefix}transfer_state"
