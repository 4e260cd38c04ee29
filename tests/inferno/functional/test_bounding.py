import pytest
import torch

from inferno import functional as F

PARAM = torch.tensor([0.2, 0.8, 1.0, 1.2, 0.0, -0.1])
ONE = torch.ones(6)


def close(got, expected):
    torch.testing.assert_close(got, torch.as_tensor(expected, dtype=torch.float32))


@pytest.mark.parametrize(
    ("upper", "lower", "kwargs", "function"),
    [
        (F.bound_upper_power, F.bound_lower_power, {"power": 2.0}, lambda d: d**2),
        (
            F.bound_upper_scaled_power,
            F.bound_lower_scaled_power,
            {"power": 2.0, "range": 4.0},
            lambda d: (d / 4) ** 2,
        ),
        (F.bound_upper_multiplicative, F.bound_lower_multiplicative, {}, lambda d: d),
        (
            F.bound_upper_scaled_multiplicative,
            F.bound_lower_scaled_multiplicative,
            {"range": 4.0},
            lambda d: d / 4,
        ),
        (F.bound_upper_sharp, F.bound_lower_sharp, {}, lambda d: (d > 0).float()),
    ],
)
def test_half_bounds(upper, lower, kwargs, function):
    update = torch.arange(1.0, 7.0)
    close(upper(PARAM, update, 1.0, **kwargs, unused=1), function(1.0 - PARAM) * update)
    close(lower(PARAM, update, 0.5, **kwargs, unused=1), function(PARAM - 0.5) * update)


def test_half_bounds_used_as_documented_by_position():
    close(F.bound_upper_multiplicative(PARAM, ONE, 1.0)[3], -0.2)


def test_fractional_powers_block_beyond_the_bound():
    close(F.bound_upper_power(PARAM, ONE, 1.0, power=0.5)[3], 0.0)
    close(F.bound_lower_scaled_power(PARAM, ONE, 0.0, power=1.5, range=2.0)[5], 0.0)


def test_sharp_bound_of_the_worked_example():
    close(F.bound_sharp(PARAM, ONE, 10 * ONE, 1.0, 0.0), [-9, -9, -10, -10, 1, 1])


FULL = [
    F.bound_power,
    F.bound_scaled_power,
    F.bound_multiplicative,
    F.bound_scaled_multiplicative,
    F.bound_sharp,
]


@pytest.mark.parametrize("bound", FULL)
def test_no_limits_no_bound(bound):
    kwargs = {"upper_power": 2.0, "lower_power": 2.0} if "power" in bound.__name__ else {}
    assert torch.equal(bound(PARAM, ONE, 2 * ONE, None, None, **kwargs), -ONE)


def test_full_bounds():
    pos, neg = torch.rand(6), torch.rand(6)
    args = (PARAM, pos, neg, 2.0, -2.0)
    up, down = 2.0 - PARAM, PARAM + 2.0
    powers = {"upper_power": 2.0, "lower_power": 0.5}
    close(F.bound_power(*args, **powers), up**2 * pos - down**0.5 * neg)
    close(F.bound_scaled_power(*args, **powers), (up / 4) ** 2 * pos - (down / 4) ** 0.5 * neg)
    close(F.bound_multiplicative(*args), up * pos - down * neg)
    close(F.bound_scaled_multiplicative(*args), up / 4 * pos - down / 4 * neg)


def test_full_bounds_open_on_one_side():
    pos, neg = torch.rand(6), torch.rand(6)
    close(F.bound_multiplicative(PARAM, pos, neg, 1.0, None), (1 - PARAM) * pos - neg)
    close(F.bound_power(PARAM, pos, neg, None, 0.0, lower_power=1.0), pos - PARAM * neg)
    close(F.bound_sharp(PARAM, pos, neg, None, 2.0), pos)
    for bound in (F.bound_scaled_power, F.bound_scaled_multiplicative):
        with pytest.raises(ValueError, match="`min`"):
            bound(PARAM, pos, neg, 1.0, None)
        with pytest.raises(ValueError, match="`max`"):
            bound(PARAM, pos, neg, None, 0.0)


def test_sharp_bounds_have_gradients():
    update = torch.ones(6, requires_grad=True)
    F.bound_sharp(PARAM, update, update, 1.0, 0.0).sum().backward()
    assert update.grad.tolist() == [0, 0, -1, -1, 1, 1]


@pytest.mark.parametrize("bound", FULL)
def test_bounds_compile_whole(bound):
    torch.compiler.reset()
    compiled = torch.compile(
        lambda p, a, b: bound(p, a, b, 1.0, -1.0), fullgraph=True, backend="eager"
    )
    assert torch.equal(compiled(PARAM, ONE, ONE), bound(PARAM, ONE, ONE, 1.0, -1.0))
