"""The mean weight change of one pulse, by which pulse trains are scaled."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from aihwkit.exceptions import ConfigError

__all__ = ["add_granularity", "weight_granularity"]


def _dw_min(meta: Any) -> float:
    return float(meta.dw_min)


def _mean_of_directions(meta: Any, up: float, down: float) -> float:
    """Mean step of a device without variation, from its two steps in units of `dw_min`."""
    up *= 1 + min(meta.up_down, 0.0)
    down *= 1 - max(meta.up_down, 0.0)
    mean = float(meta.dw_min * (up + down) / 2)
    return mean if mean > 0 else float(meta.dw_min)


def _exp_step(meta: Any) -> float:
    up = max(1 - meta.A_up * math.exp(meta.gamma_up * meta.b), 0.0)
    down = max(1 - meta.A_down * math.exp(-meta.gamma_down * meta.b), 0.0)
    return _mean_of_directions(meta, up, down)


def _pow_step(meta: Any) -> float:
    width = meta.w_max - meta.w_min
    if width <= 0:
        return float(meta.dw_min)
    up = (meta.w_max / width) ** meta.pow_gamma
    down = (-meta.w_min / width) ** meta.pow_gamma
    return _mean_of_directions(meta, up, down)


def _piecewise(meta: Any) -> float:
    width = meta.w_max - meta.w_min
    position = -meta.w_min / width if width > 0 else 0.0

    def at_zero(nodes: Sequence[float]) -> float:
        place = position * (len(nodes) - 1)
        left = min(int(place), max(len(nodes) - 2, 0))
        right = min(left + 1, len(nodes) - 1)
        return nodes[left] + (nodes[right] - nodes[left]) * (place - left)

    return _mean_of_directions(meta, at_zero(meta.piecewise_up), at_zero(meta.piecewise_down))


def _mean(meta: Any) -> float:
    return sum(weight_granularity(device) for device in meta.devices) / len(meta.devices)


def _first(meta: Any) -> float:
    return weight_granularity(meta.devices[0])


def _mixed(meta: Any) -> float:
    if meta.granularity > 0:
        return float(meta.granularity)
    return weight_granularity(meta.device)


_BY_KIND: dict[str, Callable[[Any], float]] = {
    "ConstantStep": _dw_min,
    "LinearStep": _dw_min,
    "SoftBounds": _dw_min,
    "SoftBoundsReference": _dw_min,
    "ExpStep": _exp_step,
    "PowStep": _pow_step,
    "PowStepReference": _pow_step,
    "PiecewiseStep": _piecewise,
    "Vector": _mean,
    "OneSided": _mean,
    "Transfer": _first,
    "BufferedTransfer": _first,
    "ChoppedTransfer": _first,
    "DynamicTransfer": _first,
    "MixedPrecision": _mixed,
}


def add_granularity(kind: str, granularity: Callable[[Any], float] | None = None) -> None:
    """Set how the granularity of a kind of devices follows from its parameters; None: `dw_min`."""
    _BY_KIND[kind] = granularity or _dw_min


def weight_granularity(meta: Any) -> float:
    """Return the mean weight change of one pulse at weight zero.

    Args:
        meta: parameter object of a device or compound.

    Raises:
        ConfigError: if the device has no pulses.
    """
    kind = getattr(meta, "kind", None)
    if kind not in _BY_KIND:
        raise ConfigError(f"a {type(meta).__name__} has no granularity; it is not pulsed")
    return _BY_KIND[kind](meta)
