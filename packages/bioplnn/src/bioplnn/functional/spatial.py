r"""Spatially embedded dynamics as pure functions.

The state $s_j$ of cell type $j$ at one step follows

$$u_j = \sum_i \sigma_i\,\phi_{ij}(W_{ij} * s_i + b_{ij}), \qquad
  s_j \leftarrow s_j + \frac{1}{\tau_j}\left(f_j(u_j) - s_j\right)$$

with $\sigma_i = -1$ for inhibitory sources and $+1$ otherwise, $W_{ij} \ge 0$ for excitatory and
inhibitory sources (Dale's law), and $\tau_j \ge 1$ in units of one step.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Block = tuple[Tensor, int] | None
"""One connection of a fused kernel: its weight and its sign; ``None`` where there is none."""


def channels_last(x: Tensor) -> Tensor:
    """Lay maps (or kernels) out with channels last, which CPU convolutions are fastest on.

    With a single channel both layouts are the same memory; the strides then have to say which
    one is meant, or the convolution returns the other one.
    """
    if x.shape[1] == 1 and x.is_contiguous():
        return x.reshape(x.shape[0], *x.shape[2:], 1).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last)


def fuse_weights(
    blocks: Sequence[Sequence[Block]],
    out_channels: Sequence[int],
    in_channels: Sequence[int],
) -> Tensor:
    """Join the kernels of many connections into one convolution kernel.

    Args:
        blocks: ``blocks[j][i]`` is the weight ``(out_channels[j], in_channels[i], kh, kw)`` from
            source i to destination j with its sign, or ``None``. Every row and every column
            must have at least one connection.
        out_channels: Channels of every destination.
        in_channels: Channels of every source.

    Returns:
        Weight of shape ``(sum(out_channels), sum(in_channels), kh, kw)``, channels last.
    """
    template = next(block[0] for block in blocks[0] if block is not None)
    rows = []
    for row, out in zip(blocks, out_channels, strict=True):
        parts = []
        for block, inp in zip(row, in_channels, strict=True):
            if block is None:
                parts.append(template.new_zeros(out, inp, *template.shape[2:]))
            else:
                parts.append(block[0] if block[1] > 0 else -block[0])
        rows.append(parts[0] if len(parts) == 1 else torch.cat(parts, 1))
    fused = rows[0] if len(rows) == 1 else torch.cat(rows, 0)
    return channels_last(fused)


def same_conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    size: Sequence[int],
    stride: int = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve with half a kernel of padding and return a map of the given size.

    Kernels of even size give one row (column) too many, which is cut off at the end.

    Args:
        x: Input ``(B, C, H, W)``.
        weight: Kernel ``(C_out, C / groups, kh, kw)``.
        bias: ``(C_out,)`` or ``None``.
        size: Height and width of the result.
        stride: Step of the convolution.
        groups: Number of groups.

    Returns:
        Tensor ``(B, C_out, *size)``.
    """
    kh, kw = weight.shape[-2:]
    out = F.conv2d(x, weight, bias, stride, (kh // 2, kw // 2), 1, groups)
    if out.shape[-2:] != torch.Size(size):
        out = out[..., : size[0], : size[1]]
    return out


def leaky_step(state: Tensor | None, activity: Tensor, rate: Tensor) -> Tensor:
    """Move a state towards its activity: ``state + rate * (activity - state)``.

    Args:
        state: ``(B, C, H, W)``, or ``None`` for zero.
        activity: ``(B, C, H, W)``.
        rate: ``1 / tau``, broadcastable, in (0, 1].
    """
    if state is None:
        return activity * rate
    if activity.dtype != state.dtype:
        activity = activity.to(state.dtype)
    return torch.lerp(state, activity, rate.to(state.dtype))


def resize(x: Tensor, size: Sequence[int], pool_mode: str = "max") -> Tensor:
    """Bring maps to another size: adaptive pooling where they shrink, bilinear where they grow.

    Args:
        x: ``(B, C, H, W)``.
        size: Height and width wanted.
        pool_mode: ``"max"`` or ``"avg"``.

    Returns:
        ``(B, C, *size)``. With one axis growing and the other shrinking, the shrinking axis is
        pooled first.
    """
    height, width = x.shape[-2:]
    smaller = (min(height, size[0]), min(width, size[1]))
    if smaller != (height, width):
        x = pool(x, smaller, pool_mode)
    if smaller != tuple(size):
        x = F.interpolate(x, (size[0], size[1]), mode="bilinear", align_corners=False)
    return x


def pool(x: Tensor, size: Sequence[int], mode: str) -> Tensor:
    """Pool maps adaptively to ``size`` by their maximum (``"max"``) or mean (``"avg"``)."""
    if tuple(size) == (1, 1):
        if mode == "avg":
            return x.mean((-2, -1), True)
        # Over channels-last maps this is much faster than the general pooling, both ways.
        return x.permute(0, 2, 3, 1).flatten(1, 2).max(1).values[..., None, None]
    if mode == "max":
        return F.adaptive_max_pool2d(x, (size[0], size[1]))
    return F.adaptive_avg_pool2d(x, (size[0], size[1]))


def upsample(x: Tensor, size: Sequence[int]) -> Tensor:
    """Enlarge maps to ``size`` by bilinear interpolation."""
    if x.shape[-2:] == torch.Size(size):
        return x
    return F.interpolate(x, (size[0], size[1]), mode="bilinear", align_corners=False)
