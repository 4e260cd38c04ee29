"""A module whose forward pass is an iteration."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle

from synaptensor.hooks import HookList
from synaptensor.validation import check_callable, check_choice, check_integer

__all__ = ["IterationModule"]

_HOOK_KINDS = ("pre", "post", "iteration")


class IterationModule(nn.Module):
    """Module whose forward pass repeats `iteration` until it has converged.

    A subclass defines `iteration` and, where needed, `converged`, `pre_iteration` and
    `post_iteration`. All four are called with the arguments of the forward pass. When
    something raises between `pre_iteration` and `post_iteration`, `abort_iteration` is called
    before the exception goes on.

    Args:
        max_iterations: Upper bound of the number of iterations of a forward pass.
        **kwargs: Go to `torch.nn.Module`.

    Attributes:
        max_iterations: May be reassigned at any time; read at each forward pass.
        iteration_idx: Index of the current or last iteration; -1 before the first.
        hooks: Hooks by kind, ``"pre"``, ``"post"`` or ``"iteration"``.

    Example:
        >>> class Halving(IterationModule):
        ...     def iteration(self, x):
        ...         x.mul_(0.5)
        ...     def converged(self, x):
        ...         return bool(x.max() < 1e-3)
    """

    def __init__(self, max_iterations: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_iterations = check_integer("max_iterations", max_iterations, minimum=0)
        self.iteration_idx = -1
        self.hooks: defaultdict[str, HookList] = defaultdict(HookList)

    def register_iteration_hook(self, kind: str, hook: Callable[..., Any]) -> RemovableHandle:
        """Add a function that is called with the module during the forward pass.

        Args:
            kind: ``"pre"``: before everything else. ``"iteration"``: after each iteration; if
                it returns something true, the iteration stops, and neither later hooks nor
                `converged` are asked. ``"post"``: after `post_iteration`.
            hook: Called as ``hook(module)``, in the order of registration.

        Returns:
            Handle whose ``remove()`` takes the hook away again.

        Raises:
            ValueError: If `kind` is none of these.
        """
        check_choice("kind", kind, _HOOK_KINDS)
        check_callable("hook", hook)
        return self.hooks[kind].append(hook)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Iterate, and return what `post_iteration` returns."""
        last_idx = self.iteration_idx
        self.iteration_idx = -1
        self._call_hooks("pre")
        try:
            result = self._iterate(*args, **kwargs)
        except BaseException:
            self.abort_iteration()
            self.iteration_idx = last_idx
            raise
        self._call_hooks("post")
        return result

    def iteration(self, *args: Any, **kwargs: Any) -> None:
        """Run one iteration; defined by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} does not define `iteration`")

    def converged(self, *args: Any, **kwargs: Any) -> bool:
        """Return whether to stop after the iteration that just ran."""
        return False

    def pre_iteration(self, *args: Any, **kwargs: Any) -> None:
        """Prepare the iteration."""

    def post_iteration(self, *args: Any, **kwargs: Any) -> Any:
        """Finish the iteration and return the result of the forward pass."""
        return None

    def abort_iteration(self) -> None:
        """Undo what `pre_iteration` did, after an exception."""

    def _iterate(self, *args: Any, **kwargs: Any) -> Any:
        self.pre_iteration(*args, **kwargs)
        for index in range(self.max_iterations):
            self.iteration_idx = index
            self.iteration(*args, **kwargs)
            if self._stopped_by_hook() or self.converged(*args, **kwargs):
                break
        return self.post_iteration(*args, **kwargs)

    def _call_hooks(self, kind: str) -> None:
        if kind in self.hooks:
            for hook in self.hooks[kind]:
                hook(self)

    def _stopped_by_hook(self) -> bool:
        return "iteration" in self.hooks and any(hook(self) for hook in self.hooks["iteration"])
