"""The simulator tile with exact products and exact updates; base of the analog one."""

import copy
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell, columns_in_range
from aihwkit.engine.cells.ideal import IdealCell
from aihwkit.engine.tiles.extra import TileExtra
from aihwkit.engine.tiles.first_release import FirstReleaseMethods
from aihwkit.engine.tiles.indexed import fold, unfold
from aihwkit.engine.tiles.layout import append_ones, from_rows, to_rows
from aihwkit.engine.tiles.weight_operations import TileWeightOperations
from synaptensor.random import RandomStream

__all__ = ["FloatingPointTile"]

INITIAL_LEARNING_RATE = 0.1


class FloatingPointTile(FirstReleaseMethods, TileExtra, TileWeightOperations):
    """Matrix `[d, x]` with `y = W x`, `W^T d` and `W -= lr d x^T`.

    Devices are drawn at first use, so creating a tile takes no numbers from torch's generator;
    from then on all randomness of the tile comes from its own stream `random`.

    Args:
        x_size: number of columns (inputs, with the bias column if there is one).
        d_size: number of rows (outputs).
        parameter: parameter object of the tile; weights count up from 1.01 without one.
        dtype: data type of the weights and of all inputs.
        random: stream of all draws; keyed by torch's generator at first use if not given.
    """

    def __init__(
        self,
        x_size: int,
        d_size: int,
        parameter: Any = None,
        *,
        dtype: torch.dtype = torch.float32,
        random: RandomStream | None = None,
    ) -> None:
        super().__init__(x_size, d_size, dtype)
        self.parameter = copy.deepcopy(parameter)
        self.random = RandomStream() if random is None else random
        self._learning_rate = INITIAL_LEARNING_RATE
        self._running = [-1.0, -1.0]
        self._indices: Tensor | None = None
        self._verbosity = 0
        if parameter is None:
            row = torch.arange(d_size, dtype=dtype).unsqueeze(1)
            column = torch.arange(x_size, dtype=dtype)
            self._storage.copy_((row + 1) * 0.01 + 0.01 * column + 1)

    # -- products --------------------------------------------------------------------------------

    def forward(
        self,
        x_input: Tensor,
        bias: bool = False,
        x_trans: bool = False,
        d_trans: bool = False,
        is_test: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Multiply with the weights.

        Args:
            x_input: `[..., x]`, or `[x, ...]` if `x_trans`.
            bias: append a constant 1 to every vector; `x` is then one less than the number of
                columns.
            x_trans: vectors run along the first dimension of the input.
            d_trans: vectors run along the first dimension of the output.
            is_test: use the true weights even if there is a modified copy.
            non_blocking: accepted for compatibility; work is queued as torch does it.

        Returns:
            `[..., d]`, or `[d, ...]` if `d_trans`.
        """
        return self.forward_with_mask(x_input, bias, x_trans, d_trans, is_test)[0]

    @torch.no_grad()
    def forward_with_mask(
        self,
        x_input: Tensor,
        bias: bool = False,
        x_trans: bool = False,
        d_trans: bool = False,
        is_test: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return what `forward` returns, and which outputs were clipped (None if none can be)."""
        rows, shape = self._input_rows("x_input", x_input, bias, x_trans)
        values, clipped = self._forward_rows(rows, is_test)
        mask = None if clipped is None else from_rows(clipped, shape, d_trans)
        return from_rows(values, shape, d_trans), mask

    @torch.no_grad()
    def backward(
        self,
        d_input: Tensor,
        bias: bool = False,
        d_trans: bool = False,
        x_trans: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Multiply with the transposed weights; the bias column is dropped from the result.

        Args:
            d_input: `[..., d]`, or `[d, ...]` if `d_trans`.
            bias: whether the last column is a bias.
            d_trans: vectors run along the first dimension of the input.
            x_trans: vectors run along the first dimension of the output.
            non_blocking: accepted for compatibility.
        """
        rows, shape = self._to_rows("d_input", d_input, self.d_size, d_trans)
        result = self._backward_rows(rows)
        return from_rows(result[:, :-1] if bias else result, shape, x_trans)

    @torch.no_grad()
    def update(
        self,
        x_input: Tensor,
        d_input: Tensor,
        bias: bool = False,
        x_trans: bool = False,
        d_trans: bool = False,
        non_blocking: bool = False,
    ) -> None:
        """Update the weights, in the ideal case `W -= lr * D^T X`, vector by vector in batch order.

        Args:
            x_input: inputs as in `forward`.
            d_input: gradients with respect to the outputs, as in `backward`.
            bias: append a constant 1 to every input vector.
            x_trans: vectors run along the first dimension of `x_input`.
            d_trans: vectors run along the first dimension of `d_input`.
            non_blocking: accepted for compatibility.

        Raises:
            RuntimeError: if the numbers of vectors differ.
        """
        x, _ = self._input_rows("x_input", x_input, bias, x_trans)
        d, _ = self._to_rows("d_input", d_input, self.d_size, d_trans)
        self._update_rows(x, d)

    # -- convolution on unfolded images ----------------------------------------------------------

    def set_matrix_indices(self, indices: Tensor) -> None:
        """Store the table that unfolds images, see `aihwkit.engine.tiles.indexed.unfold`."""
        self._indices = indices

    def has_matrix_indices(self) -> bool:
        """Return whether a table has been set."""
        return self._indices is not None

    @property
    def _table(self) -> Tensor:
        if self._indices is None:
            raise RuntimeError("set_matrix_indices must be called before the indexed functions")
        if self._indices.device != self.device:
            self._indices = self._indices.to(self.device)
        return self._indices

    @torch.no_grad()
    def forward_indexed(
        self, x_input: Tensor, d_tensor: Tensor, is_test: bool = False, non_blocking: bool = False
    ) -> Tensor:
        """Unfold images `[n, C, ...]`, multiply, and fill and return `d_tensor` `[n, d, ...]`."""
        rows = unfold(x_input, self._table, self.x_size)
        values = self._forward_rows(rows, is_test)[0]
        values = values.view(x_input.shape[0], -1, self.d_size).transpose(1, 2)
        return d_tensor.copy_(values.reshape(d_tensor.shape))

    @torch.no_grad()
    def backward_indexed(
        self, d_input: Tensor, x_tensor: Tensor, non_blocking: bool = False
    ) -> Tensor:
        """Multiply gradients `[n, d, ...]` with the transposed weights and fold into `x_tensor`."""
        n = d_input.shape[0]
        result = self._backward_rows(self._position_rows(d_input))
        images = fold(result, self._table, n, x_tensor[0].numel())
        return x_tensor.copy_(images.view(x_tensor.shape))

    @torch.no_grad()
    def update_indexed(self, x_input: Tensor, d_input: Tensor, non_blocking: bool = False) -> None:
        """Update with images `[n, C, ...]` and gradients `[n, d, ...]`, one vector per position."""
        rows = unfold(x_input, self._table, self.x_size)
        self._update_rows(rows, self._position_rows(d_input))

    def _position_rows(self, d_input: Tensor) -> Tensor:
        flat = d_input.reshape(d_input.shape[0], self.d_size, -1)
        return flat.transpose(1, 2).reshape(-1, self.d_size)

    # -- weight operations -----------------------------------------------------------------------

    def get_learning_rate(self) -> float:
        """Return the learning rate."""
        return self._learning_rate

    def set_learning_rate(self, learning_rate: float) -> None:
        """Set the learning rate of the next updates."""
        self._learning_rate = float(learning_rate)

    @torch.no_grad()
    def decay_weights(self, alpha: float = 1.0) -> None:
        """Let the weights decay; `alpha` scales the rate."""
        self.cell.decay(alpha, self._generator)

    @torch.no_grad()
    def diffuse_weights(self) -> None:
        """Let the weights diffuse."""
        self.cell.diffuse(self._generator)

    @torch.no_grad()
    def drift_weights(self, time_since_last_call: float) -> None:
        """Let the weights drift."""
        self.cell.drift(time_since_last_call, self._generator)

    @torch.no_grad()
    def reset_columns(
        self, start_column_idx: int = 0, num_columns: int = 1, reset_prob: float = 1.0
    ) -> None:
        """Reset the devices of a circular range of columns.

        Raises:
            RuntimeError: on floating-point tiles, which have no devices.
        """
        if not self._has_devices:
            raise RuntimeError("reset_columns needs a tile with devices, got a floating-point tile")
        columns = columns_in_range(self.x_size, start_column_idx, num_columns)
        self.cell.reset(columns, reset_prob, self._generator)

    # -- parameters and state --------------------------------------------------------------------

    def get_hidden_parameter_names(self) -> list[str]:
        """Return the names of the per-device parameters."""
        return list(self.cell.hidden_parameters())

    def get_hidden_parameters(self) -> Tensor:
        """Return the per-device parameters `[n, d, x]`; an empty tensor `[0]` if there are none."""
        values = list(self.cell.hidden_parameters().values())
        if not values:
            return torch.empty(0, dtype=self.dtype, device=self.device)
        return torch.stack([value.to(self.dtype) for value in values])

    @torch.no_grad()
    def set_hidden_parameters(self, hidden_parameters: Tensor) -> None:
        """Set the per-device parameters; visible weights follow.

        Raises:
            RuntimeError: if the shape is not the one of `get_hidden_parameters`.
        """
        names = self.get_hidden_parameter_names()
        expected = [len(names), self.d_size, self.x_size] if names else [0]
        if list(hidden_parameters.shape) != expected:
            raise RuntimeError(
                f"Hidden parameter shape mismatch! Expected {expected}, "
                f"got {list(hidden_parameters.shape)}"
            )
        values = hidden_parameters.detach().to(self.device, self.dtype)
        self.cell.set_hidden_parameters(
            OrderedDict(zip(names, values, strict=False)), self._generator
        )

    def get_hidden_update_index(self) -> int:
        """Return the index of the device that the next update changes, where only one is."""
        return self.cell.update_index

    def set_hidden_update_index(self, idx: int) -> None:
        """Set the index of the device that the next update changes; ignored by other cells."""
        self.cell.update_index = idx

    def get_pulse_counters(self) -> Tensor:
        """Return the numbers of pulses each device got, int64 `[n, d, x]`; empty if not counted."""
        return self.cell.pulse_counters()

    def get_meta_parameters(self) -> Any:
        """Return the parameter object that the tile was made from."""
        return copy.deepcopy(self.parameter)

    def set_verbosity_level(self, verbose: int) -> None:
        """Accepted for compatibility."""
        self._verbosity = verbose

    def manual_seed(self, seed: int) -> None:
        """Start the tile's random stream anew with a seed of its own."""
        self.random.reset(seed)

    def get_brief_info(self) -> str:
        """Return kind and size in one line."""
        return f"RPUSimple<{_name(self.dtype)}>({self.d_size},{self.x_size})\n"

    def get_info(self) -> str:
        """Return kind, size and parameters."""
        return f"{self.get_brief_info()}{self.parameter}"

    def __str__(self) -> str:
        return self.get_brief_info()

    # -- what subclasses change ------------------------------------------------------------------

    @property
    def _has_devices(self) -> bool:
        return False

    def _make_cell(self) -> Cell:
        return IdealCell(self._storage, self.parameter)

    def _forward_rows(self, rows: Tensor, is_test: bool) -> tuple[Tensor, Tensor | None]:
        return rows @ self._read_weights(is_test).t(), None

    def _backward_rows(self, rows: Tensor) -> Tensor:
        return rows @ self._read_weights(False)

    def _update_rows(self, x: Tensor, d: Tensor) -> None:
        self._check_batch(x, d)
        if self._delta is not None:
            torch.mm(d.t(), x, out=self._delta)
        elif self._learning_rate != 0:
            self._writable().addmm_(d.t(), x, alpha=-self._learning_rate)

    # -- helpers ---------------------------------------------------------------------------------

    def _input_rows(
        self, name: str, value: Tensor, bias: bool, transposed: bool
    ) -> tuple[Tensor, tuple[int, ...]]:
        rows, shape = self._to_rows(name, value, self.x_size - int(bias), transposed)
        return (append_ones(rows) if bias else rows), shape

    def _to_rows(
        self, name: str, value: Tensor, size: int, transposed: bool
    ) -> tuple[Tensor, tuple[int, ...]]:
        return to_rows(name, value, size, transposed, self.dtype, self.device)

    @staticmethod
    def _check_batch(x: Tensor, d: Tensor) -> None:
        if x.shape[0] != d.shape[0]:
            raise RuntimeError(
                f"x_input and d_input must hold the same number of vectors, got {x.shape[0]} "
                f"and {d.shape[0]}"
            )


def _name(dtype: torch.dtype) -> str:
    names = {torch.float32: "float", torch.float64: "double", torch.float16: "half"}
    return names.get(dtype, str(dtype).removeprefix("torch."))
