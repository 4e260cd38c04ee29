"""Surrogate gradients of neurons, and cutting of their history."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from torch import Tensor, nn

from inferno import Module
from inferno.neural.functional import voltage_thresholding_surrogate
from inferno.neural.functional.surrogates import Surrogate
from synaptensor.validation import check_instance

__all__ = ["SurrogateMixin", "detach_state", "surrogate_gradients"]


class SurrogateMixin:
    """Lets gradients flow through the spikes of a neuron group.

    With a surrogate, spikes are 0 or 1 in the type of the voltages instead of boolean, in every
    mode; where autograd records, they have the gradient of the surrogate. The simulation is the
    same as without.
    """

    _surrogate: Surrogate | None = None
    _detach_reset: bool = True

    @property
    def surrogate(self) -> Surrogate | None:
        """Spike function with a gradient, ``None`` for boolean spikes without."""
        return self._surrogate

    @surrogate.setter
    def surrogate(self, value: Surrogate | None) -> None:
        if value is not None:
            check_instance("surrogate", value, Surrogate)
        self.__dict__["_surrogate"] = value

    @property
    def detach_reset(self) -> bool:
        """Whether gradients stop at the choice between reset and no reset."""
        return self._detach_reset

    @detach_reset.setter
    def detach_reset(self, value: bool) -> None:
        self.__dict__["_detach_reset"] = bool(value)

    def _reset_voltage(self, voltages: Tensor) -> Tensor:
        """Voltages after a spike, from those before it."""
        return voltages.new_full((), self.reset_v)  # type: ignore[attr-defined]

    def _threshold_smoothly(
        self: Any, inputs: Tensor, voltages: Tensor | None, thresh_v: float | Tensor, base: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        return voltage_thresholding_surrogate(
            inputs,
            self.refrac,
            self._integrate_v,
            voltages,
            step_time=self.step_time,
            reset_v=self._reset_voltage,
            thresh_v=thresh_v,
            refrac_t=self.refrac_t,
            surrogate=self._surrogate,
            scale=base - self.rest_v,
            detach_reset=self._detach_reset,
        )


class surrogate_gradients:  # noqa: N801 - reads as a function, like torch.no_grad
    """Lets gradients flow through the spikes of all neurons in a module.

    Takes effect when called; as a context manager it restores what was before at the end.
    Parameters of connections want no gradients by default: call ``module.requires_grad_()``.

    Args:
        module: neurons, a layer, or a model that holds them.
        surrogate: spike function with a gradient; ``None`` goes back to boolean spikes.
        detach_reset: let no gradient flow through the choice between reset and no reset.

    Raises:
        TypeError: if ``surrogate`` is not a `Surrogate`.
        ValueError: if ``module`` holds no neurons with thresholds, or a synapse that delays
            spikes without keeping their gradients.

    Example:
        >>> with surrogate_gradients(model, FastSigmoid()):  # doctest: +SKIP
        ...     loss(model(spikes)).backward()
    """

    def __init__(
        self, module: nn.Module, surrogate: Surrogate | None, *, detach_reset: bool = True
    ) -> None:
        check_instance("module", module, nn.Module)
        if surrogate is not None:
            check_instance("surrogate", surrogate, Surrogate)
            _check_synapses(module)
        neurons: list[Any] = [m for m in module.modules() if isinstance(m, SurrogateMixin)]
        if not neurons:
            raise ValueError(
                f"`module` must hold neurons with thresholds, got {type(module).__name__}"
            )
        self._before = [(n, n.surrogate, n.detach_reset) for n in neurons]
        for neuron in neurons:
            neuron.surrogate, neuron.detach_reset = surrogate, detach_reset

    def __enter__(self) -> surrogate_gradients:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for neuron, surrogate, detach_reset in self._before:
            neuron.surrogate, neuron.detach_reset = surrogate, detach_reset


def detach_state(module: nn.Module) -> None:
    """Cuts the state of all modules off from the steps it was computed by.

    Between two stretches of truncated backpropagation through time: values stay, gradients of
    later steps do not reach back. `clear` of neurons and synapses cuts them off too.

    Args:
        module: neurons, synapses, a layer, or a model that holds them.
    """
    for part in module.modules():
        if not isinstance(part, Module):
            continue
        for name, buffer in part._buffers.items():
            if buffer is not None and buffer.requires_grad:
                part._buffers[name] = buffer.detach()


def _check_synapses(module: nn.Module) -> None:
    from inferno.neural.synapses.current import DeltaCurrent

    for name, part in module.named_modules():
        if isinstance(part, DeltaCurrent) and part.delay > 0:
            raise ValueError(
                f"`module` must not delay spikes by DeltaCurrent, which keeps them without their "
                f"gradients, got one at {name!r}; use DeltaPlusCurrent"
            )
