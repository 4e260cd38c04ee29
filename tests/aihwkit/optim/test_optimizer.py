"""Analog optimizers: equivalence, groups, schedules, accumulation, and the guard."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogAdam, AnalogOptimizer, AnalogSGD
from aihwkit.optim.analog_sgd import AnalogSGD as LegacyAnalogSGD
from aihwkit.simulator.configs import (
    FloatingPointDevice,
    FloatingPointRPUConfig,
    InferenceRPUConfig,
    SingleRPUConfig,
)

_random = torch.Generator().manual_seed(0)
X = torch.randn(6, 4, generator=_random)
Y = torch.randn(6, 2, generator=_random)


def twins():
    torch.manual_seed(3)
    analog = AnalogSequential(AnalogLinear(4, 3), nn.Tanh(), nn.Linear(3, 3), AnalogLinear(3, 2))
    torch.manual_seed(3)
    digital = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3), nn.Linear(3, 2))
    return analog, digital


def assert_equal_models(analog, digital):
    assert torch.allclose(analog(X), digital(X), atol=1e-6)
    for layer, twin in ((analog[0], digital[0]), (analog[3], digital[3])):
        weight, bias = layer.get_weights()
        assert torch.allclose(weight, twin.weight, atol=1e-6)
        assert torch.allclose(bias, twin.bias, atol=1e-6)


@pytest.mark.parametrize("regroup", [True, False])
@pytest.mark.parametrize("passes", [1, 3])
def test_exact_tiles_train_as_digital_layers_do(regroup, passes):
    analog, digital = twins()
    ours, theirs = (
        AnalogSGD(analog.parameters(), lr=0.2),
        torch.optim.SGD(digital.parameters(), 0.2),
    )
    if regroup:
        ours.regroup_param_groups(analog)
    schedules = [
        torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8) for optimizer in (ours, theirs)
    ]
    for _ in range(4):
        for model, optimizer in ((analog, ours), (digital, theirs)):
            optimizer.zero_grad()
            for part_x, part_y in zip(X.chunk(passes), Y.chunk(passes), strict=True):
                mse_loss(model(part_x), part_y).backward()
            optimizer.step()
        for schedule in schedules:
            schedule.step()
    assert_equal_models(analog, digital)


def test_zero_grad_forgets_what_was_stored_for_the_tiles():
    analog, digital = twins()
    ours, theirs = (
        AnalogSGD(analog.parameters(), lr=0.2),
        torch.optim.SGD(digital.parameters(), 0.2),
    )
    for model, optimizer in ((analog, ours), (digital, theirs)):
        for _ in range(3):
            optimizer.zero_grad()
            mse_loss(model(X), Y).backward()
        optimizer.step()
    assert_equal_models(analog, digital)
    mse_loss(analog(X), Y).backward()
    analog.zero_grad()
    assert not any(tile.analog_ctx.has_gradient() for tile in analog.analog_tiles())


def test_step_without_backward_changes_nothing():
    layer = AnalogLinear(4, 2)
    before = layer.get_weights()[0]
    AnalogSGD(layer.parameters(), lr=0.1).step()
    assert torch.equal(layer.get_weights()[0], before)


def test_learning_rate_of_a_group_reaches_its_tile():
    layer, other = AnalogLinear(4, 2), AnalogLinear(2, 2)
    optimizer = AnalogSGD(
        [{"params": layer.parameters()}, {"params": other.parameters(), "lr": 0.01}], lr=0.123
    )
    optimizer.regroup_param_groups(layer)
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 1]
    assert layer.analog_tile.get_learning_rate() == pytest.approx(0.123)
    assert other.analog_tile.get_learning_rate() == pytest.approx(0.01)
    optimizer.param_groups[0]["lr"] = 0.07
    other(layer(X)).sum().backward()
    optimizer.step()
    assert layer.analog_tile.get_learning_rate() == pytest.approx(0.07)
    assert other.analog_tile.get_learning_rate() == pytest.approx(0.01)
    optimizer.set_learning_rate(0.5)
    assert other.analog_tile.get_learning_rate() == pytest.approx(0.5)


def test_zero_learning_rate_only_forgets_the_trace():
    layer = AnalogLinear(4, 2)
    before = layer.get_weights()[0]
    optimizer = AnalogSGD(layer.parameters(), lr=0.0)
    layer(X).sum().backward()
    optimizer.step()
    assert torch.equal(layer.get_weights()[0], before)
    assert not layer.analog_tile.analog_ctx.has_gradient()


@pytest.mark.parametrize("base", [torch.optim.SGD, torch.optim.AdamW])
def test_wrapped_optimizer_trains_digital_parameters_as_it_does_alone(base):
    model = nn.Linear(4, 2)
    twin = copy.deepcopy(model)
    ours = AnalogOptimizer(base, model.parameters(), lr=0.123)
    theirs = base(twin.parameters(), lr=0.123)
    assert isinstance(ours, AnalogOptimizer)
    assert isinstance(ours, base)
    assert type(ours) not in (AnalogOptimizer, base)
    assert ours.defaults["lr"] == 0.123
    for _ in range(3):
        for one, optimizer in ((model, ours), (twin, theirs)):
            optimizer.zero_grad()
            mse_loss(one(X), Y).backward()
            optimizer.step()
    assert torch.equal(model.weight, twin.weight)


def test_wrapped_optimizers_of_one_name_are_kept_apart_and_pickle():
    class SGD(torch.optim.SGD):
        pass

    parameters = [nn.Parameter(torch.ones(2))]
    assert isinstance(AnalogOptimizer(SGD, parameters, lr=0.1), SGD)
    plain = AnalogOptimizer(torch.optim.SGD, parameters, lr=0.1)
    assert not isinstance(plain, SGD)
    twin = pickle.loads(pickle.dumps(plain))
    assert type(twin) is type(plain)
    assert twin.param_groups[0]["lr"] == 0.1
    with pytest.raises(TypeError, match="optimizer_cls must be a torch optimizer class"):
        AnalogOptimizer(nn.Linear, parameters)


def test_adam_trains_tiles_by_gradient_descent():
    layer = AnalogLinear(4, 2)
    optimizer = AnalogAdam(layer.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = mse_loss(layer(X), Y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("base", [torch.optim.SGD, torch.optim.Adam])
def test_plain_optimizer_on_analog_tiles_is_refused_and_changes_nothing(base):
    model = nn.Sequential(nn.Linear(4, 4), AnalogLinear(4, 2))
    optimizer = base(model.parameters(), lr=0.1)
    model(X).sum().backward()
    before = model[0].weight.detach().clone()
    with pytest.raises(RuntimeError, match=r"cannot train the 1 analog tile.*AnalogSGD"):
        optimizer.step()
    assert torch.equal(model[0].weight, before)


def test_foreign_optimizer_that_updates_the_tiles_itself_is_fine():
    class Own(torch.optim.Optimizer):
        def __init__(self, params, update):
            super().__init__(params, {"lr": 0.1})
            self.update = update

        def step(self, closure=None):
            for group in self.param_groups:
                for context in group["params"]:
                    if self.update and context.has_gradient():
                        x, d = context.analog_input[0], context.analog_grad_output[0]
                        context.analog_tile.update(x, d)
                        context.reset()

    layer = AnalogLinear(4, 2)
    layer(X).sum().backward()
    Own(layer.parameters(), update=True).step()
    layer(X).sum().backward()
    with pytest.raises(RuntimeError, match="Own cannot train"):
        Own(layer.parameters(), update=False).step()


def test_inference_tiles_train_with_any_optimizer_to_the_same_weights():
    config = InferenceRPUConfig(noise_model=None, drift_compensation=None)
    config.forward.is_perfect = True
    results = []
    for make in (AnalogSGD, torch.optim.SGD):
        torch.manual_seed(5)
        layer = AnalogLinear(4, 2, True, config)
        optimizer = make(layer.parameters(), lr=0.2)
        for _ in range(5):
            optimizer.zero_grad()
            mse_loss(layer(X), Y).backward()
            optimizer.step()
        results.append(layer.get_weights()[0])
    torch.manual_seed(5)
    exact = AnalogLinear(4, 2, True, FloatingPointRPUConfig())
    optimizer = AnalogSGD(exact.parameters(), lr=0.2)
    for _ in range(5):
        optimizer.zero_grad()
        mse_loss(exact(X), Y).backward()
        optimizer.step()
    assert torch.equal(results[0], results[1])
    assert torch.allclose(results[0], exact.get_weights()[0], atol=1e-6)


def test_decay_and_diffusion_act_once_a_step():
    config = FloatingPointRPUConfig(device=FloatingPointDevice(lifetime=10.0))
    layer = AnalogLinear(4, 2, False, config)
    before = layer.get_weights()[0]
    AnalogSGD(layer.parameters(), lr=0.1).step()
    assert torch.allclose(layer.get_weights()[0], 0.9 * before)
    config = FloatingPointRPUConfig(device=FloatingPointDevice(diffusion=0.1))
    layer = AnalogLinear(100, 122, False, config)
    before = layer.get_weights()[0]
    AnalogSGD(layer.parameters(), lr=0.1).step()
    assert float((layer.get_weights()[0] - before).std()) == pytest.approx(0.1, rel=0.05)


def test_optimizer_keeps_its_tiles_through_load_and_replace():
    layer = AnalogLinear(4, 2, True, SingleRPUConfig())
    optimizer = AnalogSGD(layer.parameters(), lr=0.5)
    context = layer.analog_tile.analog_ctx
    layer.load_state_dict(AnalogLinear(4, 2, True, SingleRPUConfig()).state_dict())
    layer.replace_rpu_config(SingleRPUConfig())
    assert layer.analog_tile.analog_ctx is context
    before = layer.get_weights()[0]
    layer(X).sum().backward()
    optimizer.step()
    assert not torch.equal(layer.get_weights()[0], before)


@pytest.mark.parametrize("indexed", [True, False])
def test_convolution_accumulates_several_passes(indexed):
    torch.manual_seed(0)
    analog = AnalogConv2d(2, 3, 3, use_indexed=indexed)
    torch.manual_seed(0)
    digital = nn.Conv2d(2, 3, 3)
    ours, theirs = AnalogSGD(analog.parameters(), 0.1), torch.optim.SGD(digital.parameters(), 0.1)
    for model, optimizer in ((analog, ours), (digital, theirs)):
        for part in torch.ones(4, 2, 5, 5).cumsum(0).split([1, 3]):
            model(part).square().mean().backward()
        optimizer.step()
    weight, bias = analog.get_weights()
    assert torch.allclose(weight, digital.weight.flatten(1), atol=1e-5)
    assert torch.allclose(bias, digital.bias, atol=1e-5)


def test_both_import_locations_give_one_class():
    assert LegacyAnalogSGD is AnalogSGD


def test_closure_is_evaluated_with_gradients():
    layer = AnalogLinear(4, 2)
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = mse_loss(layer(X), Y)
        loss.backward()
        return loss

    first, second = (optimizer.step(closure).item() for _ in range(2))
    assert second < first
