r"""Products with a sparse matrix of fixed pattern, with gradients for its values.

The matrix $W$ is stored row by row (CSR) together with the pattern of its transpose. The gradient
of the operand is $W^\top g$, the gradient of the values is $g_i \cdot h_j$ for every stored
$(i, j)$; neither needs memory of the size (stored values) x (batch). Both are products of the same
two kinds again, so that gradients can be differentiated as often as wanted.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import forward_ad


class SparsePattern(NamedTuple):
    """Where a sparse matrix has values, by rows and by columns.

    Attributes:
        crow: Start of every row among the values, ``(rows + 1,)``, int32 or int64.
        col: Column of every value.
        crow_t: Start of every column among the values of the transpose.
        col_t: Row of every value of the transpose.
        permutation: Position of the transpose's values among the values.
    """

    crow: Tensor
    col: Tensor
    crow_t: Tensor
    col_t: Tensor
    permutation: Tensor


def sparse_pattern(indices: Tensor, rows: int, columns: int) -> SparsePattern:
    """Prepare the pattern of a matrix.

    Args:
        indices: ``(2, nnz)``, row and column of every value, sorted by row, then column.
        rows: Number of rows.
        columns: Number of columns.
    """
    row, col = indices
    permutation = torch.argsort(col, stable=True)
    largest = max(rows, columns, indices.shape[1])
    kind = torch.int32 if largest < torch.iinfo(torch.int32).max else torch.int64
    return SparsePattern(
        _starts(row, rows).to(kind),
        col.to(kind),
        _starts(col, columns).to(kind),
        row[permutation].to(kind),
        permutation,
    )


def _starts(index: Tensor, size: int) -> Tensor:
    counts = torch.bincount(index, minlength=size)
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])


def sparse_matmul(
    pattern: SparsePattern, values: Tensor, operand: Tensor, values_t: Tensor | None = None
) -> Tensor:
    """Multiply a sparse matrix by a dense one.

    Args:
        pattern: Pattern of the matrix ``(rows, columns)``.
        values: Its values ``(nnz,)``.
        operand: Dense ``(columns, k)``.
        values_t: ``values[pattern.permutation]``, if it is at hand; pass it where many products
            use the same values.

    Returns:
        Dense ``(rows, k)``.
    """
    if not torch.compiler.is_compiling() and getattr(forward_ad, "_current_level", -1) >= 0:
        return _with_tangent(pattern, values, operand)
    if values_t is None:
        values_t = transposed_values(pattern, values)
    return torch.ops.bioplnn.csr_matmul(*pattern, values, values_t, operand)


def _with_tangent(pattern: SparsePattern, values: Tensor, operand: Tensor) -> Tensor:
    """Product inside a level of forward-mode differentiation, which loses tangents in own ops."""
    v, dv = forward_ad.unpack_dual(values)
    x, dx = forward_ad.unpack_dual(operand)

    def product(a: Tensor, b: Tensor) -> Tensor:
        return torch.ops.bioplnn.csr_matmul(*pattern, a, transposed_values(pattern, a), b)

    changes = [] if dx is None else [product(v, dx)]
    changes += [] if dv is None else [product(dv, x)]
    return forward_ad.make_dual(product(v, x), sum(changes)) if changes else product(v, x)


def transposed_values(pattern: SparsePattern, values: Tensor) -> Tensor:
    """Values in the order of the transpose; empty where no gradient can ask for them."""
    if torch.is_grad_enabled():
        return values[pattern.permutation]
    return values.new_empty(0)


@cache
def _silence_beta_notice() -> None:
    # torch announces once per process that its CSR layout may change.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1))


def _csr(crow: Tensor, col: Tensor, values: Tensor, columns: int) -> Tensor:
    _silence_beta_notice()
    shape = (crow.shape[0] - 1, columns)
    return torch.sparse_csr_tensor(crow, col, values, shape, check_invariants=False)


def _computing_dtype(operand: Tensor) -> torch.dtype:
    # CPU and CUDA libraries have these products for single and double precision.
    kind = operand.dtype
    return kind if kind in (torch.float32, torch.float64) else torch.float32


@torch.library.custom_op("bioplnn::csr_matmul", mutates_args=())
def _csr_matmul(
    crow: Tensor,
    col: Tensor,
    crow_t: Tensor,
    col_t: Tensor,
    permutation: Tensor,
    values: Tensor,
    values_t: Tensor,
    operand: Tensor,
) -> Tensor:
    if values.shape[0] == 0 or operand.shape[1] == 0:
        return operand.new_zeros(crow.shape[0] - 1, operand.shape[1])
    kind = _computing_dtype(operand)
    with torch.autocast(operand.device.type, enabled=False):
        matrix = _csr(crow, col, values.to(kind), operand.shape[0])
        return (matrix @ operand.to(kind).contiguous()).to(operand.dtype)


@_csr_matmul.register_fake
def _(crow, col, crow_t, col_t, permutation, values, values_t, operand):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    return operand.new_empty(crow.shape[0] - 1, operand.shape[1])


@torch.library.custom_op("bioplnn::csr_sampled_product", mutates_args=())
def _csr_sampled_product(
    crow: Tensor,
    col: Tensor,
    crow_t: Tensor,
    col_t: Tensor,
    permutation: Tensor,
    left: Tensor,
    right: Tensor,
) -> Tensor:
    kind = _computing_dtype(left)
    nnz = col.shape[0]
    if nnz == 0 or left.shape[1] == 0:
        return left.new_zeros(nnz)
    found = torch.zeros(nnz, dtype=kind, device=left.device)
    with torch.autocast(left.device.type, enabled=False):
        pattern = _csr(crow, col, found, right.shape[0])
        rows, columns = left.to(kind).contiguous(), right.to(kind).contiguous().t()
        # In place: otherwise torch copies the whole pattern, which takes as long as the product.
        torch.sparse.sampled_addmm(pattern, rows, columns, beta=0.0, out=pattern)
    return found.to(left.dtype)


@_csr_sampled_product.register_fake
def _(crow, col, crow_t, col_t, permutation, left, right):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    return left.new_empty(col.shape[0])


def _save(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _matmul_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    *arrays, values, values_t, operand = ctx.saved_tensors
    pattern = SparsePattern(*arrays)
    grad_values = grad_operand = None
    if ctx.needs_input_grad[5]:
        grad_values = torch.ops.bioplnn.csr_sampled_product(*pattern, grad, operand)
    # The values of the transpose are a copy of the values, which get the gradient.
    if ctx.needs_input_grad[7]:
        grad_operand = torch.ops.bioplnn.csr_matmul(*_transposed(pattern), values_t, values, grad)
    return *_NO_PATTERN_GRADIENT, grad_values, None, grad_operand


def _sampled_product_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    *arrays, left, right = ctx.saved_tensors
    pattern = SparsePattern(*arrays)
    grad_t = grad[pattern.permutation]
    grad_left = grad_right = None
    if ctx.needs_input_grad[5]:
        grad_left = torch.ops.bioplnn.csr_matmul(*pattern, grad, grad_t, right)
    if ctx.needs_input_grad[6]:
        grad_right = torch.ops.bioplnn.csr_matmul(*_transposed(pattern), grad_t, grad, left)
    return *_NO_PATTERN_GRADIENT, grad_left, grad_right


def _transposed(pattern: SparsePattern) -> SparsePattern:
    """Pattern of the transpose; only gradients of gradients ask for its permutation."""
    back = pattern.permutation
    if torch.is_grad_enabled():
        back = torch.argsort(back)
    return SparsePattern(pattern.crow_t, pattern.col_t, pattern.crow, pattern.col, back)


_NO_PATTERN_GRADIENT = (None,) * len(SparsePattern._fields)
_csr_matmul.register_autograd(_matmul_backward, setup_context=_save)
_csr_sampled_product.register_autograd(_sampled_product_backward, setup_context=_save)
