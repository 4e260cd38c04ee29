"""Collection, bounding and application of updates to one parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from inferno import Module
from inferno.functional import FullBounding, HalfBounding
from inferno.neural.kernels import outer_update_, sole_user
from synaptensor.tensors import broadcastable
from synaptensor.validation import check_callable

from .terms import Term, UpdateTerms

__all__ = ["Accumulator"]

Reduction = Callable[[Tensor, int], Tensor]
_Bound = tuple[Callable[..., Tensor], tuple[Any, ...], dict[str, Any]]


class Accumulator(Module):
    r"""Collects the potentiating and depressing parts of updates to one parameter.

    The parts are magnitudes. Without bounds a parameter $P$ becomes

    $$
    P \leftarrow P + \sum_j u_j^+ - \sum_j u_j^-
    $$

    Bounds scale the two parts by functions of the parameter.

    Attributes:
        reduce: function that reduces the contributions of one side, over dimension 0.
    """

    def __init__(self) -> None:
        Module.__init__(self)
        self._pos = UpdateTerms()
        self._neg = UpdateTerms()
        self._reduced: dict[str, Tensor | None] = {}
        self._upper: _Bound | None = None
        self._lower: _Bound | None = None
        self._full: _Bound | None = None
        self.reduce: Reduction = torch.sum

    @property
    def pos(self) -> Tensor | None:
        """Reduced potentiating part; assigning appends, deleting empties."""
        if "pos" not in self._reduced:
            self._reduced["pos"] = self._pos.reduced(self.reduce)
        return self._reduced["pos"]

    @pos.setter
    def pos(self, value: Term | None) -> None:
        self._append("pos", self._pos, value)

    @pos.deleter
    def pos(self) -> None:
        self._pos.clear()
        self._reduced.pop("pos", None)

    @property
    def neg(self) -> Tensor | None:
        """Reduced depressing part; assigning appends, deleting empties."""
        if "neg" not in self._reduced:
            self._reduced["neg"] = self._neg.reduced(self.reduce)
        return self._reduced["neg"]

    @neg.setter
    def neg(self, value: Term | None) -> None:
        self._append("neg", self._neg, value)

    @neg.deleter
    def neg(self) -> None:
        self._neg.clear()
        self._reduced.pop("neg", None)

    @property
    def bind(self) -> Callable[[Tensor, Tensor | None, Tensor | None], Tensor | None]:
        """Function of parameter, potentiating and depressing part that gives the update."""
        return self._bounded

    def reduction(self, fn: Reduction | None = None) -> None:
        """Sets how the contributions of one side are reduced.

        Args:
            fn: function ``(tensor, dim) -> tensor`` that drops the dimension; a sum if ``None``.
        """
        self.reduce = torch.sum if fn is None else check_callable("fn", fn)
        self._reduced.clear()

    def upperbound(
        self, bound: HalfBounding | None, max: float | None = None, /, **kwargs: Any
    ) -> None:
        """Scales the potentiating part by a function of the parameter.

        Args:
            bound: bounding function; ``None`` removes the bound.
            max: upper limit of the parameter.
            **kwargs: further arguments of ``bound``.
        """
        _check_bound(bound)
        self._full = None
        self._upper = None if bound is None else (bound, (max,), kwargs)

    def lowerbound(
        self, bound: HalfBounding | None, min: float | None = None, /, **kwargs: Any
    ) -> None:
        """Scales the depressing part by a function of the parameter.

        Args:
            bound: bounding function; ``None`` removes the bound.
            min: lower limit of the parameter.
            **kwargs: further arguments of ``bound``.
        """
        _check_bound(bound)
        self._full = None
        self._lower = None if bound is None else (bound, (min,), kwargs)

    def fullbound(
        self,
        bound: FullBounding | None,
        max: float | None = None,
        min: float | None = None,
        /,
        **kwargs: Any,
    ) -> None:
        """Bounds both parts by one function; discards bounds on either part.

        Args:
            bound: bounding function; ``None`` removes the bound.
            max: upper limit of the parameter.
            min: lower limit of the parameter.
            **kwargs: further arguments of ``bound``.
        """
        _check_bound(bound)
        self._upper = self._lower = None
        self._full = None if bound is None else (bound, (max, min), kwargs)

    def clear(self, **kwargs: Any) -> None:
        """Removes all contributions; bounds and reduction stay."""
        self._pos.clear()
        self._neg.clear()
        self._reduced.clear()

    def update(self, param: Tensor, **kwargs: Any) -> Tensor | None:
        """Computes the bounded update without applying it.

        Args:
            param: parameter to update; unused without bounds.
            **kwargs: ignored.

        Returns:
            The update, or ``None`` if nothing was collected.
        """
        neg = self._neg.reduced(self.reduce, True) if self._neg.signed else self.neg
        return self._bounded(param, self.pos, neg)

    def forward(self, param: Tensor, **kwargs: Any) -> Tensor:
        """Computes the updated parameter.

        Args:
            param: parameter to update.
            **kwargs: ignored.

        Returns:
            The updated parameter, or ``param`` itself if nothing was collected.
        """
        if self._fusable():
            updated = param.detach().clone()
            if self._apply_to(updated):
                return updated
        update = self.update(param)
        if update is None:
            return param
        if not broadcastable(update.shape, param.shape):
            raise ValueError(
                f"updates must be of the shape {tuple(param.shape)} of the parameter, "
                f"got {tuple(update.shape)}"
            )
        return param + update

    def update_(self, param: Tensor) -> bool:
        """Updates a parameter in place, if that is possible and nobody holds its present values.

        Args:
            param: parameter to update.

        Returns:
            Whether it was done.
        """
        fusable = self._fusable() and isinstance(param, nn.Parameter)
        return fusable and sole_user(param) and self._apply_to(param)

    def _fusable(self) -> bool:
        """Whether nothing but factored contributions and an upper bound count."""
        plain = self._full is None and self._lower is None and self.reduce is torch.sum
        return plain and self._pos.factored and self._neg.factored

    def _apply_to(self, param: Tensor) -> bool:
        return outer_update_(param, self._pos.entries, self._neg.entries, self._upper)

    def _append(self, side: str, terms: UpdateTerms, value: Term | None) -> None:
        if value is not None:
            terms.append(value)
            self._reduced.pop(side, None)

    def _bounded(self, param: Tensor, pos: Tensor | None, neg: Tensor | None) -> Tensor | None:
        if pos is None and neg is None:
            return None
        if self._full is not None:
            pos = torch.zeros_like(neg) if pos is None else pos  # type: ignore[arg-type]
            neg = torch.zeros_like(pos) if neg is None else neg
            return _call_bound(self._full, param, pos, neg)
        if pos is not None and self._upper is not None:
            pos = _call_bound(self._upper, param, pos)
        if neg is not None and self._lower is not None:
            neg = _call_bound(self._lower, param, neg)
        if pos is None:
            return -neg  # type: ignore[operator]
        return pos if neg is None else pos - neg

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Accumulator:
        Module._apply(self, fn, recurse)
        self._pos.apply(fn)
        self._neg.apply(fn)
        self._reduced.clear()
        return self


def _check_bound(bound: Callable[..., Tensor] | None) -> None:
    if bound is not None:
        check_callable("bound", bound)


def _call_bound(bound: _Bound, param: Tensor, *parts: Tensor) -> Tensor:
    function, limits, kwargs = bound
    return function(param, *parts, *limits, **kwargs)
