"""Calls the compiled loops for the models that have them, and the torch definitions for others."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.kernels import numba_trains
from aihwkit.functional.constant_step import ConstantStepResponse
from aihwkit.functional.exp_step import ExpStepResponse
from aihwkit.functional.linear_step import LinearStepResponse
from aihwkit.functional.pow_step import _SMALLEST, PowStepResponse
from aihwkit.functional.pulse_pass import (
    LARGEST_GROWTH,
    REACH,
    SLACK,
    Bounds,
    merged_vectors,
    pulse_by_pulse,
)
from aihwkit.functional.response import ResponseModel

__all__ = ["merged_vectors_numba", "pulse_by_pulse_numba"]

# With fewer pulses the time to load the compiled loops is not worth it; the numbers are the same.
SMALLEST_WORK = 1 << 16


def _linear_rows(p: Mapping[str, Tensor], direction: str) -> Any:
    """Return step at zero, slope and noise scale of a direction as rows."""
    step = p[f"step_{direction}"].reshape(-1)
    if f"gain_{direction}" not in p:
        return torch.stack((step, torch.zeros_like(step), step)).numpy()
    gain, scale = p[f"gain_{direction}"].reshape(-1), p[f"dwmin_{direction}"].reshape(-1)
    return torch.stack((step, gain, scale)).numpy()


def _flat(value: Tensor | None, like: Tensor) -> Any:
    """Return a vector, or one number where there is nothing."""
    return like.new_zeros(1).numpy() if value is None else value.contiguous().numpy()


def merged_vectors_numba(
    weight: Tensor,
    signed: Tensor,
    draws: Tensor | None,
    passed: Tensor,
    start: int,
    params: Mapping[str, Tensor],
    model: ResponseModel,
    bounds: Bounds,
    limit: int,
) -> None:
    """Take the pulses of some vectors; see `aihwkit.functional.pulse_pass.merged_vectors`."""
    linear = isinstance(model, LinearStepResponse | ConstantStepResponse)
    if not linear or signed.numel() < SMALLEST_WORK:
        merged_vectors(weight, signed, draws, passed, start, params, model, bounds, limit)
        return
    n = signed.shape[0]
    number = weight.numpy().dtype.type
    numba_trains.merged_linear(
        weight.view(-1).numpy(),
        signed.reshape(n, -1).numpy(),
        (weight.new_zeros(n, 1) if draws is None else draws.reshape(n, -1)).numpy(),
        passed.view(-1).numpy(),
        start,
        _linear_rows(params, "up"),
        _linear_rows(params, "down"),
        bounds.lower.reshape(-1).numpy(),
        bounds.upper.reshape(-1).numpy(),
        draws is not None,
        model.multiplicative,
        number(model.sigma),
        limit,
        number(LARGEST_GROWTH),
        number(REACH),
        number(SLACK),
    )


def pulse_by_pulse_numba(
    weight: Tensor,
    up: Tensor,
    offsets: Tensor,
    params: Mapping[str, Tensor],
    draws: Tensor | None,
    model: ResponseModel,
    bounds: Bounds,
) -> Tensor:
    """Take trains of pulses; see `aihwkit.functional.pulse_pass.pulse_by_pulse`."""
    if up.numel() < SMALLEST_WORK:
        return pulse_by_pulse(weight, up, offsets, params, draws, model, bounds)
    result = weight.clone()
    number = weight.numpy().dtype.type
    noisy, sigma = draws is not None, number(model.sigma)
    common = (result.numpy(), up.numpy(), offsets.numpy(), _flat(draws, weight))
    limits = (bounds.lower.contiguous().numpy(), bounds.upper.contiguous().numpy())
    if isinstance(model, LinearStepResponse | ConstantStepResponse):
        rows = (_linear_rows(params, "up"), _linear_rows(params, "down"))
        numba_trains.trains_linear(*common, *rows, *limits, noisy, model.multiplicative, sigma)
    elif isinstance(model, ExpStepResponse):
        sides = [
            torch.stack([params[f"{name}_{side}"] for name in ("step", "rate", "at_zero")]).numpy()
            for side in ("up", "down")
        ]
        more = (model.has_absolute_noise, number(model.std_add), number(model.std_slope))
        numba_trains.trains_exp(*common, *sides, *limits, noisy, sigma, *more)
    elif isinstance(model, PowStepResponse):
        ends = {"up": params["upper"], "down": params["lower"]}
        sides = [
            torch.stack((params[f"step_{side}"], params[f"gamma_{side}"], ends[side])).numpy()
            for side in ("up", "down")
        ]
        inverse = params["inverse_range"].contiguous().numpy()
        numba_trains.trains_power(
            *common, *sides, inverse, *limits, noisy, sigma, number(_SMALLEST)
        )
    else:
        return pulse_by_pulse(weight, up, offsets, params, draws, model, bounds)
    return result
