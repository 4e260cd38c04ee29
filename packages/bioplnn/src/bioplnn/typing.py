"""Type aliases used in the signatures of the package."""

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, Union

import torch
from numpy.typing import NDArray

T = TypeVar("T")

TensorInitFnType: TypeAlias = Callable[..., torch.Tensor]
"""Called with the shape as positional integers, optionally with ``device=`` and ``dtype=``."""

ActivationFnType: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

PathLikeType: TypeAlias = os.PathLike | str

# ``typing.Union`` on purpose: these aliases stay subscriptable generics.
ListLike: TypeAlias = Union[Sequence[T], NDArray[Any]]  # noqa: UP007
ScalarOrListLike: TypeAlias = Union[T, ListLike[T]]  # noqa: UP007
NeuronTypeParam: TypeAlias = ScalarOrListLike[T]
Array2dType: TypeAlias = Union[Sequence[Sequence[T]], NDArray[Any]]  # noqa: UP007
ScalarOrArray2dType: TypeAlias = Union[T, Array2dType[T]]  # noqa: UP007
CircuitParam: TypeAlias = ScalarOrArray2dType[T]
InterAreaParam: TypeAlias = ScalarOrArray2dType[T]

__all__ = [
    "ActivationFnType",
    "Array2dType",
    "CircuitParam",
    "InterAreaParam",
    "ListLike",
    "NeuronTypeParam",
    "PathLikeType",
    "ScalarOrArray2dType",
    "ScalarOrListLike",
    "T",
    "TensorInitFnType",
]
