"""A module whose forward pass minimises a loss by gradient descent."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from pynsm.arch.iteration import IterationModule
from synaptensor.validation import check_callable, check_instance

__all__ = ["IterationLossModule"]


class IterationLossModule(IterationModule):
    """Module whose forward pass minimises `iteration_loss` over `iteration_parameters`.

    Each forward pass builds a new optimizer, so momentum and the like start afresh. The
    parameters of the module are frozen meanwhile, and restored also when something raises.

    A subclass defines `iteration_parameters` and either `iteration_loss` or, to write the
    gradients itself, `iteration_set_gradients`. Iteration parameters are buffers or plain
    tensors, not parameters of the module.

    Args:
        iteration_optimizer: Called as ``iteration_optimizer(parameters, **it_optim_kwargs)``.
        iteration_scheduler: Called as ``iteration_scheduler(optimizer, **it_sched_kwargs)``;
            stepped after each iteration. `None` for none.
        iteration_lr: Learning rate of the iteration. An ``"lr"`` in `it_optim_kwargs` wins.
        it_optim_kwargs: Keywords for the optimizer.
        it_sched_kwargs: Keywords for the scheduler.
        iteration_projection: Applied to each iteration parameter after every step. A module
            becomes a submodule. `None` for none.
        **kwargs: Go to `IterationModule`.

    Attributes:
        iteration_optimizer: Optimizer of the last general iteration, `None` before.
        iteration_scheduler: Scheduler of the last general iteration, if there is one.
        last_iteration_loss: Loss before the last step, if `iteration_loss` was used.
    """

    def __init__(
        self,
        iteration_optimizer: Callable[..., Any] = torch.optim.SGD,
        iteration_scheduler: Callable[..., Any] | None = None,
        iteration_lr: float = 1.0,
        it_optim_kwargs: Mapping[str, Any] | None = None,
        it_sched_kwargs: Mapping[str, Any] | None = None,
        iteration_projection: Callable[[Tensor], Tensor] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.it_construct_optim = check_callable("iteration_optimizer", iteration_optimizer)
        if iteration_scheduler is not None:
            check_callable("iteration_scheduler", iteration_scheduler)
        if iteration_projection is not None:
            check_callable("iteration_projection", iteration_projection)
        self.it_construct_sched = iteration_scheduler
        optimizer_kwargs = check_instance("it_optim_kwargs", it_optim_kwargs, Mapping | None)
        scheduler_kwargs = check_instance("it_sched_kwargs", it_sched_kwargs, Mapping | None)
        self.it_optim_kwargs = {"lr": iteration_lr, **(optimizer_kwargs or {})}
        self.it_sched_kwargs = dict(scheduler_kwargs or {})
        self.iteration_projection = iteration_projection
        self.iteration_optimizer: Any = None
        self.iteration_scheduler: Any = None
        self.last_iteration_loss: float | None = None
        self._pre_requires_grad_state: list[tuple[Tensor, bool]] = []
        self._iterated: list[Tensor] = []

    def iteration_parameters(self) -> list[Tensor]:
        """Return the tensors that the iteration changes; defined by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} does not define `iteration_parameters`")

    def iteration_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the scalar that the iteration minimises; defined by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} does not define `iteration_loss`")

    def iteration_set_gradients(self, *args: Any, **kwargs: Any) -> None:
        """Set the gradient of each iteration parameter, from `iteration_loss` by default."""
        self.iteration_optimizer.zero_grad()
        with torch.enable_grad():
            loss = self.iteration_loss(*args, **kwargs)
            loss.backward()
        self.last_iteration_loss = loss.item()

    def pre_iteration(self, *args: Any, **kwargs: Any) -> None:
        """Freeze the module, unfreeze the iteration parameters, build the optimizer."""
        super().pre_iteration(*args, **kwargs)
        self._restore_parameters()
        self._iterated = self.iteration_parameters()
        for tensor in self._iterated:
            tensor.requires_grad_(True)
        self._pre_requires_grad_state = [(p, p.requires_grad) for p in self.parameters()]
        for parameter, _ in self._pre_requires_grad_state:
            parameter.requires_grad_(False)
        self.iteration_optimizer = self.it_construct_optim(
            self._iterated, **self._optimizer_arguments()
        )
        self.iteration_scheduler = None
        if self.it_construct_sched is not None:
            self.iteration_scheduler = self.it_construct_sched(
                self.iteration_optimizer, **self.it_sched_kwargs
            )

    def iteration(self, *args: Any, **kwargs: Any) -> None:
        """Step the optimizer and the scheduler, then project."""
        self.iteration_set_gradients(*args, **kwargs)
        self.iteration_optimizer.step()
        if self.iteration_scheduler is not None:
            self.iteration_scheduler.step()
        if self.iteration_projection is not None:
            with torch.no_grad():
                for tensor in self.iteration_parameters():
                    # An expanded result has no memory of its own for the next step to change.
                    tensor.data = self.iteration_projection(tensor.data).contiguous()

    def post_iteration(self, *args: Any, **kwargs: Any) -> Any:
        """Restore what `pre_iteration` froze."""
        self._iterated = self.iteration_parameters()
        self._release()
        return super().post_iteration(*args, **kwargs)

    def abort_iteration(self) -> None:
        """Restore what `pre_iteration` froze, after an exception."""
        self._release()
        super().abort_iteration()

    def _release(self) -> None:
        self._restore_parameters()
        for tensor in self._iterated:
            tensor.requires_grad_(False)
        self._iterated = []

    def _restore_parameters(self) -> None:
        for parameter, flag in self._pre_requires_grad_state:
            parameter.requires_grad_(flag)
        self._pre_requires_grad_state = []

    def _optimizer_arguments(self) -> dict[str, Any]:
        return self.it_optim_kwargs

    def __getstate__(self) -> dict[str, Any]:
        # Both belong to one forward pass, and a schedule may hold functions that do not pickle.
        state: dict[str, Any] = super().__getstate__()
        return {**state, "iteration_optimizer": None, "iteration_scheduler": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        # A copy made by a hook in the middle of a forward pass has none of its own to finish.
        if self._pre_requires_grad_state or self._iterated:
            self.abort_iteration()
