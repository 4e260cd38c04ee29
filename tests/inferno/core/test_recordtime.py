import math

import pytest
import torch
from torch import nn

from inferno import Module, RecordTensor
from inferno.functional import (
    extrap_expdecay,
    extrap_linear_forward,
    interp_expdecay,
    interp_linear,
    interp_nearest,
    interp_next,
    interp_previous,
)


def make(value, step_time=1.0, duration=4.0, **kwargs):
    module = Module()
    RecordTensor.create(module, "x", step_time, duration, value, **kwargs)
    return module


def example(inclusive=False):
    """Step 2, the scalars 0 to 5 pushed: storage [4, 5, 2, 3], pointer 2."""
    module = make(torch.zeros(()), 2.0, 8.0)
    for i in range(6):
        module.x.push(torch.tensor(float(i)))
    return module


def random_record(shape=(3, 2), duration=16.25, step_time=0.75, pointer=5, wrap=lambda t: t):
    module = make(wrap(torch.zeros(shape)), step_time, duration)
    module.x.value = torch.rand(module.x.value.shape)
    module.x.pointer = pointer
    return module


def gathered(module, offsets):
    """Observations of shape (*S, D) at integer offsets of that shape."""
    data = module.x.value.detach()
    slots = (module.x.pointer - offsets.movedim(-1, 0)) % data.shape[0]
    return data.gather(0, slots).movedim(0, -1)


def test_ranges_of_the_worked_example():
    for obs, kwargs, expected in (
        ([[1.0, 2, 3]], {}, [3, 0, 1, 2]),
        ([[1.0, 2, 3, 4]], {"offset": -3}, [1, 2, 3, 4]),
        ([[1.0, 2, 3, 4]], {"offset": 2, "forward": True}, [3, 4, 1, 2]),
    ):
        for inplace in (False, True):
            module = make(torch.zeros(1))
            module.x.writerange(torch.tensor(obs), inplace=inplace, **kwargs)
            assert module.x.value.flatten().tolist() == expected
            assert module.x.pointer == 0
    module = example()
    module.x.align(0)
    assert module.x.readrange(3).tolist() == [3, 4, 5]
    assert module.x.readrange(3, 3, True).tolist() == [3, 4, 5]
    assert module.x.readrange(2, 2).tolist() == [3, 4]
    assert module.x.readrange(4).tolist() == [2, 3, 4, 5]
    assert module.x.readrange(0).tolist() == []


@pytest.mark.parametrize("length", [1, 5, 22])
@pytest.mark.parametrize("forward", [False, True])
@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
@pytest.mark.parametrize("tensor", [False, True])
def test_readrange_equals_gather(length, forward, wrap, tensor):
    module = random_record(wrap=wrap)
    assert module.x.recordsz == 22
    offset = torch.randint(-30, 30, (3, 2)) if tensor else 7
    first = torch.as_tensor(offset if forward else offset + length - 1)
    offsets = first.expand(3, 2).unsqueeze(-1) - torch.arange(length)
    assert torch.equal(module.x.readrange(length, offset, forward), gathered(module, offsets))


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("forward", [False, True])
@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
@pytest.mark.parametrize("tensor", [False, True])
def test_writerange_is_read_back(inplace, forward, wrap, tensor):
    for length in (1, 5, 22):
        module = random_record(wrap=wrap)
        before = module.x.value.detach().clone()
        offset = torch.randint(-30, 30, (3, 2)) if tensor else 7
        obs = torch.rand(3, 2, length, dtype=torch.float64)
        module.x.writerange(obs, offset, forward, inplace)
        assert module.x.dtype == torch.float32
        assert torch.equal(module.x.readrange(length, offset, forward), obs.float())
        assert (module.x.value.detach() != before).sum() <= obs.numel()


def test_ranges_are_checked():
    module = random_record()
    for call, message in (
        (lambda: module.x.readrange(23), "`length`"),
        (lambda: module.x.readrange(2, torch.zeros(3)), "`offset`"),
        (lambda: module.x.writerange(torch.zeros(2, 2, 1)), "`obs`"),
        (lambda: module.x.writerange(torch.zeros(3, 2, 23)), "at most 22"),
        (lambda: module.x.writerange(torch.zeros(3, 2, 1), torch.zeros(2)), "`offset`"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_select_of_the_worked_example():
    record = (owner := example()).x
    for time, value in ((0, 5), (2, 4), (4, 3), (6, 2), (0.5, 4.75), (5.5, 2.25)):
        assert record.select(time, interp_linear).item() == value
        assert record.select(torch.tensor(float(time)), interp_linear).item() == value
    assert record.select(torch.tensor([0.0, 0.5, 6.0]), interp_linear).tolist() == [5, 4.75, 2]
    # an element as near to both takes the older
    assert [record.select(t).item() for t in (0.9, 1.0, 1.1)] == [5, 4, 4]
    assert owner.x.pointer == 2


@pytest.mark.parametrize("offset", [1, 3, -2])
@pytest.mark.parametrize("selections", [None, 1, 7])
def test_times_within_the_tolerance_are_exact(offset, selections):
    module = random_record()
    shape = (3, 2) if selections is None else (3, 2, selections)
    steps = torch.randint(0, 22, shape)
    jitter = (torch.rand(shape) * 2 - 1) * (1e-4 - 1e-6)
    time = steps * 0.75 + jitter

    def noise(prev_data, next_data, sample_at, step_time):
        return torch.rand_like(prev_data)

    got = module.x.select(time, noise, tolerance=1e-4, offset=offset)
    steps = steps.unsqueeze(-1) if selections is None else steps
    expected = gathered(module, offset + steps)
    assert torch.equal(got, expected.squeeze(-1) if selections is None else expected)
    for k in (0, 3, 21):
        got = module.x.select(k * 0.75 + 9e-5, noise, tolerance=1e-4, offset=offset)
        assert torch.equal(got, module.x.read(offset + k))


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("offset", [1, 3, -2])
def test_interpolation_between_observations(fraction, offset):
    module = random_record()
    steps = torch.randint(0, 21, (3, 2, 7))
    time = (steps + fraction) * 0.75
    older, newer = gathered(module, offset + steps + 1), gathered(module, offset + steps)
    expected = interp_linear(older, newer, 0.75 - time % 0.75, 0.75)
    got = module.x.select(time, interp_linear, offset=offset)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-6)
    scalar = module.x.select((4 + fraction) * 0.75, interp_linear, offset=offset)
    older, newer = module.x.read(offset + 5), module.x.read(offset + 4)
    elapsed = torch.tensor(0.75 * (1 - fraction))
    torch.testing.assert_close(
        scalar, interp_linear(older, newer, elapsed, 0.75), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("interp", [interp_previous, interp_next, interp_nearest])
def test_picking_a_neighbour_equals_the_general_way(interp):
    module = random_record()
    time = torch.rand(3, 2, 50) * 0.75 * 21
    time[..., ::3] = torch.randint(0, 22, time[..., ::3].shape) * 0.75

    def general(*args, **kwargs):
        return interp(*args, **kwargs)

    assert torch.equal(module.x.select(time, interp), module.x.select(time, general))


def test_interpolation_keywords_are_passed():
    record = (owner := example()).x
    kwargs = {"time_constant": 20.0}
    value = record.select(0.5, interp_expdecay, interp_kwargs=kwargs)
    torch.testing.assert_close(value.item(), 4 * math.exp(-1.5 / 20), rtol=1e-6, atol=0)
    value = record.select(torch.tensor(0.5), interp_expdecay, interp_kwargs=kwargs)
    torch.testing.assert_close(value.item(), 4 * math.exp(-1.5 / 20), rtol=1e-6, atol=0)
    assert owner.x is record


def test_type_of_a_selection():
    module = make(torch.zeros(2, dtype=torch.bool), 1.0, 3.0)
    module.x.push(torch.tensor([True, False]))
    time = torch.tensor([0.0, 0.5])
    assert module.x.select(time).dtype == torch.bool
    decayed = module.x.select(time, interp_expdecay, interp_kwargs={"time_constant": 5.0})
    assert decayed.dtype == torch.float32
    assert module.x.select(0.5).dtype == torch.bool


def test_times_are_checked():
    record = (owner := random_record()).x
    longest = 0.75 * 21
    record.select(longest + 5e-7)
    record.select(torch.full((3, 2), -5e-7))
    for time in (longest + 0.01, -0.01, math.nan):
        with pytest.raises(ValueError, match="`time` must be in"):
            record.select(time)
        with pytest.raises(ValueError, match="`time` must be in"):
            record.select(torch.full((3, 2), time))
        with pytest.raises(ValueError, match="`time` must be in"):
            record.insert(torch.zeros(3, 2), time)
    for shape in ((3,), (2, 2), (3, 1), (3, 2, 1, 1)):
        with pytest.raises(ValueError, match="`time` must have the shape"):
            record.select(torch.zeros(shape))
    with pytest.raises(RuntimeError, match="empty"):
        record.select(torch.zeros(3, 2, 0))
    outside = torch.tensor([-5.0, 100.0]).expand(3, 2)
    clamped = torch.tensor([0.0, longest]).expand(3, 2)
    assert torch.equal(record.select(outside, validate=False), record.select(clamped))
    assert owner.x is record


@pytest.mark.parametrize("interp", [interp_previous, interp_next, interp_nearest, interp_linear])
def test_times_expanded_over_the_batch_give_the_same(interp):
    module = random_record()
    time = (torch.rand(2, 5) * 0.75 * 21).expand(3, 2, 5)
    expected = module.x.select(time.contiguous(), interp)
    assert torch.equal(module.x.select(time, interp), expected)
    same = torch.tensor(1.0).expand(3, 2)
    assert torch.equal(module.x.select(same, interp), module.x.select(same.clone(), interp))


def test_gradients_of_a_selection():
    module = make(torch.zeros(()), 2.0, 4.0)
    module.x.push(torch.tensor(2.0))
    source = torch.tensor(6.0, requires_grad=True)
    module.x.push(source)
    time = torch.tensor(0.5, requires_grad=True)
    module.x.select(time, interp_linear).backward()
    # per step of 2 the value rises by 4; reading further back reads less of it
    assert time.grad.item() == -2
    assert source.grad.item() == 0.75


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("inplace", [False, True])
def test_insert_of_the_worked_example(tensor, inplace):
    for time, extrap, expected in (
        (0.5, None, [4, 9, 2, 3]),
        (1.0, None, [9, 5, 2, 3]),
        (0.5, extrap_linear_forward, [4, 4 + 5 / 1.5 * 2, 2, 3]),
        (2.0, None, [9, 5, 2, 3]),
    ):
        module = example()
        time = torch.tensor(time) if tensor else time
        module.x.insert(torch.tensor(9.0), time, extrap, offset=1, inplace=inplace)
        torch.testing.assert_close(module.x.value, torch.tensor(expected).float())
        assert module.x.pointer == 2


@pytest.mark.parametrize("offset", [1, 3, -2])
@pytest.mark.parametrize("inplace", [False, True])
def test_insert_equals_a_scatter_into_two_slots(offset, inplace):
    module = random_record()
    steps = torch.randint(0, 21, (3, 2))
    time = (steps + 0.3) * 0.75
    time[0] = steps[0] * 0.75
    obs = torch.rand(3, 2)
    expected = module.x.value.clone()
    above = offset + torch.where(time == steps * 0.75, steps, steps + 1)
    kwargs = {"time_constant": 20.0}
    elapsed = 0.75 - time % 0.75
    older, newer = extrap_expdecay(obs, elapsed, obs, obs, 0.75, **kwargs)
    exact = time == steps * 0.75
    for k, value in ((above, older), (offset + steps, newer)):
        value = torch.where(exact, obs, value)
        expected.scatter_(0, ((5 - k) % 22).unsqueeze(0), value.unsqueeze(0))
    module.x.insert(obs, time, extrap_expdecay, offset=offset, inplace=inplace,
                    extrap_kwargs=kwargs)  # fmt: skip
    torch.testing.assert_close(module.x.value, expected, rtol=0, atol=1e-6)


def test_insert_checks_shapes():
    module = random_record()
    with pytest.raises(ValueError, match="`obs`"):
        module.x.insert(torch.zeros(3), 0.0)
    with pytest.raises(ValueError, match="`time`"):
        module.x.insert(torch.zeros(3, 2), torch.zeros(3))


def test_insert_defaults_to_the_slot_of_the_next_push():
    module = example()
    module.x.insert(torch.tensor(9.0), 0.0)
    assert module.x.value.tolist() == [4, 5, 9, 3]
