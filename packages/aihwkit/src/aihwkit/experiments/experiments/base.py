"""Base class of experiments, and the signals that they send."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

__all__ = ["Experiment", "Signals"]


class Signals(Enum):
    """Moments of an experiment at which hooks are called."""

    EXPERIMENT_START = 1
    EXPERIMENT_END = 2
    EPOCH_START = 10
    EPOCH_END = 11
    TRAIN_EPOCH_START = 20
    TRAIN_EPOCH_END = 21
    TRAIN_EPOCH_BATCH_START = 22
    TRAIN_EPOCH_BATCH_END = 23
    VALIDATION_EPOCH_START = 30
    VALIDATION_EPOCH_END = 31
    VALIDATION_EPOCH_BATCH_START = 32
    VALIDATION_EPOCH_BATCH_END = 33
    INFERENCE_START = 40
    INFERENCE_END = 41
    INFERENCE_REPEAT_START = 50
    INFERENCE_REPEAT_END = 51


class Experiment:
    """Something to run that calls hooks at some moments.

    Attributes:
        hooks: functions by signal.
        results: what the last run returned, or None.
    """

    def __init__(self) -> None:
        self.hooks: dict[Signals, list[Callable[..., Any]]] = {}
        self.clear_hooks()
        self.results: Any = None

    def clear_hooks(self) -> None:
        """Forget all hooks."""
        self.hooks = {signal: [] for signal in Signals}

    def add_hook(self, key: Signals, hook: Callable[..., Any]) -> None:
        """Call a function at a moment; the dictionary that it returns becomes part of results."""
        self.hooks[key].append(hook)

    def _call_hook(self, key: Signals, *args: Any, **kwargs: Any) -> dict[str, Any]:
        results: dict[str, Any] = {}
        for hook in self.hooks[key]:
            results.update(hook(*args, **kwargs) or {})
        return results
