"""A serial layer with lateral and feedback connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from inferno.neural.base import Connection, Neuron, Synapse
from inferno.neural.modeling import Updater

from .cell import Cell
from .fixed import FixedLayer, identity
from .fused import fused_step
from .layer import Layer

__all__ = ["RecurrentSerial"]

OutTransform = Callable[..., Tensor]
InTransform = Callable[..., tuple[Tensor, ...]]


class RecurrentSerial(FixedLayer):
    """Feedforward neurons that excite feedback neurons, which act back one step later.

    In every step the feedforward connection, on the inputs, and the feedback connection, on
    the feedback spikes of the previous step, drive the feedforward neurons. Their spikes then
    drive the feedback neurons through the lateral connection.

    Args:
        feedfwd_connection: connection from the inputs.
        lateral_connection: connection from feedforward to feedback neurons.
        feedback_connection: connection from feedback to feedforward neurons.
        feedfwd_neuron: feedforward neurons.
        feedback_neuron: feedback neurons.
        feedfwd_out_transform: function of the output of the feedforward connection.
        lateral_out_transform: function of the output of the lateral connection.
        feedback_out_transform: function of the output of the feedback connection.
        lateral_in_transform: function of the feedforward spikes that returns a tuple.
        feedback_in_transform: function of the feedback spikes that returns a tuple.
        feedfwd_connection_name: name of the feedforward connection.
        lateral_connection_name: name of the lateral connection.
        feedback_connection_name: name of the feedback connection.
        feedfwd_neuron_name: name of the feedforward neurons.
        feedback_neuron_name: name of the feedback neurons.
        trainable_feedback: create cells for the lateral and the feedback connection.

    Raises:
        RuntimeError: if names repeat, or a connection and neurons of a cell do not fit.
    """

    def __init__(
        self,
        feedfwd_connection: Connection,
        lateral_connection: Connection,
        feedback_connection: Connection,
        feedfwd_neuron: Neuron,
        feedback_neuron: Neuron,
        *,
        feedfwd_out_transform: OutTransform | None = None,
        lateral_out_transform: OutTransform | None = None,
        feedback_out_transform: OutTransform | None = None,
        lateral_in_transform: InTransform | None = None,
        feedback_in_transform: InTransform | None = None,
        feedfwd_connection_name: str = "feedfwd",
        lateral_connection_name: str = "lateral",
        feedback_connection_name: str = "feedback",
        feedfwd_neuron_name: str = "feedfwd",
        feedback_neuron_name: str = "feedback",
        trainable_feedback: bool = False,
    ) -> None:
        Layer.__init__(self)
        Layer.add_connection(self, feedfwd_connection_name, feedfwd_connection)
        Layer.add_connection(self, lateral_connection_name, lateral_connection)
        Layer.add_connection(self, feedback_connection_name, feedback_connection)
        Layer.add_neuron(self, feedfwd_neuron_name, feedfwd_neuron)
        Layer.add_neuron(self, feedback_neuron_name, feedback_neuron)
        Layer.add_cell(self, feedfwd_connection_name, feedfwd_neuron_name)
        if trainable_feedback:
            Layer.add_cell(self, lateral_connection_name, feedback_neuron_name)
            Layer.add_cell(self, feedback_connection_name, feedfwd_neuron_name)
        self._connection_names = (
            feedfwd_connection_name,
            lateral_connection_name,
            feedback_connection_name,
        )
        self._neuron_names = (feedfwd_neuron_name, feedback_neuron_name)
        self._trainable_feedback = bool(trainable_feedback)
        self.feedfwd_out_transform = feedfwd_out_transform or identity
        self.lateral_out_transform = lateral_out_transform or identity
        self.feedback_out_transform = feedback_out_transform or identity
        self.lateral_in_transform = lateral_in_transform or _wrap
        self.feedback_in_transform = feedback_in_transform or _wrap
        self.register_buffer("feedback_spikes", None)

    @property
    def feedfwd_connection(self) -> Connection:
        """Connection from the inputs."""
        return self.get_connection(self._connection_names[0])

    @property
    def lateral_connection(self) -> Connection:
        """Connection from feedforward to feedback neurons."""
        return self.get_connection(self._connection_names[1])

    @property
    def feedback_connection(self) -> Connection:
        """Connection from feedback to feedforward neurons."""
        return self.get_connection(self._connection_names[2])

    @property
    def feedfwd_neuron(self) -> Neuron:
        """Feedforward neurons."""
        return self.get_neuron(self._neuron_names[0])

    @property
    def feedback_neuron(self) -> Neuron:
        """Feedback neurons."""
        return self.get_neuron(self._neuron_names[1])

    @property
    def feedfwd_synapse(self) -> Synapse:
        """Synapse of the feedforward connection."""
        return self.feedfwd_connection.synapse

    @property
    def lateral_synapse(self) -> Synapse:
        """Synapse of the lateral connection."""
        return self.lateral_connection.synapse

    @property
    def feedback_synapse(self) -> Synapse:
        """Synapse of the feedback connection."""
        return self.feedback_connection.synapse

    @property
    def feedfwd_updater(self) -> Updater | None:
        """Updater of the feedforward connection, if it has one."""
        return self.feedfwd_connection.updater

    @property
    def lateral_updater(self) -> Updater | None:
        """Updater of the lateral connection, if it has one."""
        return self.lateral_connection.updater

    @property
    def feedback_updater(self) -> Updater | None:
        """Updater of the feedback connection, if it has one."""
        return self.feedback_connection.updater

    @property
    def feedfwd_cell(self) -> Cell:
        """Cell of feedforward connection and feedforward neurons."""
        return self.get_cell(self._connection_names[0], self._neuron_names[0])

    @property
    def lateral_cell(self) -> Cell | None:
        """Cell of lateral connection and feedback neurons, if feedback is trainable."""
        if not self._trainable_feedback:
            return None
        return self.get_cell(self._connection_names[1], self._neuron_names[1])

    @property
    def feedback_cell(self) -> Cell | None:
        """Cell of feedback connection and feedforward neurons, if feedback is trainable."""
        if not self._trainable_feedback:
            return None
        return self.get_cell(self._connection_names[2], self._neuron_names[0])

    def clear(self, clear_feedback: bool = True, submodules: bool = True, **kwargs: Any) -> None:  # type: ignore[override]
        """Clears the feedback and the components.

        Args:
            clear_feedback: forget the feedback spikes of the previous step.
            submodules: clear connections and neurons.
            **kwargs: passed on.
        """
        if clear_feedback:
            self.feedback_spikes = None
        Layer.clear(self, submodules=submodules, **kwargs)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # saved only after a step, so that the two may differ in whether they have taken one
        saved = state_dict.get(f"{prefix}feedback_spikes")
        self._buffers["feedback_spikes"] = None if saved is None else torch.zeros_like(saved)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def wiring(
        self, inputs: dict[str, Tensor], forward_pass: bool = True, **kwargs: Any
    ) -> dict[str, Tensor]:
        """Maps outputs of connections to inputs of neurons.

        Args:
            inputs: outputs of connections by name.
            forward_pass: for the feedforward neurons, otherwise for the feedback neurons.
            **kwargs: passed to the transformations.

        Returns:
            Inputs of neurons by name.
        """
        feedfwd, lateral, feedback = self._connection_names
        if forward_pass:
            forward = self.feedfwd_out_transform(inputs[feedfwd], **kwargs)
            back = self.feedback_out_transform(inputs[feedback], **kwargs)
            return {self._neuron_names[0]: forward + back}
        return {self._neuron_names[1]: self.lateral_out_transform(inputs[lateral], **kwargs)}

    def forward(  # type: ignore[override]
        self,
        *inputs: Tensor,
        lateral_connection_args: tuple[Tensor, ...] | None = None,
        feedback_connection_args: tuple[Tensor, ...] | None = None,
        feedfwd_connection_kwargs: dict[str, Any] | None = None,
        lateral_connection_kwargs: dict[str, Any] | None = None,
        feedback_connection_kwargs: dict[str, Any] | None = None,
        feedfwd_neuron_kwargs: dict[str, Any] | None = None,
        feedback_neuron_kwargs: dict[str, Any] | None = None,
        capture_intermediate: bool = False,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor] | tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
        """Runs feedforward and feedback for one step.

        Args:
            *inputs: inputs of the feedforward connection.
            lateral_connection_args: further inputs of the lateral connection.
            feedback_connection_args: further inputs of the feedback connection.
            feedfwd_connection_kwargs: keyword arguments of the feedforward connection.
            lateral_connection_kwargs: keyword arguments of the lateral connection.
            feedback_connection_kwargs: keyword arguments of the feedback connection.
            feedfwd_neuron_kwargs: keyword arguments of the feedforward neurons.
            feedback_neuron_kwargs: keyword arguments of the feedback neurons.
            capture_intermediate: return the outputs of connections too.
            **kwargs: passed to the transformations.

        Returns:
            Feedforward and feedback spikes and, if captured, outputs of connections by name.
        """
        feedfwd, lateral, feedback = self._connection_names
        forward_neuron, back_neuron = self.feedfwd_neuron, self.feedback_neuron
        if self.feedback_spikes is None:
            self.feedback_spikes = torch.zeros_like(back_neuron.spike)  # type: ignore[assignment]
        back = self.feedback_in_transform(self.feedback_spikes, **kwargs)  # type: ignore[arg-type]
        outputs = {
            feedfwd: self.feedfwd_connection(*inputs, **(feedfwd_connection_kwargs or {})),
            feedback: self.feedback_connection(
                *back, *(feedback_connection_args or ()), **(feedback_connection_kwargs or {})
            ),
        }
        wired = self.wiring(outputs, forward_pass=True, **kwargs)
        forward_neuron(wired[self._neuron_names[0]], **(feedfwd_neuron_kwargs or {}))

        plain = not (capture_intermediate or feedback_neuron_kwargs or kwargs)
        if not (plain and self._fused_lateral(lateral_connection_args, lateral_connection_kwargs)):
            across = self.lateral_in_transform(forward_neuron.spike, **kwargs)
            outputs[lateral] = self.lateral_connection(
                *across, *(lateral_connection_args or ()), **(lateral_connection_kwargs or {})
            )
            wired = self.wiring(outputs, forward_pass=False, **kwargs)
            back_neuron(wired[self._neuron_names[1]], **(feedback_neuron_kwargs or {}))

        self.feedback_spikes = back_neuron.spike  # type: ignore[assignment]
        spikes = forward_neuron.spike, back_neuron.spike
        return (spikes, outputs) if capture_intermediate else spikes

    def _fused_lateral(self, args: Any, kwargs: Any) -> bool:
        """Runs lateral connection and feedback neurons as one, if they have nothing in between."""
        direct = self.lateral_in_transform is _wrap and self.lateral_out_transform is identity
        if args or kwargs or not direct or type(self).wiring is not RecurrentSerial.wiring:
            return False
        spikes = self.feedfwd_neuron.spike
        return fused_step(self.lateral_connection, self.feedback_neuron, spikes) is not None


def _wrap(inputs: Tensor, **kwargs: Any) -> tuple[Tensor, ...]:
    return (inputs,)
