"""Changes that one part of a configuration makes in another."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from synaptensor.validation import check_instance, suggest


def apply_overrides(config: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the entry ``overrides`` of a configuration into the rest of it.

    A mapping merges key by key; keys must be there already, so that a misspelt one is found. A
    list merges entry by entry with a list of the same length, or with a mapping from positions:
    ``{0: {...}}`` reaches the first area of a model however many it has. Everything else replaces
    a value of the same kind; ``None`` can be replaced by anything.

    Args:
        config: Configuration; stays as it is.

    Returns:
        The configuration without ``overrides``.

    Raises:
        KeyError: A key is not there.
        ValueError: Lengths differ or a position is not there.
        TypeError: A value has another kind.
    """
    merged = copy.deepcopy(dict(check_instance("config", config, Mapping)))
    changes = merged.pop("overrides", None)
    return _merge(merged, changes, "overrides") if changes else merged


def _merge(old: Any, new: Any, where: str) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return _merge_mapping(dict(old), new, where)
    if isinstance(old, list) and isinstance(new, Mapping):
        return _merge_positions(list(old), new, where)
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            raise ValueError(f"{where} must have {len(old)} entries, got {len(new)}")
        pairs = enumerate(zip(old, new, strict=True))
        return [_merge(a, b, f"{where}[{i}]") for i, (a, b) in pairs]
    if old is not None and new is not None and not _same_kind(old, new):
        raise TypeError(f"{where} must be {type(old).__name__}, got {new!r}")
    return new


def _merge_mapping(old: dict[str, Any], new: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key, value in new.items():
        if key not in old:
            raise KeyError(
                f"{where} must name keys of the configuration, got {key!r}"
                f"{suggest(str(key), [str(k) for k in old])}"
            )
        old[key] = _merge(old[key], value, f"{where}.{key}")
    return old


def _merge_positions(old: list[Any], new: Mapping[Any, Any], where: str) -> list[Any]:
    for key, value in new.items():
        position = int(key)
        if not -len(old) <= position < len(old):
            raise ValueError(f"{where} must name positions below {len(old)}, got {key!r}")
        old[position] = _merge(old[position], value, f"{where}[{position}]")
    return old


def _same_kind(old: Any, new: Any) -> bool:
    numbers = (int, float)
    both_numbers = isinstance(old, numbers) and isinstance(new, numbers)
    return type(old) is type(new) or (
        both_numbers and not isinstance(old, bool) and not isinstance(new, bool)
    )
