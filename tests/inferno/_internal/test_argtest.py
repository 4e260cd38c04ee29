import math

import numpy as np
import pytest
import torch

from inferno._internal import argtest


@pytest.mark.parametrize(
    ("test", "good", "bad"),
    [
        (argtest.lt, 1, 2),
        (argtest.lte, 2, 3),
        (argtest.gt, 3, 2),
        (argtest.gte, 2, 1),
        (argtest.neq, 1, 2),
    ],
)
def test_comparisons_return_the_value_or_name_the_argument(test, good, bad):
    assert test("x", good, 2) == good
    with pytest.raises(ValueError, match=rf"^`x` must be .* 2, got {bad}$"):
        test("x", bad, 2)


def test_comparisons_cast_value_and_named_limit():
    assert argtest.gt("x", "1.5", 1, float) == 1.5
    assert argtest.lt("x", "1", "2", int, "y") == 1
    with pytest.raises(ValueError, match="`y` = 2"):
        argtest.lt("x", "3", "2", int, "y")
    with pytest.raises(ValueError, match="`x` must be a number, got 'one'"):
        argtest.gt("x", "one", 1, float)
    with pytest.raises(TypeError):
        argtest.gt("x", None, 1)


def test_nan_fails_order_and_passes_inequality():
    for test in (argtest.lt, argtest.lte, argtest.gt, argtest.gte):
        with pytest.raises(ValueError, match="nan"):
            test("x", math.nan, 0)
    assert math.isnan(argtest.neq("x", math.nan, 0))


@pytest.mark.parametrize(
    ("test", "low", "high"),
    [
        (argtest.minmax_incl, True, True),
        (argtest.minmax_excl, False, False),
        (argtest.min_excl_max_incl, False, True),
        (argtest.min_incl_max_excl, True, False),
    ],
)
def test_intervals_include_the_bounds_they_say(test, low, high):
    assert test("x", "0.5", 0, 1, float) == 0.5
    for value, included in ((0, low), (1, high), (2, False)):
        if included:
            assert test("x", value, 0, 1) == value
        else:
            with pytest.raises(ValueError, match="`x` must be in"):
                test("x", value, 0, 1)


def test_likesign_distinguishes_signed_zeros():
    assert argtest.likesign("x", 0.0, 3) == 0.0
    with pytest.raises(ValueError, match="same sign"):
        argtest.likesign("x", -0.0, 3)


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", True])
def test_integer_accepts_integral_numbers(value):
    assert argtest.integer("x", value) == int(float(value))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (3.5, ValueError),
        (math.nan, ValueError),
        (math.inf, ValueError),
        ("x", ValueError),
        (None, TypeError),
        ([], TypeError),
        (1j, TypeError),
    ],
)
def test_integer_refuses_everything_else(value, error):
    with pytest.raises(error, match="`x` must be an integer"):
        argtest.integer("x", value)


def test_dimensions_give_integers_and_tuples():
    assert argtest.dimensions("d", 2.0, 0, 3) == 2
    assert argtest.dimensions("d", 2, None, None, wrap_output=True) == (2,)
    assert argtest.dimensions("d", [1, "2"], 0, 3) == (1, 2)
    assert argtest.dimensions("d", None, 0, 3, permit_none=True) is None
    with pytest.raises(TypeError, match="`d`"):
        argtest.dimensions("d", None, 0, 3)
    with pytest.raises(ValueError, match=r"`d\[1\]`"):
        argtest.dimensions("d", (1, 4), 0, 3)


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.array(3), torch.tensor(3)])
def test_sizes_of_all_kinds_become_integers(value):
    assert argtest.single(value)
    assert argtest.size("n", value) == argtest.dimensions("n", value, 1, None) == 3
    assert not argtest.single([value])
    with pytest.raises(ValueError, match="`n` must be an integer >= 4, got 3"):
        argtest.size("n", value, 4)


@pytest.mark.parametrize("value", [2.5, "3", True, None, [3], np.ones(2)])
def test_what_is_no_size_is_refused(value):
    with pytest.raises((TypeError, ValueError), match="`n` must be an integer"):
        argtest.size("n", value)


def test_sequences_and_choices():
    assert argtest.ofsequence("s", ("1", 2), argtest.gt, 0, int) == (1, 2)
    with pytest.raises(ValueError, match=r"`s\[1\]`"):
        argtest.ofsequence("s", (1, -2), argtest.gt, 0)
    assert argtest.oneof("m", "A", "a", "b", op=str.lower) == "a"
    with pytest.raises(ValueError, match="one of 'a', 'b', got 'c'"):
        argtest.oneof("m", "c", "a", "b")
    assert argtest.onedefined(("a", None), ("b", 1)) == (None, 1)
    with pytest.raises(RuntimeError, match="`a`, `b`"):
        argtest.onedefined(("a", None), ("b", None))


def test_objects_by_type_and_members():
    assert argtest.instance("x", 1, int | str) == 1
    with pytest.raises(TypeError, match="must be an instance of int or str, got float"):
        argtest.instance("x", 1.0, (int, str))
    assert argtest.members("x", 1j, "real", "imag") == 1j
    with pytest.raises(RuntimeError, match="'none', 'nil'"):
        argtest.members("x", 1j, "real", "none", "nil")
    assert argtest.nestedmembers("x", 1j, "real.imag") == 1j
    with pytest.raises(RuntimeError, match=r"'real\.none'"):
        argtest.nestedmembers("x", 1j, "real.none")


def test_identifiers():
    assert argtest.identifier("n", "class") == "class"
    assert argtest.nestedidentifier("n", "a.b") == "a.b"
    for test, bad in ((argtest.identifier, "a.b"), (argtest.nestedidentifier, "a..b")):
        with pytest.raises(ValueError, match="`n`"):
            test("n", bad)
        with pytest.raises(TypeError, match="`n`"):
            test("n", 1)


def test_index_accepts_negative_ones():
    assert argtest.index("i", -3, 3) == -3
    assert argtest.index("i", 2.0, 3) == 2
    for value in (3, -4, 0.5):
        with pytest.raises(ValueError, match="`i`"):
            argtest.index("i", value, 3)
    with pytest.raises(ValueError, match="`n` = 0"):
        argtest.index("i", 0, 0, "n")
    with pytest.raises(TypeError, match="`i`"):
        argtest.index("i", "1", 3)
