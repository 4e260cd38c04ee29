import pytest
import torch

from inferno import Module, RecordTensor, functional

SAMPLE = torch.tensor([10.0, 10.0])
AT = torch.tensor([0.5, 1.5])
OLDER, NEWER = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 6.0])
ARGS = (SAMPLE, AT, OLDER, NEWER, 2.0)

CASES = [
    (functional.extrap_previous, {}, ([10, 10], [3, 6])),
    (functional.extrap_next, {}, ([1, 2], [10, 10])),
    (functional.extrap_neighbors, {}, ([10, 10], [10, 10])),
    (functional.extrap_nearest, {}, ([10, 2], [3, 10])),
    (functional.extrap_linear_forward, {}, ([1, 2], [37, 12.6667])),
    (functional.extrap_linear_backward, {}, ([12.3333, 22], [3, 6])),
    (
        functional.extrap_expdecay,
        {"time_constant": 4.0},
        ([11.3315, 14.5499], [6.8729, 8.8250]),
    ),
    (
        functional.extrap_expratedecay,
        {"rate_constant": 0.25},
        ([11.3315, 14.5499], [6.8729, 8.8250]),
    ),
]


@pytest.mark.parametrize(("extrap", "kwargs", "expected"), CASES)
def test_values(extrap, kwargs, expected):
    got = extrap(*ARGS, **kwargs, unused=1)
    for part, numbers in zip(got, expected, strict=True):
        torch.testing.assert_close(part, torch.tensor(numbers).float(), rtol=0, atol=5e-5)


@pytest.mark.parametrize(
    "extrap", [functional.extrap_linear_forward, functional.extrap_linear_backward]
)
def test_adjustment_of_the_kept_side(extrap):
    adjusted = extrap(*ARGS, adjust=lambda x: 0 * x)
    index = 0 if extrap is functional.extrap_linear_forward else 1
    assert adjusted[index].tolist() == [0, 0]


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("extrap", "kwargs", "_"), CASES)
def test_insertion_into_a_record(fraction, extrap, kwargs, _):
    dt = 1.25
    module = Module()
    RecordTensor.create(module, "x", dt, dt, torch.full((5, 4), float("nan")), inclusive=True)
    older, newer, sample = torch.rand(5, 4), torch.rand(5, 4), torch.rand(5, 4)
    module.x.push(older)
    module.x.push(newer)
    selector = torch.full((5, 4), fraction * dt)
    module.x.insert(sample, selector, extrap, offset=1, extrap_kwargs=kwargs)
    expected = extrap(sample, dt - selector, older, newer, dt, **kwargs)
    torch.testing.assert_close(module.x.select(dt), expected[0], rtol=0, atol=5e-6)
    torch.testing.assert_close(module.x.select(0.0), expected[1], rtol=0, atol=5e-6)


def test_required_keywords():
    for extrap in (functional.extrap_expdecay, functional.extrap_expratedecay):
        with pytest.raises(TypeError, match="constant"):
            extrap(*ARGS)
