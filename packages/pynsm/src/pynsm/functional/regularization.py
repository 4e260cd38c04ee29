"""Regularisers of the encoders and the competitor."""

from collections.abc import Iterable

from torch import Tensor

from pynsm.functional.objective import inner

__all__ = ["REGULARIZATIONS", "competition_penalty", "weight_penalty", "whiten_penalty"]

REGULARIZATIONS = ("weight", "whiten", "none")


def weight_penalty(parameters: Iterable[Tensor], channels: int) -> Tensor | float:
    """Return ``(2 / C) * sum(p^2)`` over the trainable parameters; 0 if there are none.

    Args:
        parameters: Parameters of one encoder, biases included.
        channels: Number of output channels ``C``.

    Raises:
        RuntimeError: If a parameter cannot be read, as that of a layer whose weights are the
            states of simulated devices.
    """
    try:
        squares = [inner(p, p) for p in parameters if p.requires_grad]
    except RuntimeError as error:
        error.add_note(
            "regularization='weight' reads the parameters of the encoder; 'whiten' and 'none' "
            "need only what the encoder returns"
        )
        raise
    return sum(squares) * (2 / channels)


def whiten_penalty(encoding: Tensor) -> Tensor:
    """Return ``2 * mean(Wx^2)`` of one encoding of shape ``[B, C, ...]``.

    Minimising it together with the objective makes the encodings white instead of keeping
    the weights small.
    """
    return 2 * encoding.square().mean()


def competition_penalty(M: Tensor) -> Tensor:
    """Return ``sum(M^2) / C``, which the objective subtracts.

    Args:
        M: Lateral weights, shape ``[C, C]``.
    """
    return inner(M, M) / M.shape[0]
