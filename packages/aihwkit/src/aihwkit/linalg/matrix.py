"""Analog matrix as a linear operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, as_tensor

from aihwkit.simulator.parameters.base import RPUConfigBase
from synaptensor.optional import require
from synaptensor.validation import check_instance

__all__ = ["AnalogMatrix"]

LinearOperator: Any = require("scipy.sparse.linalg", "linalg", "aihwkit").LinearOperator


class AnalogMatrix(LinearOperator):
    r"""Matrix `[out, in]` on analog tiles, for numerical linear algebra with noisy products.

    `A @ x` multiplies along the last dimension of `x`, `x @ A` is the transposed product; both take
    tensors and arrays and return the same kind. The methods of a scipy `LinearOperator` (`matvec`,
    `matmat`, `dot`, `T`, `H`, ...) have scipy's orientation, so that its solvers work.

    Args:
        matrix: the matrix, a tensor or an array.
        rpu_config: configuration of the tiles.
        realistic: write the matrix with device updates instead of exactly.
        **to_kwargs: arguments of `to` for the tiles, such as `device`.

    Example:
        >>> A = AnalogMatrix(torch.rand(3, 5), SingleRPUConfig())
        >>> (A @ torch.rand(5)).shape
        torch.Size([3])

    Raises:
        ImportError: if scipy is not installed.
        ValueError: if the matrix has not two dimensions or is not finite.
    """

    def __init__(
        self, matrix: Any, rpu_config: RPUConfigBase, realistic: bool = False, **to_kwargs: Any
    ) -> None:
        check_instance("rpu_config", rpu_config, RPUConfigBase)
        weight = as_tensor(matrix)
        if weight.dim() != 2:
            raise ValueError(f"matrix must have 2 dimensions, got shape {tuple(weight.shape)}")
        out_size, in_size = weight.shape
        tile_class = rpu_config.get_default_tile_module_class(out_size, in_size)
        self.analog_tile: Any = tile_class(out_size, in_size, rpu_config, False).eval()
        if to_kwargs:
            self.analog_tile.to(**to_kwargs)
        self.realistic = realistic
        self.analog_tile.set_weights(weight, realistic=realistic)
        first = next(p for p in self.analog_tile.parameters())
        super().__init__(torch.empty(0, dtype=first.dtype).numpy().dtype, (out_size, in_size))

    def __new__(cls, *args: Any, **kwargs: Any) -> AnalogMatrix:
        """Skip scipy's constructor, which takes other arguments."""
        return object.__new__(cls)

    def cuda(self, device: torch.device | str | int | None = None) -> AnalogMatrix:
        """Move to a CUDA device and return self."""
        self.analog_tile.cuda(device)
        return self

    def to(self, *args: Any, **kwargs: Any) -> AnalogMatrix:
        """Move, or change the configuration, and return self."""
        self.analog_tile.to(*args, **kwargs)
        return self

    def get_matrix(self) -> Tensor:
        """Return a copy of the exact matrix on the CPU."""
        weight: Tensor = self.analog_tile.get_weights()[0]
        return weight

    # -- products ----------------------------------------------------------------------------

    def __matmul__(self, x: Any) -> Any:
        """Return the product along the last dimension of `x` (`[in]` or `[..., in]`)."""
        return self._convert(self.analog_tile, x, "x", self.shape[1])

    def __rmatmul__(self, x: Any) -> Any:
        """Return the transposed product along the last dimension of `x` (`[out]`, `[..., out]`)."""
        return self._convert(self.analog_tile.backward, x, "x", self.shape[0])

    @torch.no_grad()
    def _convert(self, product: Any, x: Any, name: str, size: int) -> Any:
        """Call a product with a tensor of the tile's kind; return what kind was given."""
        tensor = as_tensor(x)
        if tensor.dim() == 0 or tensor.shape[-1] != size:
            raise ValueError(
                f"{name} must have shape [{size}] or [..., {size}], got {tuple(tensor.shape)}"
            )
        parameter = next(p for p in self.analog_tile.parameters())
        result = product(tensor.to(device=parameter.device, dtype=parameter.dtype))
        if isinstance(x, Tensor):
            return result.to(device=x.device, dtype=x.dtype)
        return result.cpu().numpy().astype(np.result_type(x, self.dtype), copy=False)

    def _matvec(self, x: Any) -> Any:
        return self @ np.reshape(x, -1)

    def _rmatvec(self, x: Any) -> Any:
        return self.__rmatmul__(np.reshape(x, -1))

    def _matmat(self, X: Any) -> Any:
        return (self @ np.ascontiguousarray(X.T)).T

    def _rmatmat(self, X: Any) -> Any:
        return self.__rmatmul__(np.ascontiguousarray(X.T)).T

    @torch.no_grad()
    def ger(self, x_matrix: Any, d_matrix: Any, alpha: float = 1.0) -> None:
        r"""Update the matrix with outer products, :math:`W \leftarrow W + \alpha\, d^T x`.

        Args:
            x_matrix: `[in]` or `[n, in]`.
            d_matrix: `[out]` or `[n, out]`.
            alpha: factor; positive.
        """
        parameter = next(p for p in self.analog_tile.parameters())
        place = {"device": parameter.device, "dtype": parameter.dtype}
        self.analog_tile.set_learning_rate(alpha)
        self.analog_tile.update(as_tensor(x_matrix).to(**place), -as_tensor(d_matrix).to(**place))
