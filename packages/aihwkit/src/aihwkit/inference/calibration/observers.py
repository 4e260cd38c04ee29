"""What a calibration keeps of the inputs of one tile, and the range it makes of it."""

import torch
from torch import Tensor

__all__ = [
    "CachedQuantile",
    "Largest",
    "MovingQuantile",
    "MovingStd",
    "Observer",
    "OutputObserver",
    "quantile_of",
]


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


class OutputObserver:
    r"""The input range from which on outputs stay within the bound of their converter.

    .. math:: r \ge \frac{|W x|_j}{b - |w_j|}

    with the bound `b` and, on crossbars with a bias column, its weight :math:`w_j`.

    Args:
        weight: matrix of the crossbar, `[out, in]`, or `[out, in + 1]` with a bias column.
        in_size: number of inputs.
        bound: of the output converter.
        observer: what keeps the statistics.

    Raises:
        ValueError: if the bias column alone exceeds the bound somewhere.
    """

    def __init__(self, weight: Tensor, in_size: int, bound: float, observer: Observer) -> None:
        weight = weight.to(torch.promote_types(weight.dtype, torch.float32))
        free = torch.full_like(weight[:, 0], bound)
        if weight.shape[1] > in_size:
            free = free - weight[:, in_size].abs()
        if not bool((free > 0).all()):
            raise ValueError(
                f"out_bound must be larger than the weights of the bias column, got {bound}"
            )
        self._matrix = (weight[:, :in_size] / free.view(-1, 1)).t()
        self._observer = observer

    def see(self, rows: Tensor) -> None:
        """Take in input vectors `[n, in]`; a column for the bias is left out."""
        self._observer.see(rows[:, : len(self._matrix)].to(self._matrix) @ self._matrix)

    def value(self) -> float | None:
        """Return the smallest range, or None if nothing was seen."""
        return self._observer.value()
