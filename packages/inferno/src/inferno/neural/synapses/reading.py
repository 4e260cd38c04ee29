"""Reading records of synapses at times before now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from inferno import RecordTensor
from inferno.core.recordtime import View, nearest_steps
from inferno.functional import Interpolation, interp_expdecay, interp_nearest, interp_previous
from inferno.neural.kernels import delayed_spike_linear
from synaptensor.validation import check_nonnegative, check_number

__all__ = ["DelayedReader"]

# Going through a record lag by lag takes its length in passes over the weights; reading every
# weight's value by itself takes the batch size in passes, each of which costs more.
_LAGS_PER_SAMPLE = 6


class DelayedReader:
    """How a record is read at times before now.

    Args:
        interpolation: interpolation between recorded values.
        interp_kwargs: keyword arguments of ``interpolation``.
        overbound: value read outside of the record; the nearest entry if ``None``.
        tolerance: largest distance in ms from a recorded time that counts as that time.

    Raises:
        ValueError: if ``tolerance`` is negative.
    """

    def __init__(
        self,
        interpolation: Interpolation,
        interp_kwargs: Mapping[str, Any] | None,
        overbound: float | bool | None,
        tolerance: float,
    ) -> None:
        self.interpolation = interpolation
        self.interp_kwargs = dict(interp_kwargs or {})
        self.overbound = overbound
        self.tolerance = check_number("tolerance", tolerance, check_nonnegative)

    def read(
        self,
        record: RecordTensor,
        selector: Tensor,
        convert: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Reads at times before now in ms, converts, and replaces what lies outside."""
        value, bounded = self.select(record, selector)
        if convert is not None:
            value = convert(value)
        return self.bound(value, selector, bounded)

    def select(self, record: RecordTensor, selector: Tensor) -> tuple[Tensor, Tensor | None]:
        """Reads at times clamped to the record; without history reads the newest entry."""
        if record.recordsz == 1:
            value = record.peek()
            if selector.ndim > value.ndim:  # type: ignore[union-attr]
                value = value.unsqueeze(-1)  # type: ignore[union-attr]
            return value.expand(selector.shape), None  # type: ignore[union-attr]
        # delays that all samples share are bounded once
        shared = selector.shape[0] > 1 and selector.stride(0) == 0
        bounded = (selector[:1] if shared else selector).clamp(0.0, record.duration)
        value = record.select(
            bounded.expand(selector.shape),
            self.interpolation,
            tolerance=self.tolerance,
            interp_kwargs=self.interp_kwargs,
            validate=False,
        )
        return value, bounded

    def bound(self, value: Tensor, selector: Tensor, bounded: Tensor | None) -> Tensor:
        """Replaces values read outside of the record."""
        if self.overbound is None:
            return value
        excess = selector if bounded is None else selector[: bounded.shape[0]] - bounded
        return torch.where(excess.abs() <= self.tolerance, value, self.overbound)

    def summed(self, record: RecordTensor, weight: Tensor, delay: Tensor) -> Tensor | None:
        r"""Reads at delays and sums over inputs, those with one lag together.

        $$
        y_{bo} = \sum_i W_{oi} \, x_{bi}(t - d_{oi})
        = \sum_k \sum_i [k_{oi} = k] \, W_{oi} \, x_{bi}(t - k \Delta t)
        $$

        Args:
            record: record of $x$, shape ``(B, I)`` or ``(B, I, L)``.
            weight: weights $W$, shape ``(O, I)``.
            delay: delays $d$ in ms, shape ``(O, I)``.

        Returns:
            Sums, shape ``(B, O)`` or ``(B, O, L)``; ``None`` where values must be read one by one,
            or are read faster so.
        """
        if not self._summable(record, delay):
            return None
        delay = delay.detach()
        if record.dtype is torch.bool and weight.ndim == len(record.shape or ()):
            total = delayed_spike_linear(
                record._data(), record.pointer, weight, delay, self._times(record)
            )
            if total is not None:
                return total
        lags, weight = self._lagged(record, weight, delay)
        total = None
        for lag in range(1, record.recordsz + 1):
            values = record.borrow(lag).to(weight.dtype)
            share = torch.where(lags == lag, weight, 0.0)
            part = values @ share.t() if values.ndim == 2 else share @ values
            total = part if total is None else total + part
        return total

    def correlated(self, record: RecordTensor, post: Tensor, delay: Tensor) -> Tensor | None:
        r"""Pairs what is read at delays with postsynaptic quantities, those of one lag together.

        $$
        U_{oi} = \sum_b p_{bo} \, x_{bi}(t - d_{oi})
        $$

        Args:
            record: record of $x$, shape ``(B, I)``.
            post: postsynaptic quantities $p$, shape ``(B, O)``.
            delay: delays $d$ in ms, shape ``(O, I)``.

        Returns:
            Sums, shape ``(O, I)``; ``None`` where values must be read one by one, or are read
            faster so.
        """
        if not self._summable(record, delay):
            return None
        lags, share = self._lagged(record, torch.ones_like(delay), delay)
        total = torch.zeros_like(share)
        for lag in range(1, record.recordsz + 1):
            values = record.borrow(lag).to(post.dtype)
            total = torch.where(lags == lag, post.t() @ values, total)
        return total * share

    def _summable(self, record: RecordTensor, delay: Tensor) -> bool:
        """Whether what is read is linear in single values, and going by lags is worth it."""
        return (
            self.interpolation in (interp_previous, interp_nearest, interp_expdecay)
            and not self.overbound
            and 1 < record.recordsz <= _LAGS_PER_SAMPLE * (record.shape or (0,))[0]
            and not (delay.requires_grad and torch.is_grad_enabled())
            and not torch.compiler.is_compiling()
        )

    def _times(self, record: RecordTensor) -> tuple[float, float, float, bool, bool]:
        """Step time, longest time, tolerance, and whether to round and to leave out excess."""
        nearest, bounded = self.interpolation is interp_nearest, self.overbound is not None
        return record.dt, record.duration, self.tolerance, nearest, bounded

    def _lagged(self, record: RecordTensor, weight: Tensor, delay: Tensor) -> tuple[Tensor, Tensor]:
        """The lag of the value that each weight takes, and its weight there."""
        bounded = delay.clamp(0.0, record.duration)
        view = View(record._data(), record.pointer, record.dt, 1, self.tolerance)
        steps = nearest_steps(view, bounded.clamp(0.0, view.longest))
        lags = (steps + 1).ceil()
        elapsed = view.dt - view.dt * (steps % 1)
        if self.interpolation is interp_nearest:
            lags = torch.where(elapsed / view.dt > 0.5, (steps + 1).floor(), lags)
        elif self.interpolation is interp_expdecay:
            decayed = interp_expdecay(weight, weight, elapsed, view.dt, **self.interp_kwargs)
            weight = torch.where(steps % 1 == 0, weight, decayed)
        if self.overbound is not None:
            weight = torch.where((delay - bounded).abs() <= self.tolerance, weight, 0.0)
        return lags, weight
