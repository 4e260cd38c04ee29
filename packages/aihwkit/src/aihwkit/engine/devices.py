"""Makes matrices of the single pulsed devices."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.build import register
from aihwkit.engine.cells.base import Cell
from aihwkit.engine.cells.pulsed import PulsedCell, computing_dtype
from aihwkit.engine.granularity import weight_granularity
from aihwkit.exceptions import ConfigError
from aihwkit.functional.constant_step import ConstantStepResponse
from aihwkit.functional.device_variation import draw_pulsed_parameters, split_by_direction
from aihwkit.functional.exp_step import ExpStepResponse
from aihwkit.functional.linear_step import LinearStepResponse, SoftBoundsReferenceResponse
from aihwkit.functional.piecewise_step import PiecewiseStepResponse
from aihwkit.functional.pow_step import PowStepResponse
from aihwkit.functional.response import ResponseModel
from aihwkit.functional.update_settings import UpdateSettings
from synaptensor.random import RandomStream

__all__ = ["add_device", "construction_generator"]

_Params = OrderedDict[str, Tensor]
_Draw = Callable[[Any, _Params, torch.Generator], ResponseModel]


def construction_generator(meta: Any, random: RandomStream) -> torch.Generator:
    """Return the generator of the device-to-device draws: the seed's own, or the tile's stream.

    It is always on the CPU, so that a seed gives the same devices everywhere.
    """
    seed = int(getattr(meta, "construction_seed", 0))
    if seed == 0:
        return random.generator("cpu")
    return torch.Generator().manual_seed(seed)


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, dtype=like.dtype, generator=generator)


def _sigma(meta: Any) -> float:
    return max(float(meta.dw_min_std), 0.0)


def _constant_step(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    return ConstantStepResponse(_sigma(meta))


def _linear_step(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    like = p["max_bound"]
    up = meta.gamma_up + meta.gamma_up_dtod * _normal(like, generator)
    down = meta.gamma_down + meta.gamma_down_dtod * _normal(like, generator)
    if not meta.allow_increasing:
        up, down = up.abs(), down.abs()
    _add_slopes(meta, p, up, down, meta.mean_bound_reference)
    return LinearStepResponse(_sigma(meta), bool(meta.mult_noise))


def _soft_bounds(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    one = torch.ones_like(p["max_bound"])
    _add_slopes(meta, p, one, one, False)
    return LinearStepResponse(_sigma(meta), bool(meta.mult_noise))


def _add_slopes(meta: Any, p: _Params, up: Tensor, down: Tensor, use_mean: bool) -> None:
    """Turn relative slopes into slopes, by the level at which the step vanishes."""
    upper, lower = p["max_bound"], p["min_bound"]
    if use_mean:
        upper, lower = torch.full_like(upper, meta.w_max), torch.full_like(lower, meta.w_min)
    level_up, level_down = upper, lower
    if meta.reverse_up:
        level_up = lower - meta.reverse_offset
    if meta.reverse_down:
        level_down = upper + meta.reverse_offset

    def slope(gamma: Tensor, step: Tensor, level: Tensor) -> Tensor:
        safe = torch.where(level == 0, 1.0, level)
        return torch.where(level == 0, 0.0, -gamma * step / safe)

    p["slope_up"] = slope(up, p["dwmin_up"], level_up)
    p["slope_down"] = slope(down, p["dwmin_down"], level_down)


def _soft_bounds_reference(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    upper, lower = p["max_bound"], p["min_bound"]
    proper = (upper > 0) & (lower < 0)
    down = (1 + meta.slope_down_dtod * _normal(upper, generator)).abs()
    up = (1 + meta.slope_up_dtod * _normal(upper, generator)).abs()
    p["min_bound"] = lower = torch.where(proper, lower / down, lower)
    p["max_bound"] = upper = torch.where(proper, upper / up, upper)
    reference = meta.reference_mean + meta.reference_std * _normal(upper, generator)
    if meta.subtract_symmetry_point:
        s_up, s_down = p["dwmin_up"], p["dwmin_down"]
        point = (s_up - s_down) / (s_up / upper - s_down / lower)
        point = torch.where(proper & torch.isfinite(point), point, 0.0)
        reference = reference + point
        p["reset_bias"] = p["reset_bias"] + point
    p["reference"] = reference
    return SoftBoundsReferenceResponse(_sigma(meta), bool(meta.mult_noise))


def _exp_step(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    return ExpStepResponse(
        _sigma(meta),
        True,
        meta.A_up,
        meta.A_down,
        meta.gamma_up,
        meta.gamma_down,
        meta.a,
        meta.b,
        meta.dw_min_std_add,
        meta.dw_min_std_slope,
    )


def _pow_step(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    up, down = split_by_direction(
        meta.pow_gamma,
        meta.pow_gamma_dtod,
        meta.pow_up_down,
        meta.pow_up_down_dtod,
        False,
        p["max_bound"],
        generator,
    )
    if meta.enforce_consistency:
        up, down = up.abs(), down.abs()
    p["gamma_up"], p["gamma_down"] = up, down
    return PowStepResponse(_sigma(meta))


def _pow_step_reference(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    model = _pow_step(meta, p, generator)
    reference = meta.reference_mean + meta.reference_std * _normal(p["max_bound"], generator)
    if meta.subtract_symmetry_point:
        point = _symmetry_point(p, int(meta.n_estimation_steps))
        reference = reference + point
        p["reset_bias"] = p["reset_bias"] + point
    p["reference"] = reference
    return model


def _symmetry_point(p: _Params, n_steps: int) -> Tensor:
    """Find the weight at which an up and a down pulse cancel, by applying pairs of them."""
    upper, lower = p["max_bound"].double(), p["min_bound"].double()
    s_up, s_down = p["dwmin_up"].double(), p["dwmin_down"].double()
    width = torch.where(upper == lower, 1.0, upper - lower)
    smallest = torch.minimum(s_up.abs(), s_down.abs())
    steps = torch.full_like(width, float(n_steps))
    if n_steps <= 0:
        steps = (10 * width / smallest.clamp(min=1e-30)).round().clamp(max=10000)
    point = torch.zeros_like(width)
    for step in range(int(steps.max())):
        down = s_down * ((point - lower) / width).clamp(min=0) ** p["gamma_down"].double()
        up = s_up * ((upper - point) / width).clamp(min=0) ** p["gamma_up"].double()
        point = torch.where(step < steps, point - down + up, point)
    proper = (upper > 0) & (lower < 0)
    return torch.where(proper, point, 0.0).to(p["max_bound"].dtype)


def _piecewise_step(meta: Any, p: _Params, generator: torch.Generator) -> ResponseModel:
    return PiecewiseStepResponse(
        _sigma(meta), True, tuple(meta.piecewise_up), tuple(meta.piecewise_down)
    )


def _check_reverse(meta: Any) -> None:
    if (meta.reverse_up or meta.reverse_down) and not meta.mult_noise:
        raise ConfigError("reverse_up and reverse_down need mult_noise=True, got False")


def _check_nodes(meta: Any) -> None:
    n_up, n_down = len(meta.piecewise_up), len(meta.piecewise_down)
    if n_up == 0 or n_up != n_down:
        raise ConfigError(
            "piecewise_up and piecewise_down must have the same number of nodes, at least one, "
            f"got {n_up} and {n_down}"
        )


_DRAWS: dict[str, tuple[_Draw, Callable[[Any], None] | None]] = {
    "ConstantStep": (_constant_step, None),
    "LinearStep": (_linear_step, _check_reverse),
    "SoftBounds": (_soft_bounds, _check_reverse),
    "SoftBoundsReference": (_soft_bounds_reference, None),
    "ExpStep": (_exp_step, None),
    "PowStep": (_pow_step, None),
    "PowStepReference": (_pow_step_reference, None),
    "PiecewiseStep": (_piecewise_step, _check_nodes),
}


def _build(
    meta: Any, weight: Tensor | None, random: RandomStream, settings: UpdateSettings
) -> Cell | None:
    draw, check = _DRAWS[meta.kind]
    if check is not None:
        check(meta)
    if meta.w_min > 0 or meta.w_max < 0:
        raise ConfigError(
            f"the interval from w_min to w_max must contain 0, got {meta.w_min} to {meta.w_max}"
        )
    if weight is None:
        return None
    generator = construction_generator(meta, random)
    shape = (weight.shape[0], weight.shape[1])
    params = draw_pulsed_parameters(meta, shape, computing_dtype(weight.dtype), generator)
    model = draw(meta, params, generator)
    return PulsedCell(weight, meta, model, params, weight_granularity(meta))


def add_device(kind: str, draw: _Draw) -> None:
    """Let tiles hold matrices of a further pulsed device.

    Args:
        kind: name of the device.
        draw: makes the response model from the parameter object, the device parameters drawn for
            all pulsed devices, to which it may add, and the generator of the draws.
    """
    _DRAWS[kind] = (draw, None)
    register(kind, _build)


for _kind in _DRAWS:
    register(_kind, _build)
