import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pynsm.functional import is_elementwise
from pynsm.functional.projections import _FUNCTIONS, _MODULES, in_place, is_identity


def built(kind):
    return kind(0.1, 0.0) if kind is nn.Threshold else kind()


@pytest.mark.parametrize("kind", sorted(_MODULES, key=str), ids=lambda kind: kind.__name__)
def test_listed_modules_act_on_each_element_alone(kind):
    module = built(kind)
    assert is_elementwise(module)
    _check_parts(module)


@pytest.mark.parametrize("function", sorted(_FUNCTIONS, key=str), ids=lambda f: f.__name__)
def test_listed_functions_act_on_each_element_alone(function):
    assert is_elementwise(function)
    _check_parts(function)


def _check_parts(projection):
    y = torch.randn(4, 3, 5)
    whole = projection(y.clone())
    # The vector and the scalar code of one function may differ in the last bit.
    part = projection(y[1:2, :, 2:4].clone())
    torch.testing.assert_close(part, whole[1:2, :, 2:4], rtol=1e-6, atol=1e-7)
    assert torch.equal(in_place(projection)(y.clone()), whole)


@pytest.mark.parametrize(
    "projection",
    [nn.Softmax(1), nn.Dropout(), nn.PReLU(), nn.LayerNorm(3), F.normalize, lambda y: y],
)
def test_others_are_not_assumed_to(projection):
    assert not is_elementwise(projection)


def test_hooked_replaced_and_derived_modules_are_not_assumed_to():
    hooked = nn.ReLU()
    hooked.register_forward_pre_hook(lambda *_: None)
    replaced = nn.ReLU()
    replaced.forward = torch.tanh

    class Derived(nn.ReLU):
        pass

    for module in (hooked, replaced, Derived()):
        assert not is_elementwise(module)


def test_identities():
    assert is_identity(None)
    assert is_identity(nn.Identity())
    assert not is_identity(nn.ReLU())
    assert is_elementwise(None)
    y = torch.randn(3)
    assert in_place(None)(y) is y
    values = y.clone()
    assert in_place(nn.ReLU())(values) is values
