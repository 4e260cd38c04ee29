"""Tensor constructors that take every property not given from a template tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "astensors",
    "empty",
    "full",
    "fullc",
    "normal",
    "ones",
    "scalar",
    "uniform",
    "zeros",
]

Shape = Sequence[int] | torch.Size


def _properties(
    tensor: Tensor,
    dtype: torch.dtype | None,
    layout: torch.layout | None,
    device: torch.device | str | int | None,
    requires_grad: bool | None,
) -> dict[str, Any]:
    return {
        "dtype": tensor.dtype if dtype is None else dtype,
        "layout": tensor.layout if layout is None else layout,
        "device": tensor.device if device is None else device,
        "requires_grad": tensor.requires_grad if requires_grad is None else requires_grad,
    }


def _shape(tensor: Tensor, shape: Shape | None) -> Shape:
    return tensor.shape if shape is None else shape


def empty(
    tensor: Tensor,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """Returns an uninitialised tensor like the template."""
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.empty(_shape(tensor, shape), **properties)


def zeros(
    tensor: Tensor,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """Returns a tensor of zeros like the template."""
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.zeros(_shape(tensor, shape), **properties)


def ones(
    tensor: Tensor,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """Returns a tensor of ones like the template."""
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.ones(_shape(tensor, shape), **properties)


def full(
    tensor: Tensor,
    value: Any,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """Returns a tensor filled with a value, in the template's dtype."""
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.full(_shape(tensor, shape), value, **properties)


def fullc(
    tensor: Tensor,
    value: Any,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """Returns a tensor filled with a value, in a floating or complex dtype.

    Without ``dtype``, the template's is used if it is floating or complex, torch's default
    otherwise.
    """
    if dtype is None and not (tensor.is_floating_point() or tensor.is_complex()):
        dtype = torch.get_default_dtype()
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.full(_shape(tensor, shape), value, **properties)


def uniform(
    tensor: Tensor,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Returns samples of the uniform distribution on [0, 1) in the template's shape."""
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.rand(_shape(tensor, shape), generator=generator, **properties)


def normal(
    tensor: Tensor,
    *,
    shape: Shape | None = None,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Returns samples of the standard normal distribution in the template's shape."""
    properties = _properties(tensor, dtype, layout, device, requires_grad)
    return torch.randn(_shape(tensor, shape), generator=generator, **properties)


def scalar(
    value: Any,
    tensor: Tensor,
    *,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | str | int | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """Returns a 0-dimensional tensor with the template's properties."""
    return full(
        tensor,
        value,
        shape=(),
        dtype=dtype,
        layout=layout,
        device=device,
        requires_grad=requires_grad,
    )


def astensors(
    *values: Any, conversion: Callable[[Any], Tensor] | None = None
) -> Tensor | tuple[Tensor, ...]:
    """Converts values to tensors that agree with the leftmost tensor among them.

    Args:
        *values: tensors and scalars.
        conversion: makes a tensor of a value when no value is a tensor, ``torch.tensor``
            by default.

    Returns:
        The tensor for one value, a tuple for several (empty for none).
    """
    reference = next((v for v in values if isinstance(v, Tensor)), None)
    if reference is None:
        convert = torch.tensor if conversion is None else conversion
        result = tuple(convert(v) for v in values)
    else:
        result = tuple(v if isinstance(v, Tensor) else scalar(v, reference) for v in values)
    return result[0] if len(result) == 1 else result
