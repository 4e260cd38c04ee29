"""Checkpoints from which training goes on bit by bit as if it had not stopped."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

LATEST = "checkpoint.pt"


def random_state() -> dict[str, Any]:
    """States of all random generators as tensors and plain data."""
    version, numbers, gauss = random.getstate()
    # The global generator of numpy: data sets and users' programs draw from it.
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": [version, list(numbers), gauss],
        "numpy": [str(name), torch.from_numpy(np.asarray(keys).astype(np.int64)),
                  int(position), int(has_gauss), float(cached)],
    }  # fmt: skip


def set_random_state(state: Mapping[str, Any]) -> None:
    """Bring all random generators to a state that :func:`random_state` returned."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state(  # noqa: NPY002
        (name, keys.numpy().astype(np.uint32), position, has_gauss, cached)
    )


def save_checkpoint(folder: str | os.PathLike, name: str, state: Mapping[str, Any]) -> Path:
    """Write a checkpoint and let ``checkpoint.pt`` in the same folder stand for it.

    The file appears at once and whole: a run that is stopped while writing leaves the one before.

    Args:
        folder: Folder; made if it is not there.
        name: File name.
        state: Tensors and plain data.

    Returns:
        Path of the file.
    """
    directory = Path(folder)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    partial = path.with_suffix(".partial")
    torch.save(dict(state), partial)
    partial.replace(path)
    link = directory / f"{LATEST}.partial"
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(name)
    except OSError:  # file systems without links
        link.write_bytes(path.read_bytes())
    link.replace(directory / LATEST)
    return path


def load_checkpoint(path: str | os.PathLike, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint, or the newest one of a folder.

    Raises:
        FileNotFoundError: There is none.
    """
    found = Path(path)
    if found.is_dir():
        found = found / LATEST
    if not found.exists():
        raise FileNotFoundError(f"no checkpoint at {found}")
    return torch.load(found, map_location=device, weights_only=True)
