"""Values of small floating-point formats, stored as ordinary ones."""

from typing import NamedTuple

import torch
from torch import Tensor

from synaptensor.validation import check_integer

__all__ = ["float_precision_cast"]


class _Storage(NamedTuple):
    """How numbers are stored, as bits.

    Attributes:
        integer: type of the bits.
        sign: bit of the sign.
        mantissa: bits of the mantissa.
        bias: of the exponent.
    """

    integer: torch.dtype
    sign: int
    mantissa: int
    bias: int

    @property
    def infinity(self) -> int:
        """Bits of infinity."""
        return (2 * self.bias + 1) << self.mantissa


_SINGLE = _Storage(torch.int32, -(2**31), 23, 127)
_DOUBLE = _Storage(torch.int64, -(2**63), 52, 1023)
_SINGLE_EXPONENT = 8


def float_precision_cast(
    x: Tensor,
    exponent: int,
    mantissa: int,
    saturate_to_inf: bool,
    reference_rule: bool = False,
) -> Tensor:
    r"""Round values to a format with fewer bits for exponent and mantissa.

    With :math:`E` bits for the exponent and :math:`M` for the mantissa, values are
    :math:`\pm 2^{e - b} (1 + m / 2^M)` with :math:`b = 2^{E-1} - 1`, :math:`0 < e < 2^E - 1` and
    :math:`0 \le m < 2^M`, or zero. Ties are rounded away from zero, smaller values become zero of
    the same sign, larger ones the largest of the format or infinity. NaN stays NaN.

    Args:
        x: values of any shape; those of half precision are computed in single precision.
        exponent: bits of the exponent, 2 to 8.
        mantissa: bits of the mantissa, 3 to 22.
        saturate_to_inf: make infinity, not the largest value, of values beyond it. With 8 bits for
            the exponent, nothing but the mantissa of single precision changes then.
        reference_rule: do as the reference does outside the range: values beyond the largest keep
            their mantissa and get the exponent :math:`2^E - 1` (or infinity), infinity and NaN are
            the same, and zero has no sign.

    Returns:
        Rounded values, in the type of `x`.

    Raises:
        ValueError: if a number of bits is out of range.
        TypeError: if `x` holds no floating-point numbers.
    """
    check_integer("exponent", exponent, minimum=2, maximum=8)
    check_integer("mantissa", mantissa, minimum=3, maximum=22)
    if not x.is_floating_point():
        raise TypeError(f"x must be a floating-point tensor, got {x.dtype}")
    storage = _DOUBLE if x.dtype == torch.float64 else _SINGLE
    values = x.detach() if storage is _DOUBLE else x.detach().float()
    values = values.contiguous()
    bits = values.view(storage.integer)
    sign, magnitude = bits & storage.sign, bits & ~storage.sign
    dropped = storage.mantissa - mantissa
    rounded = (magnitude + (1 << (dropped - 1))) & ~((1 << dropped) - 1)
    rounded = torch.where(magnitude >= storage.infinity, storage.infinity, rounded)
    if not (exponent == _SINGLE_EXPONENT and saturate_to_inf and storage is _SINGLE):
        beyond = _beyond(rounded, storage, exponent, mantissa, saturate_to_inf, reference_rule)
        e = (rounded >> storage.mantissa) - _shift(storage, exponent)
        rounded = torch.where(e >= 2**exponent - 1, beyond, rounded).masked_fill(e <= 0, 0)
        sign = sign.masked_fill(e <= 0, 0) if reference_rule else sign
    result = (rounded | sign).view(values.dtype)
    if not reference_rule:
        result = torch.where(values.isnan(), values, result)
    return result.to(x.dtype)


def _shift(storage: _Storage, exponent: int) -> int:
    """Return how much larger exponents are as they are stored than in the format."""
    return int(storage.bias - (2 ** (exponent - 1) - 1))


def _beyond(
    rounded: Tensor,
    storage: _Storage,
    exponent: int,
    mantissa: int,
    saturate_to_inf: bool,
    reference_rule: bool,
) -> Tensor:
    """Return what becomes of magnitudes beyond the format, as bits."""
    if saturate_to_inf:
        return torch.full_like(rounded, storage.infinity)
    top = 2**exponent - 1 + _shift(storage, exponent)
    if reference_rule:
        fraction = rounded & ((1 << storage.mantissa) - 1)
        return (top << storage.mantissa) | fraction
    all_ones = ((1 << mantissa) - 1) << (storage.mantissa - mantissa)
    return torch.full_like(rounded, ((top - 1) << storage.mantissa) | all_ones)
