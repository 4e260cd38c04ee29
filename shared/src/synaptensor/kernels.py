"""Interchangeable implementations behind one signature, and the choice between them.

The choice is automatic (the first usable kernel for the device, by priority) unless it is
forced: by an argument, by `use_kernel`, or by the environment variable ``SYNAPTENSOR_KERNEL``,
in this order. A forced kernel that cannot run raises and says why.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import torch

from synaptensor.optional import is_installed
from synaptensor.validation import check_instance, suggest

__all__ = ["ENVIRONMENT_VARIABLE", "KernelRegistry", "capabilities", "is_forcing", "use_kernel"]

ENVIRONMENT_VARIABLE = "SYNAPTENSOR_KERNEL"
F = TypeVar("F", bound=Callable[..., Any])
# Innermost first. One list for the process and not one a thread, because autograd runs the
# backward pass on threads of its own.
_forced: list[tuple[str, str | None]] = []


@dataclass
class _Kernel:
    implementation: Callable[..., Any] | str
    devices: tuple[str, ...] | None
    requires: tuple[str, ...]
    priority: int

    def load(self) -> Callable[..., Any]:
        if isinstance(self.implementation, str):
            module, _, attribute = self.implementation.partition(":")
            self.implementation = getattr(importlib.import_module(module), attribute)
        function: Any = self.implementation
        return function

    def obstacle(self, device: torch.device) -> str | None:
        """Why this kernel cannot run on `device`, or `None`."""
        missing = [module for module in self.requires if not is_installed(module)]
        if missing:
            return f"{' and '.join(missing)} not installed"
        if self.devices is not None and device.type not in self.devices:
            return f"it runs on {' and '.join(self.devices)} only, the tensors are on {device.type}"
        return None


class KernelRegistry:
    """The kernels of one function.

    Args:
        name: Name of the function, for messages and for `use_kernel`, for example
            ``"aihwkit.pulsed_update"``.

    Example:
        >>> double = KernelRegistry("double")
        >>> @double.register("torch")
        ... def _double(x):
        ...     return x + x
        >>> double.select("cpu")(2)
        4
    """

    def __init__(self, name: str) -> None:
        self.name = check_instance("name", name, str)
        self._kernels: dict[str, _Kernel] = {}

    @overload
    def register(
        self,
        kernel: str,
        implementation: None = None,
        *,
        devices: Iterable[str] | None = None,
        requires: Iterable[str] = (),
        priority: int = 0,
    ) -> Callable[[F], F]: ...

    @overload
    def register(
        self,
        kernel: str,
        implementation: F | str,
        *,
        devices: Iterable[str] | None = None,
        requires: Iterable[str] = (),
        priority: int = 0,
    ) -> F | str: ...

    def register(
        self,
        kernel: str,
        implementation: Any = None,
        *,
        devices: Iterable[str] | None = None,
        requires: Iterable[str] = (),
        priority: int = 0,
    ) -> Any:
        """Add an implementation; without one, act as a decorator.

        Args:
            kernel: Its name: ``"torch"``, ``"numba"``, ``"triton"``.
            implementation: The function, or ``"package.module:function"`` to import it at
                the first use, which keeps numba and triton out of the import of a package.
            devices: Device types on which it runs; `None` means all.
            requires: Modules that must be installed.
            priority: The usable kernel with the highest priority is chosen.

        Raises:
            ValueError: If the name is taken.
        """
        if implementation is None:
            return lambda function: self.register(
                kernel, function, devices=devices, requires=requires, priority=priority
            )
        if kernel in self._kernels:
            raise ValueError(f"`kernel` must be a new name in {self.name!r}, got {kernel!r}")
        places = None if devices is None else tuple(devices)
        self._kernels[kernel] = _Kernel(implementation, places, tuple(requires), priority)
        return implementation

    def names(self) -> tuple[str, ...]:
        """Names of the registered kernels, in order of registration."""
        return tuple(self._kernels)

    def available(self, device: torch.device | str = "cpu") -> dict[str, str | None]:
        """Map each kernel to `None` if it runs on `device`, otherwise to the reason why not."""
        place = torch.device(device)
        return {name: kernel.obstacle(place) for name, kernel in self._kernels.items()}

    def choose(self, device: torch.device | str = "cpu", force: str | None = None) -> str:
        """Return the name of the kernel that `select` gives."""
        place = torch.device(device)
        forced = force if force is not None else _forced_for(self.name)
        if forced is not None:
            self._check_usable(forced, place)
            return forced
        if torch.compiler.is_compiling() and "torch" in self._kernels:
            return "torch"  # the one that the compiler can trace
        usable = [name for name, why in self.available(place).items() if why is None]
        if not usable:
            reasons = "; ".join(f"{name}: {why}" for name, why in self.available(place).items())
            raise RuntimeError(f"no kernel of {self.name!r} runs on {place.type} ({reasons})")
        return max(usable, key=lambda name: self._kernels[name].priority)

    def select(
        self, device: torch.device | str = "cpu", force: str | None = None
    ) -> Callable[..., Any]:
        """Return the implementation for `device`.

        Args:
            device: Where the tensors are.
            force: Kernel to use instead of the automatic choice.

        Raises:
            ValueError: If the forced kernel does not exist; the message lists those that do.
            RuntimeError: If the forced kernel cannot run here, or no kernel can.
        """
        return self._kernels[self.choose(device, force)].load()

    def _check_usable(self, kernel: str, device: torch.device) -> None:
        if kernel not in self._kernels:
            known = ", ".join(repr(name) for name in self._kernels)
            hint = suggest(kernel, self._kernels)
            raise ValueError(
                f"the kernel of {self.name!r} must be one of {known}, got {kernel!r}{hint}"
            )
        reason = self._kernels[kernel].obstacle(device)
        if reason is not None:
            raise RuntimeError(f"the kernel {kernel!r} of {self.name!r} was forced, but {reason}")


@contextmanager
def use_kernel(kernel: str, registry: str | None = None) -> Iterator[None]:
    """Force a kernel inside a ``with`` block, on all threads.

    Args:
        kernel: Name of the kernel.
        registry: Force it only for the registry of this name, or for those of a package
            (``"aihwkit"`` covers ``"aihwkit.pulsed_update"``); `None` forces it everywhere.

    Example:
        >>> with use_kernel("torch"):
        ...     pass
    """
    check_instance("kernel", kernel, str)
    entry = (kernel, registry)
    _forced.insert(0, entry)
    try:
        yield
    finally:
        _forced.remove(entry)


def is_forcing() -> bool:
    """Whether a `use_kernel` block is active, so that a choice made before it may not hold.

    A cheap question for callers that keep the automatic choice of a registry.
    """
    return bool(_forced)


def _forced_for(name: str) -> str | None:
    for kernel, registry in _forced:
        if registry is None or name == registry or name.startswith(f"{registry}."):
            return kernel
    return os.environ.get(ENVIRONMENT_VARIABLE) or None


def capabilities() -> str:
    """Describe in one line what this installation can run on."""
    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    threads = torch.get_num_threads()
    optional = ", ".join(f"{module} {_version(module)}" for module in ("numba", "triton"))
    return (
        f"torch {torch.__version__}; devices: {', '.join(devices)}; {optional}; "
        f"{threads} thread{'' if threads == 1 else 's'}"
    )


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
