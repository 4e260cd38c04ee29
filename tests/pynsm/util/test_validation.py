from types import SimpleNamespace
from unittest.mock import MagicMock, Mock

import pytest
import torch
from torch import nn

from pynsm import SimilarityMatching, extract_embeddings


def loader(batches=12, size=5):
    return [(torch.randn(size, 5), torch.randint(10, (size,))) for _ in range(batches)]


def test_outputs_and_labels_are_those_of_each_sample_in_order():
    model, batches = nn.Linear(5, 3), loader()
    result = extract_embeddings(model, batches)
    assert isinstance(result, SimpleNamespace)
    assert set(vars(result)) == {"output", "label"}
    expected = torch.stack([model(sample) for x, _ in batches for sample in x])
    torch.testing.assert_close(result.output, expected)
    assert torch.equal(result.label, torch.cat([label for _, label in batches]))
    assert not result.output.requires_grad


def test_a_duck_typed_model_is_switched_to_evaluation_once():
    model = MagicMock()
    model.parameters.return_value = iter([torch.zeros(1)])
    model.training = True
    model.side_effect = lambda x: x
    extract_embeddings(model, loader(2))
    model.eval.assert_called_once_with()
    model.train.assert_called_once_with()


def test_a_duck_typed_model_in_evaluation_stays_there():
    model = Mock(return_value=torch.zeros(5, 1), training=False)
    model.parameters.return_value = iter([])
    extract_embeddings(model, loader(2))
    model.train.assert_not_called()


def test_the_mode_of_every_part_is_restored():
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout())
    model.train()
    model[1].eval()
    statistics = model[1].running_mean.clone()
    extract_embeddings(model, loader(2))
    assert [part.training for part in model] == [True, False, True]
    assert model.training
    assert torch.equal(model[1].running_mean, statistics)
    model.eval()
    extract_embeddings(model, loader(2))
    assert not any(part.training for part in model.modules())


def test_the_mode_is_restored_after_an_exception():
    model = nn.Linear(5, 3)
    with pytest.raises(RuntimeError):
        extract_embeddings(model, [(torch.zeros(2, 4), torch.zeros(2))])
    assert model.training


def test_progress_wraps_the_loader_once():
    progress, batches = Mock(side_effect=lambda items: items), loader(3)
    result = extract_embeddings(nn.Linear(5, 3), batches, progress=progress)
    progress.assert_called_once_with(batches)
    assert len(result.output) == 15


def test_no_graph_is_kept():
    class Watching(nn.Linear):
        graphs = 0

        def forward(self, x):
            y = super().forward(x)
            self.graphs += y.requires_grad
            return y

    model = Watching(5, 3)
    extract_embeddings(model, loader(3))
    assert model.graphs == 0


def test_an_empty_loader_gives_empty_tensors():
    result = extract_embeddings(nn.Linear(5, 3), [])
    assert result.output.numel() == result.label.numel() == 0


def test_nested_inputs_are_moved():
    class Sum(nn.Module):
        def forward(self, x):
            return x["a"] + x["b"][0]

    a, b, label = torch.rand(2, 3), torch.rand(2, 3), torch.zeros(2)
    result = extract_embeddings(Sum(), [({"a": a, "b": [b]}, label)])
    assert torch.equal(result.output, a + b)


def test_pooled_circuit():
    circuit = SimilarityMatching(nn.Conv2d(1, 4, 3), 4, iteration_projection=nn.ReLU())
    model = nn.Sequential(circuit, nn.MaxPool2d(kernel_size=2, stride=2))
    batches = [(torch.rand(3, 1, 8, 8), torch.zeros(3)) for _ in range(2)]
    assert extract_embeddings(model, batches).output.shape == (6, 4, 3, 3)


@pytest.mark.gpu
def test_inputs_go_to_the_device_of_the_model():
    result = extract_embeddings(nn.Linear(5, 3).cuda(), loader(2))
    assert result.output.device.type == "cpu"
