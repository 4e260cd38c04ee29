"""Training from a configuration: resume, records, errors."""

import copy
import csv
import sys
from pathlib import Path

import pytest
import torch

from bioplnn import training
from bioplnn.datasets.generators import generate_qclevr
from bioplnn.training import Trainer, apply_overrides, build_model, load_checkpoint, train

DIGITS = Path(__file__).resolve().parents[2] / "data"

CONFIG = {
    "optimizer": {"class_name": "AdamW", "lr": 1e-3},
    "scheduler": {"class_name": "OneCycleLR", "max_lr": 2e-3},
    "criterion": {"class_name": "CrossEntropyLoss"},
    "compile": {"disable": True},
    "train": {
        "epochs": 2,
        "log_freq": 2,
        "cue_steps": 1,
        "image_steps": 2,
        "forward_kwargs": {"num_steps": 2},
        "grad_clip": {"enable": True, "type": "norm", "value": 1.0},
    },
    "checkpoint": {"load": False, "run": "run", "every_batches": None},
    "log": {"kind": "csv"},
    "wandb": {"project": "p", "mode": "disabled", "group": None},
    "seed": 0,
    "deterministic": False,
    "tqdm": False,
    "matmul_precision": "highest",
    "debug_level": 0,
    "debug_num_batches": 6,
    "model": {
        "class_name": "SpatiallyEmbeddedClassifier",
        "rnn_kwargs": {
            "area_kwargs": [
                {"in_size": [28, 28], "in_channels": 1, "out_channels": 4, "num_neuron_subtypes": 4}
            ]
        },
        "num_classes": 10,
        "fc_dim": 8,
        "dropout": 0.2,
    },
    "data": {"dataset": "mnist", "root": str(DIGITS), "batch_size": 20},
}


def config(tmp_path, **changes):
    found = copy.deepcopy(CONFIG)
    found["checkpoint"]["root"] = str(tmp_path)
    for path, value in changes.items():
        part = found
        *parents, last = path.split("__")
        for key in parents:
            part = part[key]
        part[last] = value
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that was not stopped."""
    trainer = Trainer(config(tmp_path_factory.mktemp("whole")))
    trainer.fit()
    return trainer


class StoppedError(Exception):
    pass


def stop_after(trainer, batches):
    count = 0

    def before_forward(module, inputs):
        nonlocal count
        count += module.training
        if count > batches:
            raise StoppedError

    trainer.model.register_forward_pre_hook(before_forward)


@pytest.mark.parametrize("seed", [0, None], ids=["seeded loaders", "loaders without seed"])
@pytest.mark.parametrize("batches", [2, 4, 6, 9])
def test_a_resumed_training_ends_bit_by_bit_where_the_other_one_does(tmp_path, batches, seed):
    changes = {"checkpoint__every_batches": 2, "seed": seed}
    torch.manual_seed(5)
    through = Trainer(config(tmp_path / "through", **changes))
    through.fit()
    torch.manual_seed(5)
    first = Trainer(config(tmp_path / "parts", **changes))
    stop_after(first, batches)
    with pytest.raises(StoppedError):
        first.fit()
    torch.manual_seed(77)
    second = Trainer(config(tmp_path / "parts", **changes))
    second.load()
    assert 6 * second.epoch + second.batch == second.global_step == batches // 2 * 2
    second.fit()
    for (name, a), b in zip(
        through.model.state_dict().items(), second.model.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), name
    assert second.history == through.history


def test_training_learns_and_records(whole):
    assert whole.history[1]["loss"] < whole.history[0]["loss"]
    with open(whole.folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["name"] for row in rows}
    assert {"train/loss", "train/acc", "epoch/val_loss", "epoch/val_acc"} <= names
    assert [int(row["step"]) for row in rows if row["name"] == "train/loss"] == [2, 4, 6, 8, 10, 12]
    values = [float(row["value"]) for row in rows if row["name"] == "epoch/val_acc"]
    assert values == [epoch["val_acc"] for epoch in whole.history]


def test_checkpoints_hold_plain_data_and_can_be_tested(whole, capsys):
    state = load_checkpoint(whole.folder)
    assert state["epoch"] == 2
    assert {p.name for p in whole.folder.glob("*.pt")} == {
        "checkpoint.pt", "checkpoint_1.pt", "checkpoint_2.pt"
    }  # fmt: skip
    loss, accuracy = training.test(whole.config)
    assert loss == pytest.approx(whole.history[-1]["val_loss"], rel=1e-6)
    assert accuracy == whole.history[-1]["val_acc"]
    assert "test loss" in capsys.readouterr().out


def test_train_goes_on_from_the_newest_checkpoint(whole):
    longer = copy.deepcopy(whole.config)
    longer["scheduler"] = None
    longer["checkpoint"]["load"] = True
    longer["train"]["epochs"] = 3
    history = train(longer)
    assert history[:2] == whole.history
    assert len(history) == 3


def test_the_wired_worm_and_losses_of_all_steps(tmp_path):
    changes = {
        "model": {
            "class_name": "ConnectomeClassifier",
            "wiring": {"kind": "c_elegans", "num_outputs": 50},
            "rnn_kwargs": {"input_size": 784, "neuron_nonlinearity": "ReLU"},
            "num_classes": 10,
        },
        "train__forward_kwargs": {"num_steps": 3, "loss_all_timesteps": True},
        "train__epochs": 1,
        "train__grad_clip": {"enable": True, "type": "value", "value": 0.5},
        "log": {"kind": "none"},
    }
    history = train(config(tmp_path, **changes))
    assert 0 < history[0]["loss"] < 10


def test_a_cue_and_a_picture_become_a_sequence(tmp_path):
    root = generate_qclevr(tmp_path / "qclevr", 8, 4, 0, size=32)
    changes = {
        "data": {
            "dataset": "qclevr", "root": str(root), "cue_assets_root": None,
            "train_batch_size": 4, "val_batch_size": 4, "mode": "every",
        },
        "overrides": {
            "model": {
                "num_classes": 7,
                "rnn_kwargs": {"area_kwargs": {0: {"in_channels": 3, "in_size": [32, 32]}}},
            }
        },
        "train__forward_kwargs": {},
        "train__epochs": 1,
    }  # fmt: skip
    assert len(train(config(tmp_path, **changes))) == 1


def test_a_loss_that_is_not_finite_stops_the_training(tmp_path):
    trainer = Trainer(config(tmp_path))
    with torch.no_grad():
        trainer.model.readout[4].bias[0] = float("nan")
    with pytest.raises(FloatingPointError, match=r"batch 1 of epoch 0; .*readout"):
        trainer.fit()


def test_overrides():
    base = {"a": {"b": 1, "c": [{"d": "x"}, {"d": "y"}]}, "e": None, "f": True}
    found = apply_overrides({**base, "overrides": {"a": {"b": 2.5, "c": {1: {"d": "z"}}}, "e": 3}})
    assert found == {"a": {"b": 2.5, "c": [{"d": "x"}, {"d": "z"}]}, "e": 3, "f": True}
    assert base["a"]["c"][1] == {"d": "y"}
    whole = apply_overrides({**base, "overrides": {"a": {"c": [{"d": "p"}, {"d": "q"}]}}})
    assert whole["a"]["c"] == [{"d": "p"}, {"d": "q"}]
    for changes, error, message in (
        ({"a": {"bb": 1}}, KeyError, "overrides.a must name keys .* got 'bb'"),
        ({"a": {"c": [{"d": "p"}]}}, ValueError, r"overrides\.a\.c must have 2 entries, got 1"),
        ({"a": {"c": {2: {}}}}, ValueError, "positions below 2"),
        ({"a": {"b": "2"}}, TypeError, r"overrides\.a\.b must be int, got '2'"),
        ({"f": 1}, TypeError, "must be bool"),
    ):
        with pytest.raises(error, match=message):
            apply_overrides({**base, "overrides": changes})


def test_contradictions_are_named(tmp_path):
    with pytest.raises(ValueError, match="seed must be a number with deterministic"):
        Trainer(config(tmp_path, seed=None, deterministic=True))
    with pytest.raises(ValueError, match="model must be chosen"):
        Trainer(config(tmp_path, model=None))
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        Trainer(config(tmp_path)).load()
    with pytest.raises(ValueError, match=r"log\.kind"):
        Trainer(config(tmp_path, log={"kind": "print"})).fit()
    with pytest.raises(ValueError, match=r"wiring\.kind"):
        build_model(
            {
                "class_name": "ConnectomeClassifier",
                "wiring": {"kind": "fly"},
                "rnn_kwargs": {"input_size": 2},
            }
        )


@pytest.mark.parametrize("kind", ["tensorboard", "wandb"])
def test_recorders_that_are_not_installed_name_their_extra(tmp_path, kind, monkeypatch):
    monkeypatch.setitem(sys.modules, kind, None)
    trainer = Trainer(config(tmp_path, log={"kind": kind}))
    with pytest.raises(ImportError, match=rf"bioplnn\[{kind}\]"):
        trainer.fit()


@pytest.mark.parametrize("fn", ["train", "test"])
def test_commands_name_their_extra(fn, monkeypatch):
    from bioplnn import cli

    monkeypatch.setitem(sys.modules, "hydra", None)
    with pytest.raises(ImportError, match=r"bioplnn\[cli\]"):
        getattr(cli, fn)()
