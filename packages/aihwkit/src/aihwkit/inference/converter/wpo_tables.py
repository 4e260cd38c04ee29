"""Points of the unit hypercube as tables of conductances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ProgrammingProblem",
    "denormalize",
    "denormalize_all",
    "partition_parameters",
    "reformat_x_g",
    "span_of_remaining_pairs",
]

Array = NDArray[np.float64]
_MIN_SPAN = 0.05


@dataclass(frozen=True)
class ProgrammingProblem:
    """What may be chosen about the conductances of weights.

    Attributes:
        f_lst: significance of each pair; None where it is to be found.
        nodes: evenly spaced weights `[2 * nbins - 1]` for which conductances are chosen.
        g_min: smallest conductance in microsiemens.
        g_max: largest conductance in microsiemens.
        g_err: conductances in microsiemens by which pairs may miss a weight at the ends.
        f_min: smallest significance.
        f_max: largest significance.
        use_max_kw: the largest weight takes the whole range.
        symmetric: negative weights exchange the two devices of each pair.
    """

    f_lst: list[float | None]
    nodes: Array
    g_min: float
    g_max: float
    g_err: float = 0.0
    f_min: float = 0.1
    f_max: float = 5.0
    use_max_kw: bool = False
    symmetric: bool = True

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return len(self.f_lst)

    @property
    def n_free(self) -> int:
        """Number of nodes whose conductances are chosen."""
        return (len(self.nodes) + 1) // 2 if self.symmetric else len(self.nodes)

    @property
    def dimensions(self) -> int:
        """Number of dimensions of the hypercube."""
        factors = sum(f is None for f in self.f_lst)
        return self.n_free * (2 * self.n_pairs - 1) + factors + (0 if self.use_max_kw else 1)


def partition_parameters(x: Array, d: ProgrammingProblem) -> tuple[Array, Array, Array]:
    """Split points `[S, dimensions]` into factors `[S, P]`, fill `[S]` and blocks `[S, B, nodes]`.

    The fill is the part of the whole range that the largest weight takes; 1 with `use_max_kw`.
    """
    x = np.atleast_2d(np.asarray(x, dtype=float))
    factors = np.empty((len(x), d.n_pairs))
    position = 0
    for pair, f in enumerate(d.f_lst):
        if f is None:
            factors[:, pair] = x[:, position] * (d.f_max - d.f_min) + d.f_min
            position += 1
        else:
            factors[:, pair] = f
    fill = np.ones(len(x))
    if not d.use_max_kw:
        fill = x[:, position]
        position += 1
    return factors, fill, reformat_x_g(x[:, position:], d)


def reformat_x_g(x_g: Array, d: ProgrammingProblem) -> Array:
    """Return the remaining coordinates as blocks: position, split, position, split, position."""
    return x_g.reshape(len(x_g), 2 * d.n_pairs - 1, d.n_free)


def span_of_remaining_pairs(factors: Array, pair: int, d: ProgrammingProblem) -> Array:
    """Return what the pairs after `pair` can add or take away, `[S]`, in microsiemens."""
    later: Array = factors[:, pair + 1 :].sum(axis=1) * (d.g_max - d.g_min)
    return later


def denormalize_all(x: Array, d: ProgrammingProblem) -> tuple[Array, Array]:
    """Return factors `[S, P]` and tables `[S, 2 P, nodes]` of points `[S, dimensions]`.

    Reference:
        Mackin et al., "Optimised weight programming for analogue memory-based deep neural
        networks", Nature Communications 2022.
    """
    factors, fill, blocks = partition_parameters(x, d)
    span = d.g_max - d.g_min
    whole = factors.sum(axis=1) * span
    largest = fill * (whole - _MIN_SPAN * whole) + _MIN_SPAN * whole
    relative = d.nodes[: d.n_free] / np.abs(d.nodes).max()
    rest = largest[:, None] * relative
    table = np.empty((len(factors), 2 * d.n_pairs, len(d.nodes)))
    for pair in range(d.n_pairs):
        f = factors[:, pair : pair + 1]
        own = f * span
        later = span_of_remaining_pairs(factors, pair, d)[:, None]
        low, high = np.maximum(rest - later, -own), np.minimum(rest + later, own)
        split = blocks[:, 2 * pair + 1] if pair < d.n_pairs - 1 else 1.0
        part = split * (high - low) + low
        rest = rest - part
        plus, minus = _pair(part / f, blocks[:, 2 * pair], d)
        table[:, 2 * pair, : d.n_free] = plus
        table[:, 2 * pair + 1, : d.n_free] = minus
        if d.symmetric:
            half = len(d.nodes) - d.n_free
            table[:, 2 * pair, d.n_free :] = minus[:, :half][:, ::-1]
            table[:, 2 * pair + 1, d.n_free :] = plus[:, :half][:, ::-1]
    return factors, table


def _pair(difference: Array, position: Array, d: ProgrammingProblem) -> tuple[Array, Array]:
    """Return conductances of a difference, at a position in the interval that is possible."""
    low = d.g_min + np.maximum(difference, 0) - d.g_err
    high = d.g_max + np.minimum(difference, 0) + d.g_err
    plus = np.clip(low + position * (high - low), d.g_min, d.g_max)
    return plus, np.clip(plus - difference, d.g_min, d.g_max)


def denormalize(x: Any, d: ProgrammingProblem) -> tuple[list[float], list[list[float]]]:
    """Return the factors and the table of one point, for `CustomPairConductanceConverter`."""
    factors, table = denormalize_all(np.asarray(x, dtype=float)[None], d)
    return factors[0].tolist(), table[0].tolist()
