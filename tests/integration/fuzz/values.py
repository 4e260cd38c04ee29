"""Arguments by annotation and name: values that make sense, and values that do not."""

import collections.abc
import enum
import inspect
import math
import types
import typing
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["junk", "parameters_of", "plausible"]

_JUNK = (
    None, True, -1, 0, 0.0, 3, 1.5, -0.5, math.nan, math.inf, -math.inf, 2**70, 1e300, 1j,
    "x", "", b"x", (), [], [1, 2], (3, 3), (0,), (-1, 2), ("a",), [None], [[1], [2, 3]],
    {}, {"a": 1}, {1: None}, set(), object(), int, len, slice(None), range(0),
    np.zeros(2), np.float32(1.0), np.int64(3), np.array(["x"]), torch.float32,
)  # fmt: skip
_SHAPES = ((), (1,), (3,), (4,), (2, 3), (3, 3), (4, 3), (2, 3, 4), (2, 1, 4, 4))
_ODD_SHAPES = ((0,), (2, 0), (0, 3), (5, 7), (1, 1, 1, 1, 1, 1))
_NUMBERS = {
    int: (1, 2, 3, 4),
    float: (0.1, 0.5, 1.0, 2.0, 10.0),
    bool: (False, True),
    complex: (1j,),
}
_WORDS = ("mean", "sum", "relu", "max", "none", "cpu", "linear", "a", "weight", "x")


def junk(random: Random) -> Any:
    """A value that hardly any argument takes."""
    if random.random() < 0.25:
        return _odd_tensor(random)
    return random.choice(_JUNK)


def _odd_tensor(random: Random) -> torch.Tensor:
    tensor = torch.ones(random.choice(_SHAPES + _ODD_SHAPES))
    kinds = (
        lambda t: t * math.nan, lambda t: t * math.inf, torch.neg, torch.zeros_like,
        torch.Tensor.int, torch.Tensor.bool, torch.Tensor.double, torch.Tensor.half,
        lambda t: t.to(torch.complex64), lambda t: t.to("meta"), torch.Tensor.to_sparse,
        lambda t: t.clone().requires_grad_(),
    )  # fmt: skip
    return random.choice(kinds)(tensor)


def _tensor(random: Random) -> torch.Tensor:
    shape = random.choice(_SHAPES)
    values = torch.tensor([random.random() for _ in range(math.prod(shape))]).view(shape)
    return values > 0.5 if random.random() < 0.15 else values


def plausible(annotation: Any, name: str, random: Random, folder: Path, depth: int = 0) -> Any:
    """A value that an annotation and a name allow."""
    if name in ("path", "file", "filename", "folder", "root") and random.random() < 0.7:
        return folder / random.choice(["a.pt", "b", "c.png"])
    if isinstance(annotation, typing.TypeVar):
        annotation = annotation.__bound__ or Any
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return plausible(args[0], name, random, folder, depth)
    if origin is typing.Literal:
        return random.choice(args)
    if origin in (typing.Union, types.UnionType):
        return plausible(random.choice(args), name, random, folder, depth)
    if annotation in _NUMBERS:
        return random.choice(_NUMBERS[annotation])
    if annotation in (None, type(None)):
        return None
    if annotation is str:
        return random.choice(_WORDS)
    return _container(annotation, origin, args, name, random, folder, depth)


def _container(
    annotation: Any, origin: Any, args: Any, name: str, random: Random, folder: Path, depth: int
) -> Any:
    def inner(what: Any) -> Any:
        return plausible(what, name, random, folder, depth + 1)

    kind = origin or annotation
    if depth > 3:
        return None
    if kind is tuple and args and args[-1] is not Ellipsis:
        return tuple(inner(arg) for arg in args)
    if kind in (tuple, list, set, collections.abc.Sequence, collections.abc.Iterable,
                collections.abc.Collection, collections.abc.Iterator):  # fmt: skip
        item = args[0] if args else Any
        items = [inner(item) for _ in range(random.choice((1, 2, 2, 3)))]
        return (
            items
            if kind is list
            else (iter(items) if kind is collections.abc.Iterator else tuple(items))
        )
    if kind in (dict, collections.abc.Mapping, collections.abc.MutableMapping):
        key, value = args or (str, Any)
        return {inner(key): inner(value) for _ in range(random.choice((0, 1, 2)))}
    if kind is collections.abc.Callable:
        return random.choice(
            (torch.relu, torch.abs, lambda *a, **k: a[0] if a else None, nn.ReLU())
        )
    if kind is type:
        return args[0] if args and inspect.isclass(args[0]) else nn.ReLU
    return _object(kind, random, folder, depth)


def _object(kind: Any, random: Random, folder: Path, depth: int) -> Any:
    made = {
        torch.Tensor: lambda: _tensor(random),
        nn.Parameter: lambda: nn.Parameter(torch.rand(3, 3)),
        nn.Module: lambda: random.choice((nn.Linear(3, 4), nn.ReLU(), nn.Conv2d(1, 2, 3))),
        torch.Generator: lambda: torch.Generator().manual_seed(0),
        torch.Size: lambda: torch.Size(random.choice(_SHAPES)),
        torch.device: lambda: torch.device("cpu"),
        torch.dtype: lambda: random.choice((torch.float32, torch.float64, torch.bool)),
        torch.optim.Optimizer: lambda: torch.optim.SGD([nn.Parameter(torch.ones(3))], lr=0.1),
        Path: lambda: folder / "a",
        np.ndarray: lambda: _tensor(random).numpy(),
        np.random.Generator: lambda: np.random.default_rng(0),
    }
    if kind in made:
        return made[kind]()
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return random.choice(list(kind))
    if inspect.isclass(kind) and kind.__module__.split(".")[0] not in ("builtins", "typing"):
        return _made(kind, random, folder, depth)
    loose = (
        1,
        2,
        0.5,
        "mean",
        None,
        True,
        (3,),
        (2, 3),
        _tensor(random),
        _tensor(random),
        nn.Linear(3, 4),
    )
    return random.choice(loose)


def _made(kind: type, random: Random, folder: Path, depth: int) -> Any:
    """An object of a class, or of one that follows it, whose constructor takes what is drawn."""
    kinds = [kind, *kind.__subclasses__()]
    for _ in range(4):
        try:
            return arguments_for(random.choice(kinds), random, folder, depth + 1)[1]
        except Exception:
            continue
    return None


def arguments_for(call: Any, random: Random, folder: Path, depth: int = 0) -> tuple[dict, Any]:
    """Plausible arguments by name, and what a call with them gives."""
    arguments = {
        name: plausible(hint, name, random, folder, depth)
        for name, hint, required in parameters_of(call)
        if required or (depth == 0 and random.random() < 0.15)
    }
    return arguments, call(**arguments)


def parameters_of(call: Any) -> list[tuple[str, Any, bool]]:
    """Name, annotation and whether it must be given, of every named parameter."""
    try:
        signature = inspect.signature(call)
    except ValueError:
        return []
    source = call.__init__ if inspect.isclass(call) else call
    try:
        hints = typing.get_type_hints(source)
    except Exception:
        hints = {}
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        (name, hints.get(name, Any), parameter.default is inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
        if parameter.kind in named
    ]
