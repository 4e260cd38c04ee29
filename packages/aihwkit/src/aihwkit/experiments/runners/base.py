"""Base class of runners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

__all__ = ["Runner"]


class Runner(ABC):
    """Runs experiments."""

    @abstractmethod
    def run(self, experiment: Any, **kwargs: Any) -> Any:
        """Run an experiment and return its results."""
