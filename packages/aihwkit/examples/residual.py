"""Residual networks for images of 32 x 32, digital."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

__all__ = ["ResidualNetwork", "resnet9"]


# --8<-- [start:network]
class _Block(nn.Module):
    """Two convolutions around which the input passes; where sizes differ, it is thinned out."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.stride, self.missing = (1 if n_in == n_out else 2), n_out - n_in
        self.first = nn.Conv2d(n_in, n_out, 3, self.stride, padding=1, bias=False)
        self.second = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n_out) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return images of half the size where there are more channels."""
        y = self.norms[1](self.second(relu(self.norms[0](self.first(x)))))
        before = self.missing // 2
        thin = x[:, :, :: self.stride, :: self.stride]
        return relu(y + pad(thin, (0, 0, 0, 0, before, self.missing - before)))


class ResidualNetwork(nn.Sequential):
    """A convolution, stages of blocks, the mean over each image, and a linear layer.

    With 16 channels and (5, 5, 5) blocks this is ResNet32.
    """

    def __init__(self, channels: int = 16, blocks: Sequence[int] = (5, 5, 5)) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(3, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        ]
        width = channels
        for stage, count in enumerate(blocks):
            for _ in range(count):
                layers.append(_Block(width, channels << stage))
                width = channels << stage
        mean = nn.AdaptiveAvgPool2d(1)
        super().__init__(*layers, mean, nn.Flatten(), nn.Linear(width, 10))


# --8<-- [end:network]


class _Residual(nn.Module):
    """Adds what two convolutions make of an input to it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_stage(channels, channels), _stage(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return images of the same size."""
        return torch.add(x, self.body(x))


def _stage(n_in: int, n_out: int, pool: int = 1) -> nn.Sequential:
    layers = [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.MaxPool2d(pool)] if pool > 1 else []))


def resnet9(channels: Sequence[int] = (28, 28, 28, 56)) -> nn.Sequential:
    """Return a small residual network with two residual blocks.

    Args:
        channels: of the four stages.
    """
    a, b, c, d = channels
    return nn.Sequential(
        _stage(3, a),
        _stage(a, b, pool=2),
        _Residual(b),
        _stage(b, c, pool=2),
        _stage(c, d, pool=2),
        _Residual(d),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(d, 10),
    )
