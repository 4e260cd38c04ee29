"""Small helpers on plain Python containers."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn


def pass_fn(*args: Any, **kwargs: Any) -> None:
    """Accept anything and return ``None``."""


def without_keys(d: Mapping[str, Any], keys: list[str]) -> dict[str, Any]:
    """Copy a mapping without some of its keys; keys that are not there are ignored."""
    return {key: value for key, value in d.items() if key not in keys}


def is_list_like(x: Any) -> bool:
    """Say whether ``x`` is an ordered container: iterable, sized and indexable from 0.

    Strings and mappings are not; empty lists, arrays and tensors with a dimension are.
    """
    if isinstance(x, str | Mapping):
        return False
    try:
        iter(x)
        if len(x) > 0:
            x[0]
    except (TypeError, KeyError, IndexError):
        return False
    return True


def dict_flatten(
    d: Mapping[str, Any], delimiter: str = ".", key: str | None = None
) -> dict[str, Any]:
    """Flatten nested mappings to one level, joining the path with ``delimiter``.

    Args:
        d: Nested mapping.
        delimiter: Put between the parts of a path.
        key: Prefix of every path.

    Returns:
        The plain values of this level first, then the flattened children.

    Raises:
        ValueError: Two paths give the same flattened key.
    """
    prefix = "" if key is None else f"{key}{delimiter}"
    flat = {f"{prefix}{k}": v for k, v in d.items() if not isinstance(v, Mapping)}
    for k, v in d.items():
        if not isinstance(v, Mapping):
            continue
        for path, value in dict_flatten(v, delimiter, f"{prefix}{k}").items():
            if path in flat:
                raise ValueError(f"d must flatten to distinct keys, got {path!r} twice")
            flat[path] = value
    return flat


def _is_scalar(x: Any) -> bool:
    # A module container such as nn.Sequential is one activation, not a list of them.
    return isinstance(x, nn.Module) and not isinstance(x, nn.ModuleList)


def _nesting(x: Any) -> int:
    """Count the levels of lists in ``x`` along its deepest branch."""
    if isinstance(x, torch.Tensor):
        return x.ndim
    if isinstance(x, np.ndarray) and x.dtype != object:
        return x.ndim
    if _is_scalar(x):
        return 0
    if hasattr(x, "iloc"):
        x = x.to_numpy()
    if not is_list_like(x):
        return 0
    return 1 + max((_nesting(element) for element in x), default=0)


def expand_list(x: Any, n: int, depth: int = 0) -> Any:
    """Repeat one value ``n`` times, or check that a list has ``n`` entries.

    Args:
        x: One value, or a list of values. Strings and single modules count as one value.
        n: Number of entries wanted.
        depth: Levels of lists one value has by itself (1 for a value such as ``(3, 3)``);
            -1 says that ``x`` is a list already.

    Returns:
        ``[x] * n``, or ``x`` itself if it is a list.

    Raises:
        ValueError: ``n < 1``, the list has another length, or ``x`` is ``None`` at depth -1.
        TypeError: ``x`` has no length at depth -1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if depth < 0:
        if x is None:
            raise ValueError(f"x must be a list of length {n}, got None")
    elif _nesting(x) < depth + 1 or len(x) == 0:
        return [x] * n
    if len(x) != n:
        raise ValueError(f"x must be one value or a list of length {n}, got length {len(x)}")
    return x


def expand_array_2d(x: Any, m: int, n: int, depth: int = 0) -> np.ndarray:
    """Fill an ``(m, n)`` object array with one value, or check that a table has that shape.

    Args:
        x: One value, or a nested list, array, tensor or DataFrame of ``m`` rows by ``n`` columns.
        m: Number of rows.
        n: Number of columns.
        depth: Levels of lists one value has by itself (1 for pairs such as ``(3, 3)``).

    Returns:
        Object array of shape ``(m, n)``.

    Raises:
        ValueError: ``m`` or ``n`` is below 1, or the table has another shape.
    """
    if m < 1 or n < 1:
        raise ValueError(f"m and n must be at least 1, got {m} and {n}")
    result = np.empty((m, n), dtype=object)
    if _nesting(x) < max(2, depth + 1) and not (is_list_like(x) and len(x) == 0):
        for index in np.ndindex(m, n):
            result[index] = x
        return result
    rows = x.to_numpy() if hasattr(x, "iloc") else x
    if len(rows) != m or any(not is_list_like(row) or len(row) != n for row in rows):
        lengths = [len(row) if is_list_like(row) else "no list" for row in rows]
        raise ValueError(
            f"x must be one value or a table of shape ({m}, {n}), "
            f"got {len(rows)} rows of lengths {lengths}"
        )
    for i, j in np.ndindex(m, n):
        value = rows[i][j]
        result[i, j] = value.item() if isinstance(value, torch.Tensor) and not depth else value
    return result


def check_possible_values(param_name: str, params: Iterable[Any], valid_values: Any) -> None:
    """Check that every element of ``params`` is one of ``valid_values``.

    Raises:
        ValueError: An element is not.
    """
    for value in np.asarray(params, dtype=object).ravel():
        if value not in valid_values:
            allowed = ", ".join(repr(v) for v in valid_values)
            raise ValueError(f"{param_name} must be one of {{{allowed}}}, got {value!r}")
