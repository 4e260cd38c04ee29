"""Every choice of the configuration tree builds a model that takes its data."""

import sys
from pathlib import Path

import pytest
import torch

hydra = pytest.importorskip("hydra", reason="the commands need the extra cli")
omegaconf = pytest.importorskip("omegaconf")

from bioplnn import cli  # noqa: E402
from bioplnn.training import apply_overrides, build_model  # noqa: E402
from bioplnn.training.loops import to_input  # noqa: E402

DIGITS = Path(__file__).resolve().parents[2] / "data"
SPATIAL = (
    "spatial_1h1a", "spatial_1e1i1a", "spatial_big_1h1a", "spatial_big_1h2a",
    "spatial_big_1h2af", "spatial_4h1a", "spatial_4h1a_v2",
)  # fmt: skip
# Shape of a batch of one, and number of classes.
DATA = {
    "mnist_spatial": ((1, 1, 28, 28), 10),
    "cabc_spatial": ((1, 1, 128, 128), 2),
    "cifar10": ((1, 3, 32, 32), 10),
    "corrdots": ((1, 2, 1, 128, 128), 4),
    "mazes": ((1, 4, 48, 48), 2),
    "qclevr": ((1, 3, 128, 128), 11),
}


def composed(*choices):
    with hydra.initialize_config_module("bioplnn.config", version_base="1.3"):
        found = hydra.compose("config", overrides=list(choices))
    return apply_overrides(omegaconf.OmegaConf.to_container(found, resolve=True))


@pytest.mark.parametrize("model", SPATIAL)
@pytest.mark.parametrize("data", DATA)
def test_every_spatial_model_goes_with_every_data_set(model, data):
    config = composed(f"model={model}", f"data={data}")
    shape, classes = DATA[data]
    network = build_model(config["model"])
    area = config["model"]["rnn_kwargs"]["area_kwargs"][0]
    assert network.readout[4].out_features == classes
    assert [area["in_channels"], *area["in_size"]] == list(shape[-3:])


@pytest.mark.parametrize("data", ["mnist_spatial", "cifar10", "mazes"])
def test_models_take_the_data(data):
    config = composed("model=spatial_1e1i1a", f"data={data}")
    network = build_model(config["model"]).eval()
    shape, classes = DATA[data]
    with torch.no_grad():
        assert network(torch.rand(shape), **config["train"]["forward_kwargs"]).shape == (1, classes)


def test_a_cue_comes_before_its_picture():
    train = composed("model=spatial_1h1a", "data=qclevr")["train"]
    x = to_input([torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)], train, "cpu", True)
    assert x.shape == (2, 10, 3, 4, 4)
    assert (x[:, :5] == 0).all()
    assert (x[:, 5:] == 1).all()


@pytest.mark.parametrize("model", ["conn", "conn_ei"])
def test_connectome_models_take_digits(model):
    config = composed(
        f"model={model}", "data=mnist_conn", "model.wiring.sheet_size=[10,10]",
        "model.wiring.num_outputs=20", "model.wiring.synapses_per_neuron=10",
    )  # fmt: skip
    network = build_model(config["model"]).eval()
    with torch.no_grad():
        scores = network(torch.rand(2, 1, 28, 28), **config["train"]["forward_kwargs"])
    assert scores.shape == (2, 10)


@pytest.mark.parametrize("activation", ["Tanh", "Sigmoid"])
def test_experiments_set_the_nonlinearity_of_two_areas(activation):
    config = composed(
        "model=spatial_big_1h2a",
        "data=cabc_spatial",
        f"experiment/activation={activation.lower()}_2a",
    )
    areas = config["model"]["rnn_kwargs"]["area_kwargs"]
    assert [area["neuron_type_nonlinearity"] for area in areas] == [activation] * 2
    assert config["model"]["num_classes"] == 2


def test_the_commands_train_and_test(tmp_path, monkeypatch, capsys):
    choices = [
        "model=spatial_1h1a", "data=mnist_spatial", f"data.root={DIGITS}", "data.num_workers=0",
        "data.batch_size=20", "train.epochs=1", "debug_num_batches=2", "tqdm=false", "seed=0",
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bioplnn", *choices])
    for command, expected in ((cli.train, "epoch 0: loss"), (cli.test, "test loss")):
        command()
        assert expected in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoints"}
