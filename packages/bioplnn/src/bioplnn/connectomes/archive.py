"""Connectomes as compressed files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import numpy as np
import torch

from bioplnn.connectomes.connectome import Connectome

_NEEDED = ("names", "targets", "sources", "weights")


def save_connectome(connectome: Connectome, path: str | os.PathLike) -> None:
    """Write a connectome to a compressed ``.npz`` file of plain arrays."""
    indices = connectome.weights.indices().cpu()
    kind = np.uint16 if connectome.num_neurons <= 1 << 16 else np.uint32
    arrays = {
        "names": np.asarray(connectome.names),
        "targets": indices[0].numpy().astype(kind),
        "sources": indices[1].numpy().astype(kind),
        "weights": connectome.weights.values().detach().cpu().numpy(),
    }
    if connectome.types is not None:
        arrays["types"] = np.asarray(connectome.types)
    if connectome.signs is not None:
        arrays["signs"] = connectome.signs.astype(np.int8)
    np.savez_compressed(Path(path), allow_pickle=False, **arrays)


def load_connectome(path: str | os.PathLike | IO[bytes]) -> Connectome:
    """Read a connectome from a file written by :func:`save_connectome`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file holds something else, or an entry is wrong.
    """
    if isinstance(path, str | os.PathLike) and not Path(path).exists():
        raise FileNotFoundError(f"no such file: {path}")
    with np.load(path, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        raise ValueError(f"path must be a connectome with {list(_NEEDED)}, got no {missing[0]!r}")
    names = tuple(arrays["names"].tolist())
    indices = np.stack([arrays["targets"], arrays["sources"]]).astype(np.int64)
    _check_range(indices, len(names))
    values = torch.as_tensor(arrays["weights"], dtype=torch.get_default_dtype())
    weights = torch.sparse_coo_tensor(
        torch.from_numpy(indices), values, (len(names), len(names)), check_invariants=True
    ).coalesce()
    if weights._nnz() != len(values):
        raise ValueError("path must hold every connection once, got some of them twice")
    types = tuple(arrays["types"].tolist()) if "types" in arrays else None
    signs = arrays["signs"].astype(np.int64) if "signs" in arrays else None
    return Connectome(weights, names, types, signs)


def _check_range(indices: np.ndarray, count: int) -> None:
    bad = np.flatnonzero((indices >= count).any(0))
    if len(bad):
        k = bad[0]
        raise ValueError(
            f"connection {k} must be between neurons 0 to {count - 1}, "
            f"got {indices[1, k]} -> {indices[0, k]}"
        )
