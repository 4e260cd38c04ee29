"""Single samples, flattened batches and pairs: what the loop of the manual may receive."""

import pytest
import torch
from torch import nn

from pynsm import SimilarityMatching, SupervisedSimilarityMatching
from pynsm.errors import EncodingShapeError


def circuit(**options):
    torch.manual_seed(1)
    model = SimilarityMatching(nn.Linear(12, 5), 5, iteration_projection=nn.ReLU(), **options)
    with torch.no_grad():
        model.competitor.weight.add_(0.2 * torch.rand(5, 5))
    return model


@pytest.mark.parametrize("relaxation", ["fused", "general"])
@pytest.mark.parametrize("tol", [0.0, 1e-3])
def test_a_vector_is_a_batch_of_one(relaxation, tol):
    model = circuit(relaxation=relaxation, tol=tol)
    x = torch.rand(12)
    y = model(x)
    batch = model(x[None])
    assert y.shape == (5,)
    assert torch.equal(y, batch[0])
    assert torch.equal(model.loss(x, y), model.loss(x[None], batch))
    single, _ = model.forward_and_loss(x)
    assert torch.equal(single, y)


def test_the_projection_always_sees_a_batch():
    shapes = []

    def projection(y):
        shapes.append(tuple(y.shape))
        return y.relu()

    for relaxation in ("auto", "general"):
        model = circuit(relaxation=relaxation)
        del model.iteration_projection
        model.iteration_projection = projection
        model(torch.rand(12))
    assert set(shapes) == {(1, 5)}


def test_the_loop_of_the_manual_trains_on_single_flattened_images():
    encoder = nn.Linear(784, 50)
    model = SimilarityMatching(encoder, out_channels=50, iteration_projection=nn.ReLU())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    train_loader = [torch.rand(1, 1, 28, 28) for _ in range(3)]
    before = encoder.weight.clone()
    for x in train_loader:
        x = x.to("cpu").flatten()
        out = model(x)
        loss = model.loss(x, out)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert out.shape == (50,)
    assert not torch.equal(encoder.weight, before)


@pytest.mark.parametrize("batch", [2, 10])
def test_a_flattened_batch_is_refused_and_told_what_to_do(batch):
    model = circuit()
    model(torch.rand(3, 12))
    y = model.y
    with pytest.raises(EncodingShapeError, match=r"12 input features.*x\.flatten\(1\)"):
        model(torch.rand(batch * 12))
    assert model.y is y
    assert model.iteration_idx == 39
    with pytest.raises(RuntimeError, match=r"flatten\(1\)"):
        model.loss(torch.rand(batch * 12), y)


@pytest.mark.parametrize("pair", [list, tuple])
def test_a_pair_as_one_argument_is_refused_and_told_what_to_do(pair):
    batch = pair([torch.rand(3, 12), torch.zeros(3, dtype=torch.int64)])
    with pytest.raises(TypeError, match="for x, label in loader"):
        circuit()(batch)
    labelled = SupervisedSimilarityMatching(nn.Linear(12, 5), 3, 5)
    with pytest.raises(TypeError, match="for x, label in loader"):
        labelled(batch)
    assert labelled(*batch).shape == (3, 5)


def test_an_encoder_may_take_a_pair():
    class Pair(nn.Module):
        def forward(self, pair):
            return pair[0] + pair[1]

    model = SimilarityMatching(Pair(), 5)
    a, b = torch.rand(2, 5), torch.rand(2, 5)
    assert torch.equal(model((a, b)), a + b)


def test_other_errors_of_an_encoder_pass_unchanged():
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        circuit()(torch.rand(3, 11))
    with pytest.raises(TypeError) as caught:
        circuit()(3)
    assert "unpack" not in str(caught.value)


@pytest.mark.parametrize(
    ("encoder", "shape", "pattern"),
    [
        (nn.Linear(12, 4), (3, 12), r"\[B, 5, ...\].*\(3, 4\)"),
        (nn.Linear(12, 4), (12,), r"\(4,\)"),
        (nn.Conv2d(1, 5, 3), (1, 8, 8), r"unsqueeze\(0\)"),
        (nn.Flatten(0), (), r"got \(1,\)"),
    ],
)
def test_wrong_channels_are_refused(encoder, shape, pattern):
    model = SimilarityMatching(encoder, 5)
    with pytest.raises(EncodingShapeError, match=pattern):
        model(torch.rand(shape))
    assert all(p.requires_grad for p in model.parameters())
    assert issubclass(EncodingShapeError, RuntimeError)


def test_an_output_of_another_shape_is_refused():
    model, x = circuit(), torch.rand(3, 12)
    y = model(x)
    with pytest.raises(EncodingShapeError, match=r"\(3, 5\), got \(2, 5\)"):
        model.loss(x, y[:2])


@pytest.mark.parametrize("shape", [(3, 12, 1), (3, 1, 3, 4)])
def test_images_before_a_linear_encoder_are_refused_and_told_what_to_do(shape):
    with pytest.raises(EncodingShapeError, match=r"12 input features.*x\.flatten\(1\)"):
        circuit()(torch.rand(shape))


def test_an_encoder_has_to_return_a_tensor():
    with pytest.raises(TypeError, match=r"encoder 0 must return a tensor, got .* tuple"):
        SimilarityMatching(nn.LSTM(12, 5), 5)(torch.rand(3, 12))


def test_a_loss_without_the_output_is_refused():
    with pytest.raises(EncodingShapeError, match=r"must be the output.*\(3, 12\)"):
        circuit().loss(torch.rand(3, 12))
