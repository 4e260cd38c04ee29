"""Uniform quantisers: values, gradients, ranges and states."""

import copy
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aihwkit.simulator.digital_low_precision.quantizers import (
    AsymmetricUniformQuantizer,
    QMethods,
    QuantizerNotInitializedError,
    SymmetricUniformQuantizer,
    floor_ste_func,
    round_ste_func,
)

BOTH = [SymmetricUniformQuantizer, AsymmetricUniformQuantizer]
VALUES = [-1.2, -0.5, 0.04, 0.1, 0.9, 1.4]


def made(cls, low=-1.0, high=0.5, **options):
    quantizer = cls(4, **options)
    quantizer.set_quant_range(low, high)
    return quantizer


def test_symmetric_values_and_gradients():
    quantizer = made(SymmetricUniformQuantizer)
    quantizer.make_range_trainable()
    x = torch.tensor(VALUES, requires_grad=True)
    y = quantizer(x)
    y.sum().backward()
    expected = torch.tensor([-8.0, -3.0, 0.0, 1.0, 6.0, 7.0]) / 7
    torch.testing.assert_close(y.detach(), expected)
    assert x.grad.tolist() == [1, 1, 1, 1, 1, 0]
    assert quantizer._delta.grad.item() == pytest.approx(7.62, abs=1e-4)


def test_asymmetric_values_and_gradients():
    quantizer = made(AsymmetricUniformQuantizer)
    quantizer.make_range_trainable()
    x = torch.tensor(VALUES, requires_grad=True)
    y = quantizer(x)
    y.sum().backward()
    torch.testing.assert_close(y.detach(), torch.tensor([-1.0, -0.5, 0.0, 0.1, 0.5, 0.5]))
    assert x.grad.tolist() == [0, 1, 1, 1, 0, 0]
    assert quantizer._delta.grad.item() == pytest.approx(-0.4, abs=1e-4)
    assert quantizer._zero_float.grad.item() == pytest.approx(-0.3, abs=1e-4)
    assert quantizer.zero_point.item() == 10


def test_positive_data_use_all_integers_of_a_symmetric_quantizer():
    quantizer = made(SymmetricUniformQuantizer, 0.0, 1.5)
    assert not quantizer.signed
    assert (quantizer.int_min, quantizer.int_max) == (0, 15)
    assert quantizer.scale.item() == pytest.approx(0.1)


@pytest.mark.parametrize("cls", BOTH)
def test_logarithmic_scale_gives_the_same_values(cls):
    x = torch.linspace(-1.5, 1.5, 50)
    linear, logarithmic = made(cls), made(cls, scale_domain="log")
    torch.testing.assert_close(logarithmic(x), linear(x))
    torch.testing.assert_close(logarithmic._delta.exp(), linear._delta)


@pytest.mark.parametrize("cls", BOTH)
def test_one_range_for_each_channel_or_entry_of_an_axis(cls):
    x = torch.tensor([[-1.0, 0.3, 0.52], [-10.0, 3.0, 5.2]])
    rows = cls(4, per_channel=True)
    rows.set_quant_range(x.amin(1), x.amax(1))
    torch.testing.assert_close(rows(x)[1], 10 * rows(x)[0])
    columns = cls(4, axis=1)
    columns.set_quant_range(x.amin(1), x.amax(1))
    torch.testing.assert_close(columns(x.t()), rows(x).t())


@pytest.mark.parametrize("cls", BOTH)
def test_state_goes_through_a_state_dict(cls):
    used, fresh = made(cls, per_channel=True, low=[-1.0, -2.0], high=[0.5, 3.0]), None
    fresh = cls(4, per_channel=True)
    assert not fresh.is_initialized
    fresh.load_state_dict(used.state_dict())
    x = torch.randn(2, 20)
    torch.testing.assert_close(fresh(x), used(x))
    used.load_state_dict(cls(4).state_dict())
    assert not used.is_initialized


@pytest.mark.parametrize("cls", BOTH)
def test_copies_compute_the_same(cls):
    quantizer, x = made(cls), torch.randn(20)
    for twin in (copy.deepcopy(quantizer), pickle.loads(pickle.dumps(quantizer))):
        torch.testing.assert_close(twin(x), quantizer(x))


@pytest.mark.parametrize("cls", BOTH)
def test_a_quantizer_without_range_says_how_to_get_one(cls):
    quantizer = cls(4)
    with pytest.raises(QuantizerNotInitializedError, match="estimate_ranges"):
        quantizer(torch.ones(2))
    quantizer.set_quant_range(-1, 1)
    quantizer.reset()
    with pytest.raises(QuantizerNotInitializedError):
        quantizer.scale  # noqa: B018 - the property raises


@pytest.mark.parametrize("cls", BOTH)
def test_impossible_arguments_are_refused(cls):
    with pytest.raises(ValueError, match="n_bits"):
        cls(0)
    with pytest.raises(ValueError, match="scale_domain"):
        cls(4, scale_domain="linaer")
    with pytest.raises(ValueError, match="axis"):
        cls(4, per_channel=True, axis=1)
    quantizer = made(cls)
    before = quantizer.scale.item()
    with pytest.raises(ValueError, match="one number"):
        quantizer.set_quant_range(torch.tensor([-1.0, -2.0]), 1.0)
    with pytest.raises(ValueError, match="finite"):
        quantizer.set_quant_range(float("nan"), 1.0)
    assert quantizer.scale.item() == before


def test_rounding_passes_the_gradient():
    x = torch.tensor([0.5, 1.5, -0.2], requires_grad=True)
    (round_ste_func(x) + floor_ste_func(x)).sum().backward()
    assert round_ste_func(x).tolist() == [0.0, 2.0, -0.0]
    assert floor_ste_func(x).tolist() == [0.0, 1.0, -1.0]
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


@settings(max_examples=50, deadline=None)
@given(
    n_bits=st.integers(1, 10),
    symmetric=st.booleans(),
    low=st.floats(-100, 0),
    high=st.floats(0.01, 100),
)
def test_values_in_the_range_move_by_half_a_step_at_most(n_bits, symmetric, low, high):
    cls = SymmetricUniformQuantizer if symmetric else AsymmetricUniformQuantizer
    quantizer = cls(n_bits)
    quantizer.set_quant_range(low, high)
    x = torch.linspace(float(quantizer.x_min), float(quantizer.x_max), 101)
    y = quantizer(x)
    assert len(y.unique()) <= 2**n_bits
    assert float((y - x).abs().max()) <= 0.5 * float(quantizer.scale) * (1 + 1e-3)
    torch.testing.assert_close(quantizer(y), y)


def test_methods_are_listed_by_name():
    assert QMethods.list() == ["symmetric_uniform", "asymmetric_uniform"]
    assert QMethods.symmetric_uniform.cls is SymmetricUniformQuantizer
