"""Random pulse trains as bits: the definition, in plain tensor operations."""

import torch
from torch import Tensor

from aihwkit.functional.philox import philox

__all__ = ["SHORT", "SLOTS_PER_WORD", "draw_key", "draw_trains", "unpacked"]

SLOTS_PER_WORD = 32

# Bits of a probability; what is below them decides by chance how the last bit is rounded.
_PRECISION = 15
_CALLS = (_PRECISION + 1) // 4

SHORT = 4
"""Trains of at most so many slots take one uniform number of 24 bits for each slot instead."""


def draw_key(generator: torch.Generator) -> int:
    """Draw the key of a sequence of counter-based numbers from a CPU generator."""
    return int(torch.empty((), dtype=torch.int64).random_(generator=generator))


def draw_trains(values: Tensor, factor: Tensor, length: Tensor, key: int, domain: int) -> Tensor:
    r"""Draw the pulse trains of all entries of a batch of vectors.

    A pulse stands in each slot with the probability :math:`p = f |v|`, independently. The random
    numbers are functions of key, domain, vector, entry and slot only, so every kernel draws the
    same pulses.

    The uniform number of a slot has 15 bits :math:`r_0 \dots r_{14}`, and the slot gets a pulse if
    it is below :math:`T = \lfloor 2^{15} p + u \rfloor`, with a further uniform number :math:`u` of
    the train, so that the probability is exactly :math:`p`. In trains of up to 4 slots, the number
    of a slot has 24 bits and is compared with :math:`p` itself.

    Args:
        values: entries :math:`v`, `[vectors, n]`.
        factor: from entries to probabilities, :math:`f`, `[vectors]`; at least 1 means always.
        length: number of slots of each vector's trains, int64 `[vectors]`.
        key: of the random numbers.
        domain: number that tells trains with the same key apart.

    Returns:
        Bits of the slots, lowest first, in int32 words `[vectors, words, n]`.
    """
    n_vectors, n = values.shape
    probability = values.to(torch.float32).abs() * factor.to(torch.float32).unsqueeze(1)
    n_words = max(1, -(-int(length.max()) // SLOTS_PER_WORD)) if n_vectors else 1
    device = probability.device
    counters = torch.empty(n_vectors * n_words, n, _CALLS, 4, dtype=torch.int64, device=device)
    counters[..., 0] = torch.arange(n, device=device).view(1, n, 1)
    counters[..., 1] = torch.arange(n_vectors * n_words, device=device).view(-1, 1, 1)
    counters[..., 2] = torch.arange(_CALLS, device=device)
    counters[..., 3] = domain
    random = philox(key, counters).view(n_vectors, n_words, n, _PRECISION + 1)
    dither = (random[..., _PRECISION] >> 8).to(torch.float32) * 2.0**-24
    scaled = probability.clamp(0, 1).unsqueeze(1) * 2.0**_PRECISION
    threshold = (scaled + dither).floor().long()
    full = (1 << SLOTS_PER_WORD) - 1
    below = torch.zeros_like(threshold)
    equal = torch.full_like(threshold, full)
    for bit in range(_PRECISION):
        is_set = -((threshold >> (_PRECISION - 1 - bit)) & 1)
        below |= equal & ~random[..., bit] & is_set
        equal &= ~(random[..., bit] ^ is_set)
    below = torch.where(threshold >> _PRECISION > 0, full, below)
    short = _short(probability, n_words, key, domain)
    below = torch.where(length.view(-1, 1, 1) <= SHORT, short, below)
    first = SLOTS_PER_WORD * torch.arange(n_words, device=device)
    slots = (length.view(-1, 1) - first).clamp(0, SLOTS_PER_WORD)
    words = below & ((1 << slots) - 1).unsqueeze(2)
    # The same 32 bits as a signed number.
    return torch.where(words > full // 2, words - full - 1, words).to(torch.int32)


def _short(probability: Tensor, n_words: int, key: int, domain: int) -> Tensor:
    r"""Return the bits of short trains, `[vectors, 1, n]`.

    Four entries share one call of the generator for each slot: entries `q`, `q + m`, `q + 2 m` and
    `q + 3 m`, with a quarter of the entries :math:`m = \lceil n / 4 \rceil`.
    """
    n_vectors, n = probability.shape
    quarter, device = -(-n // 4), probability.device
    counters = torch.empty(n_vectors, quarter, SHORT, 4, dtype=torch.int64, device=device)
    counters[..., 0] = torch.arange(quarter, device=device).view(1, -1, 1)
    counters[..., 1] = n_words * torch.arange(n_vectors, device=device).view(-1, 1, 1)
    counters[..., 2] = torch.arange(SHORT, device=device)
    counters[..., 3] = domain
    random = philox(key, counters).permute(0, 3, 1, 2).reshape(n_vectors, -1, SHORT)[:, :n]
    hits = (random >> 8).to(torch.float32) * 2.0**-24 < probability.unsqueeze(2)
    return (hits.long() << torch.arange(SHORT, device=device)).sum(dim=-1).unsqueeze(1)


def unpacked(words: Tensor, slots: int) -> Tensor:
    """Return the bits of trains as numbers 0 and 1, float32 `[vectors, slots, n]`."""
    slot = torch.arange(slots, device=words.device)
    parts = words[:, slot // SLOTS_PER_WORD].long() >> (slot % SLOTS_PER_WORD).view(-1, 1)
    return (parts & 1).to(torch.float32)
