import pytest
import torch
from torch import nn

from pynsm import SimilarityMatching

X = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]])
M = torch.tensor([[1.0, 0.2], [0.1, 1.5]])
OUTPUT = torch.tensor([[2.6225, 0.0], [0.0, 0.0328125]])


def golden(**options):
    encoder = nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        encoder.weight.copy_(torch.tensor([[0.5, -0.25, 1.0], [0.1, 0.3, -0.2]]))
    settings = {"tau": 0.5, "iteration_lr": 0.5, "max_iterations": 3, **options}
    model = SimilarityMatching(encoder, 2, iteration_projection=nn.ReLU(), **settings)
    with torch.no_grad():
        model.competitor.weight.copy_(M)
    return model


@pytest.fixture(params=["fused", "general"])
def relaxation(request):
    return request.param


@pytest.mark.parametrize(
    ("iterations", "expected"),
    [
        (0, [[0.0, 0.0], [0.0, 0.0]]),
        (1, [[1.5, 0.05], [0.0, 0.025]]),
        (2, [[2.2450, 0.0], [0.0, 0.03125]]),
        (3, [[2.6225, 0.0], [0.0, 0.0328125]]),
    ],
)
def test_golden_states(relaxation, iterations, expected):
    model = golden(relaxation=relaxation, max_iterations=iterations)
    torch.testing.assert_close(model(X), torch.tensor(expected), rtol=1e-5, atol=1e-6)
    assert model.iteration_idx == iterations - 1


def test_golden_encoding():
    expected = torch.tensor([[3.0, 0.1], [-0.625, 0.05]])
    torch.testing.assert_close(golden().encoder(X).detach(), expected)


def test_golden_loss_gradients_and_step(relaxation):
    model = golden(relaxation=relaxation)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model.loss(X, model(X))
    loss.backward()
    assert loss.item() == pytest.approx(-4.627080, abs=2e-6)
    close = {"rtol": 0, "atol": 6e-5}
    torch.testing.assert_close(
        model.competitor.weight.grad,
        torch.tensor([[-4.8775, 0.4], [0.2, 2.9989]]),
        **close,
    )
    torch.testing.assert_close(
        model.encoder.weight.grad,
        torch.tensor([[-1.6225, -5.7450, -5.8675], [0.2328, 0.5836, -0.4000]]),
        **close,
    )
    optimizer.step()
    torch.testing.assert_close(
        model.competitor.weight.detach(), torch.tensor([[1.4878, 0.16], [0.08, 1.2001]]), **close
    )


def test_golden_iteration_loss():
    model, seen = golden(), []
    model.register_iteration_hook("iteration", lambda m: seen.append(m.iteration_loss().item()))
    model(X)
    assert seen[-1] == pytest.approx(-4.429580, abs=2e-6)


def test_identity_competitor_equals_the_written_recursion_bit_for_bit():
    model = SimilarityMatching(nn.Linear(20, 6), 6, iteration_projection=nn.ReLU())
    x = torch.randn(9, 20)
    drive = model.encoder(x).detach()
    z = torch.zeros_like(drive)
    for _ in range(40):
        z = torch.relu(z - (z @ model.competitor.weight.detach().T - drive))
    assert torch.equal(model(x), z)


def test_output_is_detached_and_shared_with_y(relaxation):
    model = golden(relaxation=relaxation)
    x = X.clone().requires_grad_()
    y = model(x)
    assert not y.requires_grad
    assert y.data_ptr() == model.y.data_ptr()
    assert x.grad is None


def test_encoder_property_is_read_only():
    model = golden()
    assert model.encoder is model.encoders[0]
    with pytest.raises(AttributeError):
        model.encoder = None


def test_state_dict_keys_and_parameter_order():
    model = SimilarityMatching(nn.Linear(3, 2), 2, iteration_projection=nn.PReLU())
    names = [
        "iteration_projection.weight",
        "encoders.0.weight",
        "encoders.0.bias",
        "competitor.weight",
    ]
    assert sorted(model.state_dict()) == sorted(names)
    assert [name for name, _ in model.named_parameters()] == names


def test_construction_draws_what_a_linear_layer_draws():
    torch.manual_seed(3)
    SimilarityMatching(nn.Linear(5, 4), 4)
    after = torch.rand(3)
    torch.manual_seed(3)
    nn.Linear(5, 4)
    nn.Linear(4, 4, bias=False)
    assert torch.equal(torch.rand(3), after)


def test_modes_make_no_difference_and_batches_may_change():
    model = golden()
    assert torch.equal(model.train()(X), model.eval()(X))
    assert model(X[:1]).shape == (1, 2)
    assert model(X.repeat(5, 1)).shape == (10, 2)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_runs_without_gradients(relaxation, context):
    model = golden(relaxation=relaxation)
    with context():
        y = model(X)
    torch.testing.assert_close(y.clone(), OUTPUT)
    model.loss(X, model(X)).backward()


def test_double_precision_and_bfloat16(relaxation):
    model = golden(relaxation=relaxation).double()
    assert model(X.double()).dtype == torch.float64
    model = golden(relaxation=relaxation).bfloat16()
    y = model(X.bfloat16())
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), OUTPUT, rtol=2e-2, atol=1e-2)


def test_autocast_follows_the_encoding(relaxation):
    model = golden(relaxation=relaxation)
    with torch.autocast("cpu", torch.bfloat16):
        y = model(X)
        loss = model.loss(X, y)
    assert y.dtype == torch.bfloat16
    assert loss.item() == pytest.approx(-4.627080, rel=2e-2)


def test_autocast_leaves_an_encoding_in_single_precision(relaxation):
    x = torch.randn(3, 4, 5)
    model = SimilarityMatching(nn.Identity(), 4, relaxation=relaxation)
    with torch.no_grad():
        model.competitor.weight.add_(0.013 * torch.rand(4, 4))
    expected = model(x)
    with torch.autocast("cpu", torch.bfloat16):
        y = model(x)
    assert y.dtype == torch.float32
    assert torch.equal(y, expected)


@pytest.mark.parametrize("finer", ["encoder", "competitor"])
def test_encoder_and_competitor_may_differ_in_type(relaxation, finer):
    model = golden(relaxation=relaxation)
    getattr(model, finer).double()
    x = X.to(model.encoder.weight.dtype)
    y = model(x)
    assert y.dtype == x.dtype
    torch.testing.assert_close(y.float(), OUTPUT)
    loss = model.loss(x, y)
    assert loss.item() == pytest.approx(-4.627080, rel=1e-6)
    loss.backward()
    assert model.competitor.weight.grad.dtype == model.competitor.weight.dtype
    assert model.competitor.weight.grad[0, 0].item() == pytest.approx(-4.8775, rel=1e-4)


def test_channels_last_encodings_give_the_same_numbers(relaxation):
    model = SimilarityMatching(
        nn.Conv2d(3, 4, 3), 4, iteration_projection=nn.ReLU(), relaxation=relaxation
    )
    with torch.no_grad():
        model.competitor.weight.add_(0.1 * torch.rand(4, 4))
    x = torch.rand(5, 3, 8, 8)
    y = model(x)
    loss = model.loss(x, y)
    other = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(model(other), y)
    torch.testing.assert_close(model.loss(other, model(other)), loss)


def test_the_output_follows_the_module_to_another_type_and_device(relaxation):
    model = golden(relaxation=relaxation)
    model(X)
    model.double()
    assert model.y.dtype == torch.float64
    model.to("meta")
    assert model.y.device.type == "meta"
