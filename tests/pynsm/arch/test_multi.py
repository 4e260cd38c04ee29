import pytest
import torch
from torch import nn

from pynsm import MultiSimilarityMatching
from pynsm.errors import (
    EncodingShapeError,
    IterationStateError,
    MissingInputError,
    MissingOutputError,
)

A, B = torch.rand(4, 3), torch.rand(4, 2)


def two(regularization="weight", **options):
    torch.manual_seed(5)
    encoders = [nn.Linear(3, 6), nn.Linear(2, 6)]
    model = MultiSimilarityMatching(
        encoders, 6, regularization=regularization, iteration_projection=nn.ReLU(), **options
    )
    with torch.no_grad():
        model.competitor.weight.add_(0.1 * torch.rand(6, 6))
    return model


def objective(model, encodings, y):
    """The loss without regularisers, as its formula is written."""
    M = model.competitor.weight
    lateral = torch.einsum("ij,bj...->bi...", M, y)
    total = 2 * (y * lateral).sum() - 4 * (y * sum(encodings)).sum()
    return total / y.numel() - (M**2).sum() / y.shape[1]


def test_defaults():
    model = MultiSimilarityMatching([nn.Linear(3, 6), nn.Linear(2, 6)], 6)
    assert (model.tau, model.tol, model.max_iterations) == (0.1, 0.0, 40)
    assert model.regularization == ["weight", "weight"]
    assert model.it_optim_kwargs == {"lr": 1.0}
    assert isinstance(model.encoders, nn.ModuleList)
    assert torch.equal(model.competitor.weight, torch.eye(6))
    assert model.competitor.bias is None
    assert model.y.numel() == 0


def test_the_drive_is_the_sum_of_the_encodings():
    model = two()
    drive = model.encoders[0](A) + model.encoders[1](B)
    y = torch.zeros(4, 6)
    for _ in range(40):
        y = torch.relu(y - (y @ model.competitor.weight.T - drive)).detach()
    torch.testing.assert_close(model(A, B), y)


@pytest.mark.parametrize(
    ("inputs", "active"), [((A,), [0]), ((A, None), [0]), ((None, B), [1]), ((A, B), [0, 1])]
)
@pytest.mark.parametrize("kinds", [("weight", "whiten"), ("whiten", "none"), ("none", "weight")])
def test_loss_follows_its_formula_and_each_regulariser_its_encoder(inputs, active, kinds):
    model = two(kinds)
    y = model(*inputs)
    encodings = {k: model.encoders[k](x) for k, x in enumerate(inputs) if x is not None}
    expected = objective(model, encodings.values(), y)
    for k in active:
        if kinds[k] == "weight":
            squares = [(p**2).sum() for p in model.encoders[k].parameters()]
            expected = expected + (2 / 6) * sum(squares)
        elif kinds[k] == "whiten":
            expected = expected + 2 * (encodings[k] ** 2).mean()
    torch.testing.assert_close(model.loss(*inputs, y), expected)


def test_whitening_the_sum_gives_the_number_of_the_reference():
    model, own = two("whiten", whiten_input="sum"), two("whiten")
    y = model(A, B)
    first, second = model.encoders[0](A), model.encoders[1](B)
    base = objective(model, [first, second], y) + 2 * (second**2).mean()
    torch.testing.assert_close(model.loss(A, B, y), base + 2 * ((first + second) ** 2).mean())
    torch.testing.assert_close(own.loss(A, B, y), base + 2 * (first**2).mean())
    torch.testing.assert_close(model.loss(A, y), own.loss(A, y))


def test_only_trainable_parameters_are_penalised():
    model = two("weight")
    y = model(A, B)
    full = model.loss(A, B, y)
    model.encoders[0].bias.requires_grad_(False)
    bias = (2 / 6) * (model.encoders[0].bias ** 2).sum()
    torch.testing.assert_close(model.loss(A, B, y), full - bias)
    plain = MultiSimilarityMatching([nn.Identity()], 3)
    assert torch.isfinite(plain.loss(A, plain(A)))


def test_gradients_are_the_learning_rules():
    model = two("none")
    y = model(A, B)
    model.loss(A, B, y).backward()
    n, C = y.numel(), 6
    raw = 2 * y.T @ y / n - 2 * model.competitor.weight.detach() / C
    torch.testing.assert_close(model.competitor.weight.grad, -raw / 0.1)
    torch.testing.assert_close(model.encoders[0].weight.grad, -4 * y.T @ A / n)
    torch.testing.assert_close(model.encoders[1].weight.grad, -4 * y.T @ B / n)


def test_the_output_is_a_constant_of_the_loss():
    model = two()
    y = model(A, B).requires_grad_()
    model.loss(A, B, y).backward()
    assert y.grad is None


def test_tau_may_be_assigned_later():
    gradients = []
    for tau in (0.1, 0.4):
        model = two()
        model.tau = tau
        model.loss(A, B, model(A, B)).backward()
        gradients.append(model.competitor.weight.grad)
    torch.testing.assert_close(gradients[0], 4 * gradients[1])
    with pytest.raises(ValueError, match="tau"):
        model.tau = 0.0
    assert model.tau == 0.4


def test_lateral_weight_scales_the_gradient_of_any_loss():
    model = two(tau=0.25)
    assert torch.equal(model.lateral_weight(), model.competitor.weight)
    model.lateral_weight().sum().backward()
    assert torch.equal(model.competitor.weight.grad, torch.full((6, 6), -4.0))


def test_surplus_inputs_are_ignored():
    model = two()
    assert torch.equal(model(A, B, A), model(A, B))


@pytest.mark.parametrize("inputs", [(), (None,), (None, None)])
def test_an_input_is_needed(inputs):
    model = two()
    with pytest.raises(MissingInputError, match="at least one input"):
        model(*inputs)
    assert issubclass(MissingInputError, IndexError)


@pytest.mark.parametrize("arguments", [(), (A, B, None)])
def test_the_loss_needs_the_output(arguments):
    with pytest.raises(MissingOutputError, match="output"):
        two().loss(*arguments)
    assert issubclass(MissingOutputError, AssertionError)


def test_encodings_must_fit_each_other():
    model = two()
    with pytest.raises(EncodingShapeError, match=r"encoder 1 .*\(4, 6\).*\(3, 6\)"):
        model(A, B[:3])


def test_identity_encoder_leaves_the_input_alone():
    model = MultiSimilarityMatching([nn.Identity(), nn.Linear(2, 3)], 3)
    a = A.clone().requires_grad_()
    y = model(a, B)
    model.loss(a, B, y).backward()
    assert torch.equal(a, A)
    torch.testing.assert_close(a.grad, -4 * y / y.numel())


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Sigmoid, nn.Tanh])
def test_encoders_may_end_in_an_activation(activation):
    encoders = [nn.Sequential(nn.Linear(3, 4), activation()), nn.Linear(2, 4)]
    model = MultiSimilarityMatching(encoders, 4, regularization="whiten")
    model.loss(A, B, model(A, B)).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


@pytest.mark.parametrize("kind", ["Weight", "whitening", "", None])
def test_unknown_regularization_is_refused(kind):
    kinds = [kind, "none"]
    with pytest.raises(ValueError, match="regularization"):
        two(kinds)
    model = two()
    model.regularization = kinds
    with pytest.raises(ValueError, match="regularization"):
        model.loss(A, B, model(A, B))


def test_regularization_needs_one_entry_for_each_encoder():
    with pytest.raises(ValueError, match="one entry for each of 2 encoders, got 1"):
        two(["weight"])
    with pytest.raises(TypeError, match="`regularization` must be"):
        two(3)
    given = ("weight", "none")
    assert two(given).regularization is given


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("out_channels", 0),
        ("tau", -0.1),
        ("tol", -1e-3),
        ("max_iterations", -1),
        ("relaxation", "fast"),
        ("convergence", "samples"),
        ("step_scaling", "yes"),
        ("whiten_input", "own"),
    ],
)
def test_bad_options_are_refused_by_name(name, value):
    options = {"out_channels": 6, name: value}
    with pytest.raises(ValueError, match=name):
        MultiSimilarityMatching([nn.Linear(3, 6)], **options)


def test_iteration_loss_exists_only_during_the_iteration():
    model, values = two(max_iterations=3), []

    def look(m):
        y = m.y.detach()
        drive = m.encoders[0](A) + m.encoders[1](B)
        expected = 0.5 * (y * (y @ m.competitor.weight.T)).sum() - (y * drive).sum()
        values.append((m.iteration_loss(), m.iteration_loss(), expected))

    model.register_iteration_hook("iteration", look)
    for state in (None, model(A, B)):
        with pytest.raises(IterationStateError):
            model.iteration_loss()
        assert state is None or state.shape == (4, 6)
    for first, again, expected in values:
        assert torch.equal(first, again)
        torch.testing.assert_close(first, expected)


def test_a_failing_encoder_leaves_the_model_trainable():
    class Failing(nn.Linear):
        fail = True

        def forward(self, x):
            if self.fail:
                raise ZeroDivisionError
            return super().forward(x)

    for relaxation in ("fused", "general"):
        model = MultiSimilarityMatching([Failing(3, 6)], 6, relaxation=relaxation)
        with pytest.raises(ZeroDivisionError):
            model(A)
        model.encoders[0].fail = False
        model.loss(A, model(A)).backward()
        assert model.encoders[0].weight.grad is not None


def test_one_encoding_for_output_and_loss():
    class Counting(nn.Linear):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return super().forward(x)

    model = two()
    expected_y = model(A, B)
    expected_loss = model.loss(A, B, expected_y)
    model.encoders[0] = _as(Counting(3, 6), model.encoders[0])
    y, loss = model.forward_and_loss(A, B)
    assert model.encoders[0].calls == 1
    assert torch.equal(y, expected_y)
    assert torch.equal(loss, expected_loss)
    loss.backward()
    assert model.encoders[0].weight.grad is not None
    assert torch.equal(model(A, B), expected_y)
    assert model.encoders[0].calls == 2


def test_training_step_equals_the_loop():
    loop, once = two(), two()
    first = torch.optim.SGD(loop.parameters(), lr=0.05)
    second = torch.optim.SGD(once.parameters(), lr=0.05)
    for _ in range(3):
        y = loop(A, B)
        loss = loop.loss(A, B, y)
        first.zero_grad()
        loss.backward()
        first.step()
        got_y, got_loss = once.training_step(second, A, B)
        assert torch.equal(got_y, y)
        assert torch.equal(got_loss, loss)
        assert not got_loss.requires_grad
    for one, other in zip(loop.parameters(), once.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_training_step_descends_the_loss_of_a_subclass():
    class Sparse(MultiSimilarityMatching):
        def loss(self, *args):
            penalty = sum(p.abs().sum() for p in self.encoders.parameters())
            return super().loss(*args) + penalty

    encoder = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6))
    model = Sparse([encoder], 6, regularization="none")
    y, loss = model.forward_and_loss(A)
    assert int(encoder[1].num_batches_tracked) == 1
    assert torch.equal(loss, model.loss(A, y))


def test_batch_statistics_count_a_training_step_once():
    encoder = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6))
    model = MultiSimilarityMatching([encoder], 6)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.training_step(optimizer, A)
    assert int(encoder[1].num_batches_tracked) == 1


def test_spectral_step_scaling_prevents_divergence():
    def circuit(**options):
        model = two(max_iterations=400, **options)
        with torch.no_grad():
            root = torch.randn(6, 6)
            model.competitor.weight.copy_(root @ root.T + torch.eye(6))
        return model

    assert not torch.isfinite(circuit()(A, B)).all() or circuit()(A, B).abs().max() > 1e6
    for relaxation in ("fused", "general"):
        torch.manual_seed(0)
        model = circuit(step_scaling="spectral", relaxation=relaxation)
        y = model(A, B)
        drive = (model.encoders[0](A) + model.encoders[1](B)).detach()
        residual = y @ model.competitor.weight.detach().T - drive
        # At the fixed point the gradient vanishes where y > 0 and points outwards elsewhere.
        assert (residual[y > 1e-3].abs() < 2e-2).all()
        assert (residual[y == 0] > -2e-2).all()


def test_spectral_step_scaling_with_a_silent_competitor():
    for relaxation in ("fused", "general"):
        model = two(step_scaling="spectral", relaxation=relaxation, max_iterations=3)
        nn.init.zeros_(model.competitor.weight)
        drive = (model.encoders[0](A) + model.encoders[1](B)).detach()
        torch.testing.assert_close(model(A, B), 3 * drive.relu())


def test_cca_subclass():
    class CCA(MultiSimilarityMatching):
        def __init__(self, x_dim, y_dim, out_dim, **kwargs):
            encoders = [nn.Linear(x_dim, out_dim), nn.Linear(y_dim, out_dim)]
            super().__init__(encoders, out_dim, regularization="whiten", **kwargs)

    model = CCA(3, 2, 2, tau=0.5, iteration_lr=0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    before = [p.clone() for p in model.parameters()]
    for _ in range(3):
        loss = model.loss(A, B, model(A, B))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.isfinite(loss)
    assert all(not torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_a_circuit_may_encode_for_another():
    inner = MultiSimilarityMatching([nn.Linear(3, 4)], 4, iteration_projection=nn.ReLU())
    outer = MultiSimilarityMatching([inner], 4, regularization="none")
    assert outer(A).shape == (4, 4)
    assert all(p.requires_grad for p in outer.parameters())


def _as(new, old):
    new.load_state_dict(old.state_dict())
    return new
