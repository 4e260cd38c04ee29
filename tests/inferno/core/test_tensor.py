import pytest
import torch
from torch import nn

import inferno

FILLED = [inferno.zeros, inferno.ones, inferno.empty, inferno.uniform, inferno.normal]


@pytest.mark.parametrize("make", FILLED)
def test_properties_come_from_the_template(make):
    template = nn.Parameter(torch.rand(2, 3, dtype=torch.float64))
    result = make(template)
    assert (result.shape, result.dtype, result.requires_grad) == ((2, 3), torch.float64, True)
    result = make(template, shape=(), dtype=torch.float32, device="meta", requires_grad=False)
    assert (result.shape, result.dtype, result.is_meta) == ((), torch.float32, True)
    assert not result.requires_grad


def test_values():
    template = torch.rand(2, 3)
    assert torch.equal(inferno.zeros(template), torch.zeros(2, 3))
    assert torch.equal(inferno.ones(template), torch.ones(2, 3))
    assert torch.equal(inferno.full(template, 2.5), torch.full((2, 3), 2.5))


def test_full_keeps_integers_and_fullc_does_not():
    template = torch.zeros(2, dtype=torch.int64)
    assert inferno.full(template, 2.7).tolist() == [2, 2]
    assert inferno.fullc(template, 2.5).tolist() == [2.5, 2.5]
    assert inferno.fullc(template, 2.5, dtype=torch.int32).dtype == torch.int32
    assert inferno.fullc(template.to(torch.complex64), 1).dtype == torch.complex64


@pytest.mark.parametrize(
    ("make", "draw"), [(inferno.uniform, torch.rand), (inferno.normal, torch.randn)]
)
def test_random_tensors_draw_once_from_their_generator(make, draw):
    template = torch.zeros(4, 5)
    torch.manual_seed(7)
    expected = draw(4, 5)
    torch.manual_seed(7)
    assert torch.equal(make(template), expected)
    state = torch.get_rng_state()
    generator = torch.Generator().manual_seed(7)
    assert torch.equal(make(template, generator=generator), expected)
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(NotImplementedError):
        make(template.long())


def test_scalar():
    result = inferno.scalar(3, torch.zeros(2, dtype=torch.float64))
    assert (result.shape, result.dtype, result.item()) == ((), torch.float64, 3.0)


def test_astensors_follow_the_leftmost_tensor():
    first, second = torch.zeros(2, dtype=torch.float64), torch.zeros(1)
    values = inferno.astensors(1, first, second, conversion=lambda x: pytest.fail("unused"))
    assert values[0].dtype == torch.float64
    assert values[0].shape == ()
    assert values[1] is first
    assert values[2] is second
    assert inferno.astensors(2).item() == 2
    assert inferno.astensors() == ()
    assert inferno.astensors(1, 2, conversion=str) == ("1", "2")
