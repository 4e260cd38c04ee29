"""Files that are cut off, do not fit or hold code are refused, and nothing of them is run."""

import pickle

import pytest
import torch
from torch import nn

from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig
from aihwkit.utils.legacy import load_legacy_checkpoint
from bioplnn.models import SpatiallyEmbeddedRNN
from bioplnn.training.checkpoints import load_checkpoint
from inferno import neural
from pynsm import SimilarityMatching


def analog(size):
    return AnalogLinear(size, 3, rpu_config=SingleRPUConfig(device=ConstantStepDevice()))


def area(size):
    return SpatiallyEmbeddedRNN(
        area_kwargs=[{"in_size": (6, 6), "in_channels": size, "out_channels": 4}]
    )


def dense(size):
    return neural.LinearDense(
        size, 3, 1.0, synapse=neural.DeltaCurrent.partialconstructor(1.0), delay=2.0
    )


MAKE = {
    "aihwkit": analog,
    "bioplnn": area,
    "inferno": dense,
    "pynsm": lambda size: SimilarityMatching(nn.Linear(size, 3), 3),
}


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def bomb(tmp_path):
    """A function that writes a checkpoint with code, and the file that the code would write."""
    target = tmp_path / "code-was-run"

    def write(state=None):
        file = tmp_path / "bomb.pt"
        torch.save({**(state or {}), "extra": Bomb(target)}, file)
        return file

    yield write
    assert not target.exists()


@pytest.mark.parametrize("name", MAKE)
def test_a_checkpoint_holds_no_code_and_needs_none(name, tmp_path, bomb):
    model = MAKE[name](4)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    model.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    file = bomb(model.state_dict())
    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", MAKE)
def test_a_file_that_is_cut_off_is_refused(name, tmp_path):
    file = tmp_path / "model.pt"
    torch.save(MAKE[name](4).state_dict(), file)
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises((RuntimeError, OSError, EOFError, pickle.UnpicklingError)):
            torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", MAKE)
def test_a_state_of_another_size_is_refused_by_name(name):
    model, other = MAKE[name](4), MAKE[name](5)
    with pytest.raises(RuntimeError, match=r"size mismatch|shape|must have"):
        model.load_state_dict(other.state_dict())
    first = next(iter(model.state_dict()))
    state = model.state_dict()
    del state[first]
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict(state)


def test_an_analog_tile_stays_as_it_was_when_a_state_does_not_fit():
    model, other = analog(4), analog(5)
    before = model.get_weights()[0]
    with pytest.raises(RuntimeError, match="must have shape"):
        model.load_state_dict(other.state_dict())
    assert torch.equal(model.get_weights()[0], before)


def test_bioplnn_opens_no_checkpoint_with_code(bomb):
    with pytest.raises(pickle.UnpicklingError):
        load_checkpoint(bomb())


def test_aihwkit_reads_old_checkpoints_without_running_their_code(bomb):
    with pytest.raises(pickle.UnpicklingError):
        load_legacy_checkpoint(bomb())
