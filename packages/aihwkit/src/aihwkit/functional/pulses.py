"""Pulses of a batch of vectors: how many each cross point gets, and in which direction."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from aihwkit.functional.packed_trains import PackedTrains, StochasticPulses
from aihwkit.functional.pulse_scales import (
    PulseProbabilities,
    pulse_probabilities,
)
from aihwkit.functional.pulse_trains import draw_key
from aihwkit.functional.pulses_base import Pulses
from aihwkit.functional.train_kernel import DRAW_KERNEL, SCALES_KERNEL
from aihwkit.functional.update_settings import UpdateSettings

__all__ = [
    "DensePulses",
    "ExactUpdate",
    "OneDirection",
    "PackedTrains",
    "Pulses",
    "StochasticPulses",
    "pulse_blocks",
]

_BLOCK_BITS = 1 << 23
_X_DOMAIN, _D_DOMAIN = 1, 2
_ALL = slice(None)


@dataclass(frozen=True)
class DensePulses(Pulses):
    """Rounded expected numbers of coincidences, `rint(d_i x_j)`.

    Attributes:
        x: signed factor of each input, `[batch, x]`.
        d: opposite of the signed factor of each gradient, `[batch, d]`.
    """

    x: Tensor
    d: Tensor

    @property
    def n_vectors(self) -> int:
        """Number of vectors."""
        return self.x.shape[0]

    def counts(self, vector: int, rows: slice = _ALL, columns: slice = _ALL) -> Tensor:
        """Return the signed numbers of pulses of one vector."""
        return torch.outer(self.d[vector, rows], self.x[vector, columns]).round_()

    def points(self, vector: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the signed numbers of pulses of one vector at some cross points."""
        return (self.d[vector, rows] * self.x[vector, columns]).round_()

    def totals(self, rows: slice = _ALL, columns: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Return the numbers of up and down pulses, summed vector by vector."""
        net = torch.zeros_like(self.counts(0, rows, columns))
        total = torch.zeros_like(net)
        for vector in range(self.n_vectors):
            counts = self.counts(vector, rows, columns)
            net += counts
            total += counts.abs_()
        return (total + net) * 0.5, (total - net) * 0.5

    def select(self, vectors: Tensor | slice) -> "DensePulses":
        """Return the factors of some of the vectors."""
        return DensePulses(self.x[vectors], self.d[vectors])

    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "DensePulses":
        """Return the same with directions multiplied by signs of the columns and rows."""
        return DensePulses(self.x * x_signs, self.d * d_signs)


@dataclass(frozen=True)
class OneDirection(Pulses):
    """The pulses of one direction, as up pulses.

    Attributes:
        pulses: of both directions.
        up: keep the up pulses, or the down pulses.
    """

    pulses: Pulses
    up: bool

    @property
    def n_vectors(self) -> int:
        """Number of vectors."""
        return self.pulses.n_vectors

    def _keep(self, signed: Tensor) -> Tensor:
        return (signed if self.up else -signed).clamp_(min=0)

    def counts(self, vector: int, rows: slice = _ALL, columns: slice = _ALL) -> Tensor:
        """Return the numbers of pulses of one vector."""
        return self._keep(self.pulses.counts(vector, rows, columns))

    def points(self, vector: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the numbers of pulses of one vector at some cross points."""
        return self._keep(self.pulses.points(vector, rows, columns))

    def totals(self, rows: slice = _ALL, columns: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Return the numbers of pulses over all vectors, and zeros."""
        up, down = self.pulses.totals(rows, columns)
        return (up if self.up else down), torch.zeros_like(up)

    def select(self, vectors: Tensor | slice) -> "OneDirection":
        """Return the pulses of some of the vectors."""
        return OneDirection(self.pulses.select(vectors), self.up)

    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "OneDirection":
        """Return the same of pulses with directions multiplied by signs."""
        return OneDirection(self.pulses.turned(x_signs, d_signs), self.up)


@dataclass(frozen=True)
class ExactUpdate:
    """An update without pulses: every vector adds `d_i x_j` to the weight.

    Attributes:
        x: inputs `[batch, x]`.
        d: gradients times the negative learning rate, `[batch, d]`.
    """

    x: Tensor
    d: Tensor

    @property
    def n_vectors(self) -> int:
        """Number of vectors."""
        return self.x.shape[0]

    def select(self, vectors: Tensor | slice) -> "ExactUpdate":
        """Return some of the vectors."""
        return ExactUpdate(self.x[vectors], self.d[vectors])

    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "ExactUpdate":
        """Return the same with directions multiplied by signs of the columns and rows."""
        return ExactUpdate(self.x * x_signs, self.d * d_signs)


def _stochastic(
    x: Tensor,
    d: Tensor,
    probabilities: PulseProbabilities,
    slots: int,
    generator: torch.Generator | None,
) -> StochasticPulses:
    """Draw trains with the generator of the device, one number for each slot."""
    slot = torch.arange(slots, device=x.device)
    in_use = (slot < probabilities.length.unsqueeze(1)).unsqueeze(2)

    def bits(values: Tensor, probability: Tensor) -> Tensor:
        shape = (values.shape[0], slots, values.shape[1])
        uniform = torch.rand(shape, device=values.device, generator=generator)
        hit = uniform < probability.unsqueeze(1)
        return torch.where(hit, values.sign().float().unsqueeze(1), 0.0)

    return StochasticPulses(bits(x, probabilities.x) * in_use, bits(d, probabilities.d))


def _packed(
    x: Tensor,
    d: Tensor,
    lr: float | Tensor,
    granularity: float,
    settings: UpdateSettings,
    generator: torch.Generator,
) -> Iterator[PackedTrains]:
    """Draw trains with counter-based numbers, the same whichever kernel draws them."""
    x, d = x.contiguous(), d.contiguous()
    if settings.step > 0:
        length, p, q = _reordered(pulse_probabilities(x, d, lr, granularity, settings, generator))
        x_factor = d_factor = torch.ones(x.shape[0])
    else:
        scales = SCALES_KERNEL.select(x.device)
        length, x_factor, d_factor = scales(x, d, lr, granularity, settings)
        p, q = x, d
    draw = DRAW_KERNEL.select(x.device)
    slots = max(int(length.max()), 1)
    for part in _vector_blocks(x, d, slots):
        key = draw_key(generator)
        yield PackedTrains(
            draw(p[part], x_factor[part], length[part], key, _X_DOMAIN),
            draw(q[part], d_factor[part], length[part], key, _D_DOMAIN),
            x[part],
            d[part],
            slots,
        )


def _reordered(probabilities: PulseProbabilities) -> tuple[Tensor, Tensor, Tensor]:
    return probabilities.length, probabilities.x, probabilities.d


def _vector_blocks(x: Tensor, d: Tensor, slots: int) -> Iterator[slice]:
    """Divide the vectors so that the bits of all their slots stay below a bound."""
    size = max(1, _BLOCK_BITS // (slots * (x.shape[1] + d.shape[1])))
    return (slice(start, start + size) for start in range(0, x.shape[0], size))


def _mean_count(x: Tensor, d: Tensor, probabilities: PulseProbabilities) -> DensePulses:
    length = probabilities.length.unsqueeze(1).to(x.dtype)

    def numbers(values: Tensor, probability: Tensor) -> Tensor:
        limited = (length * probability).round_().clamp(min=0)
        return values.sign() * torch.minimum(limited, length)

    return DensePulses(
        numbers(x, probabilities.x), numbers(d, probabilities.d) / length.clamp(min=1)
    )


def _implicit(x: Tensor, d: Tensor, probabilities: PulseProbabilities) -> DensePulses:
    length = probabilities.length.unsqueeze(1).to(x.dtype)
    return DensePulses(
        x.sign() * probabilities.x.clamp(max=1), d.sign() * probabilities.d.clamp(max=1) * length
    )


def pulse_blocks(
    x: Tensor,
    d: Tensor,
    lr: float | Tensor,
    granularity: float,
    settings: UpdateSettings,
    generator: torch.Generator | None = None,
) -> Iterator[Pulses | ExactUpdate]:
    """Turn a batch of outer products `-lr * d x^T` into pulses, some vectors at a time.

    The numbers of coincidences of different cross points in a row or column are correlated, since
    they share trains. Blocks bound the memory; together they hold all vectors in order.

    Args:
        x: inputs `[batch, x]`.
        d: gradients `[batch, d]`.
        lr: learning rate, or one for each vector; a negative one turns all pulses around.
        granularity: weight change of one pulse.
        settings: of the update.
        generator: source of all draws.
    """
    rate = torch.as_tensor(lr, dtype=torch.float64, device=x.device)
    turn = -torch.sign(rate).to(d.dtype)
    opposite = d * (turn.unsqueeze(1) if turn.dim() else turn)
    if settings.pulse_type in ("None", "NoneWithDevice"):
        scale = rate.abs().to(d.dtype)
        yield ExactUpdate(x, opposite * (scale.unsqueeze(1) if scale.dim() else scale))
        return
    if settings.is_stochastic and x.device.type == "cpu":
        source = torch.default_generator if generator is None else generator
        yield from _packed(x, opposite, lr, granularity, settings, source)
        return
    probabilities = pulse_probabilities(x, d, lr, granularity, settings, generator)
    if settings.pulse_type == "MeanCount":
        yield _mean_count(x, opposite, probabilities)
    elif settings.pulse_type == "DeterministicImplicit":
        yield _implicit(x, opposite, probabilities)
    else:
        slots = max(int(probabilities.length.max()), 1)
        for part in _vector_blocks(x, d, slots):
            block = PulseProbabilities(*(value[part] for value in probabilities))
            yield _stochastic(x[part], opposite[part], block, slots, generator)
