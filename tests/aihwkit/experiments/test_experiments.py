"""Experiments, runners, metrics and the command line, on a small part of MNIST."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from aihwkit.cli import main
from aihwkit.cloud.client.entities import CloudJobStatus
from aihwkit.cloud.client.session import ApiSession
from aihwkit.cloud.client.v1.parsers import ExperimentParser
from aihwkit.cloud.client.v1.stubs import ApiStub
from aihwkit.cloud.converter.exceptions import ConversionError
from aihwkit.cloud.converter.v1.inferencing import BasicInferencingConverter
from aihwkit.cloud.converter.v1.training import BasicTrainingConverter
from aihwkit.exceptions import CloudError
from aihwkit.experiments import BasicInferencing, BasicTraining
from aihwkit.experiments.experiments.base import Signals
from aihwkit.experiments.runners import (
    CloudRunner,
    InferenceCloudRunner,
    InferenceLocalRunner,
    LocalRunner,
)
from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.simulator.configs import TorchInferenceRPUConfig

datasets = pytest.importorskip("torchvision.datasets")
DATA = str(Path(__file__).parents[2] / "data")


def model():
    torch.manual_seed(0)
    config = TorchInferenceRPUConfig()
    return AnalogSequential(
        nn.Flatten(), AnalogLinear(784, 10, rpu_config=config), nn.LogSoftmax(dim=1)
    )


def test_training(capsys):
    experiment = BasicTraining(datasets.MNIST, model(), batch_size=10, epochs=2)
    results = LocalRunner().run(experiment, 30, DATA, stdout=True)
    assert [row["epoch"] for row in results] == [0, 1]
    assert set(results[0]) == {"epoch", "time_epoch", "accuracy", "train_loss", "valid_loss"}
    assert results[1]["train_loss"] < results[0]["train_loss"]
    assert 0 <= results[1]["accuracy"] <= 1
    text = capsys.readouterr().out
    assert "Epoch: 0, loss: " in text
    assert "Number of images: 30, accuracy: " in text
    assert str(experiment).startswith("BasicTraining(dataset=MNIST, batch_size=10")
    assert experiment.results == results


def test_all_signals_are_sent():
    sent = []
    training = BasicTraining(datasets.MNIST, model(), batch_size=10, epochs=1)
    inference = BasicInferencing(
        datasets.MNIST, model(), inference_repeats=1, loss_function=nn.NLLLoss
    )
    for experiment in (training, inference):
        for signal in Signals:
            experiment.add_hook(signal, lambda *_, signal=signal: sent.append(signal))
        experiment.run(10, DATA)
    assert set(sent) == set(Signals)


def test_inference():
    original = model()
    before = original[1].get_weights()[0]
    experiment = BasicInferencing(
        datasets.MNIST, original, loss_function=nn.NLLLoss, inference_time=3600
    )
    run = InferenceLocalRunner().run(experiment, 20, DATA)["inference_runs"]
    assert run["inference_repeat"] == 2
    assert run["is_partial"] is False
    times = [row["t_inference"] for row in run["inference_results"]]
    expected = [0, 1, 2.7832, 7.7460, 21.558, 60, 166.99, 464.76, 1293.5, 3600]
    np.testing.assert_allclose(times, expected, rtol=1e-4)
    assert json.dumps(run)
    assert torch.equal(before, original[1].get_weights()[0])
    assert experiment.model is not original


def test_checkpoints_are_files(tmp_path):
    path = tmp_path / "model.pth"
    trained = model()
    torch.save(trained.state_dict(), path)
    torch.manual_seed(9)
    other = AnalogSequential(
        nn.Flatten(),
        AnalogLinear(784, 10, rpu_config=TorchInferenceRPUConfig()),
        nn.LogSoftmax(dim=1),
    )
    loaded = BasicInferencing(datasets.MNIST, other).get_model(str(path), "cpu")
    torch.testing.assert_close(loaded[1].get_weights()[0], trained[1].get_weights()[0])
    with pytest.raises(FileNotFoundError, match="no longer served"):
        BasicInferencing(datasets.MNIST, other).get_model("hwa-trained-lenet5", "cpu")


def test_impossible_numbers_are_refused():
    with pytest.raises(ValueError, match="inference_repeats"):
        BasicInferencing(datasets.MNIST, model(), inference_repeats=0)
    with pytest.raises(ValueError, match="inference_time"):
        BasicInferencing(datasets.MNIST, model(), inference_time=-1)
    with pytest.raises(ValueError, match="batch_size"):
        BasicTraining(datasets.MNIST, model(), batch_size=0)


@pytest.mark.parametrize(
    "retired",
    [
        CloudRunner,
        InferenceCloudRunner,
        ApiSession,
        ExperimentParser,
        ApiStub,
        BasicTrainingConverter,
        BasicInferencingConverter,
    ],
)
def test_retired_service_says_so(retired):
    with pytest.raises(CloudError, match=f"{retired.__name__} needs.*retired.*LocalRunner"):
        retired("url", "token")


def test_records_of_the_retired_service_can_be_read():
    assert CloudJobStatus(3) is CloudJobStatus.COMPLETED
    assert issubclass(ConversionError, CloudError)


def test_command_trains_and_tests(tmp_path, capsys):
    checkpoint, results = tmp_path / "fc.pth", tmp_path / "results.json"
    common = ["--model", "fc", "--data", DATA, "--limit", "20"]
    arguments = ["--output", str(checkpoint), "--json", str(results), "--batch-size", "10"]
    assert main(["train", *common, *arguments]) == 0
    assert json.loads(results.read_text())[0]["epoch"] == 0
    assert main(["infer", *common, "--checkpoint", str(checkpoint), "--repeats", "1"]) == 0
    text = capsys.readouterr().out
    assert "saved" in text
    assert "86400.0 s  accuracy" in text


def test_command_describes(capsys):
    assert main(["summary", "--model", "lenet5", "--cost", "hermes"]) == 0
    text = capsys.readouterr().out
    assert "Total number of tiles: 4" in text
    assert "Source: PCM, 14 nm" in text


def test_command_plots(tmp_path):
    pytest.importorskip("matplotlib")
    figure = tmp_path / "device.svg"
    assert (
        main(["plot-device", "IdealizedPresetDevice", "--steps", "50", "--output", str(figure)])
        == 0
    )
    assert figure.stat().st_size > 0


SMALL = ["--model", "fc", "--data", DATA, "--limit", "20"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summary", "--config", "ReRamESPrest"], "did you mean 'ReRamESPreset'"),
        (["summary", "--config", "SoftBoundsDevice"], "must be a configuration"),
        (["summary", "--cost", "hermess"], "hermes"),
        (["train", "--data", "nowhere"], "MNIST is not in the folder 'nowhere'.*--download"),
        (["infer", *SMALL, "--config", "SingleRPUConfig"], "trained, not programmed"),
        (["infer", *SMALL, "--checkpoint", __file__], "no checkpoint of tensors"),
        (["plot-device", "IOParameters", "--output", "a.svg"], "no configuration or device"),
        (["plot-device", "InferenceRPUConfig", "--output", "a.svg"], "not changed by pulses"),
    ],
)
def test_command_says_what_is_wrong(capsys, arguments, message):
    assert main(arguments) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--limit", "-5"], "--limit: must be at least 0, got -5"),
        (["train", "--epochs", "0"], "--epochs: must be at least 1, got 0"),
        (["train", "--lr", "-1"], "--lr: must be positive, got -1"),
        (["train", "--device", "abacus"], "this machine has no 'abacus'"),
        (["train", "--device", "meta"], "this machine has no 'meta'"),
        (["train", "--output", "."], "is a folder"),
        (["infer", "--checkpoint", "none.pth"], "there is no file 'none.pth'"),
        (["infer", "--time", "0.5"], "--time: must be at least 1 second"),
        (["plot-device", "IdealizedPreset"], "--output"),
    ],
)
def test_impossible_arguments_are_refused_before_anything_runs(capsys, arguments, message):
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert message in capsys.readouterr().err


def test_checkpoint_of_another_network_is_refused(tmp_path, capsys):
    file = tmp_path / "other.pth"
    torch.save(model().state_dict(), file)
    assert main(["infer", *SMALL, "--checkpoint", str(file)]) == 2
    assert "does not belong to --model fc" in capsys.readouterr().err


def test_command_lists_names_and_helps(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert "  ReRamESPreset\n" in text
    assert "  ReRamESPresetDevice\n" in text
    assert main([]) == 2
    assert "examples:" in capsys.readouterr().out


def test_module_is_the_command():
    run = subprocess.run(
        [sys.executable, "-m", "aihwkit", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip().count(".") == 2
