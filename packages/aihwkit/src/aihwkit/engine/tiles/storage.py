"""Where the weights of a simulator tile are, and who shares them."""

import copy
from abc import ABC, abstractmethod
from typing import Any, Self

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell
from synaptensor.random import RandomStream
from synaptensor.validation import check_instance, check_integer

__all__ = ["TileStorage"]

INITIAL_WEIGHT_RANGE = 0.1


class TileStorage(ABC):
    """Weights `[d, x]` in storage that may be shared, and the devices that are drawn at first use.

    Weights written before the devices exist are kept and handed to the devices once they are drawn.

    Args:
        x_size: number of columns.
        d_size: number of rows.
        dtype: data type of the weights.
    """

    random: RandomStream

    def __init__(self, x_size: int, d_size: int, dtype: torch.dtype) -> None:
        self.x_size = check_integer("x_size", x_size, minimum=1)
        self.d_size = check_integer("d_size", d_size, minimum=1)
        if not check_instance("dtype", dtype, torch.dtype).is_floating_point:
            raise ValueError(f"dtype must be a floating-point type, got {dtype}")
        self.dtype = dtype
        self._storage = torch.zeros(d_size, x_size, dtype=dtype)
        self._is_written = False
        self._cell: Cell | None = None
        self._delta: Tensor | None = None
        self._modified: Tensor | None = None
        self._modified_in_test = False
        self._is_shared = False

    @property
    def device(self) -> torch.device:
        """Where the tile computes."""
        return self._storage.device

    @property
    def cell(self) -> Cell:
        """The devices; drawn now if they have not been used yet."""
        if self._cell is None:
            self._draw()
        assert self._cell is not None
        return self._cell

    @property
    def _generator(self) -> torch.Generator:
        return self.random.generator(self.device)

    @abstractmethod
    def _make_cell(self) -> Cell:
        """Draw the devices."""

    @torch.no_grad()
    def _draw(self) -> None:
        self._cell = self._make_cell()
        initial = self._storage.clone()
        # Whoever shares the storage may have written it without telling the tile.
        if not self._is_written and not bool(initial.any()):
            uniform = torch.rand(self.d_size, self.x_size, generator=self.random.generator("cpu"))
            initial.copy_(INITIAL_WEIGHT_RANGE * (2 * uniform - 1))
        self._cell.set(initial, self._generator)

    def get_x_size(self) -> int:
        """Return the number of columns."""
        return self.x_size

    def get_d_size(self) -> int:
        """Return the number of rows."""
        return self.d_size

    @torch.no_grad()
    def get_weights(self, as_ref: bool = False) -> Tensor:
        """Return the weights `[d, x]`: a copy, or the live storage."""
        if self._cell is None:
            self._draw()
        return self._storage if as_ref else self._storage.clone()

    @torch.no_grad()
    def set_weights(self, weights: Tensor) -> None:
        """Write the weights; the devices limit them to their bounds.

        Raises:
            RuntimeError: if the shape is not `[d, x]`.
        """
        values = torch.as_tensor(weights).detach()
        self._check_shape("weights", values)
        values = values.to(self.device, self.dtype)
        self._drop_modified()
        if self._cell is None:
            self._storage.copy_(values)
            self._is_written = True
        else:
            self._cell.set(values, self._generator)

    @torch.no_grad()
    def set_weights_uniform_random(self, min_value: float, max_value: float) -> None:
        """Write weights drawn uniformly from [min_value, max_value).

        Raises:
            ValueError: if the interval is empty.
        """
        if min_value > max_value:
            raise ValueError(
                f"max_value must be at least min_value, got {max_value!r} and {min_value!r}"
            )
        uniform = torch.rand(
            self.d_size,
            self.x_size,
            dtype=self.dtype,
            device=self.device,
            generator=self._generator,
        )
        self.set_weights(min_value + (max_value - min_value) * uniform)

    # -- sharing ---------------------------------------------------------------------------------

    @torch.no_grad()
    def set_shared_weights(self, weights: Tensor) -> None:
        """Keep the weights in a given tensor from now on.

        The first time the current weights are copied into the tensor; later the content of the
        tensor becomes the weights.

        Raises:
            RuntimeError: if shape, data type, device or layout do not fit.
        """
        self._check_storage("weights", weights)
        storage = weights.detach()
        if self._is_shared:
            self._adopt(storage)
        else:
            storage.copy_(self._storage)
            self._rebind(storage)
        self._is_shared = True

    def _adopt(self, storage: Tensor) -> None:
        if storage.data_ptr() == self._storage.data_ptr():
            return
        self._rebind(storage)
        self._drop_modified()
        if self._cell is None:
            self._is_written = True
        elif not self._cell.weight.equal(storage) or self._has_hidden_state:
            self._cell.set(storage.clone(), self._generator)

    @property
    def _has_hidden_state(self) -> bool:
        return self._cell is not None and bool(self._cell.hidden_parameters())

    def _rebind(self, storage: Tensor) -> None:
        self._storage = storage
        if self._cell is not None:
            self._cell.bind(storage)

    def get_shared_weights_if(self) -> Tensor | None:
        """Return the shared tensor, or None if the storage is the tile's own."""
        return self._storage if self._is_shared else None

    def set_delta_weights(self, delta_weights: Tensor) -> None:
        """Let updates write the gradient `+ D^T X` into a tensor instead of changing weights.

        Raises:
            RuntimeError: if shape, data type, device or layout do not fit.
        """
        self._check_storage("delta_weights", delta_weights)
        self._delta = delta_weights.detach()

    def reset_delta_weights(self) -> None:
        """Let updates change the weights again."""
        self._delta = None

    def _writable(self) -> Tensor:
        """The weights of an exact tile, about to be changed."""
        if self._cell is None:
            self._draw()
        self._drop_modified()
        return self._storage

    # -- modified copy for the products ----------------------------------------------------------

    def _read_weights(self, is_test: bool) -> Tensor:
        """The weights that a product sees."""
        if self._cell is None:
            self._draw()
        if self._modified is not None and (not is_test or self._modified_in_test):
            return self._modified
        return self._storage

    def _drop_modified(self) -> None:
        self._modified = None

    # -- moves and copies ------------------------------------------------------------------------

    @torch.no_grad()
    def to(self, device: torch.device | str) -> Self:
        """Move all state to a device, in place; shared storage is left behind."""
        place = torch.device(device)
        if place == self.device:
            return self
        if self._cell is not None:
            self._cell.map(lambda value: value.to(place))
        self._rebind(self._storage.to(place))
        self._is_shared = False
        for name in ("_delta", "_modified"):
            value = getattr(self, name)
            setattr(self, name, None if value is None else value.to(place))
        return self

    def cuda(self, device: torch.device | str | int | None = None) -> Self:
        """Move all state to a CUDA device, in place."""
        index = torch.cuda.current_device() if device is None else device
        return self.to(torch.device("cuda", index) if isinstance(index, int) else index)

    def cpu(self) -> Self:
        """Move all state to the CPU, in place."""
        return self.to("cpu")

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an independent tile that continues the random stream on its own."""
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        for name, value in self.__dict__.items():
            setattr(new, name, copy.deepcopy(value, memo))
        new._is_shared = False
        new._rebind(new._storage)
        return new

    # -- checks ----------------------------------------------------------------------------------

    def _check_shape(self, name: str, value: Tensor) -> None:
        if tuple(value.shape) != (self.d_size, self.x_size):
            raise RuntimeError(
                f"Invalid {name} dimensions: expected [{self.d_size},{self.x_size}] tensor, "
                f"got {list(value.shape)}"
            )

    def _check_storage(self, name: str, value: Tensor) -> None:
        self._check_shape(name, value)
        if value.dtype != self.dtype:
            raise RuntimeError(
                f"{name} must be of the right data type. Expected {self.dtype}, got {value.dtype}"
            )
        if value.device != self.device or not value.is_contiguous():
            raise RuntimeError(
                f"{name} must be contiguous and on {self.device}, got a tensor on {value.device}"
            )
