"""The similarity-matching circuit with class labels as second input."""

from typing import Any

from torch import Tensor, nn

from pynsm.arch.encoding import encode
from pynsm.arch.multi import MultiSimilarityMatching
from pynsm.errors import MissingInputError
from pynsm.functional.labels import as_one_hot
from synaptensor.validation import check_flag, check_integer

__all__ = ["SupervisedSimilarityMatching"]


class SupervisedSimilarityMatching(MultiSimilarityMatching):
    """Similarity-matching circuit for classification, with a linear encoder for the labels.

    The code of a label is the same at every position of the encoded input. Labels are
    integer class indices ``[B]``, or one-hot or soft labels ``[B, num_classes]``; without them
    the circuit infers from the input alone.

    Args:
        encoder: Module that maps the input to shape ``[B, C, ...]``, or ``[C]`` for a single
            sample.
        num_classes: Number of classes.
        out_channels: Number of channels ``C``.
        label_bias: Whether the label encoder has a bias.
        **kwargs: Go to `MultiSimilarityMatching`; `regularization` is
            ``("weight", "whiten")`` unless given.

    Example:
        >>> y = model(x, label)
        >>> loss = model.loss(x, label, y)
        >>> prediction = model(x)
    """

    def __init__(
        self,
        encoder: nn.Module,
        num_classes: int,
        out_channels: int,
        label_bias: bool = False,
        **kwargs: Any,
    ) -> None:
        num_classes = check_integer("num_classes", num_classes, minimum=1)
        out_channels = check_integer("out_channels", out_channels, minimum=1)
        label_bias = check_flag("label_bias", label_bias)
        label_encoder = nn.Linear(num_classes, out_channels, bias=label_bias)
        kwargs.setdefault("regularization", ("weight", "whiten"))
        super().__init__(encoders=[encoder, label_encoder], out_channels=out_channels, **kwargs)
        self.num_classes = num_classes

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Return the output of the circuit for an input, with or without its label."""
        y: Tensor = super().forward(x, label)
        return y

    @property
    def encoder(self) -> nn.Module:
        """The encoder of the input."""
        return self.encoders[0]

    @property
    def label_encoder(self) -> nn.Linear:
        """The encoder of the labels."""
        label_encoder = self.encoders[1]
        assert isinstance(label_encoder, nn.Linear)
        return label_encoder

    def _encode(  # type: ignore[override]  # the inputs have names here
        self, x: Any = None, label: Tensor | None = None, keep_all: bool = False
    ) -> list[Tensor | None]:
        if x is None:
            raise MissingInputError("`x` must be given, got None")
        encoding = encode(self.encoder, x, 0)
        if label is not None:
            return [encoding, self._encode_label(label, encoding)]
        return [encoding, None] if keep_all else [encoding]

    def _encode_label(self, label: Tensor, like: Tensor) -> Tensor:
        linear = self.label_encoder
        one_hot = as_one_hot(label, linear.in_features, linear.weight.dtype, batched=like.dim() > 1)
        code: Tensor = linear(one_hot)
        if like.dim() <= 2:
            return code
        return code.view(*code.shape, *[1] * (like.dim() - 2)).expand(-1, -1, *like.shape[2:])
