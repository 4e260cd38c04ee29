import pytest
import torch

from aihwkit.functional.philox import philox

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


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_gives_the_published_words(counter, key, words):
    got = philox(key[0] | key[1] << 32, torch.tensor(counter))
    assert tuple(got.tolist()) == words


def test_the_compiler_takes_it_whole():
    counters = torch.arange(8).view(2, 4)
    torch.compiler.reset()
    compiled = torch.compile(lambda c: philox(9, c), backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(counters), philox(9, counters))


@pytest.mark.gpu
def test_the_accelerator_gives_the_same_words():
    counters = torch.arange(4000).view(-1, 4)
    assert torch.equal(philox(13, counters.cuda()).cpu(), philox(13, counters))


def test_counters_are_independent_of_their_shape():
    counters = torch.randint(2**32, (3, 5, 4))
    together = philox(7, counters)
    assert torch.equal(together[1, 2], philox(7, counters[1, 2]))
    assert together.min() >= 0
    assert together.max() < 2**32


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: philox(-1, torch.zeros(4, dtype=torch.int64)), ValueError, "`key` must be"),
        (lambda: philox(2**64, torch.zeros(4, dtype=torch.int64)), ValueError, "`key` must be"),
        (lambda: philox(0, torch.zeros(3, dtype=torch.int64)), ValueError, r"got \(3,\)"),
        (lambda: philox(0, torch.zeros(4)), TypeError, "`counters` must be int64"),
    ],
)
def test_bad_arguments_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()
