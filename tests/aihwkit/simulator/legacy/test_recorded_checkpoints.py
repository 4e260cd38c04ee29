"""Checkpoints that the reference wrote load: weights, devices, outputs and optimizers."""

import io
import lzma
from pathlib import Path

import pytest
import torch
from tests.aihwkit.simulator.legacy.reference.models import IMAGES, MODELS

from aihwkit.optim import AnalogSGD
from aihwkit.utils.legacy import convert_legacy_checkpoint, load_legacy_checkpoint

FILE = Path(__file__).parent / "reference" / "checkpoints.pt.xz"


@pytest.fixture(scope="module")
def recorded():
    return load_legacy_checkpoint(io.BytesIO(lzma.decompress(FILE.read_bytes())))


def loaded(name, recorded):
    model = MODELS[name]()
    checkpoint, _ = convert_legacy_checkpoint(recorded[name]["model"], model)
    result = model.load_state_dict(checkpoint)
    assert not result.missing_keys
    assert not result.unexpected_keys
    return model


@pytest.mark.parametrize("name", MODELS)
def test_outputs_and_devices_are_those_of_the_reference(name, recorded):
    model = loaded(name, recorded).eval()
    torch.testing.assert_close(model(IMAGES).detach(), recorded[name]["output"], atol=1e-6, rtol=0)
    for key, tile in model.named_analog_tiles():
        expected = recorded[name]["hidden"][key]
        hidden = tile.get_hidden_parameters()
        assert list(hidden) == list(expected)
        for parameter, values in hidden.items():
            if not parameter.startswith("persistent_weights"):
                assert torch.equal(values, expected[parameter]), parameter


@pytest.mark.parametrize("name", MODELS)
def test_optimizers_go_on(name, recorded):
    model = loaded(name, recorded)
    optimizer = AnalogSGD(model.parameters(), lr=0.5, momentum=0.9)
    optimizer.regroup_param_groups(model)
    optimizer.load_state_dict(recorded[name]["optimizer"])
    assert {group["lr"] for group in optimizer.param_groups} == {0.01}
    for parameter, state in optimizer.state.items():
        assert state["momentum_buffer"].shape == parameter.shape
    before = model(IMAGES).square().sum()
    before.backward()
    optimizer.step()
    assert torch.isfinite(model(IMAGES)).all()
