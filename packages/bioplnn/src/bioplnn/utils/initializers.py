"""Objects by the name of their class, as configuration files give them."""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader


def _named(module: ModuleType, class_name: str) -> Any:
    if not hasattr(module, class_name):
        raise AttributeError(f"the name must be one of {module.__name__}, got {class_name!r}")
    return getattr(module, class_name)


def initialize_dataloader(
    *, dataset: str, seed: int | None = None, **kwargs: Any
) -> tuple[DataLoader, DataLoader]:
    """Build the loaders for training and validation of a data set.

    Args:
        dataset: Name in ``get_<dataset>_dataloaders`` of ``bioplnn.utils.dataloaders``.
        seed: Fixes the order of the samples.
        **kwargs: Arguments of that function.

    Raises:
        AttributeError: There is no such data set.
    """
    from bioplnn.utils import dataloaders

    return _named(dataloaders, f"get_{dataset}_dataloaders")(**kwargs, seed=seed)


def initialize_model(*, class_name: str, **kwargs: Any) -> nn.Module:
    """Build a model of ``bioplnn.models``."""
    from bioplnn import models

    return _named(models, class_name)(**kwargs)


def initialize_optimizer(
    *, class_name: str, model_parameters: Iterable[Any], **kwargs: Any
) -> torch.optim.Optimizer:
    """Build an optimizer of ``torch.optim``."""
    return _named(torch.optim, class_name)(model_parameters, **kwargs)


def initialize_scheduler(
    *, class_name: str, optimizer: torch.optim.Optimizer, **kwargs: Any
) -> torch.optim.lr_scheduler.LRScheduler:
    """Build a schedule of ``torch.optim.lr_scheduler``."""
    return _named(torch.optim.lr_scheduler, class_name)(optimizer, **kwargs)


def initialize_criterion(*, class_name: str, **kwargs: Any) -> nn.Module:
    """Build a loss of ``torch.nn``."""
    return _named(nn, class_name)(**kwargs)
