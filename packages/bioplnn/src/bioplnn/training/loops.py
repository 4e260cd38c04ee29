"""One pass over the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from synaptensor.optional import is_installed, require
from synaptensor.validation import check_choice

Progress = Callable[[int, dict[str, float]], None]
"""Called after every batch with its number and what to log."""


def to_input(x: Any, train: Mapping[str, Any], device: torch.device, batch_first: bool) -> Tensor:
    """What a model gets: a tensor, or the sequence of a cue and a picture.

    A pair (cue, picture) becomes ``train["cue_steps"]`` steps of the cue and
    ``train["image_steps"]`` steps of the picture.
    """
    if isinstance(x, Tensor):
        return x.to(device, non_blocking=True)
    cue, picture = (part.to(device, non_blocking=True) for part in x)
    steps = [cue] * train["cue_steps"] + [picture] * train["image_steps"]
    return torch.stack(steps, 1 if batch_first else 0)


def _scored(
    config: Mapping[str, Any], model: nn.Module, criterion: nn.Module, batch: Any, device: Any
) -> tuple[Tensor, int, int]:
    """Loss, number of hits and of samples of a batch."""
    x, labels = batch[0], torch.as_tensor(batch[1]).to(device, non_blocking=True)
    network = getattr(model, "rnn", None)
    inputs = to_input(x, config["train"], device, getattr(network, "batch_first", True))
    kwargs = config["train"]["forward_kwargs"]
    logits = model(inputs, **kwargs)
    if kwargs.get("loss_all_timesteps"):
        repeated = labels[:, None].expand(-1, len(logits))
        loss, last = criterion(logits.permute(1, 2, 0), repeated), logits[-1]
    else:
        loss, last = criterion(logits, labels), logits
    return loss, int((last.argmax(1) == labels).sum()), len(labels)


def clip_gradients(model: nn.Module, config: Mapping[str, Any]) -> None:
    """Limit gradients as ``config`` (``enable``, ``type``, ``value``) says."""
    if not config["enable"]:
        return
    kind = check_choice("grad_clip.type", config["type"], ("norm", "value"))
    clip = nn.utils.clip_grad_norm_ if kind == "norm" else nn.utils.clip_grad_value_
    clip(model.parameters(), config["value"])


def train_epoch(
    config: Mapping[str, Any],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None,
    criterion: nn.Module,
    train_loader: Iterable[Any],
    epoch: int,
    global_step: int,
    device: torch.device | str,
    *,
    first_batch: int = 0,
    totals: list[float] | None = None,
    progress: Progress | None = None,
) -> tuple[float, float, int]:
    """Train for one epoch.

    Args:
        config: Configuration; uses ``train``, ``compile``, ``debug_num_batches``, ``tqdm``.
        model: Network.
        optimizer: Its optimizer.
        scheduler: Stepped after every batch.
        criterion: Loss of logits and labels.
        train_loader: Batches that are left of this epoch.
        epoch: Number of the epoch, for messages.
        global_step: Batches before this one.
        device: Where to compute.
        first_batch: Number of the first batch, where an epoch goes on.
        totals: Loss, hits and samples so far, and changed in place.
        progress: Called after every batch.

    Returns:
        Mean loss of the batches, share of hits, and the new ``global_step``.

    Raises:
        FloatingPointError: The loss is not finite.
    """
    model.train()
    totals = [0.0, 0.0, 0.0] if totals is None else totals
    batch = first_batch
    every = config["train"]["log_freq"]
    for samples in _shown(_limited(train_loader, config, first_batch), config, f"epoch {epoch}"):
        _begin_step(config)
        loss, hits, count = _scored(config, model, criterion, samples, device)
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(
                f"loss must be finite, got {value} in batch {batch + 1} of epoch {epoch}; "
                f"first parameter that is not finite: {_first_bad(model)}"
            )
        optimizer.zero_grad()
        loss.backward()
        clip_gradients(model, config["train"]["grad_clip"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        batch, global_step = batch + 1, global_step + 1
        totals[0] += value
        totals[1] += hits
        totals[2] += count
        if progress is not None:
            numbers = {} if batch % every else {"train/loss": value, "train/acc": hits / count}
            progress(batch, numbers)
    return totals[0] / max(1, batch), totals[1] / max(1.0, totals[2]), global_step


@torch.no_grad()
def validate_epoch(
    config: Mapping[str, Any],
    model: nn.Module,
    criterion: nn.Module,
    val_loader: Iterable[Any],
    device: torch.device | str,
) -> tuple[float, float]:
    """Mean loss of the batches and share of hits."""
    model.eval()
    total, hits, count, batches = 0.0, 0, 0, 0
    for samples in _shown(_limited(val_loader, config), config, "validation"):
        _begin_step(config)
        loss, right, size = _scored(config, model, criterion, samples, device)
        total, hits = total + loss.item(), hits + right
        count, batches = count + size, batches + 1
    return total / max(1, batches), hits / max(1, count)


def _limited(loader: Iterable[Any], config: Mapping[str, Any], first: int = 0) -> Iterator[Any]:
    limit = config["debug_num_batches"]
    for i, batch in enumerate(loader, first):
        if limit is not None and i >= limit:
            return
        yield batch


def _shown(batches: Iterable[Any], config: Mapping[str, Any], title: str) -> Iterable[Any]:
    if not config["tqdm"] or not is_installed("tqdm"):
        return batches
    return require("tqdm", "cli", "bioplnn").tqdm(batches, desc=title, leave=False)


def _begin_step(config: Mapping[str, Any]) -> None:
    if not config["compile"].get("disable"):
        # Loads the compiler, which takes seconds and is of no use without it.
        torch.compiler.cudagraph_mark_step_begin()


def _first_bad(model: nn.Module) -> str:
    for name, parameter in model.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            return name
    return "none (look at the input)"
