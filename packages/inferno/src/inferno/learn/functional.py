"""Plasticity as pure functions of what was recorded on both sides of a connection.

Receptive quantities broadcast to ``(B, *weight.shape, L)``, with $L$ the number of places where
a weight is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from inferno.neural.modeling import OuterSum

__all__ = [
    "BatchReduction",
    "Update",
    "correlate",
    "correlate_flat",
    "correlate_samples",
    "delay_difference",
    "exponential_window",
    "is_linear",
    "route_signed",
    "split_by_signal",
]

BatchReduction = Callable[[Tensor, int], Tensor]
Update = Tensor | OuterSum
T = TypeVar("T", Tensor, OuterSum)


def correlate(post: Tensor, pre: Tensor, reduction: BatchReduction) -> Update:
    r"""Pairs presynaptic with postsynaptic quantities and reduces over the batch.

    $$
    U = R_b \sum_l p_{bl} \, q_{bl}
    $$

    For means and sums over the batch, connections whose weights are shared by all samples give
    a sum of outer products, which is returned as its factors.

    Args:
        post: receptive postsynaptic quantity $p$.
        pre: receptive presynaptic quantity $q$.
        reduction: reduction $R$ over the batch, ``(tensor, dim) -> tensor``.

    Returns:
        The update, of the shape of the weights.
    """
    if not is_linear(reduction) or pre.ndim < 4:
        return reduction(correlate_samples(post, pre), 0)
    batch, places = pre.shape[0], pre.shape[-1]
    if pre.ndim == 4 and pre.shape[1] == places == 1:
        return correlate_flat(post.flatten(1), pre.flatten(1), reduction)
    scale = 1.0 / batch if reduction is torch.mean else 1.0
    if pre.shape[1] == 1 and post[0, :, ..., 0].numel() == post.shape[1]:
        return OuterSum(
            post=post.reshape(batch, post.shape[1], -1).transpose(1, 2).reshape(-1, post.shape[1]),
            pre=pre.reshape(batch, -1, places).transpose(1, 2).reshape(batch * places, -1),
            scale=scale,
            shape=(post.shape[1], *pre.shape[2:-1]),
        )
    # one matrix product per output instead of a tensor of the size of batch times weights
    rows = post.reshape(batch, post.shape[1], -1).movedim(1, 0).reshape(post.shape[1], 1, -1)
    columns = pre.flatten(2, -2).permute(1, 0, 3, 2).reshape(post.shape[1], batch * places, -1)
    return (torch.bmm(rows, columns) * scale).view(pre.shape[1:-1])


def correlate_flat(post: Tensor, pre: Tensor, reduction: BatchReduction) -> OuterSum:
    r"""Pairs quantities of all inputs with those of all outputs, and reduces over the batch.

    $$
    U = R_b \, p_b \, q_b^\top
    $$

    Args:
        post: postsynaptic quantity $p$, shape ``(B, O)``.
        pre: presynaptic quantity $q$, shape ``(B, I)``.
        reduction: reduction $R$ over the batch, `torch.mean` or `torch.sum`.

    Returns:
        The update, of shape ``(O, I)``, as its factors.
    """
    batch, size = post.shape
    scale = 1.0 / batch if reduction is torch.mean else 1.0
    return OuterSum(post, pre, scale, (size, pre.shape[1]))


def is_linear(reduction: BatchReduction) -> bool:
    """Whether a reduction over the batch is a mean or a sum, which outer products allow for."""
    return reduction is torch.mean or reduction is torch.sum


def correlate_samples(post: Tensor, pre: Tensor) -> Tensor:
    r"""Pairs presynaptic with postsynaptic quantities for every sample.

    $$
    U_b = \sum_l p_{bl} \, q_{bl}
    $$

    Args:
        post: receptive postsynaptic quantity $p$.
        pre: receptive presynaptic quantity $q$.

    Returns:
        The updates, of shape ``(B, *weight.shape)``.
    """
    return (post * pre).sum(-1)


def route_signed(rates: tuple[float, float], terms: tuple[T, T]) -> tuple[T | None, T | None]:
    """Sorts two nonnegative terms into a potentiating and a depressing part.

    Args:
        rates: learning rates; a term with a negative one is depressing.
        terms: magnitudes that belong to the rates.

    Returns:
        Potentiating and depressing part, ``None`` for a part without terms.
    """
    first, second = terms
    match (rates[0] >= 0, rates[1] >= 0):
        case (True, True):
            return first + second, None
        case (True, False):
            return first, second
        case (False, True):
            return second, first
        case _:
            return None, first + second


def split_by_signal(
    rates: tuple[float, float],
    signal: Tensor,
    terms: tuple[Tensor, Tensor],
    reduction: BatchReduction,
) -> tuple[Tensor | None, Tensor | None]:
    """Sorts terms per sample into parts, with both parts exchanged where a signal is negative.

    Args:
        rates: learning rates; a term with a negative one is depressing.
        signal: signal of every sample, shape ``(B,)``.
        terms: magnitudes that belong to the rates, each of shape ``(B, *weight.shape)``.
        reduction: reduction over the samples of a part, up to $2B$ of them.

    Returns:
        Potentiating and depressing part, ``None`` for a part without samples.
    """
    regular = signal >= 0
    parts: tuple[list[Tensor], list[Tensor]] = ([], [])
    for rate, term in zip(rates, terms, strict=True):
        potentiating = regular if rate >= 0 else ~regular
        parts[0].append(term[potentiating])
        parts[1].append(term[~potentiating])
    joined = (torch.cat(part, 0) for part in parts)
    pos, neg = (reduction(part, 0) if part.shape[0] else None for part in joined)
    return pos, neg


def delay_difference(pre: Tensor, post: Tensor, delay: Tensor) -> Tensor:
    r"""Time from presynaptic to postsynaptic spikes, less the delay.

    $$
    \Delta = t_\text{post} - t_\text{pre} - d
    $$

    Args:
        pre: receptive time since the last presynaptic spike in ms.
        post: receptive time since the last postsynaptic spike in ms.
        delay: delays in ms, shape ``weight.shape``.

    Returns:
        Differences, shape ``(B, *weight.shape, L)``; NaN where a side has never spiked.
    """
    return pre - post - delay.unsqueeze(-1)


def exponential_window(
    difference: Tensor, rate: float, time_constant: float, causal: bool
) -> Tensor:
    r"""Sums the window of spike-timing dependent plasticity over its places.

    $$
    W = \sum_l |\eta| \, e^{-|\Delta_l| / \tau} \, [\Delta_l \geq 0]
    \quad \text{or} \quad [\Delta_l < 0]
    $$

    Args:
        difference: time differences in ms, NaN where there is none.
        rate: learning rate $\eta$.
        time_constant: time constant $\tau$ in ms.
        causal: the side $\Delta \geq 0$ rather than $\Delta < 0$.

    Returns:
        Magnitudes per sample, shape ``(B, *weight.shape)``.
    """
    side = difference >= 0 if causal else difference < 0
    window = torch.exp(difference.abs() * (-1.0 / time_constant)) * abs(rate)
    # differences that do not exist compare false to everything
    return torch.where(side, window, 0.0).sum(-1)
