"""Whether tiles can live on an accelerator."""

import torch

__all__ = ["is_compiled"]


def is_compiled() -> bool:
    """Return whether tiles can be moved to CUDA here; nothing needs to be compiled for it."""
    return torch.cuda.is_available()
