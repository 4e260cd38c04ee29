"""Weights become conductances and come back."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aihwkit.exceptions import ArgumentError
from aihwkit.inference import (
    BaseConductanceConverter,
    CustomPairConductanceConverter,
    DualPairConductanceConverter,
    NPairConductanceConverter,
    SingleDeviceConductanceConverter,
    SinglePairConductanceConverter,
)
from aihwkit.inference.converter.fusion import FusionConductanceConverter

W = torch.tensor([[0.5, -1.0, 0.25], [0.0, 2.0, -0.1]])
V_SHAPE = [[0, 5, 0, 12.5, 25], [25, 17.5, 0, 0, 0]]
LINEAR = [[0.789, 0.789, 0.789, 2.0, 3.123], [3.123, 2.0, 0.789, 0.789, 0.789]]

# Converter, ratio, slices: recorded from the reference.
GOLDEN = [
    (
        SinglePairConductanceConverter(25, 1),
        12.0,
        [[[7, 1, 4], [1, 25, 1]], [[1, 13, 1], [1, 1, 2.2]]],
    ),
    (
        DualPairConductanceConverter([1, 3]),
        50.0,
        [
            [[25, 0, 12.5], [0, 25, 0]],
            [[0, 25, 0], [0, 0, 5]],
            [[0, 0, 0], [0, 25, 0]],
            [[0, 25 / 3, 0], [0, 0, 0]],
        ],
    ),
    (
        NPairConductanceConverter([1, 2, 3], g_max=10, g_min=2),
        24.0,
        [
            [[10, 2, 8], [2, 10, 2]],
            [[2, 10, 2], [2, 2, 4.4]],
            [[4, 2, 2], [2, 10, 2]],
            [[2, 10, 2], [2, 2, 2]],
            [[2, 2, 2], [2, 10, 2]],
            [[2, 2, 2], [2, 2, 2]],
        ],
    ),
    (
        CustomPairConductanceConverter([1], V_SHAPE, invertibility_test=False),
        12.5,
        [[[6.25, 5, 3.125], [0, 25, 0.5]], [[0, 17.5, 0], [0, 0, 1.75]]],
    ),
    (SingleDeviceConductanceConverter(), 26.4, [[[48.6, 9, 42], [35.4, 88.2, 32.76]]]),
]


@pytest.mark.parametrize(("converter", "ratio", "slices"), GOLDEN, ids=lambda v: str(v)[:24])
def test_conductances_equal_recorded_ones(converter, ratio, slices):
    conductances, params = converter.convert_to_conductances(W)
    torch.testing.assert_close(float(params["scale_ratio"]), ratio, rtol=1e-5, atol=0)
    torch.testing.assert_close(
        torch.stack(list(conductances)), torch.tensor(slices), rtol=1e-5, atol=1e-5
    )
    back = converter.convert_back_to_weights(conductances, params)
    torch.testing.assert_close(back, W, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "converter",
    [
        SinglePairConductanceConverter(3.123, 0.789),
        DualPairConductanceConverter([1, 3], 3.123, 0.789),
        NPairConductanceConverter([1, 2, 3], 3.123, 0.789),
        CustomPairConductanceConverter([1], LINEAR, 3.123, 0.789, invertibility_test=False),
        SingleDeviceConductanceConverter(3.123, 0.789),
    ],
    ids=lambda c: type(c).__name__,
)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.floats(1e-3, 1e3))
def test_range_is_used_and_kept_and_weights_come_back(converter, seed, scale):
    weights = scale * torch.randn(7, 5, generator=torch.Generator().manual_seed(seed))
    before = weights.clone()
    conductances, params = converter.convert_to_conductances(weights)
    g = torch.stack(list(conductances))
    assert g.max() == pytest.approx(3.123, abs=1e-5)
    assert g.min() >= 0.789 - 1e-5
    assert torch.equal(weights, before)
    if not isinstance(converter, CustomPairConductanceConverter):  # LINEAR is not quite linear
        back = converter.convert_back_to_weights(conductances, params)
        torch.testing.assert_close(back, weights, rtol=1e-4, atol=1e-4 * scale)


def test_zero_weights_survive():
    zero = torch.zeros(2, 3)
    conductances, params = SinglePairConductanceConverter().convert_to_conductances(zero)
    assert float(params["scale_ratio"]) == pytest.approx(2.5e8)
    assert all(not g.any() for g in conductances)
    for converter in (SingleDeviceConductanceConverter(), DualPairConductanceConverter([1, 1])):
        back = converter.convert_back_to_weights(*converter.convert_to_conductances(zero + 0.5))
        torch.testing.assert_close(back, zero + 0.5)


def test_single_device_accepts_a_tensor_and_rows():
    converter = SingleDeviceConductanceConverter()
    (g,), params = converter.convert_to_conductances(W)
    torch.testing.assert_close(converter.convert_back_to_weights(g, params), W)
    torch.testing.assert_close(converter.convert_back_to_weights(list(g), params), W)


def test_fusion():
    weights = torch.tensor([[1.0, 0.2], [-0.5, 0.6]])
    converter = FusionConductanceConverter()
    (g,), params = converter.convert_to_conductances(weights)
    torch.testing.assert_close(g, torch.tensor([[40, 8], [100 / 3, 40]]))
    torch.testing.assert_close(converter.convert_back_to_weights([g], params), weights)
    constant = torch.tensor([[0.5, 0.5]])
    back = converter.convert_back_to_weights(*converter.convert_to_conductances(constant))
    torch.testing.assert_close(back, constant)
    assert str(converter) == "FusionConductanceConverter(g_max=40.00)"
    for g_max in (9, 41):
        with pytest.raises(ArgumentError, match="10 to 40"):
            FusionConductanceConverter(g_max)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SinglePairConductanceConverter(g_max=-1), "g_max must be at least 0"),
        (lambda: SinglePairConductanceConverter(g_min=-1), "g_min must be at least 0"),
        (lambda: SingleDeviceConductanceConverter(1, 2), "g_min must be below"),
        (lambda: NPairConductanceConverter((1, 2)), "f_lst must be a list"),
        (lambda: NPairConductanceConverter([-1]), "positive"),
        (lambda: DualPairConductanceConverter([1, 2, 3]), "2 factors"),
        (lambda: CustomPairConductanceConverter([1], [[0, 1]]), "two rows"),
        (lambda: CustomPairConductanceConverter([1], [0, 1]), "list of lists"),
        (lambda: CustomPairConductanceConverter((1,), [[0, 1], [1, 0]]), "f_lst"),
        (lambda: CustomPairConductanceConverter([1], [[0, 1], [1, 0, 1]]), "equally long"),
    ],
)
def test_impossible_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_table_that_is_not_linear_is_refused():
    with pytest.raises(ArithmeticError, match="linear"):
        CustomPairConductanceConverter([1], [[0, 20, 0, 0, 25], [25, 0, 0, 5, 0]])


@pytest.mark.parametrize("converter", [case[0] for case in GOLDEN], ids=lambda c: type(c).__name__)
def test_wrong_slices_and_params_are_refused(converter):
    conductances, params = converter.convert_to_conductances(W)
    if len(conductances) > 1:
        with pytest.raises(ValueError, match="slices"):
            converter.convert_back_to_weights(conductances[:1], params)
    with pytest.raises(ValueError, match="params must be what convert_to_conductances"):
        converter.convert_back_to_weights(conductances, {})


def test_comparison_and_text():
    a = DualPairConductanceConverter([1, 2])
    assert a == copy.deepcopy(a)
    assert a != DualPairConductanceConverter([1, 3])
    assert a != NPairConductanceConverter([1, 2])
    assert str(a) == "DualPairConductanceConverter(g_max=25.00, g_min=0.00)"
    with pytest.raises(TypeError):
        hash(a)
    with pytest.raises(NotImplementedError):
        BaseConductanceConverter().convert_to_conductances(W)
