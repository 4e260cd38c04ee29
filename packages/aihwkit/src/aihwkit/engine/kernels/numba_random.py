"""Counter-based random numbers for the compiled loops.

The words of `philox` are those of `aihwkit.functional.philox.philox`: functions of a key and a
position, the same however the work is cut into blocks and threads. Lists of normal numbers take
seven rounds instead of ten, the fewest that pass all tests of randomness.

Reference:
    Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; Box, Muller,
    "A note on the generation of random normal deviates", Ann. Math. Stat. 1958; Giles,
    "Approximating the erfinv function", GPU Computing Gems, 2011.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import math

import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import as_float, as_int, store

__all__ = ["OPTIONS", "normal", "normals", "philox"]

OPTIONS = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp", "reassoc", "nnan", "ninf"},
}
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}

_U = np.uint64
_F = np.float32
_MASK, _HALF = _U(0xFFFFFFFF), _U(32)
_M0, _M1, _W0, _W1 = _U(0xD2511F53), _U(0xCD9E8D57), _U(0x9E3779B9), _U(0xBB67AE85)

# log m = m' + m'^2 p(m'), m' = m - 1, on [2/3, 4/3].
_LOG = tuple(
    _F(c)
    for c in (
        -0.13994134,
        0.14680765,
        -0.12065127,
        0.13985930,
        -0.16684532,
        0.20012037,
        -0.24999620,
        0.33333161,
        -0.5,
    )
)
_MIDDLE = tuple(
    _F(c)
    for c in (
        2.81022636e-08,
        3.43273939e-07,
        -3.5233877e-06,
        -4.39150654e-06,
        0.00021858087,
        -0.00125372503,
        -0.00417768164,
        0.246640727,
        1.50140941,
    )
)
_TAIL = tuple(
    _F(c)
    for c in (
        -0.000200214257,
        0.000100950558,
        0.00134934322,
        -0.00367342844,
        0.00573950773,
        -0.0076224613,
        0.00943887047,
        1.00167406,
        2.83297682,
    )
)
# sin(pi t) / t and cos(pi t) as polynomials of t^2, on [-1/2, 1/2], to 5e-8.
_SINE = tuple(_F(c) for c in (0.07765941, -0.59829216, 2.55007766, -5.16771009, 3.14159264))
_COSINE = tuple(_F(c) for c in (0.21969679, -1.33188016, 4.05841191, -4.93479286, 0.99999995))
_TURN = _F(2.0**-32)
_LN2 = _F(math.log(2))
_ROOT2 = _F(math.sqrt(2))
_ONE, _TWO, _THREE, _FIVE, _CENTER, _UNIT = _F(1), _F(2), _F(3), _F(5), _F(2.5), _F(2.0**-31)
_LOG_OFFSET, _MANTISSA = np.int32(0x3F2AAAAB), np.int32(23)
_ONE_BITS, _SIGN = _U(1), _U(31)
_MAGNITUDE = _U(0x7FFFFFFF)
_FOUR = _U(4)


@njit(**_INLINE)
def philox(key0, key1, c0, c1, c2, c3):
    """Return the four 32-bit words of a counter, all as uint64."""
    return _rounds(10, key0, key1, c0, c1, c2, c3)


@njit(**_INLINE)
def _rounds(n, key0, key1, c0, c1, c2, c3):
    for _ in range(n):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0 = (p1 >> _HALF) ^ c1 ^ key0
        c1 = p1 & _MASK
        c2 = (p0 >> _HALF) ^ c3 ^ key1
        c3 = p0 & _MASK
        key0 = (key0 + _W0) & _MASK
        key1 = (key1 + _W1) & _MASK
    return c0, c1, c2, c3


@njit(**_INLINE)
def _log(value):
    """Return the logarithm of a positive normal float32, to about one unit in the last place."""
    bits = as_int(value)
    exponent = (bits - _LOG_OFFSET) >> _MANTISSA
    m = as_float(np.int32(bits - np.int32(exponent << _MANTISSA))) - _ONE
    p = _LOG[0]
    p = p * m + _LOG[1]
    p = p * m + _LOG[2]
    p = p * m + _LOG[3]
    p = p * m + _LOG[4]
    p = p * m + _LOG[5]
    p = p * m + _LOG[6]
    p = p * m + _LOG[7]
    p = p * m + _LOG[8]
    return p * (m * m) + m + _F(exponent) * _LN2


@njit(**_INLINE)
def normal(word):
    """Return the standard normal number of a 32-bit word: sign, and quantile of the other bits.

    The quantile function is accurate to single precision; numbers reach 6.2 standard deviations.
    """
    t = (_F(np.int32(word & _MAGNITUDE)) + _F(0.5)) * _UNIT
    w = -_log(t * (_TWO - t))
    middle = w - _CENTER
    tail = np.sqrt(w) - _THREE
    a = _MIDDLE[0]
    a = a * middle + _MIDDLE[1]
    a = a * middle + _MIDDLE[2]
    a = a * middle + _MIDDLE[3]
    a = a * middle + _MIDDLE[4]
    a = a * middle + _MIDDLE[5]
    a = a * middle + _MIDDLE[6]
    a = a * middle + _MIDDLE[7]
    a = a * middle + _MIDDLE[8]
    b = _TAIL[0]
    b = b * tail + _TAIL[1]
    b = b * tail + _TAIL[2]
    b = b * tail + _TAIL[3]
    b = b * tail + _TAIL[4]
    b = b * tail + _TAIL[5]
    b = b * tail + _TAIL[6]
    b = b * tail + _TAIL[7]
    b = b * tail + _TAIL[8]
    size = (a if w < _FIVE else b) * (_ONE - t) * _ROOT2
    return size if (word >> _SIGN) == _U(0) else -size


@njit(**_INLINE)
def _pair(word0, word1):
    """Return two standard normal numbers: a random radius in a random direction.

    The radius takes 31 bits of the first word, so numbers reach 6.6 standard deviations; the sign
    of the cosine is its last bit.
    """
    u = (_F(np.int32(word0 >> _ONE_BITS)) + _F(0.5)) * _UNIT
    radius = np.sqrt(max(-_TWO * _log(u), _F(0)))
    t = _F(np.int32(word1)) * _TURN
    z = t * t
    sine = ((_SINE[0] * z + _SINE[1]) * z + _SINE[2]) * z + _SINE[3]
    sine = (sine * z + _SINE[4]) * t
    cosine = ((_COSINE[0] * z + _COSINE[1]) * z + _COSINE[2]) * z + _COSINE[3]
    cosine = cosine * z + _COSINE[4]
    sign = _ONE - _F(np.int32((word0 & _ONE_BITS) << _ONE_BITS))
    return radius * sine, radius * cosine * sign


@njit(**OPTIONS)
def normals(out, count, key0, key1, c1, c2, c3):
    """Write standard normal numbers of the counters `(0 .. ceil(count / 4), c1, c2, c3)`.

    `out` holds at least `count` rounded up to a multiple of four.
    """
    quarter = (_U(count) + _U(3)) // _FOUR
    for q in range(quarter):
        q = _U(q)
        r0, r1, r2, r3 = _rounds(7, key0, key1, q, c1, c2, c3)
        a, b = _pair(r0, r1)
        c, d = _pair(r2, r3)
        store(out, q, a, 1)
        store(out, q + quarter, b, 1)
        store(out, q + _TWO_U * quarter, c, 1)
        store(out, q + _THREE_U * quarter, d, 1)


_TWO_U, _THREE_U = _U(2), _U(3)
