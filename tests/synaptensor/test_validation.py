import re

import numpy as np
import pytest
import torch
from torch import nn

from synaptensor.validation import (
    check_callable,
    check_choice,
    check_finite,
    check_flag,
    check_in_range,
    check_instance,
    check_integer,
    check_nonnegative,
    check_number,
    check_positive,
    check_shape,
    describe,
    suggest,
)


def refuses(error, message):
    return pytest.raises(error, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize("value", [1, 0.5, float("inf"), np.float32(2), torch.tensor([1.0, 2.0])])
def test_positive_returns_what_it_was_given(value):
    assert check_positive("tau", value) is value


@pytest.mark.parametrize("value", [0, -1.5, float("nan")])
def test_positive_refuses_the_rest(value):
    with refuses(ValueError, f"`tau` must be positive, got {value!r}"):
        check_positive("tau", value)


def test_a_tensor_is_refused_with_its_first_offender():
    with refuses(ValueError, "`tau` must be positive, got -2.0 at index (0, 1) and 1 more"):
        check_positive("tau", torch.tensor([[1.0, -2.0], [0.0, 1.0]]))
    with refuses(ValueError, "`tau` must be positive, got nan at index 1"):
        check_positive("tau", torch.tensor([1.0, float("nan")]))
    with refuses(ValueError, "`tau` must be positive, got -1.0"):
        check_positive("tau", torch.tensor(-1.0))


@pytest.mark.parametrize("value", ["1", None, True, [1.0], 1j])
def test_what_is_no_number_is_a_type_error(value):
    message = f"`tau` must be a number or tensor, positive, got {value!r}"
    with refuses(TypeError, message):
        check_positive("tau", value)


def test_nonnegative_takes_zero():
    assert check_nonnegative("delay", 0.0) == 0.0
    with refuses(ValueError, "`delay` must be non-negative, got -0.1"):
        check_nonnegative("delay", -0.1)


@pytest.mark.parametrize(
    ("inclusive", "accepted", "phrase"),
    [
        ("both", {0, 1}, "in [0, 1]"),
        ("left", {0}, "in [0, 1)"),
        ("right", {1}, "in (0, 1]"),
        ("neither", set(), "in (0, 1)"),
    ],
)
def test_range_ends_belong_to_it_as_asked(inclusive, accepted, phrase):
    assert check_in_range("p", 0.5, 0, 1, inclusive) == 0.5
    for end in (0, 1):
        if end in accepted:
            assert check_in_range("p", end, 0, 1, inclusive) == end
        else:
            with refuses(ValueError, f"`p` must be {phrase}, got {end}"):
                check_in_range("p", end, 0, 1, inclusive)
    for outside in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=re.escape(phrase)):
            check_in_range("p", outside, 0, 1, inclusive)


@pytest.mark.parametrize("value", [3, np.int64(3), torch.tensor(3)])
def test_integers_of_all_kinds_become_int(value):
    result = check_integer("n", value)
    assert result == 3
    assert type(result) is int


@pytest.mark.parametrize("value", [3.0, "3", None, True, torch.tensor(True), torch.ones(2)])
def test_other_types_are_no_integers(value):
    with pytest.raises(TypeError, match=r"^`n` must be an integer >= 1, got "):
        check_integer("n", value, minimum=1)


@pytest.mark.parametrize(
    ("value", "bounds", "message"),
    [
        (0, {"minimum": 1}, "`n` must be an integer >= 1, got 0"),
        (5, {"maximum": 4}, "`n` must be an integer <= 4, got 5"),
        (9, {"minimum": 1, "maximum": 4}, "`n` must be an integer in [1, 4], got 9"),
    ],
)
def test_integers_out_of_bounds_are_refused(value, bounds, message):
    with refuses(ValueError, message):
        check_integer("n", value, **bounds)


def test_choice_suggests_the_nearest_name():
    assert check_choice("mode", "mean", ("sum", "mean")) == "mean"
    with refuses(
        ValueError, "`mode` must be one of 'sum', 'mean', got 'maen'; did you mean 'mean'?"
    ):
        check_choice("mode", "maen", ("sum", "mean"))
    with refuses(ValueError, "`mode` must be one of 'sum', 'mean', got 7"):
        check_choice("mode", 7, ("sum", "mean"))


def test_choice_takes_unhashable_values_and_mappings():
    with refuses(ValueError, "`mode` must be one of 'a', got ['a']"):
        check_choice("mode", ["a"], {"a": 1})
    assert check_choice("n", 2, (1, 2)) == 2


def test_suggestions_ignore_case_and_stay_silent_otherwise():
    assert suggest("relu", ["ReLU", "Tanh"]) == "; did you mean 'ReLU'?"
    assert suggest("xyz", ["ReLU", "Tanh"]) == ""


def test_instance_names_types_and_the_value():
    layer = nn.Linear(1, 1)
    assert check_instance("module", layer, nn.Module) is layer
    assert check_instance("device", None, str | None) is None
    with refuses(TypeError, "`module` must be an instance of Module, got 3 of type int"):
        check_instance("module", 3, nn.Module)
    with refuses(TypeError, "`x` must be an instance of int or None, got 'a' of type str"):
        check_instance("x", "a", int | None)
    with refuses(TypeError, "`x` must be an instance of int or str, got None of type NoneType"):
        check_instance("x", None, (int, str))


@pytest.mark.parametrize("value", [True, 1, np.True_, np.int64(1), torch.tensor(True)])
def test_flags_of_all_kinds_become_bool(value):
    assert check_flag("x", value) is True
    assert check_flag("x", value - value if isinstance(value, np.int64) else False) is False


@pytest.mark.parametrize(
    "value", [None, 2, -1, 0.0, "x", [], torch.ones(2), torch.ones((), device="meta")]
)
def test_what_is_neither_true_nor_false_is_refused(value):
    refused = f"`x` must be True or False, got {describe(value)}"
    with refuses(TypeError, refused):
        check_flag("x", value)


@pytest.mark.parametrize("kind", [torch.complex64, torch.Tensor.to_sparse, "meta"])
def test_numbers_are_dense_and_real(kind):
    value = kind(torch.ones(2)) if callable(kind) else torch.ones(2).to(kind)
    with pytest.raises(TypeError, match="`x` must be dense real numbers, positive"):
        check_positive("x", value)


@pytest.mark.parametrize(
    "value", [2, 2.0, np.float32(2), np.array(2), torch.tensor(2), torch.tensor([2.0])]
)
def test_numbers_of_all_kinds_become_float(value):
    number = check_number("x", value, check_positive)
    assert number == 2.0
    assert type(number) is float
    with refuses(ValueError, "`x` must be positive, got -1.0"):
        check_number("x", -1, check_positive)


@pytest.mark.parametrize(
    "value",
    [None, True, "2", 2j, [2.0], np.ones(1), torch.ones(2), torch.ones((), device="meta")],
)
def test_what_is_not_one_number_is_refused(value):
    with refuses(TypeError, f"`x` must be a number, got {describe(value)}"):
        check_number("x", value)


def test_integers_have_64_bits():
    with refuses(ValueError, f"`x` must be an integer of 64 bits, got {2**70}"):
        check_integer("x", 2**70)


def test_an_array_is_no_choice():
    with pytest.raises(ValueError, match="`x` must be one of 'a', 'b'"):
        check_choice("x", np.array(["a"]), ("a", "b"))


def test_callable():
    assert check_callable("fn", len) is len
    with refuses(TypeError, "`fn` must be callable, got 3 of type int"):
        check_callable("fn", 3)


@pytest.mark.parametrize("value", [0, -1.5, torch.ones(2), torch.tensor([1, 2])])
def test_finite_returns_what_it_was_given(value):
    assert check_finite("x", value) is value


def test_finite_refuses_nan_and_infinity():
    with refuses(ValueError, "`x` must be finite, got inf at index 1"):
        check_finite("x", torch.tensor([0.0, float("inf")]))
    with refuses(ValueError, "`x` must be finite, got nan"):
        check_finite("x", float("nan"))
    with refuses(TypeError, "`x` must be a number or tensor, finite, got 'a'"):
        check_finite("x", "a")


@pytest.mark.parametrize(
    "shape", [(2, 3, 4), (None, 3, None), (..., 4), (2, ...), (2, ..., 4), (...,), (2, 3, ..., 4)]
)
def test_shapes_that_fit(shape):
    x = torch.zeros(2, 3, 4)
    assert check_shape("x", x, shape) is x


@pytest.mark.parametrize(
    ("shape", "phrase"),
    [
        ((2, 3), "(2, 3)"),
        ((None, 4, 4), "(any, 4, 4)"),
        ((..., 5), "(..., 5)"),
        ((2,), "(2,)"),
        ((2, 3, 4, ..., 4), "(2, 3, 4, ..., 4)"),
    ],
)
def test_shapes_that_do_not_fit(shape, phrase):
    with refuses(ValueError, f"`x` must be of shape {phrase}, got (2, 3, 4)"):
        check_shape("x", torch.zeros(2, 3, 4), shape)


def test_shape_wants_a_tensor():
    with pytest.raises(TypeError, match="`x` must be an instance of Tensor"):
        check_shape("x", [1, 2], (2,))


def test_descriptions_stay_short():
    assert describe(torch.ones(2, 3)) == "tensor of shape (2, 3), float32, on cpu"
    assert describe("a") == "'a'"
    assert len(describe(list(range(1000)))) == 120
