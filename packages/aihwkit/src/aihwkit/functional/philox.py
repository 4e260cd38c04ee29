"""Philox-4x32-10, a counter-based generator, in plain tensor operations.

Each number is a pure function of a key and its own position, so a sequence is the same on
every device, in every kernel, and however the work is cut into batches.

Reference:
    Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

import torch
from torch import Tensor

from synaptensor.validation import check_integer, check_shape

__all__ = ["philox"]

_ROUNDS = 10
_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)


def philox(key: int, counters: Tensor) -> Tensor:
    """Return the four 32-bit words that Philox-4x32-10 gives for each counter.

    Args:
        key: 64-bit key; its low half is the first key word.
        counters: Four 32-bit counter words, int64 of shape (..., 4).

    Returns:
        Words in [0, 2**32), int64 of shape (..., 4).

    Raises:
        ValueError: If the key is not in [0, 2**64) or the last size is not 4.
        TypeError: If the counters are not int64.

    Example:
        >>> philox(0, torch.zeros(4, dtype=torch.int64)).tolist()
        [1713891541, 3781805453, 3159862348, 2600524760]
    """
    check_integer("key", key, 0, 2**64 - 1)
    check_shape("counters", counters, (..., 4))
    if counters.dtype != torch.int64:
        raise TypeError(f"`counters` must be int64, got {counters.dtype}")
    k0, k1 = key & _MASK, key >> 32
    c0, c1, c2, c3 = (counters & _MASK).unbind(-1)
    for _ in range(_ROUNDS):
        high0, low0 = _multiply(_MULTIPLIERS[0], c0)
        high1, low1 = _multiply(_MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return torch.stack((c0, c1, c2, c3), dim=-1)


def _multiply(constant: int, words: Tensor) -> tuple[Tensor, Tensor]:
    # The 64-bit product of two 32-bit words overflows int64, so it is put together from
    # two 48-bit products.
    low = constant * (words & 0xFFFF)
    high = constant * (words >> 16) + (low >> 16)
    return high >> 16, ((high & 0xFFFF) << 16) | (low & 0xFFFF)
