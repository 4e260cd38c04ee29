"""Outputs of a model on a whole data set."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from synaptensor.tensors import move_to

__all__ = ["extract_embeddings"]


@torch.no_grad()
def extract_embeddings(
    model: nn.Module,
    loader: Iterable[Any],
    progress: Callable[[Iterable[Any]], Iterable[Any]] | None = None,
) -> SimpleNamespace:
    """Return the outputs of a model for every batch of a loader, and the labels.

    The model runs in evaluation mode, without gradients, on the device of its first
    parameter; the mode of every part of it is restored, also when something raises. Labels
    are collected, not given to the model.

    Args:
        model: Module, or anything with ``parameters``, ``training``, ``eval`` and ``train``.
        loader: Yields pairs ``(x, label)``; ``x`` may be nested in tuples, lists and mappings.
        progress: Wraps the loader, for example ``tqdm``.

    Returns:
        Namespace with `output` and `label`, on the CPU, in the order of the loader; empty
        tensors for an empty loader.

    Example:
        >>> embeddings = extract_embeddings(model, loader, progress=tqdm)
        >>> features = embeddings.output.flatten(1).numpy()
    """
    first = next(iter(model.parameters()), None)
    device = torch.device("cpu") if first is None else first.device
    outputs: list[Tensor] = []
    labels: list[Tensor] = []
    with _evaluating(model):
        for x, label in loader if progress is None else progress(loader):
            outputs.append(model(move_to(x, device)).detach().cpu())
            labels.append(label.detach().cpu())
    return SimpleNamespace(output=_joined(outputs), label=_joined(labels))


def _joined(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if parts else torch.empty(0)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    was_training = model.training
    modes = [(m, m.training) for m in model.modules()] if isinstance(model, nn.Module) else []
    model.eval()
    try:
        yield
    finally:
        if was_training:
            model.train()
        for module, mode in modes:
            module.training = mode
