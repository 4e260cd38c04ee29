"""Philox-4x32-10, a counter-based generator, in plain tensor operations.

Each number is a pure function of a key and its own position, so a sequence is the same on
every device, in every kernel, and however the work is cut into batches.

Reference:
    Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from synaptensor.validation import check_instance, check_integer, check_shape

__all__ = ["philox", "philox_normal", "philox_uniform"]

_ROUNDS = 10
_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)

# Bits a uniform number can hold exactly, so that none is rounded up to 1.
_MANTISSA_BITS = {torch.float32: 24, torch.float16: 11, torch.bfloat16: 8}


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
    return _philox(key, counters)


def _philox(key: int, counters: Tensor) -> Tensor:
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


def philox_uniform(
    key: int,
    size: Sequence[int],
    *,
    offset: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return uniform numbers in [0, 1): number ``offset + i`` of the sequence at flat index i.

    Args:
        key: 64-bit key of the sequence.
        size: Shape of the result.
        offset: Position of the first number; a batch cut in two, the second half with its
            own offset, gives the numbers of the whole.
        dtype: Floating type; float64 uses two words a number, the others one.
        device: Device of the result.

    Returns:
        Tensor of shape `size`.
    """
    count = math.prod(size)
    _check_sequence(key, offset, dtype)
    if dtype == torch.float64:
        pairs = _words(key, 2 * offset, 2 * count, device).view(-1, 2)
        # 27 bits of the first word above 26 of the second: 53 bits, exact in float64.
        mantissa = ((pairs[:, 0] >> 5) << 26) | (pairs[:, 1] >> 6)
        return (mantissa.to(dtype) * 2.0**-53).view(tuple(size))
    bits = _MANTISSA_BITS[dtype]
    words = _words(key, offset, count, device) >> (32 - bits)
    return (words.to(torch.float32) * 2.0**-bits).to(dtype).view(tuple(size))


def philox_normal(
    key: int,
    size: Sequence[int],
    *,
    offset: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return standard normal numbers: number ``offset + i`` of the sequence at flat index i.

    Numbers 2m and 2m + 1 come from words 2m and 2m + 1 by the Box-Muller transform
    ``sqrt(-2 ln u) * (cos, sin)(2 pi v)``, which reaches 6.6 standard deviations. The words
    are the same on every device; logarithm, sine and cosine may differ in the last place.

    Args:
        key: 64-bit key of the sequence.
        size: Shape of the result.
        offset: Position of the first number, see `philox_uniform`.
        dtype: Floating type; half types are computed in float32 and rounded.
        device: Device of the result.

    Returns:
        Tensor of shape `size`.
    """
    count = math.prod(size)
    _check_sequence(key, offset, dtype)
    skip = offset % 2
    padded = count + skip + (count + skip) % 2
    pairs = _words(key, offset - skip, padded, device).view(-1, 2)
    work = torch.float64 if dtype == torch.float64 else torch.float32
    u = (pairs[:, 0] + 1).to(work) * 2.0**-32  # in (0, 1]: the logarithm stays finite
    angle = pairs[:, 1].to(work) * (2.0**-31 * math.pi)
    radius = torch.sqrt(-2.0 * torch.log(u))
    normal = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=-1)
    return normal.view(-1)[skip : skip + count].to(dtype).view(tuple(size))


def _check_sequence(key: int, offset: int, dtype: torch.dtype) -> None:
    check_integer("key", key, 0, 2**64 - 1)
    check_integer("offset", offset, 0, 2**60)
    check_instance("dtype", dtype, torch.dtype)
    if dtype != torch.float64 and dtype not in _MANTISSA_BITS:
        raise TypeError(f"`dtype` must be float64, float32, float16 or bfloat16, got {dtype}")


def _words(key: int, start: int, count: int, device: torch.device | str | None) -> Tensor:
    first, skip = divmod(start, 4)
    blocks = torch.arange(first, first + (skip + count + 3) // 4, device=device)
    zero = torch.zeros_like(blocks)
    counters = torch.stack((blocks & _MASK, blocks >> 32, zero, zero), dim=-1)
    return _philox(key, counters).view(-1)[skip : skip + count]
