"""Checks of a checkpoint before anything of a module with several tiles is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import Module

from aihwkit.simulator.tiles.module import TileModule

__all__ = ["check_loadable", "loading_problems"]


def loading_problems(module: Module, state_dict: Mapping[str, Any]) -> list[str]:
    """Return why tiles and ordinary parameters of a module cannot take a checkpoint.

    Absent entries are no problem here; modules with a way of loading of their own, such as
    quantisers, are left alone.

    Args:
        module: module with tiles.
        state_dict: what its `load_state_dict` got.
    """
    problems: list[str] = []
    inside: set[Module] = set()
    for name, part in module.named_modules():
        prefix = f"{name}." if name else ""
        if isinstance(part, TileModule):
            inside.update(part.modules())
            problems += part.state_problems(state_dict, prefix)
        elif (
            part not in inside and type(part)._load_from_state_dict is Module._load_from_state_dict
        ):
            for key, tensor in part.named_parameters(recurse=False):
                stored = state_dict.get(prefix + key)
                if isinstance(stored, Tensor) and stored.shape != tensor.shape:
                    problems.append(
                        f"size mismatch for {prefix}{key}: copying a param with shape "
                        f"{tuple(stored.shape)} from checkpoint, the shape in current model is "
                        f"{tuple(tensor.shape)}."
                    )
    return problems


def check_loadable(module: Module, state_dict: Mapping[str, Any]) -> None:
    """Refuse a checkpoint that does not fit, before anything is written.

    Raises:
        RuntimeError: if something does not fit.
    """
    problems = loading_problems(module, state_dict)
    if problems:
        name = type(module).__name__
        raise RuntimeError("\n\t".join([f"Error(s) in loading state_dict for {name}:", *problems]))
