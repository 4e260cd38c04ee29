"""Arguments that several commands have, and the values that they take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from aihwkit.cli.models import MODELS

__all__ = [
    "DATASETS",
    "add_data_arguments",
    "add_model_arguments",
    "new_file",
    "old_file",
    "rate",
    "seconds",
    "whole",
]

DATASETS = ("MNIST", "FashionMNIST", "KMNIST")


def whole(minimum: int) -> Callable[[str], int]:
    """Return what reads a whole number that is not below a minimum."""

    def number(text: str) -> int:
        value = int(text)
        if value < minimum:
            raise argparse.ArgumentTypeError(f"must be at least {minimum}, got {value}")
        return value

    return number


def seconds(text: str) -> float:
    """Read a time in seconds, of at least one second."""
    value = float(text)
    if not 1.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be at least 1 second, got {text}")
    return value


def rate(text: str) -> float:
    """Read a learning rate."""
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be positive, got {text}")
    return value


def old_file(text: str) -> Path:
    """Read the name of a file that is there."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return path


def new_file(text: str) -> Path:
    """Read the name of a file to write; its folder is made when it is written."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; give the name of a file")
    return path


def device(text: str) -> str:
    """Read the name of a device that this machine has."""
    import torch

    try:
        # Copied back, since the device `meta` holds no numbers.
        torch.empty(0, device=text).cpu()
    except (AssertionError, RuntimeError) as error:
        found = "cpu, cuda" if torch.cuda.is_available() else "cpu"
        raise argparse.ArgumentTypeError(
            f"this machine has no {text!r}; it has: {found}"
        ) from error
    return text


def add_model_arguments(parser: argparse.ArgumentParser, config: str) -> None:
    """Add which network to build, and of what."""
    parser.add_argument("--model", choices=MODELS, default="lenet5", help="network (lenet5)")
    parser.add_argument(
        "--config",
        default=config,
        metavar="NAME",
        help=f"preset or configuration; `aihwkit list` shows all ({config})",
    )


def add_data_arguments(parser: argparse.ArgumentParser, batch_size: int) -> None:
    """Add which data to use, where, and where results go."""
    parser.add_argument("--dataset", choices=DATASETS, default="MNIST", help="(MNIST)")
    parser.add_argument("--data", default="data", metavar="FOLDER", help="of the data set (data)")
    parser.add_argument("--download", action="store_true", help="download the data set first")
    parser.add_argument(
        "--limit", type=whole(0), default=0, metavar="N", help="use only the first samples; 0: all"
    )
    parser.add_argument(
        "--batch-size", type=whole(1), default=batch_size, metavar="N", help=f"({batch_size})"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all draws (1)")
    parser.add_argument("--device", type=device, help="where to compute, for example cuda (cpu)")
    parser.add_argument("--json", type=new_file, metavar="FILE", help="save the results here")
