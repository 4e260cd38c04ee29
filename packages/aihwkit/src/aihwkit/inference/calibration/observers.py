"""What a calibration keeps of the inputs of one tile, and the range it makes of it."""

import torch
from torch import Tensor

__all__ = ["CachedQuantile", "Largest", "MovingQuantile", "MovingStd", "Observer", "quantile_of"]


def quantile_of(values: Tensor, q: float) -> float:
    """Return a quantile with linear interpolation, of any number of values."""
    flat = values.flatten()
    position = q * (flat.numel() - 1)
    lower = int(position)
    below = float(flat.kthvalue(lower + 1).values)
    if position == lower:
        return below
    above = float(flat.kthvalue(lower + 2).values)
    return below + (above - below) * (position - lower)


class Observer:
    """Statistics of the inputs of one tile.

    Attributes:
        batches: number of batches that counted.
    """

    def __init__(self) -> None:
        self.batches = 0

    def see(self, rows: Tensor) -> None:
        """Take in inputs `[n, features]`; rows of zeros are no inputs and are left out."""
        rows = rows[(rows != 0).any(dim=1)]
        if rows.numel() > 0:
            self._take(rows.to(torch.promote_types(rows.dtype, torch.float32)))

    def _take(self, rows: Tensor) -> None:
        raise NotImplementedError

    def value(self) -> float | None:
        """Return the range, or None if nothing was seen."""
        raise NotImplementedError


class Largest(Observer):
    """The largest magnitude of all batches."""

    def __init__(self) -> None:
        super().__init__()
        self._largest = 0.0

    def _take(self, rows: Tensor) -> None:
        self._largest = max(self._largest, float(rows.abs().amax()))
        self.batches += 1

    def value(self) -> float | None:
        """Return the largest magnitude."""
        return self._largest or None


class CachedQuantile(Observer):
    """A quantile of the magnitudes in a random sample of input vectors.

    Args:
        quantile: fraction of magnitudes below the range.
        max_samples: number of input vectors that are kept.
        generator: source of the sampling, on the CPU.
    """

    def __init__(self, quantile: float, max_samples: int, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator
        self._quantile, self._size = quantile, max_samples
        self._cache: Tensor | None = None

    def _take(self, rows: Tensor) -> None:
        rows = rows.abs().cpu()
        cache = rows if self._cache is None else torch.cat([self._cache, rows])
        self._cache = cache[torch.randperm(len(cache), generator=self._generator)[: self._size]]
        self.batches += 1

    def value(self) -> float | None:
        """Return the quantile."""
        return None if self._cache is None else quantile_of(self._cache, self._quantile)


class _Moving(Observer):
    """Mean over batches of a number."""

    def __init__(self) -> None:
        super().__init__()
        self._mean = 0.0

    def _take(self, rows: Tensor) -> None:
        number = self._of_batch(rows)
        if number > 0:
            self._mean = (self._mean * self.batches + number) / (self.batches + 1)
            self.batches += 1

    def _of_batch(self, rows: Tensor) -> float:
        raise NotImplementedError

    def value(self) -> float | None:
        """Return the mean."""
        return self._mean or None


class MovingQuantile(_Moving):
    """Mean over batches of a quantile of the magnitudes.

    Args:
        quantile: fraction of magnitudes below the range.
    """

    def __init__(self, quantile: float) -> None:
        super().__init__()
        self._quantile = quantile

    def _of_batch(self, rows: Tensor) -> float:
        return quantile_of(rows.abs(), self._quantile)


class MovingStd(_Moving):
    """Mean over batches of a multiple of the standard deviation.

    Args:
        alpha: range in standard deviations.
        max_batches: number of batches that count.
    """

    def __init__(self, alpha: float, max_batches: int) -> None:
        super().__init__()
        self._alpha, self._limit = alpha, max_batches

    def _of_batch(self, rows: Tensor) -> float:
        if self.batches >= self._limit or rows.numel() < 2:
            return 0.0
        return self._alpha * float(rows.std())
