import copy
import io
import pickle

import pytest
import torch

from synaptensor.random import RandomStream
from synaptensor.testing import assert_frequency, assert_mean, assert_variance

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda obj: pickle.loads(pickle.dumps(obj))}


@pytest.fixture(params=WAYS)
def duplicate(request):
    return WAYS[request.param]


@pytest.fixture(params=["manual seed", "own seed", "own generator"])
def stream(request):
    torch.manual_seed(5)
    if request.param == "manual seed":
        return RandomStream()
    if request.param == "own seed":
        return RandomStream(seed=5)
    return RandomStream(generator=torch.Generator().manual_seed(5))


def through_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def everything(stream):
    return (
        *stream.normal((3,)).tolist(),
        stream.next_seed(),
        *stream.fork("x").normal((2,)).tolist(),
    )


def test_construction_draws_nothing():
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    stream = RandomStream()
    stream.fork("child")
    assert not stream.keyed
    assert torch.equal(torch.randn(3), expected)


def test_the_first_use_takes_one_draw_and_later_ones_none():
    torch.manual_seed(1)
    stream = RandomStream()
    stream.normal((5,))
    after_one = torch.get_rng_state()
    stream.normal((5,))
    everything(stream)
    assert torch.equal(torch.get_rng_state(), after_one)


def test_the_seed_of_torch_decides():
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(everything(RandomStream()))
    assert results[0] == results[1] != results[2]


def test_an_own_seed_is_independent_of_torch():
    torch.manual_seed(1)
    first = everything(RandomStream(seed=9))
    torch.manual_seed(2)
    assert everything(RandomStream(seed=9)) == first
    assert RandomStream(seed=9).seed == 9


def test_an_own_generator_is_used_as_it_is():
    generator = torch.Generator().manual_seed(4)
    stream = RandomStream(generator=generator)
    assert stream.generator("cpu") is generator
    expected = torch.randn(3, generator=torch.Generator().manual_seed(4))
    assert torch.equal(stream.normal((3,)), expected)


def test_two_streams_differ():
    torch.manual_seed(1)
    assert not torch.equal(RandomStream().normal((3,)), RandomStream().normal((3,)))


def test_a_used_stream_copies_with_its_position(stream, duplicate):
    everything(stream)
    twin = duplicate(stream)
    assert everything(twin) == everything(stream)
    stream.normal((4,))
    assert everything(twin) != everything(stream)


def test_an_unused_copy_draws_its_own_key(duplicate):
    stream = RandomStream()
    twin = duplicate(stream)
    assert not torch.equal(stream.normal((3,)), twin.normal((3,)))


def test_the_state_loads_safely_and_continues(stream):
    everything(stream)
    saved = through_file(stream.state_dict())
    expected = everything(stream)
    fresh = RandomStream()
    fresh.load_state_dict(saved)
    assert everything(fresh) == expected
    stream.load_state_dict(saved)
    assert everything(stream) == expected


def test_an_unused_state_loads_as_unused():
    stream = RandomStream(seed=3)
    stream.load_state_dict(through_file(RandomStream().state_dict()))
    assert not stream.keyed


def test_a_bad_state_is_refused_and_changes_nothing():
    stream = RandomStream(seed=3)
    expected = everything(copy.deepcopy(stream))
    with pytest.raises(KeyError, match="`state` must hold 'count'"):
        stream.load_state_dict({"key": torch.tensor(1)})
    short = torch.zeros(3, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="state"):
        stream.load_state_dict({"key": torch.tensor(1), "count": torch.tensor(0), "cpu": short})
    assert everything(stream) == expected


def test_states_of_absent_devices_wait_and_are_saved_again():
    state = RandomStream(seed=3).state_dict()
    state["cuda"] = torch.arange(16, dtype=torch.uint8)
    stream = RandomStream()
    stream.load_state_dict(state)
    assert torch.equal(stream.state_dict()["cuda"], state["cuda"])


def test_forks_depend_on_key_and_name_only():
    stream = RandomStream(seed=3)
    child = stream.fork("weights").normal((4,))
    stream.normal((100,))
    assert torch.equal(stream.fork("weights").normal((4,)), child)
    assert not torch.equal(stream.fork("bias").normal((4,)), child)
    assert not torch.equal(RandomStream(seed=4).fork("weights").normal((4,)), child)


def test_forks_are_statistically_independent():
    stream = RandomStream(seed=3)
    parent = stream.normal((50_000,), dtype=torch.float64)
    child = stream.fork("child").normal((50_000,), dtype=torch.float64)
    sibling = stream.fork("sibling").normal((50_000,), dtype=torch.float64)
    for a, b in ((parent, child), (child, sibling)):
        assert_mean(a * b, 0.0)


def test_a_fork_made_early_copies_with_its_parent(duplicate):
    stream = RandomStream()
    twin_stream, twin_child = duplicate((stream, stream.fork("child")))
    expected = twin_stream.fork("child").normal((3,))
    assert torch.equal(twin_child.normal((3,)), expected)


def test_seeds_do_not_repeat():
    stream = RandomStream(seed=3)
    seeds = [stream.next_seed() for _ in range(1000)]
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_reset_starts_anew():
    stream = RandomStream(seed=6)
    first = everything(stream)
    assert everything(stream) != first
    stream.reset(6)
    assert everything(stream) == first
    stream.reset()
    assert not stream.keyed


def test_reset_leaves_an_own_generator_in_use():
    generator = torch.Generator().manual_seed(4)
    stream = RandomStream(generator=generator)
    stream.reset(6)
    assert stream.generator("cpu") is generator
    assert stream.next_seed() == RandomStream(seed=6).next_seed()


def test_draws_have_their_distributions():
    stream = RandomStream(seed=3)
    uniform = stream.uniform((100_000,), dtype=torch.float64)
    assert_mean(uniform, 0.5)
    assert_variance(uniform, 1 / 12)
    assert_variance(stream.normal((100_000,)), 1.0)
    assert_frequency(stream.bernoulli(torch.full((100_000,), 0.3)).bool(), 0.3)
    assert stream.normal((2, 3), dtype=torch.bfloat16).dtype == torch.bfloat16


def test_draws_pass_through_the_compiler_without_a_warning():
    stream = RandomStream(seed=3)

    def noisy(x):
        return 2 * x + stream.normal(x.shape) + stream.next_seed() % 7

    expected = noisy(torch.ones(3))
    stream.reset(3)
    torch.compiler.reset()
    assert torch.equal(torch.compile(noisy, backend="eager")(torch.ones(3)), expected)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"seed": -1}, ValueError, "`seed` must be an integer in"),
        ({"seed": 1.5}, TypeError, "`seed` must be an integer in"),
        ({"generator": 3}, TypeError, "`generator` must be an instance of Generator"),
        ({"seed": 1, "generator": torch.Generator()}, ValueError, "must not both be given"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        RandomStream(**arguments)


def test_a_fork_needs_a_name():
    with pytest.raises(TypeError, match="`name` must be an instance of str, got 3"):
        RandomStream().fork(3)


def test_shows_its_key():
    assert repr(RandomStream()) == "RandomStream(seed=not drawn yet)"
    assert repr(RandomStream(seed=3)) == "RandomStream(seed=3)"


@pytest.mark.gpu
def test_accelerator_streams_continue_from_their_state():
    stream = RandomStream(seed=3)
    stream.normal((3,), device="cuda")
    twin = RandomStream()
    twin.load_state_dict(stream.state_dict())
    expected = stream.normal((3,), device="cuda")
    assert torch.equal(twin.normal((3,), device="cuda"), expected)
    assert stream.generator("cuda") is stream.generator("cuda:0")
