import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from synaptensor.random import philox, philox_normal, philox_uniform
from synaptensor.testing import assert_mean, assert_same_distribution, assert_variance

# Known answers of Random123 1.x (kat_vectors, philox4x32 with 10 rounds).
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
DRAWS = [philox_uniform, philox_normal]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_gives_the_published_words(counter, key, words):
    got = philox(key[0] | key[1] << 32, torch.tensor(counter))
    assert tuple(got.tolist()) == words


def test_counters_are_independent_of_their_shape():
    counters = torch.randint(2**32, (3, 5, 4))
    together = philox(7, counters)
    assert torch.equal(together[1, 2], philox(7, counters[1, 2]))
    assert together.min() >= 0
    assert together.max() < 2**32


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("dtype", DTYPES)
@given(start=st.integers(0, 2**40), length=st.integers(0, 9), cut=st.integers(0, 9))
def test_a_number_depends_on_its_position_only(draw, dtype, start, length, cut):
    cut = min(cut, length)
    whole = draw(11, (length,), offset=start, dtype=dtype)
    parts = (
        draw(11, (cut,), offset=start, dtype=dtype),
        draw(11, (length - cut,), offset=start + cut, dtype=dtype),
    )
    assert torch.equal(torch.cat(parts), whole)
    assert whole.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_numbers_stay_below_one(dtype):
    x = philox_uniform(3, (200_000,), dtype=dtype)
    assert x.min() >= 0
    assert x.max() < 1


def test_uniform_numbers_are_uniform():
    x = philox_uniform(5, (100_000,), dtype=torch.float64)
    assert_mean(x, 1 / 2)
    assert_variance(x, 1 / 12)
    assert_same_distribution(x, lambda v: v)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normal_numbers_are_normal(dtype):
    x = philox_normal(5, (400, 250), dtype=dtype)
    assert_mean(x, 0.0)
    assert_variance(x, 1.0)
    assert_same_distribution(x, torch.special.ndtr)
    assert_mean(x.double()[:, :-1] * x.double()[:, 1:], 0.0)  # neighbours do not correlate


def test_keys_give_independent_sequences():
    a, b = (philox_normal(key, (100_000,), dtype=torch.float64) for key in (1, 2))
    assert_mean(a * b, 0.0)


def test_the_compiler_takes_it_whole():
    def draw(x):
        return x + philox_normal(9, (6,), offset=3) * philox_uniform(9, (6,))

    torch.compiler.reset()
    compiled = torch.compile(draw, backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(torch.zeros(6)), draw(torch.zeros(6)))


@pytest.mark.gpu
@pytest.mark.parametrize("draw", DRAWS)
def test_the_accelerator_gives_the_same_numbers(draw):
    there = draw(13, (1000,), offset=5, device="cuda").cpu()
    torch.testing.assert_close(there, draw(13, (1000,), offset=5), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: philox(-1, torch.zeros(4, dtype=torch.int64)), ValueError, "`key` must be"),
        (lambda: philox(2**64, torch.zeros(4, dtype=torch.int64)), ValueError, "`key` must be"),
        (lambda: philox(0, torch.zeros(3, dtype=torch.int64)), ValueError, r"got \(3,\)"),
        (lambda: philox(0, torch.zeros(4)), TypeError, "`counters` must be int64"),
        (lambda: philox_uniform(0, (2,), offset=-1), ValueError, "`offset` must be"),
        (lambda: philox_normal(0, (2,), dtype=torch.int32), TypeError, "`dtype` must be float64"),
    ],
)
def test_bad_arguments_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()
