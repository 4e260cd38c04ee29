# mypy: disable-error-code="no-untyped-def"

"""How compiled loops reach the memory of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["BLOCK", "VANISHING", "compiled", "pointer", "trailing_zeros"]

# elements that are worked on at a time where a loop is split, so that each part is vectorised
# by the compiler and finds its data in the nearest cache
BLOCK = 2048

# magnitude below which decaying values are zero, well above the smallest normal float
VANISHING = np.float32(1e-30)


@intrinsic
def pointer(typing_context: Any, address: Any) -> Any:
    """Turns an address into a pointer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Counts the zero bits of a word below its lowest one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], cgutils.true_bit)

    return types.uint64(types.uint64), generate


def compiled(function: Callable[..., Any]) -> Any:
    """Compiles a function at its first call, or loads what an earlier process compiled.

    Loading fails silently for functions that close over other compiled functions: what they
    share is therefore defined at the top of modules, for arrays of any type.
    """
    return njit(cache=True, nogil=True, error_model="numpy")(function)
