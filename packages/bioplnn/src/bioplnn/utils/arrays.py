"""Arrays and tensors from memory or from files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synaptensor.optional import require

SPARSE_TENSOR_WARNING_THRESHOLD = 0.2


def load_array(array: Any) -> np.ndarray:
    """Make an array of an array, tensor, DataFrame, Series or list, or load it from a file.

    Args:
        array: The data, or the path of a ``.npy``, ``.npz``, ``.csv`` or ``.pt`` file. An ``.npz``
            archive is returned as numpy's archive, to be asked for one of its arrays.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The kind of file is not supported.
    """
    if isinstance(array, str | os.PathLike):
        array = _load_file(Path(array))
    if isinstance(array, np.ndarray):
        return array
    if isinstance(array, np.lib.npyio.NpzFile):
        archive: Any = array
        return archive
    if isinstance(array, Tensor):
        dense = array.to_dense() if array.layout != torch.strided else array
        return dense.detach().cpu().numpy()
    if hasattr(array, "to_numpy"):
        return array.to_numpy()
    return np.array(array)


def load_tensor(tensor: Any) -> Tensor:
    """Make a tensor of a tensor, array, DataFrame or list, or load it from a file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The kind of file is not supported.
        TypeError: The data are not numbers.
    """
    if isinstance(tensor, str | os.PathLike):
        tensor = _load_file(Path(tensor))
    if isinstance(tensor, Tensor):
        return tensor
    if hasattr(tensor, "to_numpy"):
        tensor = tensor.to_numpy()
    try:
        return torch.tensor(tensor)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"tensor must hold numbers, got {type(tensor).__name__}: {error}") from None


def load_sparse_tensor(x: Any) -> Tensor:
    """Make a COO tensor, warning when it is not sparse.

    Args:
        x: Tensor (dense or sparse), array, scipy sparse matrix, or the path of a file.

    Returns:
        COO tensor; a COO tensor is returned as it is.
    """
    if hasattr(x, "tocoo"):
        found = x.tocoo()
        indices = np.stack([found.row, found.col]).astype(np.int64)
        tensor = torch.sparse_coo_tensor(
            torch.from_numpy(indices),
            torch.as_tensor(found.data),
            found.shape,
            check_invariants=True,
        ).coalesce()
    else:
        tensor = load_tensor(x)
        if tensor.layout != torch.sparse_coo:
            tensor = tensor.to_sparse()
    if tensor._nnz() > SPARSE_TENSOR_WARNING_THRESHOLD * tensor.numel():
        warnings.warn(
            f"tensor of shape {tuple(tensor.shape)} has {tensor._nnz()} entries and is not sparse",
            stacklevel=2,
        )
    return tensor


def _load_file(path: Path) -> Any:
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    if path.suffix in (".npy", ".npz"):
        return np.load(path)
    if path.suffix == ".csv":
        table = require("pandas", "tables", "bioplnn").read_csv(path)
        if table.columns[0] == "Unnamed: 0":
            table = table.set_index("Unnamed: 0")
        return table.to_numpy()
    if path.suffix == ".pt":
        return torch.load(path, weights_only=True)
    raise ValueError(f"file must be .npy, .npz, .csv or .pt, got {path}")
