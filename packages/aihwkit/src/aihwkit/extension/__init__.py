"""Operators that the reference compiles on request; here they are functions on tensors.

Attributes:
    EXTENSION_COMPILED: whether the operators can be used, which is always so.
    extension_ops: the operators.
"""

from aihwkit.extension.aihwkit_extension import ops as extension_ops
from aihwkit.extension.float_precision import FloatPrecisionCast, FloatPrecisionCastFunction

__all__ = [
    "EXTENSION_COMPILED",
    "FloatPrecisionCast",
    "FloatPrecisionCastFunction",
    "extension_ops",
]

EXTENSION_COMPILED = True
