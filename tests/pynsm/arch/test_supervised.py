import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pynsm import SupervisedSimilarityMatching
from pynsm.errors import MissingInputError

LABEL = torch.tensor([2, 0, 1, 2])


def conv(**options):
    torch.manual_seed(2)
    return SupervisedSimilarityMatching(
        nn.Conv2d(1, 5, 3), 3, 5, iteration_projection=nn.ReLU(), **options
    )


def images():
    return torch.rand(4, 1, 8, 8)


def test_defaults_and_keys():
    model = conv()
    assert model.regularization == ("weight", "whiten")
    assert isinstance(model.label_encoder, nn.Linear)
    assert model.encoder is model.encoders[0]
    assert set(model.state_dict()) == {
        "encoders.0.weight",
        "encoders.0.bias",
        "encoders.1.weight",
        "competitor.weight",
    }
    assert model.state_dict()["encoders.1.weight"].shape == (5, 3)
    for bias in (True, 1, np.True_):
        assert "encoders.1.bias" in conv(label_bias=bias).state_dict()
    assert conv(regularization="none").regularization == ["none", "none"]


def test_the_label_code_is_the_same_at_every_position():
    model, x = conv(), images()
    label = F.one_hot(LABEL, 3).float()
    drive = (model.encoder(x) + (label @ model.label_encoder.weight.T)[:, :, None, None]).detach()
    torch.testing.assert_close(model(x, label), drive.relu())


def test_loss_follows_its_formula():
    model, x = conv(), images()
    with torch.no_grad():
        model.competitor.weight.add_(0.1 * torch.rand(5, 5))
    label = F.one_hot(LABEL, 3).float()
    y = model(x, label)
    M, code = model.competitor.weight, label @ model.label_encoder.weight.T
    drive = model.encoder(x) + code[:, :, None, None]
    total = 2 * (y * torch.einsum("ij,bjhw->bihw", M, y)).sum() - 4 * (y * drive).sum()
    expected = total / y.numel() - (M**2).sum() / 5
    expected = expected + (2 / 5) * sum((p**2).sum() for p in model.encoder.parameters())
    expected = expected + 2 * (code**2).mean()
    loss = model.loss(x, label, y)
    torch.testing.assert_close(loss, expected)
    names, parameters = zip(*model.named_parameters(), strict=True)
    for name, got, want in zip(
        names,
        torch.autograd.grad(loss, parameters),
        torch.autograd.grad(expected, parameters),
        strict=True,
    ):
        scale = -10 if name == "competitor.weight" else 1
        torch.testing.assert_close(got, scale * want, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "label",
    [
        LABEL,
        LABEL.int(),
        LABEL.to(torch.uint8),
        F.one_hot(LABEL, 3),
        F.one_hot(LABEL, 3).bool(),
        F.one_hot(LABEL, 3).double(),
    ],
    ids=["int64", "int32", "uint8", "one-hot int", "one-hot bool", "one-hot double"],
)
def test_labels_may_be_indices_or_one_hot_of_any_type(label):
    model, x = conv(), images()
    one_hot = F.one_hot(LABEL, 3).float()
    y = model(x, label)
    assert torch.equal(y, model(x, one_hot))
    assert torch.equal(model.loss(x, label, y), model.loss(x, one_hot, y))


def test_soft_labels_mix_the_codes():
    model = SupervisedSimilarityMatching(nn.Linear(4, 5, bias=False), 3, 5)
    x, label = torch.zeros(1, 4), torch.tensor([[0.5, 0.5, 0.0]])
    torch.testing.assert_close(model(x, label)[0], model.label_encoder.weight[:, :2].mean(1))


def test_single_samples():
    model = SupervisedSimilarityMatching(nn.Linear(4, 5), 3, 5, iteration_projection=nn.ReLU())
    x = torch.rand(4)
    expected = model(x[None], torch.tensor([1]))[0]
    for label in (torch.tensor(1), F.one_hot(torch.tensor(1), 3), torch.tensor([0.0, 1.0, 0.0])):
        y = model(x, label)
        assert torch.equal(y, expected)
        assert model.loss(x, label, y).dim() == 0


@pytest.mark.parametrize(
    ("label", "error", "pattern"),
    [
        (torch.tensor([0, 1, 2, 3]), ValueError, r"in \[0, 2\], got 3"),
        (torch.tensor([0, -1, 2, 1]), ValueError, r"got -1"),
        (torch.rand(4), ValueError, r"\[B, 3\], got shape \(4,\), torch.float32"),
        (torch.rand(4, 2), ValueError, r"got shape \(4, 2\)"),
        (LABEL.bool(), ValueError, "bool"),
        ([2, 0, 1, 2], TypeError, "list"),
    ],
)
def test_bad_labels_are_refused(label, error, pattern):
    model, x = conv(), images()
    y = model(x)
    kept = model.y
    with pytest.raises(error, match=pattern):
        model(x, label)
    assert model.y is kept
    with pytest.raises(error, match=pattern):
        model.loss(x, label, y)


def test_inference_and_loss_without_labels():
    model, x = conv(), images()
    y = model(x)
    assert torch.equal(y, model(x, None))
    assert torch.equal(y, model(x, label=None))
    torch.testing.assert_close(y, model.encoder(x).relu().detach())
    loss = model.loss(x, y)
    assert torch.equal(loss, model.loss(x, None, y))
    loss.backward()
    assert model.label_encoder.weight.grad is None


@pytest.mark.parametrize("labelled", [True, False])
def test_a_training_step_runs_the_encoder_once(labelled):
    encoder = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
    model = SupervisedSimilarityMatching(encoder, 3, 6)
    x, label = torch.rand(5, 4), torch.tensor([0, 1, 2, 1, 0])
    inputs = (x, label) if labelled else (x,)
    y, loss = model.forward_and_loss(*inputs)
    assert int(encoder[1].num_batches_tracked) == 1
    assert torch.equal(loss, model.loss(*inputs, y))


def test_the_input_is_needed():
    with pytest.raises(MissingInputError, match="x"):
        conv()(None, LABEL)
    with pytest.raises(TypeError):
        conv()()


def test_encode_returns_what_is_active():
    model, x = conv(), images()
    assert len(model._encode(x)) == 1
    assert model._encode(x, keep_all=True)[1] is None
    code = model._encode(x, LABEL)[1]
    assert code.shape == (4, 5, 6, 6)
    assert code.stride()[2:] == (0, 0)


def test_label_encoder_is_drawn_between_encoder_and_competitor():
    torch.manual_seed(4)
    model = SupervisedSimilarityMatching(nn.Linear(4, 5), 3, 5)
    torch.manual_seed(4)
    nn.Linear(4, 5)
    assert torch.equal(model.label_encoder.weight, nn.Linear(3, 5, bias=False).weight)


def test_training_raises_similarity_within_classes():
    torch.manual_seed(0)
    model = SupervisedSimilarityMatching(nn.Linear(20, 6), 3, 6, iteration_projection=nn.ReLU())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    centres = torch.randn(3, 20)
    losses = []
    for _ in range(60):
        label = torch.randint(3, (50,))
        x = centres[label] + 0.5 * torch.randn(50, 20)
        _, loss = model.training_step(optimizer, x, label)
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    label = torch.arange(3).repeat(30)
    y = F.normalize(model(centres[label] + 0.5 * torch.randn(90, 20)), dim=1)
    similarity, same = y @ y.T, label[:, None] == label
    assert similarity[same].mean() > similarity[~same].mean() + 0.2
