"""Image classification from the output of the last spatially embedded area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bioplnn.functional.spatial import pool as pool_over_space
from bioplnn.models.classifiers.head import build_head
from bioplnn.models.spatially_embedded import SpatiallyEmbeddedRNN
from bioplnn.models.spatially_embedded.initialization import prepare_readout_
from synaptensor.validation import check_choice, check_instance, check_integer


class SpatiallyEmbeddedClassifier(nn.Module):
    """A :class:`SpatiallyEmbeddedRNN`, pooling over space, and a readout of the last step.

    Args:
        rnn_kwargs: Arguments of the network.
        num_classes: Number of classes.
        pool_size_classifier: Height and width after pooling.
        pool_mode_classifier: ``"max"`` or ``"avg"``.
        fc_dim: Hidden units of the readout.
        dropout: Dropout probability of the readout.

    Raises:
        ValueError: An argument is not allowed; the message names it.

    Examples:
        >>> model = SpatiallyEmbeddedClassifier(
        ...     {"area_kwargs": [{"in_size": (8, 8), "in_channels": 1, "out_channels": 4}]},
        ...     num_classes=3,
        ... )
        >>> model(torch.zeros(2, 1, 8, 8), num_steps=2).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        rnn_kwargs: Mapping[str, Any],
        num_classes: int,
        pool_size_classifier: Sequence[int] = (1, 1),
        pool_mode_classifier: str = "max",
        fc_dim: int = 512,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.pool_mode_classifier = check_choice(
            "pool_mode_classifier", pool_mode_classifier, ("max", "avg")
        )
        check_instance("pool_size_classifier", pool_size_classifier, Iterable)
        size = tuple(
            check_integer("pool_size_classifier", s, minimum=1) for s in pool_size_classifier
        )
        if len(size) != 2:
            raise ValueError(
                f"pool_size_classifier must be (height, width), got {pool_size_classifier!r}"
            )
        self.pool_size_classifier = size
        self.rnn = SpatiallyEmbeddedRNN(**check_instance("rnn_kwargs", rnn_kwargs, Mapping))
        last = self.rnn.chain[-1]
        features = last.out_channels * size[0] * size[1]
        self.readout = build_head(features, fc_dim, num_classes, dropout)
        if last.weight_init == "balanced":
            prepare_readout_(last, *self._linear_layers())

    def _linear_layers(self) -> tuple[nn.Linear, nn.Linear]:
        hidden, scores = (layer for layer in self.readout if isinstance(layer, nn.Linear))
        return hidden, scores

    def forward(
        self,
        x: Tensor,
        *,
        num_steps: int | None = None,
        loss_all_timesteps: bool = False,
        return_activations: bool = False,
    ) -> Any:
        """Classify images or sequences of images.

        Args:
            x: ``(B, C, H, W)`` with ``num_steps``, or a 5-D sequence (see the network).
            num_steps: Number of steps.
            loss_all_timesteps: Return the scores of every step, time first.
            return_activations: Return the activity of the network, too.

        Returns:
            Scores ``(B, num_classes)``, or ``(T, B, num_classes)`` for all steps; with
            activations ``(scores, outs, neuron_states, feedbacks)``.
        """
        if not (loss_all_timesteps or return_activations):
            outs, _, _ = self.rnn(x, num_steps=num_steps, last_step_only=True, reduce=self.pool)
            if not outs:
                raise ValueError(f"x must hold at least one sample, got shape {tuple(x.shape)}")
            return self.readout(outs[-1].flatten(0, 1))
        outs, states, feedbacks = self.rnn(x, num_steps=num_steps)
        out = outs[-1].transpose(0, 1) if self.rnn.batch_first else outs[-1]
        if loss_all_timesteps:
            scores = self.readout(self.pool(out.flatten(0, 1))).unflatten(0, out.shape[:2])
        else:
            scores = self.readout(self.pool(out[-1]))
        return (scores, outs, states, feedbacks) if return_activations else scores

    def pool(self, out: Tensor) -> Tensor:
        """Pool the output of the last area, ``(B, C, H, W)``, to the size of the readout."""
        return pool_over_space(out, self.pool_size_classifier, self.pool_mode_classifier)

    @torch.no_grad()
    def activity(
        self, x: Tensor, *, num_steps: int | None = None, area: int = 0
    ) -> dict[str, Tensor]:
        """Activity of every cell type of one area over the steps, for analysis and plots.

        Args:
            x: As in :meth:`forward`.
            num_steps: Number of steps.
            area: Which area.

        Returns:
            ``(B, T, C_i, H_i, W_i)`` per type, by names such as ``"excitatory"``; types that
            share a class are numbered, such as ``"inhibitory 2"``.
        """
        _, states, _ = self.rnn(x, num_steps=num_steps)
        if not self.rnn.batch_first:
            states = [[state.transpose(0, 1) for state in types] for types in states]
        return dict(zip(self.rnn.chain[area].type_names(), states[area], strict=True))
