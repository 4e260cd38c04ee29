"""Calls that ought to work or to be refused: constructors, and forward passes."""

import importlib
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch
from tests.integration.fuzz.targets import Target
from tests.integration.fuzz.values import junk, parameters_of, plausible
from tests.integration.fuzz.verdict import judge
from torch import nn

from synaptensor.testing import ModuleContract, assert_state_unchanged

__all__ = ["call_class", "call_module", "contracts", "spoiled"]

FOLDER = Path(tempfile.gettempdir()) / "no such folder"
CONTRACTS = (
    "tests.pynsm.arch.test_contract",
    "tests.bioplnn.models.test_contract",
    "tests.inferno.neural.test_contract",
    "tests.inferno.observe.reducers.test_contract",
    "tests.aihwkit.nn.test_contract",
    "tests.aihwkit.tiles.test_contract",
)
# Their `make` wraps the module in one that moves it to the type of its input.
ADAPTED = ("TestConnectomeODEClassifier",)
# What a module may say about an input; torch tells by a RuntimeError that shapes do not fit.
_ABOUT_INPUTS = (ValueError, TypeError, RuntimeError)
_CALLS = 4


def call_class(target: Target, random: Random) -> str | None:
    """Make objects with arguments of which some are junk; return how one slipped, if it did.

    Half of the later calls spoil one argument of a call that is known to work.
    """
    working: dict[str, Any] = {}
    for _ in range(_CALLS):
        slip = _call_once(target, random, working)
        if slip is not None:
            return slip
    return None


def _call_once(target: Target, random: Random, working: dict[str, Any]) -> str | None:
    parameters = parameters_of(target.call)
    if working and random.random() < 0.5:
        arguments = dict(working)
    else:
        arguments = {
            name: plausible(hint, name, random, FOLDER)
            for name, hint, required in parameters
            if required or random.random() < 0.2
        }
    spoil = bool(parameters) and random.random() < 0.7
    if spoil:
        arguments[random.choice(parameters)[0]] = junk(random)
    try:
        with assert_state_unchanged(arguments):
            target.call(**arguments)
    except Exception as error:
        slip = judge(error, target.call)
        return None if slip is None or _is_out_of_memory(error) else f"{target.name}: {slip}"
    if not spoil and not working:
        working.update(arguments)
    return None


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "allocate memory" in str(error)


def contracts() -> Iterator[tuple[str, ModuleContract]]:
    """The modules of the contract tests, each with its name."""
    for module in CONTRACTS:
        for name, cls in vars(importlib.import_module(module)).items():
            if (
                name.startswith("Test")
                and name not in ADAPTED
                and isinstance(cls, type)
                and issubclass(cls, ModuleContract)
            ):
                yield f"{module.removeprefix('tests.')}.{name}", cls()


def spoiled(value: Any, random: Random) -> Any:
    """An input that is wrong, or at least odd: of another kind, type, rank or size."""
    if not isinstance(value, torch.Tensor):
        return junk(random)
    changes = (
        lambda t: t.unsqueeze(0), lambda t: t[..., None], lambda t: t.flatten(), lambda t: t[:0],
        lambda t: t[0], lambda t: torch.cat([t, t], -1), lambda t: torch.cat([t, t[:1]]),
        lambda t: t.to(torch.complex64), lambda t: t.int(), lambda t: t.bool(),
        lambda t: t.double(), lambda t: t.float() * math.nan, lambda t: t.float() + math.inf,
        lambda t: torch.tensor(1.0), lambda t: torch.tensor([]), lambda t: t.tolist(),
        lambda t: t.numpy(), lambda t: None, lambda t: "x", lambda t: 3, lambda t: (t, t),
    )  # fmt: skip
    return random.choice(changes)(value)


def call_module(module: nn.Module, inputs: tuple[Any, ...], random: Random) -> str | None:
    """Call a module with a spoiled input; return how it slipped or what changed, if it did."""
    index = random.randrange(len(inputs)) if inputs else 0
    inputs = tuple(spoiled(x, random) if i == index else x for i, x in enumerate(inputs))
    before = {k: v.clone() if hasattr(v, "clone") else v for k, v in _state(module).items()}
    try:
        with torch.no_grad():
            module(*inputs)
    except _ABOUT_INPUTS as error:
        if not str(error):
            return "an error without a message"
        after = _state(module)
        changed = [k for k in before if not _same(before[k], after.get(k))]
        if changed or before.keys() != after.keys():
            return f"{type(error).__name__}: {error}, but it changed {', '.join(changed)}"
    except Exception as error:
        return judge(error, type(module).forward)
    return None


def _state(module: nn.Module) -> dict[str, Any]:
    return dict(module.state_dict())


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a.nan_to_num(), b.nan_to_num())
    return type(a) is type(b)
