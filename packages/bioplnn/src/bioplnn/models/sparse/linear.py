"""A linear layer whose weight is a sparse matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from bioplnn.functional.sparse import (
    SparsePattern,
    sparse_matmul,
    sparse_pattern,
    transposed_values,
)
from synaptensor.validation import check_instance, check_integer


class PreparedProduct(NamedTuple):
    """A sparse layer with everything at hand that repeated applications share."""

    pattern: SparsePattern
    values: Tensor
    values_t: Tensor
    bias: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        """Apply the layer to ``(in_features, k)``."""
        out = sparse_matmul(self.pattern, self.values, x, self.values_t)
        return out if self.bias is None else out + self.bias


class SparseLinear(nn.Module):
    """``y = W x + b`` along one dimension, with ``W`` stored by its nonzero entries.

    Args:
        in_features: Size of the input along ``feature_dim``.
        out_features: Size of the output.
        connectivity: Coalesced COO matrix ``(out_features, in_features)``; its values are the
            initial weights, explicit zeros are kept.
        feature_dim: Dimension of the features.
        bias: Whether to add a bias.
        requires_grad: Whether values and bias are trained.

    Raises:
        ValueError: The connectivity is not COO or has another shape.
        RuntimeError: The connectivity is not coalesced.

    Examples:
        >>> layer = SparseLinear(3, 3, torch.eye(3).to_sparse())
        >>> layer(torch.ones(2, 3))
        tensor([[1., 1., 1.],
                [1., 1., 1.]], grad_fn=<PermuteBackward0>)
    """

    indices: Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        connectivity: Tensor,
        feature_dim: int = -1,
        bias: bool = True,
        requires_grad: bool = True,
    ) -> None:
        super().__init__()
        self.in_features = check_integer("in_features", in_features, minimum=1)
        self.out_features = check_integer("out_features", out_features, minimum=1)
        self.feature_dim = check_integer("feature_dim", feature_dim)
        check_instance("connectivity", connectivity, Tensor)
        if connectivity.layout != torch.sparse_coo:
            raise ValueError(f"connectivity must be a COO tensor, got {connectivity.layout}")
        shape = (self.out_features, self.in_features)
        if tuple(connectivity.shape) != shape:
            raise ValueError(
                f"connectivity must have shape (out_features, in_features) = {shape}, "
                f"got {tuple(connectivity.shape)}"
            )
        indices = connectivity.indices().clone()
        values = connectivity.values().detach().to(torch.get_default_dtype(), copy=True)
        self.register_buffer("indices", indices)
        self.values = nn.Parameter(values, requires_grad=requires_grad)
        self.bias: nn.Parameter | None = None
        if bias:
            zeros = torch.zeros(self.out_features, 1, device=values.device)
            self.bias = nn.Parameter(zeros, requires_grad=requires_grad)
        self._set_pattern()

    def _set_pattern(self) -> None:
        pattern = sparse_pattern(self.indices, self.out_features, self.in_features)
        for name, tensor in zip(SparsePattern._fields, pattern, strict=True):
            self.register_buffer(f"_{name}", tensor, persistent=False)

    @property
    def pattern(self) -> SparsePattern:
        """Where the weights are, by rows and by columns."""
        return SparsePattern(*(getattr(self, f"_{name}") for name in SparsePattern._fields))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer along its feature dimension; other dimensions are kept."""
        if not isinstance(x, Tensor) or x.is_complex():
            got = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise TypeError(f"x must be a tensor of real numbers, got {got}")
        position = self.feature_dim if self.feature_dim >= 0 else x.ndim + self.feature_dim
        if not 0 <= position < x.ndim or x.shape[position] != self.in_features:
            raise ValueError(
                f"x must have {self.in_features} features in dimension {self.feature_dim}, "
                f"got shape {tuple(x.shape)}"
            )
        columns = x.movedim(self.feature_dim, 0)
        out = self.prepared()(columns.flatten(1) if x.ndim > 1 else x[:, None])
        return out.reshape(self.out_features, *columns.shape[1:]).movedim(0, self.feature_dim)

    def prepared(self, factors: Tensor | None = None) -> PreparedProduct:
        """Make the layer ready for many applications to ``(in_features, k)`` in one forward.

        Args:
            factors: Multiplies the input features, ``(in_features, 1)``; 1 if ``None``.
        """
        pattern = self.pattern
        values: Tensor = self.values
        if factors is not None:
            # Once per weight here is cheaper than once per feature and sample at every step.
            values = values * factors[:, 0].index_select(0, pattern.col)
        return PreparedProduct(pattern, values, transposed_values(pattern, values), self.bias)

    def extra_repr(self) -> str:
        """Sizes and number of weights."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"nnz={self.values.shape[0]}, feature_dim={self.feature_dim}, "
            f"bias={self.bias is not None}"
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
        self._set_pattern()
