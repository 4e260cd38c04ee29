"""Converters with one or several pairs of devices, or one device, for each weight."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, no_grad

from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.interpolation import interpolate
from synaptensor.validation import check_number

__all__ = [
    "CustomPairConductanceConverter",
    "DualPairConductanceConverter",
    "NPairConductanceConverter",
    "SingleDeviceConductanceConverter",
    "SinglePairConductanceConverter",
]

_ZERO_CLIP = 1e-7
_DEFAULT_G_MAX = 25.0


def _largest(weights: Tensor) -> Tensor:
    return weights.abs().amax().clamp(min=_ZERO_CLIP)


def _param(params: dict[str, Any], name: str) -> Any:
    if name not in params:
        raise ValueError(
            f"params must be what convert_to_conductances returned, with {name!r}, got the keys "
            f"{sorted(params)}"
        )
    return params[name]


def _check_slices(conductances: list[Tensor], count: int) -> None:
    if len(conductances) != count:
        raise ValueError(f"conductances must hold {count} slices, got {len(conductances)}")


class _RangedConverter(BaseConductanceConverter):
    """Converter with a range of conductances."""

    def __init__(self, g_max: float, g_min: float) -> None:
        g_max, g_min = check_number("g_max", g_max), check_number("g_min", g_min)
        if g_max < 0:
            raise ValueError(f"g_max must be at least 0, got {g_max!r}")
        if g_min < 0:
            raise ValueError(f"g_min must be at least 0, got {g_min!r}")
        if g_min >= g_max:
            raise ValueError(f"g_min must be below g_max={g_max!r}, got {g_min!r}")
        self.g_max = g_max
        self.g_min = g_min

    def __str__(self) -> str:
        return f"{type(self).__name__}(g_max={self.g_max:1.2f}, g_min={self.g_min:1.2f})"


class SinglePairConductanceConverter(_RangedConverter):
    r"""One pair of devices for each weight; only one of the two is above the minimum.

    .. math::
        g_\pm = \mathrm{clip}(\pm r W, 0, g_{max}) + g_{min}, \qquad
        r = (g_{max} - g_{min}) / \max|W|

    Args:
        g_max: largest conductance in microsiemens; 25 if None.
        g_min: smallest conductance in microsiemens; 0 if None.

    Raises:
        ValueError: if a conductance is negative or `g_min >= g_max`.
    """

    def __init__(self, g_max: float | None = None, g_min: float | None = None) -> None:
        super().__init__(
            _DEFAULT_G_MAX if g_max is None else g_max, 0.0 if g_min is None else g_min
        )

    @no_grad()
    def convert_to_conductances(self, weights: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        """Return the plus and the minus slice."""
        ratio = (self.g_max - self.g_min) / _largest(weights)
        scaled = weights * ratio
        plus = scaled.clamp(0.0, self.g_max)
        minus = scaled.neg_().clamp_(0.0, self.g_max)
        if self.g_min > 0:
            plus, minus = plus.add_(self.g_min), minus.add_(self.g_min)
        return [plus, minus], {"scale_ratio": ratio}

    @no_grad()
    def convert_back_to_weights(self, conductances: list[Tensor], params: dict[str, Any]) -> Tensor:
        """Return the scaled difference of the two slices."""
        _check_slices(conductances, 2)
        ratio = _param(params, "scale_ratio")
        g_plus, g_minus = conductances
        return (g_plus - g_minus).div_(ratio)


class NPairConductanceConverter(_RangedConverter):
    r"""Several pairs of devices of different significance for each weight.

    .. math:: W \propto \sum_k f_k (g_k^+ - g_k^-)

    A pair is used once all pairs of lower significance are full.

    Args:
        f_lst: significance of each pair, from low to high.
        g_max: largest conductance in microsiemens; 25 if None.
        g_min: smallest conductance in microsiemens; 0 if None.

    Raises:
        ValueError: if `f_lst` is no list or holds no positive number, or for a wrong range.
    """

    def __init__(
        self, f_lst: list[float], g_max: float | None = None, g_min: float | None = None
    ) -> None:
        if not isinstance(f_lst, list) or not f_lst:
            raise ValueError(f"f_lst must be a list with positive numbers, got {f_lst!r}")
        if max(check_number("f_lst", f) for f in f_lst) <= 0:
            raise ValueError(f"f_lst must be a list with positive numbers, got {f_lst!r}")
        super().__init__(
            _DEFAULT_G_MAX if g_max is None else g_max, 0.0 if g_min is None else g_min
        )
        self.f_lst = f_lst

    @no_grad()
    def convert_to_conductances(self, weights: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        """Return plus and minus slices from the lowest to the highest significance."""
        span = self.g_max - self.g_min
        ratio = sum(f * span for f in self.f_lst) / _largest(weights)
        scaled = weights * ratio
        magnitudes = (scaled.clamp(min=0.0), (-scaled).clamp(min=0.0))
        slices, filled = [], 0.0
        for f in self.f_lst:
            for part in magnitudes:
                slices.append(((part - filled) / f).add_(self.g_min).clamp_(self.g_min, self.g_max))
            filled += f * span
        return slices, {"scale_ratio": ratio, "f_lst": self.f_lst}

    @no_grad()
    def convert_back_to_weights(self, conductances: list[Tensor], params: dict[str, Any]) -> Tensor:
        """Return the scaled sum of the differences of the pairs."""
        _param(params, "f_lst")
        _check_slices(conductances, 2 * len(self.f_lst))
        return _pair_sum(conductances, self.f_lst).div_(_param(params, "scale_ratio"))


def _pair_sum(conductances: list[Tensor], factors: list[float]) -> Tensor:
    total = torch.zeros_like(conductances[0])
    for f, plus, minus in zip(factors, conductances[::2], conductances[1::2], strict=True):
        total.add_(plus - minus, alpha=f)
    return total


class DualPairConductanceConverter(NPairConductanceConverter):
    """Two pairs of devices for each weight; see `NPairConductanceConverter`.

    Args:
        f_lst: significance of the two pairs, from low to high.
        g_max: largest conductance in microsiemens; 25 if None.
        g_min: smallest conductance in microsiemens; 0 if None.

    Raises:
        ValueError: if `f_lst` does not hold two factors, or for a wrong range.
    """

    def __init__(
        self, f_lst: list[float], g_max: float | None = None, g_min: float | None = None
    ) -> None:
        super().__init__(f_lst, g_max, g_min)
        if len(f_lst) != 2:
            raise ValueError(f"f_lst must hold 2 factors, got {len(f_lst)}")


class CustomPairConductanceConverter(_RangedConverter):
    """Pairs of devices with tabulated conductances.

    Args:
        f_lst: significance of each pair, from low to high.
        g_lst: conductances in microsiemens, a plus and a minus row for each pair, at weights that
            are evenly spaced from minus to plus the largest weight.
        g_max: largest conductance, for information; 25 if None.
        g_min: smallest conductance, for information; 0 if None.
        invertibility_test: check that weights survive the way there and back.

    Raises:
        ValueError: if the lists do not fit together.
        ArithmeticError: if the table cannot be inverted.
    """

    def __init__(
        self,
        f_lst: list[float],
        g_lst: list[list[float]],
        g_max: float | None = None,
        g_min: float | None = None,
        invertibility_test: bool = True,
    ) -> None:
        super().__init__(
            _DEFAULT_G_MAX if g_max is None else g_max, 0.0 if g_min is None else g_min
        )
        if not isinstance(f_lst, list):
            raise ValueError(f"f_lst must be a list, got {f_lst!r}")
        if not isinstance(g_lst, list) or not all(isinstance(row, list) for row in g_lst):
            raise ValueError("g_lst must be a list of lists of conductances")
        if len(g_lst) != 2 * len(f_lst):
            raise ValueError(
                f"g_lst must hold two rows for each of the {len(f_lst)} factors of f_lst, got "
                f"{len(g_lst)}"
            )
        if len({len(row) for row in g_lst}) != 1 or len(g_lst[0]) < 2:
            raise ValueError("the rows of g_lst must be equally long, with at least 2 nodes")
        self.f_lst = f_lst
        self.g_lst = g_lst
        if invertibility_test:
            self.invertibility_test()

    @no_grad()
    def convert_to_conductances(self, weights: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        """Return the interpolated rows of the table, in their order."""
        rows = torch.tensor(self.g_lst, dtype=torch.float64)
        factors = torch.tensor(self.f_lst, dtype=torch.float64)
        largest = float((factors @ (rows[::2] - rows[1::2])).abs().amax())
        ratio = largest / float(_largest(weights))
        nodes = torch.linspace(-largest, largest, rows.shape[1], dtype=torch.float64) / ratio
        slices = [interpolate(weights, nodes, row) for row in rows]
        return slices, {"scale_ratio": ratio, "f_lst": self.f_lst}

    @no_grad()
    def convert_back_to_weights(self, conductances: list[Tensor], params: dict[str, Any]) -> Tensor:
        """Return the scaled sum of the differences of the pairs."""
        factors = _param(params, "f_lst")
        if not isinstance(factors, list):
            raise TypeError(f"params['f_lst'] must be a list, got {type(factors).__name__}")
        _check_slices(conductances, 2 * len(factors))
        return _pair_sum(conductances, factors).div_(_param(params, "scale_ratio"))

    def invertibility_test(self) -> None:
        """Map some weights there and back.

        Raises:
            ArithmeticError: if they change.
        """
        weights = torch.linspace(-1, 1, 5).view(1, -1)
        back = self.convert_back_to_weights(*self.convert_to_conductances(weights))
        if not torch.allclose(weights, back, atol=1e-4):
            raise ArithmeticError(
                f"g_lst must describe weights that are linear in their node: {weights.tolist()} "
                f"become {back.tolist()}"
            )


class SingleDeviceConductanceConverter(_RangedConverter):
    r"""One device for each weight, which holds both signs.

    .. math::
        g = (W - \min W)\, r + g_{min}, \qquad r = (g_{max} - g_{min}) / (\max W - \min W)

    Args:
        g_max: largest conductance in microsiemens; 88.199997 if None.
        g_min: smallest conductance in microsiemens; 9 if None.

    Raises:
        ValueError: if a conductance is negative or `g_min >= g_max`.
    """

    def __init__(self, g_max: float | None = None, g_min: float | None = None) -> None:
        super().__init__(88.199997 if g_max is None else g_max, 9.0 if g_min is None else g_min)

    @no_grad()
    def convert_to_conductances(self, weights: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        """Return one slice; equal weights get the smallest conductance."""
        low, high = torch.aminmax(weights)
        ratio = (self.g_max - self.g_min) / (high - low).clamp(min=_ZERO_CLIP)
        return [(weights - low).mul_(ratio).add_(self.g_min)], {"scale_ratio": ratio, "min": low}

    @no_grad()
    def convert_back_to_weights(
        self, conductances: list[Tensor] | Tensor, params: dict[str, Any]
    ) -> Tensor:
        """Return the weights; accepts one slice, with or without the list around it, or rows."""
        if not isinstance(conductances, Tensor):
            if len(conductances) == 0:
                raise ValueError("conductances must hold 1 slice, got 0")
            one = len(conductances) == 1
            conductances = conductances[0] if one else torch.stack(list(conductances))
        low = _param(params, "min")
        return (conductances - self.g_min).div_(_param(params, "scale_ratio")).add_(low)
