"""Image classification from the output neurons of a connectome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from bioplnn.models.classifiers.head import build_head
from bioplnn.models.connectome import ConnectomeODERNN, ConnectomeRNN
from synaptensor.validation import check_instance


def _flattened(x: Tensor) -> Tensor:
    """Images ``(B, C, H, W)`` or sequences of them as vectors."""
    check_instance("x", x, Tensor)
    return x.flatten(-3) if x.ndim in (4, 5) else x


def _scores(
    readout: nn.Sequential, outs: Tensor, batch_first: bool, loss_all_timesteps: bool
) -> Tensor:
    outs = outs.transpose(0, 1) if batch_first else outs
    if not loss_all_timesteps:
        return readout(outs[-1])
    return readout(outs.flatten(0, 1)).unflatten(0, outs.shape[:2])


class ConnectomeClassifier(nn.Module):
    """A :class:`ConnectomeRNN` and a readout of its last step.

    Args:
        rnn_kwargs: Arguments of the network.
        num_classes: Number of classes.
        fc_dim: Hidden units of the readout.
        dropout: Dropout probability of the readout.
    """

    def __init__(
        self,
        rnn_kwargs: Mapping[str, Any],
        num_classes: int,
        fc_dim: int = 512,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.rnn = ConnectomeRNN(**check_instance("rnn_kwargs", rnn_kwargs, Mapping))
        self.out_layer = build_head(self.rnn.output_size, fc_dim, num_classes, dropout)

    def forward(
        self,
        x: Tensor,
        *,
        loss_all_timesteps: bool = False,
        return_activations: bool = False,
        **rnn_forward_kwargs: Any,
    ) -> Any:
        """Classify vectors or images (flattened), or sequences of them.

        Args:
            x: ``(B, I)`` or ``(B, C, H, W)`` with ``num_steps``, or with a time axis.
            loss_all_timesteps: Return the scores of every step, ``(T, B, num_classes)``.
            return_activations: Return ``(scores, outs, states)``.
            **rnn_forward_kwargs: Passed to the network, such as ``num_steps``.
        """
        if not (loss_all_timesteps or return_activations):
            rnn_forward_kwargs = {"last_step_only": True, **rnn_forward_kwargs}
        outs, states = self.rnn(_flattened(x), **rnn_forward_kwargs)
        scores = _scores(self.out_layer, outs, self.rnn.batch_first, loss_all_timesteps)
        return (scores, outs, states) if return_activations else scores


class ConnectomeODEClassifier(nn.Module):
    """A :class:`ConnectomeODERNN` and a readout of its last evaluation.

    Args:
        rnn_kwargs: Arguments of the network.
        num_classes: Number of classes.
        fc_dim: Hidden units of the readout.
        dropout: Dropout probability of the readout.
    """

    def __init__(
        self,
        rnn_kwargs: Mapping[str, Any],
        num_classes: int,
        fc_dim: int = 512,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.rnn = ConnectomeODERNN(**check_instance("rnn_kwargs", rnn_kwargs, Mapping))
        self.out_layer = build_head(self.rnn.output_size, fc_dim, num_classes, dropout)

    def forward(
        self,
        x: Tensor,
        *,
        num_evals: int,
        start_time: float = 0.0,
        end_time: float = 1.0,
        loss_all_timesteps: bool = False,
        return_activations: bool = False,
    ) -> Any:
        """Classify vectors or images (flattened), or sequences of them.

        Args:
            x: ``(B, I)`` or ``(B, C, H, W)``, or with an axis of time bins.
            num_evals: Number of evaluation points.
            start_time: Start of the integration.
            end_time: End of the integration.
            loss_all_timesteps: Return the scores at every point, ``(T, B, num_classes)``.
            return_activations: Return ``(scores, states, times)``.
        """
        outs, states, ts = self.rnn(_flattened(x), num_evals, start_time, end_time)
        scores = _scores(self.out_layer, outs, self.rnn.batch_first, loss_all_timesteps)
        return (scores, states, ts) if return_activations else scores
