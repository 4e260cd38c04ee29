"""The similarity-matching circuit with one input."""

from typing import Any

from torch import nn

from pynsm.arch.multi import MultiSimilarityMatching

__all__ = ["SimilarityMatching"]


class SimilarityMatching(MultiSimilarityMatching):
    """Similarity-matching circuit with one input.

    Args:
        encoder: Module that maps the input to shape ``[B, C, ...]``, or ``[C]`` for a single
            sample.
        out_channels: Number of channels ``C``.
        **kwargs: Go to `MultiSimilarityMatching`.

    Example:
        >>> model = SimilarityMatching(nn.Linear(784, 50), 50, iteration_projection=nn.ReLU())
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        >>> for x, _ in loader:
        ...     x = x.flatten(1)
        ...     y = model(x)
        ...     loss = model.loss(x, y)
        ...     optimizer.zero_grad()
        ...     loss.backward()
        ...     optimizer.step()
    """

    def __init__(self, encoder: nn.Module, out_channels: int, **kwargs: Any) -> None:
        super().__init__(encoders=[encoder], out_channels=out_channels, **kwargs)

    @property
    def encoder(self) -> nn.Module:
        """The encoder."""
        return self.encoders[0]
