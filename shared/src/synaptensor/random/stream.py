"""A stream of random numbers that belongs to one object."""

import copy
import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from synaptensor.validation import check_instance, check_integer

__all__ = ["RandomStream"]

P = ParamSpec("P")
R = TypeVar("R")

_KEY_LIMIT = 2**63
_NO_KEY = -1


def _outside_compiler(fn: Callable[P, R]) -> Callable[P, R]:
    # The compiler cannot trace generators and warns about it. Decorating with
    # torch.compiler.disable itself would import the compiler along with this module.
    @functools.wraps(fn)
    def method(*args: P.args, **kwargs: P.kwargs) -> R:
        if not torch.compiler.is_compiling():
            return fn(*args, **kwargs)
        result: R = torch.compiler.disable(fn)(*args, **kwargs)
        return result

    return method


class RandomStream:
    """Randomness keyed by `torch.manual_seed`, or by a seed or generator of its own.

    With neither `seed` nor `generator`, the key is one draw from torch's default CPU
    generator, taken when the stream is first used. Building an object therefore never
    shifts the initial weights of what is built after it, and copies made before the first
    use draw keys of their own. From then on the stream is independent of torch's
    generators; a copy continues with the same numbers, on its own.

    There is one sequence for each type of device. Moving from ``cuda:0`` to ``cuda:1``
    continues the sequence; moving from ``cpu`` to ``cuda`` starts another one.

    Under `torch.compile` a draw breaks the graph. Where the whole graph matters, pass noise
    in.

    Args:
        seed: Key in [0, 2**63).
        generator: Used as it is on its own device; the key for other devices and for
            `fork` and `next_seed` is drawn from it at first use.

    Raises:
        ValueError: If both are given, or the seed is out of range.
        TypeError: If one is of the wrong type.

    Example:
        >>> stream = RandomStream(seed=3)
        >>> noise = torch.randn(2, generator=stream.generator("cpu"))
    """

    def __init__(
        self, seed: int | None = None, *, generator: torch.Generator | None = None
    ) -> None:
        if seed is not None and generator is not None:
            raise ValueError("`seed` and `generator` must not both be given, got both")
        if generator is not None:
            check_instance("generator", generator, torch.Generator)
        self._key = None if seed is None else check_integer("seed", seed, 0, _KEY_LIMIT - 1)
        self._count = 0
        self._generators: dict[str, torch.Generator] = {}
        # States loaded for devices that have not been asked for yet.
        self._pending: dict[str, Tensor] = {}
        self._source = generator
        self._parent: RandomStream | None = None
        self._name = ""
        if generator is not None:
            self._generators[generator.device.type] = generator

    @property
    def seed(self) -> int:
        """The key of the stream; drawn now if nothing has been drawn yet."""
        if self._key is None:
            self._key = self._draw_key()
        return self._key

    @property
    def keyed(self) -> bool:
        """Whether the key is known, that is given, loaded or already drawn."""
        return self._key is not None

    @_outside_compiler
    def generator(self, device: torch.device | str = "cpu") -> torch.Generator:
        """Return the generator for `device`, to be passed to torch as ``generator=``."""
        place = torch.device(device)
        present = self._generators.get(place.type)
        if present is not None and place.index in (None, present.device.index):
            return present
        if present is not None and place.type == "cpu":
            return present
        generator = torch.Generator(device=place)
        if present is not None:
            generator.set_state(present.get_state())
        elif place.type in self._pending:
            generator.set_state(self._pending.pop(place.type))
        else:
            generator.manual_seed(_derive(self.seed, f"device:{place.type}"))
        self._generators[place.type] = generator
        return generator

    @_outside_compiler
    def uniform(
        self,
        size: Sequence[int],
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Return uniform numbers in [0, 1) of shape `size`."""
        generator = self.generator(device)
        return torch.rand(tuple(size), generator=generator, device=device, dtype=dtype)

    @_outside_compiler
    def normal(
        self,
        size: Sequence[int],
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Return standard normal numbers of shape `size`."""
        generator = self.generator(device)
        return torch.randn(tuple(size), generator=generator, device=device, dtype=dtype)

    @_outside_compiler
    def bernoulli(self, probability: Tensor) -> Tensor:
        """Return 1 with the given probability and 0 otherwise, elementwise."""
        return torch.bernoulli(probability, generator=self.generator(probability.device))

    @_outside_compiler
    def next_seed(self) -> int:
        """Return a new seed in [0, 2**63), for example for a kernel with its own generator."""
        seed = _derive(self.seed, f"seed:{self._count}")
        self._count += 1
        return seed

    def fork(self, name: str) -> "RandomStream":
        """Return a statistically independent stream that is a function of (key, name).

        Forking draws nothing: the child asks its parent for the key at its own first use.
        The same name gives the same numbers again.
        """
        check_instance("name", name, str)
        child = RandomStream()
        child._parent = self
        child._name = name
        return child

    def reset(self, seed: int | None = None) -> None:
        """Start anew: with the given seed, or with a key drawn at the next use.

        A generator given at construction stays in use, in the state in which it is.
        """
        self._key = None if seed is None else check_integer("seed", seed, 0, _KEY_LIMIT - 1)
        self._count = 0
        self._generators.clear()
        self._pending.clear()
        if self._source is not None:
            self._generators[self._source.device.type] = self._source

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state as tensors: ``key`` (-1: not drawn yet), ``count``, device states."""
        key = _NO_KEY if self._key is None else self._key
        state = {"key": torch.tensor(key), "count": torch.tensor(self._count)}
        state.update({device: value.clone() for device, value in self._pending.items()})
        state.update({device: g.get_state() for device, g in self._generators.items()})
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continue exactly where the stream that gave `state` stood.

        Raises:
            KeyError: If ``key`` or ``count`` is missing.
            RuntimeError: If the state of the CPU is none of a generator. Nothing is changed in
                either case.
        """
        for name in ("key", "count"):
            if name not in state:
                raise KeyError(f"`state` must hold {name!r}, got {sorted(state)}")
        key = int(state["key"])
        count = int(state["count"])
        devices = {
            name: value.detach().to("cpu", torch.uint8, copy=True)
            for name, value in state.items()
            if name not in ("key", "count")
        }
        if "cpu" in devices:
            torch.Generator().set_state(devices["cpu"])  # refuses what is no state
        self.reset(None if key == _NO_KEY else key)
        self._count = count
        for device, value in devices.items():
            if device == "cpu":
                self._generators.setdefault(device, torch.Generator()).set_state(value)
            elif device in self._generators:
                self._generators[device].set_state(value)
            else:
                self._pending[device] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> "RandomStream":
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        new.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return new

    def __getstate__(self) -> dict[str, Any]:
        source = None if self._source is None else str(self._source.device)
        private = {"parent": self._parent, "name": self._name, "source": source}
        return {"state": self.state_dict(), **private}

    def __setstate__(self, state: dict[str, Any]) -> None:
        source = None if state["source"] is None else torch.Generator(device=state["source"])
        RandomStream.__init__(self, generator=source)
        self._parent, self._name = state["parent"], state["name"]
        self.load_state_dict(state["state"])

    def __repr__(self) -> str:
        key = "not drawn yet" if self._key is None else self._key
        return f"{type(self).__name__}(seed={key})"

    def _draw_key(self) -> int:
        if self._parent is not None:
            return _derive(self._parent.seed, f"fork:{self._name}")
        if self._source is not None:
            draw = torch.randint(
                _KEY_LIMIT - 1, (), generator=self._source, device=self._source.device
            )
            return int(draw)
        return int(torch.randint(_KEY_LIMIT - 1, (), device="cpu"))


def _derive(key: int, purpose: str) -> int:
    digest = hashlib.blake2b(f"{key}:{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % _KEY_LIMIT
