"""The analog context: metadata, guarded values, modes, traces and copies."""

import copy
import pickle

import pytest
import torch
from torch.nn import Parameter

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogContext, AnalogSGD
from aihwkit.optim.weight_view import PlaceholderDataView, ReadOnlyWeightView
from aihwkit.simulator.configs import FloatingPointRPUConfig, MappingParameter
from aihwkit.simulator.parameters import AnalogContextDataViewMode
from aihwkit.simulator.tiles import FloatingPointTile

BIASES = {"analog": (True, False), "digital": (True, True), "none": (False, True)}


def make_tile(bias="none", **mapping):
    use_bias, digital = BIASES[bias]
    config = FloatingPointRPUConfig(mapping=MappingParameter(digital_bias=digital, **mapping))
    tile = FloatingPointTile(3, 4, config, bias=use_bias)
    tile.set_weights(torch.arange(12.0).view(3, 4), torch.ones(3) if use_bias else None)
    return tile


@pytest.mark.parametrize("bias", BIASES)
def test_metadata_is_that_of_the_logical_weights(bias):
    context = make_tile(bias).analog_ctx
    assert context.shape == context.size() == (3, 4)
    assert context.numel() == 12
    assert len(context) == 3
    assert context.dim() == context.ndim == 2
    assert context.is_leaf
    assert context.grad_fn is None
    assert context.grad is None
    assert context.requires_grad
    assert context.dtype == torch.float32
    assert context.device.type == "cpu"
    assert isinstance(context, Parameter)
    assert {context: 1}[context] == 1
    assert repr(context).startswith("AnalogContext of RPUSimple<float>(3,")
    assert "add_" in dir(context)


@pytest.mark.parametrize("bias", BIASES)
def test_data_view_equals_the_logical_weights(bias):
    tile = make_tile(bias)
    context = tile.analog_ctx.enable_data_view()
    assert torch.equal(context.get_data(), tile.get_weights()[0])
    tile.set_weights(torch.ones(3, 4), torch.zeros(3))
    assert torch.equal(context.get_data(), torch.ones(3, 4))
    tile.set_scales(2.0)
    assert torch.equal(context.get_data(), 2 * torch.ones(3, 4))
    assert torch.equal(context + 1, 3 * torch.ones(3, 4))
    assert float(context.norm()) == pytest.approx(48**0.5)
    assert torch.equal(torch.zeros(3, 4).copy_(context), 2 * torch.ones(3, 4))


@pytest.mark.parametrize(
    "read",
    [
        torch.norm,
        torch.nonzero,
        torch.clone,
        lambda c: c == 0,
        lambda c: c[0],
        lambda c: c.get_data(),
        lambda c: c.detach().norm(),
        lambda c: c.T,
        lambda c: c.mT,
        lambda c: c.real,
        lambda c: list(c),
        lambda c: c.view(-1),
        lambda c: c.float() + 1,
        lambda c: c.numpy(),
    ],
)
def test_placeholder_has_no_values(read):
    with pytest.raises(RuntimeError, match=r"placeholder mode.*enable_data_view\(\)"):
        read(make_tile().analog_ctx)


def test_placeholder_answers_metadata_and_makes_tensors_like_it():
    context = make_tile().analog_ctx
    assert isinstance(context.data, PlaceholderDataView)
    assert isinstance(context.detach(), PlaceholderDataView)
    assert repr(context.data) == (
        "PlaceholderDataView(shape=(3, 4), dtype=torch.float32, device=cpu)"
    )
    assert context.stride() == (4, 1)
    assert context.is_contiguous()
    assert context.type() == "torch.FloatTensor"
    assert torch.equal(torch.zeros_like(context), torch.zeros(3, 4))
    assert context.new_zeros(2).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("mode", ["placeholder", "data_view"])
@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.add_(1),
        lambda c: torch.add(torch.ones(3, 4), 1, out=c),
        lambda c: c.__setitem__((0, 0), 1.0),
        lambda c: setattr(c, "data", torch.ones(3, 4)),
        lambda c: c.__iadd__(1),
        lambda c: c.zero_(),
    ],
)
def test_weights_cannot_be_written_through_the_context(mode, write):
    tile = make_tile()
    tile.analog_ctx.data_view_mode = mode
    before = tile.get_weights()[0]
    with pytest.raises(RuntimeError, match=r"not allowed|read-only"):
        write(tile.analog_ctx)
    assert torch.equal(tile.get_weights()[0], before)


def test_buffer_is_independent_of_the_tile():
    tile = make_tile()
    before = tile.get_weights()[0]
    context = tile.analog_ctx.enable_buffer()
    assert torch.equal(context.data, torch.zeros(3, 4))
    assert context.add_(2) is context
    context.mul_(3)
    torch.add(context.data, 0, out=context)
    assert torch.equal(context.get_data(), torch.full((3, 4), 6.0))
    assert torch.equal(tile.get_weights()[0], before)
    context.enable_buffer()
    assert torch.equal(context.data, torch.zeros(3, 4))
    with pytest.raises(RuntimeError, match="item assignment"):
        context[0, 0] = 1.0


def test_mode_is_an_enum_member_its_value_or_its_name():
    context = make_tile().analog_ctx
    for mode in (AnalogContextDataViewMode.DATA_VIEW, "data_view", "DATA_VIEW"):
        context.data_view_mode = mode
        assert context.data_view_mode is AnalogContextDataViewMode.DATA_VIEW
    with pytest.raises(ValueError, match="data_view_mode must be one of PLACEHOLDER"):
        context.data_view_mode = "weights"


def test_gradient_slot_and_requires_grad_are_the_parameters_own():
    context = make_tile().analog_ctx
    context.grad = torch.ones(3, 4)
    assert torch.equal(context.grad, torch.ones(3, 4))
    context.grad = None
    assert context.requires_grad_(False) is context
    assert not context.requires_grad


@pytest.mark.parametrize("freeze", ["attribute", "method", "module"])
def test_frozen_context_records_no_trace(freeze):
    layer = AnalogLinear(4, 3, True, FloatingPointRPUConfig())
    context = layer.analog_module.analog_ctx
    if freeze == "attribute":
        context.requires_grad = False
    elif freeze == "method":
        context.requires_grad_(False)
    else:
        layer.analog_module.requires_grad_(False)
    x = torch.ones(2, 4, requires_grad=True)
    layer(x).sum().backward()
    assert not context.has_gradient()
    assert x.grad is not None
    assert (layer.analog_module.bias.grad is None) == (freeze == "module")
    layer.requires_grad_(True)
    layer(x).sum().backward()
    assert context.has_gradient()


def test_every_backward_pass_is_recorded_and_reset_forgets():
    tile = make_tile()
    for value in (1.0, 2.0):
        tile(torch.full((2, 4), value)).sum().backward()
    context = tile.analog_ctx
    assert [float(x[0, 0]) for x in context.analog_input] == [1.0, 2.0]
    assert torch.equal(context.analog_grad_output[1], torch.ones(2, 3))
    assert context.grad is None
    loss = tile(torch.ones(2, 4)).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert len(context.analog_input) == 4
    context.reset()
    assert not context.has_gradient()


def test_evaluation_without_gradients_records_nothing():
    tile = make_tile()
    with torch.no_grad():
        tile(torch.ones(2, 4))
    assert not tile.analog_ctx.has_gradient()


def test_copy_of_a_context_is_a_plain_parameter_of_the_raw_weights():
    tile = make_tile("analog")
    for twin in (copy.copy(tile.analog_ctx), copy.deepcopy(tile.analog_ctx)):
        assert type(twin) is Parameter
        assert twin.shape == (3, 5)
    assert type(pickle.loads(pickle.dumps(tile)).analog_ctx) is AnalogContext


def test_model_and_optimizer_copied_together_belong_together():
    layer = AnalogLinear(4, 3)
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    for twin, its in (
        copy.deepcopy((layer, optimizer)),
        pickle.loads(pickle.dumps((layer, optimizer))),
    ):
        before, untouched = twin.get_weights()[0], layer.get_weights()[0]
        its.zero_grad()
        twin(torch.ones(2, 4)).sum().backward()
        its.step()
        assert not torch.equal(twin.get_weights()[0], before)
        assert torch.equal(layer.get_weights()[0], untouched)


def test_context_shares_memory_with_the_tile():
    tile = make_tile("analog")
    assert tile.analog_ctx.data_ptr() == tile.tile.get_weights(as_ref=True).data_ptr()
    assert tile.analog_ctx._raw_data().shape == (3, 5)
    view = tile.analog_ctx.enable_data_view()
    tile.tile.set_learning_rate(1.0)
    tile.tile.update(torch.ones(1, 4), torch.ones(1, 3), True)
    assert torch.equal(view.get_data(), torch.arange(12.0).view(3, 4) - 1)


def test_context_moves_the_tile():
    tile = make_tile()
    context = tile.analog_ctx
    assert context.to("cpu") is context
    assert context.cpu() is context
    assert context.device == tile.device


def test_read_only_view_gives_plain_results():
    view = ReadOnlyWeightView(torch.ones(2, 2))
    assert ReadOnlyWeightView(view) is view
    assert type(view + 1) is torch.Tensor
    for write in (view.add_, lambda v: view.__setitem__(0, v), lambda v: torch.add(v, 1, out=view)):
        with pytest.raises(RuntimeError, match="set_weights"):
            write(torch.ones(2, 2))
    assert torch.equal(view, torch.ones(2, 2))
