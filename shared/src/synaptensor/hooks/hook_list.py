"""An ordered list of callables with removable handles."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch.utils.hooks import RemovableHandle

from synaptensor.validation import check_callable, check_instance

__all__ = ["HookList"]


class HookList:
    """Callables in order of registration, each removable through its handle.

    Iterating walks over a snapshot, so a hook may add or remove hooks while it runs.
    Copies (`copy.deepcopy`, `pickle`) are independent; a handle copied together with its
    list belongs to the copy.

    Example:
        >>> hooks = HookList()
        >>> handle = hooks.append(print)
        >>> hooks("called")
        called
        >>> handle.remove()
    """

    def __init__(self, hooks: Iterable[Callable[..., Any]] = ()) -> None:
        self._hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        for hook in check_instance("hooks", hooks, Iterable):
            self.append(hook)

    def append(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Add `hook` at the end and return the handle that removes it."""
        check_callable("hook", hook)
        handle = RemovableHandle(self._hooks)
        self._hooks[handle.id] = hook
        return handle

    def remove(self, hook: Callable[..., Any]) -> None:
        """Remove the first occurrence of `hook`.

        Raises:
            ValueError: If it is not in the list.
        """
        for key, present in self._hooks.items():
            if present == hook:
                del self._hooks[key]
                return
        raise ValueError(f"`hook` must be in the list, got {hook!r}")

    def clear(self) -> None:
        """Remove every hook."""
        self._hooks.clear()

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Call every hook in order; return values are ignored."""
        for hook in self:
            hook(*args, **kwargs)

    def any_true(self, *args: Any, **kwargs: Any) -> bool:
        """Call the hooks in order up to the first that returns something true."""
        return any(hook(*args, **kwargs) for hook in self)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(tuple(self._hooks.values()))

    def __len__(self) -> int:
        return len(self._hooks)

    def __contains__(self, hook: object) -> bool:
        return hook in self._hooks.values()

    def __getitem__(self, index: int) -> Callable[..., Any]:
        return tuple(self._hooks.values())[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # Keys come from a counter of the process; in a new one it must start behind ours.
        RemovableHandle.next_id = max(RemovableHandle.next_id, *(key + 1 for key in self._hooks), 0)
