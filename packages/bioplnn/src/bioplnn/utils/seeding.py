"""Seeding of all random number generators at once."""

import os
import random

import numpy as np
import torch


def manual_seed(seed: int) -> None:
    """Seed torch (all devices), numpy and Python's ``random``."""
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global generator is what is to be seeded
    random.seed(seed)


def manual_seed_deterministic(seed: int) -> None:
    """Seed everything and ask for deterministic algorithms.

    Sets cudnn to deterministic without benchmarking, turns on
    ``torch.use_deterministic_algorithms`` and sets ``CUBLAS_WORKSPACE_CONFIG`` if it is unset.
    """
    manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
