"""A convolution whose weights stay nonnegative."""

from torch import Tensor, nn


class Conv2dRectify(nn.Conv2d):
    """``nn.Conv2d`` whose weight and bias are clamped to nonnegative values before every use.

    The clamp acts on the stored values and is no part of the gradient, so a weight at zero still
    receives the gradient that can lift it again (projected gradient descent).

    Examples:
        >>> conv = Conv2dRectify(1, 1, 3)
        >>> _ = conv(torch.zeros(1, 1, 3, 3))
        >>> bool((conv.weight >= 0).all())
        True
    """

    def project(self) -> None:
        """Clamp weight and bias to nonnegative values now."""
        # Through .data, so that a forward between another forward and its backward stays legal.
        self.weight.data.clamp_(min=0)
        if self.bias is not None:
            self.bias.data.clamp_(min=0)

    def forward(self, input: Tensor) -> Tensor:
        """Clamp, then convolve."""
        self.project()
        return super().forward(input)
