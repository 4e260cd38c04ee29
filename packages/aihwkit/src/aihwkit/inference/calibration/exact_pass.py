"""Tiles that compute exactly for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from aihwkit.functional.settings import MVMSettings

__all__ = ["exact_products"]


@contextmanager
def exact_products(tiles: Iterable[Any]) -> Iterator[None]:
    """Let tiles multiply exactly and take inputs of any size, so that they see true activations."""
    with ExitStack() as stack:
        for tile in tiles:
            stack.enter_context(_exact_product(tile))
        yield


@contextmanager
def _exact_product(tile: Any) -> Iterator[None]:
    io = tile.rpu_config.forward
    perfect, settings = io.is_perfect, getattr(tile.tile, "forward_settings", None)
    input_range = getattr(tile, "input_range", None)
    io.is_perfect = True
    if settings is not None:
        tile.tile.forward_settings = MVMSettings(is_perfect=True, out_scale=settings.out_scale)
    if input_range is not None:
        tile.input_range = None
    try:
        yield
    finally:
        io.is_perfect = perfect
        if settings is not None:
            tile.tile.forward_settings = settings
        if input_range is not None:
            tile.input_range = input_range
