"""Optimizers that train analog tiles next to ordinary parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from aihwkit.optim.context import AnalogContext
from aihwkit.optim.data_parallel import average_input_ranges, gather_traces, updating

__all__ = ["AnalogAdam", "AnalogOptimizer", "AnalogOptimizerMixin", "AnalogSGD"]


class AnalogOptimizerMixin:
    r"""Mixin that lets a torch optimizer train analog tiles as well.

    Ordinary parameters are trained by the optimizer it is mixed with. For every analog tile the
    inputs :math:`x` and output gradients :math:`d` stored by the backward passes since the last
    step go to `tile.update`, which makes :math:`W \leftarrow W - \lambda\, d^T x` through the
    device model, with the learning rate of the parameter group. Momentum, weight decay and gradient
    clipping act on ordinary parameters only. At the end of a step every tile does what its
    configuration wants done once per mini-batch: decay, diffusion, clipping, remapping, weight
    modification.
    """

    # Provided by the optimizer that this mixin is combined with.
    param_groups: list[dict[str, Any]]
    defaults: dict[str, Any]

    def regroup_param_groups(self, *_: Any) -> None:
        """Give every analog tile a parameter group of its own, after the ordinary groups.

        Each new group keeps the settings of the group the tile came from, so a learning rate given
        to a group of tiles stays. Calling it is optional; arguments are accepted and ignored.
        """
        ordinary: list[dict[str, Any]] = []
        analog: list[dict[str, Any]] = []
        for group in self.param_groups:
            contexts = [p for p in group["params"] if isinstance(p, AnalogContext)]
            others = [p for p in group["params"] if not isinstance(p, AnalogContext)]
            settings = {key: value for key, value in group.items() if key != "params"}
            if others or not contexts:
                group["params"] = others
                ordinary.append(group)
            for context in contexts:
                analog.append({"params": [context], **settings})
                context.analog_tile.set_learning_rate(_as_float(group["lr"]))
        self.param_groups[:] = ordinary + analog

    def set_learning_rate(self, learning_rate: float = 0.1) -> None:
        """Set the learning rate of all groups and tiles."""
        for group in self.param_groups:
            group["lr"] = learning_rate
        for context, _ in self._contexts():
            context.analog_tile.set_learning_rate(_as_float(learning_rate))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients, the inputs and gradients stored for analog tiles included."""
        super().zero_grad(set_to_none)  # type: ignore[misc]
        for context, _ in self._contexts():
            context.reset()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None, **kwargs: Any) -> Any:
        """Make one step of all parameters and tiles.

        Args:
            closure: computes the loss again and returns it.
            **kwargs: passed to the optimizer of the ordinary parameters.

        Returns:
            What the optimizer of the ordinary parameters returns: the loss of the closure, or None.
        """
        result = super().step(closure, **kwargs)  # type: ignore[misc]
        contexts = list(self._contexts())
        gather_traces(context for context, _ in contexts)
        for context, group in contexts:
            if not context.use_torch_update and context.has_gradient():
                with updating(context.analog_tile):
                    _update_tile(context, _as_float(group["lr"]))
        for context, _ in contexts:
            with updating(context.analog_tile):
                context.analog_tile.post_update_step()
        average_input_ranges(context.analog_tile for context, _ in contexts)
        return result

    def _contexts(self) -> Iterator[tuple[AnalogContext, dict[str, Any]]]:
        for group in self.param_groups:
            for parameter in group["params"]:
                if isinstance(parameter, AnalogContext):
                    yield parameter, group


def _as_float(learning_rate: Any) -> float:
    return float(learning_rate)


def _update_tile(context: AnalogContext, learning_rate: float) -> None:
    """Hand the stored inputs and gradients to the tile and forget them."""
    tile: Any = context.analog_tile
    inputs, gradients = context.analog_input, context.analog_grad_output
    context.reset()
    if learning_rate == 0.0:
        return
    tile.set_learning_rate(learning_rate)
    runtime = tile.get_runtime()
    if runtime.offload_input:
        inputs = [x.to(tile.device) for x in inputs]
    if runtime.offload_gradient:
        gradients = [d.to(tile.device) for d in gradients]
    if context.use_indexed:
        for x, d in zip(inputs, gradients, strict=True):
            tile.update_indexed(x, d)
    else:
        tile.update(
            _join(inputs, tile.in_trans, tile.in_size),
            _join(gradients, tile.out_trans, tile.out_size),
        )


def _join(tensors: list[Tensor], transposed: bool, size: int) -> Tensor:
    """Return the vectors of several passes as one batch."""
    if len(tensors) == 1:
        return tensors[0]
    if transposed:
        return torch.cat([t.reshape(size, -1) for t in tensors], dim=-1)
    return torch.cat([t.reshape(-1, size) for t in tensors], dim=0)


class AnalogSGD(AnalogOptimizerMixin, SGD):
    """Stochastic gradient descent for ordinary parameters and analog tiles.

    Takes the arguments of `torch.optim.SGD`.

    Example:
        >>> optimizer = AnalogSGD(model.parameters(), lr=0.1)
        >>> optimizer.regroup_param_groups(model)
    """


class AnalogAdam(AnalogOptimizerMixin, Adam):
    """Adam for ordinary parameters, stochastic gradient descent for analog tiles.

    Takes the arguments of `torch.optim.Adam`.
    """


class AnalogOptimizer(AnalogOptimizerMixin):
    """Any torch optimizer for ordinary parameters, stochastic gradient descent for analog tiles.

    Args:
        optimizer_cls: optimizer class; the object is an instance of it, too.
        *args: its arguments.
        **kwargs: its keyword arguments.

    Example:
        >>> optimizer = AnalogOptimizer(torch.optim.AdamW, model.parameters(), lr=0.01)
    """

    SUBCLASSES: ClassVar[dict[type, type]] = {}

    def __new__(cls, optimizer_cls: type | None = None, *_: Any, **__: Any) -> Any:
        """Make an object of the class that combines `cls` and the optimizer class."""
        if cls is not AnalogOptimizer:
            return super().__new__(cls)
        if not (isinstance(optimizer_cls, type) and issubclass(optimizer_cls, Optimizer)):
            raise TypeError(f"optimizer_cls must be a torch optimizer class, got {optimizer_cls!r}")
        return super().__new__(_combined_class(optimizer_cls))

    def __init__(self, optimizer_cls: type, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def __reduce__(self) -> Any:
        """Pickle by the optimizer class, from which the combined class is made again."""
        base = type(self).__mro__[type(self).__mro__.index(AnalogOptimizerMixin) + 1]
        return _rebuild, (base,), self.__getstate__(), None, None


def _combined_class(optimizer_cls: type) -> type:
    """Return the class that combines the analog mixin with an optimizer class."""
    if optimizer_cls not in AnalogOptimizer.SUBCLASSES:
        name = f"AnalogOptimizer{optimizer_cls.__name__}"
        combined = type(name, (AnalogOptimizer, optimizer_cls), {"__module__": __name__})
        AnalogOptimizer.SUBCLASSES[optimizer_cls] = combined
    return AnalogOptimizer.SUBCLASSES[optimizer_cls]


def _rebuild(optimizer_cls: type) -> Any:
    return object.__new__(_combined_class(optimizer_cls))
