"""Convolution as a matrix product: unfolding images into vectors and folding gradients back.

A convolution on a crossbar drives the same matrix once per output position. Both unfoldings here
turn an image batch `[N, C, *spatial]` into the vectors of all positions `[N, L, x_size]` and add
vectors back into images, so that `fold` is the exact transpose of `unfold`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from aihwkit.exceptions import TileError

__all__ = ["ImageUnfold", "IndexUnfold", "KernelUnfold", "fold_vectors", "unfold_images"]


class ImageUnfold(ABC):
    """Rule that gathers the input vector of every output position of a convolution."""

    @abstractmethod
    def output_size(self, image_shape: torch.Size) -> tuple[int, ...]:
        """Return the spatial size of the output for images of shape `[N, C, *spatial]`."""

    @abstractmethod
    def unfold(self, images: Tensor) -> Tensor:
        """Gather images `[N, C, *spatial]` into vectors `[N, L, x_size]`."""

    @abstractmethod
    def fold(self, vectors: Tensor, image_shape: torch.Size) -> Tensor:
        """Add vectors `[N, L, x_size]` into zeroed images of the given shape."""

    def gather_positions(self, maps: Tensor) -> Tensor:
        """Turn output maps `[N, out, *spatial]` into vectors `[N, L, out]`."""
        return maps.flatten(2).transpose(1, 2)

    def spread_positions(self, vectors: Tensor, image_shape: torch.Size) -> Tensor:
        """Turn vectors `[N, L, out]` into output maps `[N, out, *spatial]`."""
        size = self.output_size(image_shape)
        return vectors.transpose(1, 2).unflatten(2, size)


@dataclass(frozen=True)
class KernelUnfold(ImageUnfold):
    """Unfolding by kernel geometry, for any image size and one to three spatial dimensions.

    Args:
        kernel_size: kernel size of every spatial dimension.
        stride: step between output positions.
        padding: zeros added before and after each dimension.
        dilation: step between the kernel's elements.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    def output_size(self, image_shape: torch.Size) -> tuple[int, ...]:
        """Return `(size + padding - dilation * (kernel - 1) - 1) // stride + 1` per dimension.

        Raises:
            TileError: if an image is smaller than the kernel or has other dimensions.
        """
        spatial = image_shape[2:]
        if len(spatial) != len(self.kernel_size):
            raise TileError(
                f"images must have {len(self.kernel_size)} spatial dimensions besides batch and "
                f"channel, got shape {tuple(image_shape)}"
            )
        extents = zip(
            spatial, self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        size = tuple((s + sum(p) - d * (k - 1) - 1) // t + 1 for s, k, t, p, d in extents)
        if min(size) < 1:
            raise TileError(
                f"image size {tuple(spatial)} with padding {self.padding} must be at least as "
                f"large as the kernel {self.kernel_size} with dilation {self.dilation}"
            )
        return size

    def unfold(self, images: Tensor) -> Tensor:
        """Gather by one strided view and one copy."""
        size = self.output_size(images.shape)
        images = self._pad(images).contiguous()
        batch, channels = images.shape[:2]
        steps = images.stride()[2:]
        view = images.as_strided(
            (batch, *size, channels, *self.kernel_size),
            (
                images.stride(0),
                *(s * t for s, t in zip(steps, self.stride, strict=True)),
                images.stride(1),
                *(s * d for s, d in zip(steps, self.dilation, strict=True)),
            ),
        )
        return view.reshape(batch, prod(size), channels * prod(self.kernel_size))

    def fold(self, vectors: Tensor, image_shape: torch.Size) -> Tensor:
        """Add the vectors of all positions into images."""
        batch, channels, *spatial = image_shape
        if len(spatial) > 2 or any(low != high for low, high in self.padding):
            return self._fold_by_element(vectors, image_shape)
        lead = (1,) * (2 - len(spatial))
        image = F.fold(
            vectors.transpose(1, 2),
            (*lead, *spatial),
            (*lead, *self.kernel_size),
            (*lead, *self.dilation),
            (*(0 for _ in lead), *(low for low, _ in self.padding)),
            (*lead, *self.stride),
        )
        return image.view(batch, channels, *spatial)

    def _fold_by_element(self, vectors: Tensor, image_shape: torch.Size) -> Tensor:
        batch, channels, *spatial = image_shape
        size = self.output_size(image_shape)
        dims = len(spatial)
        grids = vectors.view(batch, *size, channels, *self.kernel_size)
        grids = grids.movedim(1 + dims, 1)  # [N, C, *size, *kernel]
        padded = [s + sum(p) for s, p in zip(spatial, self.padding, strict=True)]
        image = vectors.new_zeros(batch, channels, *padded)
        for element in torch.cartesian_prod(*map(torch.arange, self.kernel_size)).view(-1, dims):
            offset = [int(e) * d for e, d in zip(element, self.dilation, strict=True)]
            window: Any = tuple(
                slice(o, o + t * (n - 1) + 1, t)
                for o, t, n in zip(offset, self.stride, size, strict=True)
            )
            image[(..., *window)] += grids[(..., *(int(e) for e in element))]  # type: ignore[index]
        inner: Any = tuple(
            slice(low, low + s) for (low, _), s in zip(self.padding, spatial, strict=True)
        )
        return image[(..., *inner)]

    def _pad(self, images: Tensor) -> Tensor:
        if not any(low or high for low, high in self.padding):
            return images
        return F.pad(images, [p for pair in reversed(self.padding) for p in pair])


@dataclass(frozen=True)
class IndexUnfold(ImageUnfold):
    """Unfolding by an explicit index vector.

    Args:
        indices: `x_size * L` integers; entry `k * L + l` feeds matrix column `k` at position `l`:
            0 is zero padding, 1 is the constant one, `n >= 2` is element `n - 2` of the flattened
            image `[C, *spatial]`.
        image_sizes: `[C, (D_in), H_in, (W_in), (D_out), H_out, (W_out)]`.
    """

    indices: Tensor
    image_sizes: tuple[int, ...]
    _positions: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Check the sizes and the range of the indices."""
        if len(self.image_sizes) not in (3, 5, 7):
            raise ValueError(
                "image_sizes must have 3, 5 or 7 entries (channels, input sizes, output sizes), "
                f"got {list(self.image_sizes)}"
            )
        positions = prod(self.image_sizes[1 + self._dims :])
        if self.indices.numel() % positions:
            raise ValueError(
                f"indices must hold a multiple of {positions} (output positions) entries, got "
                f"{self.indices.numel()}"
            )
        limit = self._elements + 2
        if self.indices.numel() and not 0 <= int(self.indices.max()) < limit:
            raise ValueError(
                f"indices must be below {limit} (image elements plus two), got "
                f"{int(self.indices.max())}"
            )
        object.__setattr__(self, "_positions", positions)

    @property
    def _dims(self) -> int:
        return (len(self.image_sizes) - 1) // 2

    @property
    def vector_size(self) -> int:
        """Number of matrix columns that the indices feed."""
        return self.indices.numel() // self._positions

    @property
    def _elements(self) -> int:
        return prod(self.image_sizes[: 1 + self._dims])

    def output_size(self, image_shape: torch.Size) -> tuple[int, ...]:
        """Return the configured output size.

        Raises:
            TileError: if the images have another size than configured.
        """
        if tuple(image_shape[1:]) != self.image_sizes[: 1 + self._dims]:
            raise TileError(
                f"images must have shape {self.image_sizes[: 1 + self._dims]} per sample, got "
                f"{tuple(image_shape[1:])}"
            )
        return self.image_sizes[1 + self._dims :]

    def unfold(self, images: Tensor) -> Tensor:
        """Gather by index; two extra elements hold the zero and the one."""
        self.output_size(images.shape)
        flat = images.flatten(1)
        constants = flat.new_tensor([0.0, 1.0]).expand(flat.shape[0], 2)
        gathered = torch.cat([constants, flat], 1)[:, self._index(images.device)]
        return gathered.view(flat.shape[0], -1, self._positions).transpose(1, 2)

    def fold(self, vectors: Tensor, image_shape: torch.Size) -> Tensor:
        """Scatter-add by index; what belongs to padding and constants is dropped."""
        flat = vectors.transpose(1, 2).flatten(1)
        image = flat.new_zeros(flat.shape[0], self._elements + 2)
        image.index_add_(1, self._index(vectors.device), flat)
        return image[:, 2:].reshape(image_shape)

    def _index(self, device: torch.device) -> Tensor:
        return self.indices.to(device=device, dtype=torch.long).flatten()


class _Unfold(Function):
    """Unfolding with the folding as its backward."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, rule: ImageUnfold) -> Tensor:
        """Unfold."""
        ctx.rule, ctx.image_shape = rule, images.shape
        return rule.unfold(images)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Fold."""
        return ctx.rule.fold(grad, ctx.image_shape), None


def unfold_images(images: Tensor, rule: ImageUnfold) -> Tensor:
    """Unfold `[N, C, *spatial]` into `[N, L, x_size]`, differentiably."""
    return _Unfold.apply(images, rule)


class _Fold(Function):
    """Folding with the unfolding as its backward."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, rule: ImageUnfold, image_shape: torch.Size) -> Tensor:
        """Fold."""
        ctx.rule = rule
        return rule.fold(vectors, image_shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """Unfold."""
        return ctx.rule.unfold(grad), None, None


def fold_vectors(vectors: Tensor, rule: ImageUnfold, image_shape: torch.Size) -> Tensor:
    """Add vectors `[N, L, x_size]` into images `[N, C, *spatial]`, differentiably."""
    return _Fold.apply(vectors, rule, image_shape)
