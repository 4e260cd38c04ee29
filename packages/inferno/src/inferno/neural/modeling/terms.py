"""Contributions to a parameter update, held until the update is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import overload

import torch
from torch import Tensor

__all__ = ["OuterSum", "SignedTerm", "Term", "UpdateTerms"]


@dataclass(slots=True, eq=False)
class OuterSum:
    r"""A weight update held as the factors of a sum of outer products.

    $$
    U = c \sum_r p_r q_r^\top
    $$

    Rules that pair presynaptic with postsynaptic quantities give such updates, with one row for
    every sample. The factors are much smaller than the weights, and often sparse.

    Args:
        post: postsynaptic factors $p$, shape ``(R, O)``.
        pre: presynaptic factors $q$, shape ``(R, I)``.
        scale: constant factor $c$.
        shape: shape of the update, with $O$ first and $I$ elements behind it.
    """

    post: Tensor
    pre: Tensor
    scale: float
    shape: tuple[int, ...]

    def dense(self) -> Tensor:
        """Returns the update as a tensor."""
        post = self.post if self.scale == 1.0 else self.post * self.scale
        return (post.t() @ self.pre).view(self.shape)

    def map(self, fn: Callable[[Tensor], Tensor]) -> OuterSum:
        """Returns the update with a function applied to both factors."""
        return replace(self, post=fn(self.post), pre=fn(self.pre))

    def __mul__(self, factor: float) -> OuterSum:
        return replace(self, scale=self.scale * factor)

    def __add__(self, other: OuterSum) -> OuterSum:
        post = other.post
        if other.scale != self.scale:
            post = post * (other.scale / self.scale)
        return replace(
            self, post=torch.cat((self.post, post)), pre=torch.cat((self.pre, other.pre))
        )


@dataclass(frozen=True)
class SignedTerm:
    """A depressing contribution that is given with its negative sign, not as a magnitude.

    Args:
        value: the contribution, not positive.
    """

    value: Tensor

    def map(self, fn: Callable[[Tensor], Tensor]) -> SignedTerm:
        """Returns the contribution with a function applied to its value."""
        return SignedTerm(fn(self.value))


Term = Tensor | OuterSum | SignedTerm
_KINDS = (Tensor, OuterSum, SignedTerm)


class UpdateTerms(Sequence[Tensor]):
    """The contributions to one side of an update, in the order in which they came.

    Factored contributions become tensors when they are read.
    """

    def __init__(self) -> None:
        self.entries: list[Term] = []

    @property
    def signed(self) -> bool:
        """Whether a contribution is given with its sign."""
        return any(isinstance(entry, SignedTerm) for entry in self.entries)

    @property
    def factored(self) -> bool:
        """Whether there is at most one contribution, and as factors of outer products."""
        return not self.entries or (len(self.entries) == 1 and type(self.entries[0]) is OuterSum)

    def append(self, term: Term) -> None:
        """Adds a contribution, cut off from any gradient.

        Args:
            term: contribution to the side, a nonnegative magnitude unless it is signed.

        Raises:
            TypeError: if it is neither a tensor nor one of the other kinds.
        """
        if not isinstance(term, _KINDS):
            raise TypeError(f"an update must be a tensor, got {type(term).__name__}")
        self.entries.append(term.detach() if isinstance(term, Tensor) else term)

    def clear(self) -> None:
        """Removes all contributions."""
        if self.entries:
            self.entries = []

    def apply(self, fn: Callable[[Tensor], Tensor]) -> None:
        """Replaces every tensor by a function of it, such as a move to a device."""
        self.entries = [fn(e) if isinstance(e, Tensor) else e.map(fn) for e in self.entries]

    def reduced(
        self, reduction: Callable[[Tensor, int], Tensor], magnitudes: bool = False
    ) -> Tensor | None:
        """Reduces the contributions to one tensor.

        Args:
            reduction: function ``(tensor, dim) -> tensor`` that drops the dimension.
            magnitudes: take signed contributions by their magnitude.

        Returns:
            The reduced contributions, or ``None`` if there are none.
        """
        if not self.entries:
            return None
        tensors = list(self)
        if magnitudes:
            signed = [isinstance(entry, SignedTerm) for entry in self.entries]
            tensors = [-t if s else t for t, s in zip(tensors, signed, strict=True)]
        if reduction is torch.sum and len(tensors) == 1:
            return tensors[0]
        # rules may update a whole row at once, with one element for it
        return reduction(torch.stack(torch.broadcast_tensors(*tensors), 0), 0)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...

    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self.entries)))]
        entry = self.entries[index]
        if isinstance(entry, OuterSum):
            entry = self.entries[index] = entry.dense()
        return entry.value if isinstance(entry, SignedTerm) else entry

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self.entries)))

    def __len__(self) -> int:
        return len(self.entries)
