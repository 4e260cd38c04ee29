"""A forward hook that is gated by the mode of its module and survives copying."""

import weakref
from collections.abc import Callable, Mapping
from typing import Any, Literal

from torch import nn
from torch.utils.hooks import RemovableHandle

from synaptensor.validation import check_callable, check_flag, check_instance

__all__ = ["ManagedHook", "managed_hooks"]

_Kind = Literal["pre", "post"]


class ManagedHook:
    """A forward pre-hook and/or forward hook that is attached, detached and gated as one.

    A call runs if ``trainexec and module.training`` or ``evalexec and not module.training``,
    where `module` is the hooked module. Return values are honoured as torch honours them.

    The hooked module holds the hook weakly: when the `ManagedHook` dies, its handles are
    removed at once, so somebody has to keep it. Copying is the exception, because nobody
    else can hold the copy yet: copying a hooked module (`copy.deepcopy`, `pickle`) copies
    the hook, and the new module keeps it until `deregister` (`managed_hooks` finds it).
    Copying a hook without its module gives an unregistered hook.

    Subclasses may override `run_prehook` and `run_posthook`.

    Args:
        prehook: Called as ``prehook(module, args[, kwargs])`` before `forward`.
        posthook: Called as ``posthook(module, args[, kwargs], output)`` after `forward`.
        prehook_kwargs: Passed to `nn.Module.register_forward_pre_hook`
            (``prepend``, ``with_kwargs``).
        posthook_kwargs: Passed to `nn.Module.register_forward_hook`
            (``prepend``, ``with_kwargs``, ``always_call``).
        train_update: Initial value of `trainexec`.
        eval_update: Initial value of `evalexec`.

    Raises:
        RuntimeError: If both callables are `None`.
        TypeError: If one is neither callable nor `None`.
    """

    def __init__(
        self,
        prehook: Callable[..., Any] | None = None,
        posthook: Callable[..., Any] | None = None,
        *,
        prehook_kwargs: Mapping[str, Any] | None = None,
        posthook_kwargs: Mapping[str, Any] | None = None,
        train_update: bool = True,
        eval_update: bool = True,
    ) -> None:
        if prehook is None and posthook is None:
            raise RuntimeError("`prehook` or `posthook` must be given, got None for both")
        if prehook is not None:
            check_callable("prehook", prehook)
        if posthook is not None:
            check_callable("posthook", posthook)
        check_instance("prehook_kwargs", prehook_kwargs, Mapping | None)
        check_instance("posthook_kwargs", posthook_kwargs, Mapping | None)
        self._prehook = prehook
        self._posthook = posthook
        self._prehook_kwargs = dict(prehook_kwargs or {})
        self._posthook_kwargs = dict(posthook_kwargs or {})
        self._trainexec = check_flag("train_update", train_update)
        self._evalexec = check_flag("eval_update", eval_update)

    @property
    def trainexec(self) -> bool:
        """Whether the hook runs while the hooked module is in training mode."""
        return self._trainexec

    @trainexec.setter
    def trainexec(self, value: bool) -> None:
        self._trainexec = check_flag("trainexec", value)

    @property
    def evalexec(self) -> bool:
        """Whether the hook runs while the hooked module is in evaluation mode."""
        return self._evalexec

    @evalexec.setter
    def evalexec(self, value: bool) -> None:
        self._evalexec = check_flag("evalexec", value)

    @property
    def registered(self) -> bool:
        """Whether the hook is attached to a module."""
        return any(link.attached for link in _links(self))

    def register(self, module: nn.Module) -> None:
        """Attach to `module`.

        Raises:
            RuntimeError: If already registered; `deregister` first.
            TypeError: If `module` is not an `nn.Module`.
        """
        if self.registered:
            raise RuntimeError(
                f"this {type(self).__name__} is already registered; deregister first"
            )
        check_instance("module", module, nn.Module)
        _links(self).clear()
        if self._prehook is not None:
            link = _Link(self, "pre")
            link.attach(module.register_forward_pre_hook(link, **self._prehook_kwargs))
        if self._posthook is not None:
            link = _Link(self, "post")
            link.attach(module.register_forward_hook(link, **self._posthook_kwargs))

    def deregister(self) -> None:
        """Detach from the module; without effect when not registered."""
        links = _links(self)
        while links:
            links.pop().detach()

    def triggers(self, module: nn.Module) -> bool:
        """Whether a call of `module`, in its present mode, runs the hook."""
        return self._trainexec if module.training else self._evalexec

    def run_prehook(self, module: nn.Module, *args: Any) -> Any:
        """Run the pre-hook, without asking for the mode."""
        return self._prehook(module, *args) if self._prehook is not None else None

    def run_posthook(self, module: nn.Module, *args: Any) -> Any:
        """Run the post-hook, without asking for the mode."""
        return self._posthook(module, *args) if self._posthook is not None else None

    def __getstate__(self) -> dict[str, Any]:
        # Links belong to a module; a copy of that module brings copies of them.
        return {key: value for key, value in self.__dict__.items() if key != _LINKS}


_LINKS = "_hook_links"


def _links(hook: ManagedHook) -> "list[_Link]":
    # Kept out of the constructor, and away from __setattr__: a link can be restored before
    # the hook it points to, and subclasses may be nn.Modules.
    links: list[_Link] = hook.__dict__.setdefault(_LINKS, [])
    return links


class _Link:
    """What the hooked module holds: a weak reference to the hook, strong once copied."""

    def __init__(self, hook: ManagedHook, kind: _Kind) -> None:
        self._kind: _Kind = kind
        self._hook = weakref.ref(hook)
        self._owned: ManagedHook | None = None
        self._handle: RemovableHandle | None = None
        self._finalizer: Any = None

    @property
    def attached(self) -> bool:
        table = self._table()
        return table is not None and self._handle is not None and self._handle.id in table

    @property
    def hook(self) -> ManagedHook | None:
        return self._hook()

    def attach(self, handle: RemovableHandle) -> None:
        hook = self._hook()
        assert hook is not None
        self._handle = handle
        self._finalizer = weakref.finalize(hook, handle.remove)
        self._finalizer.atexit = False
        _links(hook).append(self)

    def detach(self) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._finalizer.detach()
        self._handle = self._owned = None

    def __call__(self, module: nn.Module, *args: Any) -> Any:
        hook = self._hook()
        if hook is None or not hook.triggers(module):
            return None
        if self._kind == "pre":
            return hook.run_prehook(module, *args)
        return hook.run_posthook(module, *args)

    def __getstate__(self) -> tuple[Any, ...]:
        handle = None if self._handle is None else self._handle.__getstate__()
        return self._kind, self._hook(), handle

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        kind, hook, handle_state = state
        self.__init__(hook, kind)  # type: ignore[misc]
        if handle_state is None:
            return
        self._owned = hook
        handle = RemovableHandle.__new__(RemovableHandle)
        handle.__setstate__(handle_state)
        self.attach(handle)

    def _table(self) -> Any:
        return None if self._handle is None else self._handle.hooks_dict_ref()


def managed_hooks(module: nn.Module) -> list[ManagedHook]:
    """Return the managed hooks attached to `module`, in the order in which torch calls them."""
    tables = (module._forward_pre_hooks, module._forward_hooks)
    found: dict[int, ManagedHook] = {}
    for table in tables:
        for link in table.values():
            hook = link.hook if isinstance(link, _Link) else None
            if hook is not None:
                found.setdefault(id(hook), hook)
    return list(found.values())
