"""What the compiled loops need and Python has no word for: bit counts, bit casts, plain loads.

A loop that gathers from one array and writes to another is turned into vector instructions only
if the compiler knows that the two do not overlap. `load` and `store` carry that promise: an array
written by `store` must never be read by `load` with the same buffer number.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "as_float",
    "as_int",
    "bit_count",
    "leading_zeros",
    "load",
    "lowest_bit",
    "round_even",
    "shift_left",
    "store",
]

_DOMAIN = "aihwkit.buffers"


@intrinsic
def bit_count(typing_context, word):
    """Return the number of bits that are set."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return word(word), generate


@intrinsic
def lowest_bit(typing_context, word):
    """Return the position of the lowest bit that is set; the word must not be 0."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return word(word), generate


@intrinsic
def leading_zeros(typing_context, word):
    """Return the number of bits above the highest one that is set; the word must not be 0."""

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return word(word), generate


@intrinsic
def shift_left(typing_context, word, places):
    """Return a word shifted by fewer places than it has bits, as wide as it was."""

    def generate(context, builder, signature, arguments):
        return builder.shl(arguments[0], arguments[1])

    return word(word, word), generate


@intrinsic
def as_int(typing_context, value):
    """Return the bits of a float32 as int32."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def as_float(typing_context, bits):
    """Return the float32 with the bits of an int32."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def round_even(typing_context, value):
    """Return a float rounded to the nearest integer, half to even."""

    def generate(context, builder, signature, arguments):
        kind = arguments[0].type
        function = builder.module.declare_intrinsic("llvm.rint", [kind])
        return builder.call(function, arguments)

    return value(value), generate


def _scope(builder, buffer):
    module = builder.module
    domain = module.add_metadata([_DOMAIN])
    scope = module.add_metadata([f"{_DOMAIN}.{buffer}", domain])
    return module.add_metadata([scope])


def _element(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, value=array).data
    return builder.gep(data, [index], inbounds=True)


@intrinsic
def load(typing_context, array, index, buffer):
    """Return an element of a contiguous vector that no `store` to this buffer number writes."""
    if not isinstance(buffer, types.IntegerLiteral) or array.ndim != 1:
        return None
    signature = array.dtype(array, types.uintp, buffer)

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], arguments[0], arguments[1])
        value = builder.load(pointer)
        value.set_metadata("noalias", _scope(builder, buffer.literal_value))
        return context.data_model_manager[array.dtype].from_data(builder, value)

    return signature, generate


@intrinsic
def store(typing_context, array, index, value, buffer):
    """Write an element of a contiguous vector that no `load` of this buffer number reads."""
    if not isinstance(buffer, types.IntegerLiteral) or array.ndim != 1:
        return None
    signature = types.void(array, types.uintp, array.dtype, buffer)

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], arguments[0], arguments[1])
        value = context.data_model_manager[array.dtype].as_data(builder, arguments[2])
        written = builder.store(value, pointer)
        written.set_metadata("alias.scope", _scope(builder, buffer.literal_value))
        return context.get_dummy_value()

    return signature, generate
