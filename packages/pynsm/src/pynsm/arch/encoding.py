"""Calling encoders and checking what they return."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from pynsm.errors import EncodingShapeError

__all__ = ["batched", "check_encodings", "encode"]


def encode(encoder: nn.Module, x: Any, index: int) -> Tensor:
    """Return ``encoder(x)``; an input that cannot be meant gets a message that says what to do.

    Args:
        encoder: Any module.
        x: Its input.
        index: Place of the encoder in the circuit, for the message.
    """
    try:
        encoding: Tensor = encoder(x)
    except (TypeError, RuntimeError, AttributeError) as error:
        if isinstance(x, list | tuple):
            raise TypeError(
                f"the input of encoder {index} must be a tensor, got a {type(x).__name__} of "
                f"{len(x)}: unpack the batch before the call, for example "
                "`for x, label in loader: y = model(x)`"
            ) from error
        message = _shape_message(encoder, x, index) if isinstance(error, RuntimeError) else None
        if message is not None:
            raise EncodingShapeError(message) from error
        raise
    if not isinstance(encoding, Tensor):
        raise TypeError(
            f"encoder {index} must return a tensor, got an instance of {type(encoding).__name__}"
        )
    return encoding


def check_encodings(encodings: Sequence[Tensor | None], channels: int) -> None:
    """Check that the encodings have `channels` channels and fit onto the first one.

    Raises:
        EncodingShapeError: If one does not.
    """
    first: tuple[int, ...] | None = None
    for index, encoding in enumerate(encodings):
        if encoding is None:
            continue
        shape = tuple(encoding.shape)
        if len(shape) == 0 or shape[min(1, len(shape) - 1)] != channels:
            raise EncodingShapeError(_channel_message(shape, channels, index))
        first = shape if first is None else first
        if not _fits(shape, first):
            raise EncodingShapeError(
                f"the output of encoder {index} must fit the shape {first} of the first one, "
                f"got {shape}"
            )


def batched(tensor: Tensor) -> Tensor:
    """Return a tensor with the batch dimension that an unbatched encoding ``[C]`` lacks."""
    return tensor.unsqueeze(0) if tensor.dim() == 1 else tensor


def _fits(shape: tuple[int, ...], first: tuple[int, ...]) -> bool:
    """Whether a tensor of this shape can be expanded to the first one's, dimension by dimension."""
    sizes = zip(first, shape, strict=False)
    return len(first) == len(shape) and all(size in (1, full) for full, size in sizes)


def _channel_message(shape: tuple[int, ...], channels: int, index: int) -> str:
    message = (
        f"the output of encoder {index} must be of shape [B, {channels}, ...], or [{channels}] "
        f"for a single sample, got {shape}"
    )
    if len(shape) > 1 and shape[0] == channels:
        message += "; a single sample with positions needs a batch dimension: `x.unsqueeze(0)`"
    return message


def _shape_message(encoder: nn.Module, x: Any, index: int) -> str | None:
    """Return what to do about an input of this shape, or `None` if it may be right."""
    if not isinstance(x, Tensor):
        return None
    linear = next((m for m in encoder.modules() if isinstance(m, nn.Linear)), None)
    features = None if linear is None else linear.in_features
    if x.dim() == 1:
        message = f"encoder {index} does not take a vector of {x.numel()} elements"
        if features is not None:
            message += f" (it has {features} input features)"
        return f"{message}; `x.flatten()` joins a whole batch, `x.flatten(1)` flattens each sample"
    if x.dim() > 2 and x.shape[1:].numel() == features:
        return (
            f"encoder {index} has {features} input features and does not take the shape "
            f"{tuple(x.shape)}; `x.flatten(1)` flattens each sample"
        )
    return None
