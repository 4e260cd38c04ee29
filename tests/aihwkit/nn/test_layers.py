"""Layers: equality with torch, the first interface, mapping, recurrence, containers, conversion."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from aihwkit.exceptions import AnalogBiasConfigError, ArgumentError, ConfigError, ModuleError
from aihwkit.nn import (
    AnalogConv1d,
    AnalogConv1dMapped,
    AnalogConv2d,
    AnalogConv2dMapped,
    AnalogConv3d,
    AnalogConv3dMapped,
    AnalogConvTranspose2d,
    AnalogGRUCell,
    AnalogLinear,
    AnalogLinearMapped,
    AnalogLSTMCell,
    AnalogLSTMCellCombinedWeight,
    AnalogRNN,
    AnalogSequential,
    AnalogVanillaRNNCell,
    AnalogWrapper,
)
from aihwkit.nn.conversion import (
    _DEFAULT_MAPPED_CONVERSION_MAP,
    convert_to_analog,
    convert_to_digital,
)
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    FloatingPointRPUConfig,
    IdealDevice,
    InferenceRPUConfig,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.devices import ConstantStepResistiveDevice, FloatingPointResistiveDevice
from aihwkit.simulator.parameters import PulsedResistiveDeviceParameters
from aihwkit.simulator.tiles import AnalogTile, FloatingPointTile, TileModuleArray
from aihwkit.simulator.tiles.custom import CustomRPUConfig

EXACT = FloatingPointRPUConfig(mapping=MappingParameter(max_input_size=0, max_output_size=0))


def perfect_torch(**mapping):
    return TorchInferenceRPUConfig(
        forward=IOParameters(is_perfect=True),
        noise_model=None,
        drift_compensation=None,
        mapping=MappingParameter(**mapping),
    )


def split(max_input_size, max_output_size, **options):
    mapping = MappingParameter(
        max_input_size=max_input_size, max_output_size=max_output_size, **options
    )
    return FloatingPointRPUConfig(mapping=mapping)


def train_both(analog, digital, x, steps=3, lr=0.1):
    ours, theirs = AnalogSGD(analog.parameters(), lr=lr), torch.optim.SGD(digital.parameters(), lr)
    for _ in range(steps):
        for model, optimizer in ((analog, ours), (digital, theirs)):
            optimizer.zero_grad()
            output = model(x)
            output = output[0] if isinstance(output, tuple) else output
            output.square().mean().backward()
            optimizer.step()


# -- the first interface -----------------------------------------------------------------------


def test_layer_without_configuration_is_exact_and_holds_its_bias():
    layer = AnalogLinear(5, 3)
    assert isinstance(layer.analog_tile, FloatingPointTile)
    assert layer.analog_tile.analog_bias
    assert layer.weight.shape == (3, 5)
    assert layer.bias.shape == (3,)
    assert [name for name, _ in layer.named_parameters()] == ["analog_module.analog_ctx"]


@pytest.mark.parametrize("kind", ["default", "exact", "constant step", "positional"])
def test_training_without_zero_grad_reduces_the_loss(kind):
    torch.manual_seed(0)
    device = ConstantStepResistiveDevice()
    layer = {
        "default": lambda: AnalogLinear(4, 2),
        "exact": lambda: AnalogLinear(4, 2, resistive_device=FloatingPointResistiveDevice()),
        "constant step": lambda: AnalogLinear(4, 2, resistive_device=device),
        "positional": lambda: AnalogLinear(4, 2, True, device, False),
    }[kind]()
    x = torch.tensor([[0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.1, 0.3]])
    y = torch.tensor([[1.0, 0.5], [0.7, 0.3]])
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    optimizer.regroup_param_groups(layer)
    losses = []
    for _ in range(10):
        loss = mse_loss(layer(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    if kind in ("default", "exact"):
        assert losses == sorted(losses, reverse=True)


def test_device_parameters_reach_the_tile():
    parameters = PulsedResistiveDeviceParameters(w_min=-0.4, w_min_dtod=0.0)
    device = ConstantStepResistiveDevice(parameters)
    layer = AnalogLinear(5, 3, bias=False, resistive_device=device)
    assert isinstance(layer.analog_tile, AnalogTile)
    assert layer.resistive_device is device
    bounds = layer.analog_tile.get_hidden_parameters()["min_bound"]
    assert torch.allclose(bounds, torch.full((3, 5), -0.4))
    assert layer.bias is None
    with pytest.raises(ArgumentError, match="both"):
        AnalogLinear(5, 3, rpu_config=EXACT, resistive_device=device)


def test_parameters_show_the_last_synchronisation():
    layer = AnalogLinear(5, 3)
    assert torch.equal(layer.weight, layer.get_weights()[0])
    AnalogSGD(layer.parameters(), lr=0.1)
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    layer(torch.ones(2, 5)).sum().backward()
    optimizer.step()
    assert not torch.equal(layer.weight, layer.get_weights()[0])
    weight = layer.weight
    layer.sync_parameters_from_tile()
    assert layer.weight is weight
    assert torch.equal(layer.weight, layer.get_weights()[0])
    assert torch.equal(layer.bias, layer.get_weights()[1])
    assert layer.weight.is_weight
    assert layer.bias.is_bias
    with torch.no_grad():
        layer.weight.fill_(0.5)
    layer.sync_parameters_to_tile()
    assert torch.equal(layer.get_weights()[0], torch.full((3, 5), 0.5))
    assert copy.deepcopy(layer).weight.shape == (3, 5)


def test_modern_layer_has_no_weight_until_asked():
    layer = AnalogLinear(5, 3, True, EXACT)
    assert layer.weight is None
    assert layer.bias is True
    layer.sync_parameters_from_tile()
    assert torch.equal(layer.weight, layer.get_weights()[0])


def test_realistic_layer_writes_and_reads_through_the_device():
    torch.manual_seed(0)
    layer = AnalogLinear(
        5, 3, resistive_device=ConstantStepResistiveDevice(), realistic_read_write=True
    )
    weight, bias = torch.full((3, 5), 0.2), torch.full((3,), -0.2)
    layer.set_weights(weight, bias)
    assert not torch.equal(layer.get_weights(force_exact=True)[0], weight)
    assert not torch.equal(layer.get_weights()[0], layer.get_weights(force_exact=True)[0])
    layer.set_weights(weight, bias, force_exact=True)
    assert torch.allclose(layer.get_weights(force_exact=True)[0], weight, atol=0.2)


# -- equality with torch -----------------------------------------------------------------------


@pytest.mark.parametrize("config", [None, EXACT, SingleRPUConfig()])
@pytest.mark.parametrize("bias", [True, False])
def test_initial_weights_are_those_of_torch(config, bias):
    torch.manual_seed(4)
    layers = [AnalogLinear(5, 3, bias, config), AnalogConv2d(2, 3, 3, bias=bias, rpu_config=EXACT)]
    torch.manual_seed(4)
    twins = [nn.Linear(5, 3, bias), nn.Conv2d(2, 3, 3, bias=bias)]
    for layer, twin in zip(layers, twins, strict=True):
        if config is not None and layer is layers[0] and isinstance(config, SingleRPUConfig):
            continue  # devices limit the weights, later layers must be equal all the same
        weight, its_bias = layer.get_weights()
        assert torch.equal(weight, twin.weight.flatten(1))
        assert (its_bias is None) == (not bias)
        assert its_bias is None or torch.equal(its_bias, twin.bias)


CONVOLUTIONS = {
    "plain": {},
    "strided": {"stride": 2, "padding": 1, "dilation": 2},
    "same": {"padding": "same", "dilation": 2},
    "circular": {"padding": 2, "padding_mode": "circular"},
    "grouped": {"groups": 2, "padding": 1},
    "no bias": {"bias": False, "padding": 2},
}


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("tile", ["indexed", "unfolded", "analog bias", "torch", "array"])
def test_convolutions_equal_torch(options, dims, tile):
    analog_class = (AnalogConv1d, AnalogConv2d, AnalogConv3d)[dims - 1]
    digital_class = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
    config = {
        "indexed": EXACT,
        "unfolded": EXACT,
        "analog bias": split(0, 0, digital_bias=False),
        "torch": perfect_torch(),
        "array": split(9, 3),
    }[tile]
    torch.manual_seed(0)
    digital = digital_class(2, 4, 3, **options)
    analog = analog_class(
        2, 4, 3, rpu_config=config, use_indexed=False if tile == "unfolded" else None, **options
    )
    analog.set_weights(digital.weight, digital.bias)
    images = torch.randn(3, 2, *(7, 6, 8)[:dims], requires_grad=True)
    gradients = []
    for layer in (digital, analog):
        images.grad = None
        layer(images).square().sum().backward()
        gradients.append(images.grad.clone())
        layer.zero_grad()
    assert torch.allclose(*gradients, atol=1e-4)
    train_both(analog, digital, images.detach())
    assert torch.allclose(analog(images), digital(images), atol=1e-5)
    assert torch.allclose(analog(images[0]), digital(images[0]), atol=1e-5)
    assert torch.allclose(analog.get_weights()[0], digital.weight.flatten(1), atol=1e-5)


def test_convolution_follows_the_image_size_and_the_mode():
    layer = AnalogConv2d(2, 3, 3)
    digital = nn.Conv2d(2, 3, 3)
    digital.load_state_dict({"weight": layer.weight.detach(), "bias": layer.bias.detach()})
    for size in ((4, 6), (6, 4), (5, 5)):
        images = torch.randn(2, 2, *size)
        for indexed in (True, False):
            layer.use_indexed = indexed
            assert torch.allclose(layer(images), digital(images), atol=1e-5)
    layer.use_indexed = True
    layer(images).sum().backward()
    with pytest.raises(RuntimeError, match=r"call step\(\) or zero_grad\(\) first"):
        layer.use_indexed = False
    with pytest.raises(ModuleError, match="use_indexed must be False or None"):
        AnalogConv2d(2, 3, 3, rpu_config=perfect_torch(), use_indexed=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_channels": 0}, "in_channels"),
        ({"groups": 2, "in_channels": 3}, "multiple of groups"),
        ({"padding_mode": "mirror"}, "padding_mode"),
        ({"padding": "full"}, "padding"),
        ({"padding": "same", "stride": 2}, "needs stride 1"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size must be a number or 2 numbers"),
    ],
)
def test_bad_geometry_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AnalogConv2d(**({"in_channels": 2, "out_channels": 4, "kernel_size": 3} | options))


def test_index_vector_unfolds_as_the_kernel_does():
    tile = FloatingPointTile(3, 8, split(0, 0, digital_bias=False), bias=True)
    layer = nn.Conv2d(2, 3, 2, padding=1)
    tile.set_weights(layer.weight.flatten(1), layer.bias)
    numbers = torch.arange(2, 2 + 2 * 3 * 4, dtype=torch.float64).view(1, 2, 3, 4)
    columns = nn.functional.unfold(numbers, 2, padding=1)[0]
    indices = torch.cat([columns, torch.ones(1, columns.shape[1])]).flatten().int()
    tile.set_indexed(indices, [2, 3, 4, 4, 5])
    images = torch.randn(2, 2, 3, 4, requires_grad=True)
    maps = tile(images)
    assert torch.allclose(maps, layer(images), atol=1e-6)
    maps.sum().backward()
    twin = images.detach().clone().requires_grad_()
    layer(twin).sum().backward()
    assert torch.allclose(images.grad, twin.grad, atol=1e-5)
    tile.set_learning_rate(0.1)
    tile.update_indexed(images.detach(), torch.ones_like(maps))
    expected = layer.weight.flatten(1) - 0.1 * layer.weight.grad.flatten(1)
    assert torch.allclose(tile.get_weights()[0], expected, atol=1e-4)
    with pytest.raises(ValueError, match="3, 5 or 7 entries"):
        tile.set_indexed(indices, [2, 3])
    with pytest.raises(RuntimeError, match="images must have shape"):
        tile(torch.ones(1, 2, 4, 3))


TRANSPOSED = {
    "plain": {},
    "strided": {"stride": 2, "padding": 1, "output_padding": 1},
    "dilated": {"stride": 3, "dilation": 2, "groups": 2},
    "no bias": {"bias": False, "padding": 1},
}


@pytest.mark.parametrize("options", TRANSPOSED.values(), ids=TRANSPOSED)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_transposed_convolutions_equal_torch(options, dims):
    digital_class = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[dims - 1]
    torch.manual_seed(0)
    digital = digital_class(4, 2, 3, **options)
    analog = convert_to_analog(digital, split(3, 5))
    assert type(analog).__name__ == f"AnalogConvTranspose{dims}d"
    images = torch.randn(3, 4, *(4, 3, 5)[:dims], requires_grad=True)
    gradients = []
    for layer in (digital, analog):
        images.grad = None
        layer(images).square().sum().backward()
        gradients.append(images.grad.clone())
        layer.zero_grad()
    assert torch.allclose(*gradients, atol=1e-3)
    train_both(analog, digital, images.detach())
    assert torch.allclose(analog(images), digital(images), atol=1e-5)
    assert torch.allclose(analog(images[0]), digital(images[0]), atol=1e-5)
    back = convert_to_digital(analog)
    assert type(back) is digital_class
    assert torch.allclose(back(images), digital(images), atol=1e-5)


def test_transposed_convolution_starts_as_torch_does_and_takes_an_output_size():
    torch.manual_seed(0)
    digital = nn.ConvTranspose2d(4, 2, 3, stride=2)
    torch.manual_seed(0)
    analog = AnalogConvTranspose2d(4, 2, 3, stride=2)
    assert torch.equal(analog.get_weights()[0], digital.weight)
    images = torch.randn(2, 4, 5, 5)
    for size in (None, [11, 12], [12, 11]):
        assert torch.allclose(analog(images, size), digital(images, size), atol=1e-5)
    with pytest.raises(ValueError, match="input must have shape"):
        analog(torch.ones(2, 3, 5, 5))
    with pytest.raises(ValueError, match="weight must have 72 elements"):
        analog.set_weights(torch.ones(3))


# -- mapping -----------------------------------------------------------------------------------


def test_large_matrices_are_split_and_small_ones_are_not():
    assert isinstance(AnalogLinear(14, 5, True, split(10, 4)).analog_module, TileModuleArray)
    assert isinstance(AnalogLinear(10, 4, True, split(10, 4)).analog_module, FloatingPointTile)
    assert AnalogLinearMapped(3, 2).analog_tile_count() == 1
    with pytest.raises(ModuleError, match="4 tiles, expected one"):
        AnalogLinear(14, 5, True, split(10, 4)).analog_tile  # noqa: B018


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("tile", ["exact", "torch"])
def test_mapped_convolutions_equal_torch(dims, scaled, tile):
    analog_class = (AnalogConv1dMapped, AnalogConv2dMapped, AnalogConv3dMapped)[dims - 1]
    digital_class = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
    options = {"max_input_size": 2**dims * 2, "max_output_size": 2}
    if scaled:
        options |= {"learn_out_scaling": True, "out_scaling_columnwise": True}
    mapping = MappingParameter(**options)
    config = (
        FloatingPointRPUConfig(mapping=mapping) if tile == "exact" else perfect_torch(**options)
    )
    digital = digital_class(5, 3, 2, padding=1)
    analog = analog_class(5, 3, 2, padding=1, rpu_config=config)
    assert analog.in_sizes == [2, 2, 1]
    assert analog.out_sizes == [2, 1]
    analog.set_weights(digital.weight, digital.bias)
    images = torch.randn(2, 5, *(3, 4, 3)[:dims])
    assert torch.allclose(analog(images), digital(images), atol=1e-5)
    if not scaled:
        train_both(analog, digital, images)
        assert torch.allclose(analog(images), digital(images), atol=1e-5)
    back = analog_class.to_digital(analog)
    assert torch.allclose(back(images), analog(images), atol=1e-5)


def test_mapped_convolution_refuses_what_it_cannot_do():
    with pytest.raises(AnalogBiasConfigError):
        AnalogConv2dMapped(2, 3, 2, rpu_config=split(8, 8, digital_bias=False))
    with pytest.raises(ModuleError, match="Tile size too small"):
        AnalogConv2dMapped(2, 3, 3, rpu_config=split(8, 8))
    with pytest.raises(ValueError, match="groups must be 1"):
        AnalogConv2dMapped(2, 4, 2, groups=2)
    layer = AnalogConv2dMapped(2, 3, 2)
    before = layer.get_weights()[0]
    with pytest.raises(ValueError, match="weight must have 24 elements"):
        layer.set_weights(torch.ones(3, 2))
    assert torch.equal(layer.get_weights()[0], before)


# -- recurrence --------------------------------------------------------------------------------


@pytest.mark.parametrize("bidir", [False, True])
@pytest.mark.parametrize(
    ("cell", "twin"),
    [(AnalogVanillaRNNCell, nn.RNN), (AnalogLSTMCell, nn.LSTM), (AnalogGRUCell, nn.GRU)],
)
def test_recurrent_networks_equal_torch(cell, twin, bidir):
    torch.manual_seed(0)
    digital = twin(4, 5, num_layers=2, bidirectional=bidir, batch_first=True)
    analog = AnalogRNN(cell, 4, 5, True, EXACT, num_layers=2, bidir=bidir, batch_first=True)
    for number, layer in enumerate(analog.rnn.layers):
        for direction, part in enumerate(layer.directions if bidir else [layer]):
            suffix = f"_l{number}{'_reverse' if direction else ''}"
            for name in ("ih", "hh"):
                getattr(part.cell, f"weight_{name}").set_weights(
                    getattr(digital, f"weight_{name}{suffix}"),
                    getattr(digital, f"bias_{name}{suffix}"),
                )
    x = torch.randn(3, 6, 4)
    train_both(analog, digital, x, steps=3, lr=0.5)
    assert torch.allclose(analog(x)[0], digital(x)[0], atol=1e-5)


def test_combined_weights_equal_separate_ones():
    separate = AnalogRNN(AnalogLSTMCell, 3, 4, True, EXACT)
    combined = AnalogRNN(AnalogLSTMCellCombinedWeight, 3, 4, True, EXACT)
    cell = separate.rnn.layers[0].cell
    (w_ih, b_ih), (w_hh, b_hh) = cell.weight_ih.get_weights(), cell.weight_hh.get_weights()
    combined.rnn.layers[0].cell.weight.set_weights(torch.cat([w_ih, w_hh], 1), b_ih + b_hh)
    x = torch.randn(5, 2, 3)
    assert torch.allclose(separate(x)[0], combined(x)[0], atol=1e-6)
    assert list(combined.get_weights()) == ["rnn.layers.0.cell.weight.analog_module"]


def test_recurrent_network_checks_and_options():
    with pytest.warns(UserWarning, match="no effect with num_layers=1"):
        AnalogRNN(AnalogGRUCell, 3, 4, dropout=0.5)
    digital = AnalogRNN(AnalogGRUCell, 3, 4, xavier=True)
    assert digital.analog_tile_count() == 0
    assert isinstance(digital.rnn.layers[0].cell.weight_ih, nn.Linear)
    assert not digital.rnn.layers[0].cell.weight_ih.bias.any()
    with pytest.raises(ValueError, match="at least one time step"):
        digital(torch.ones(0, 2, 3))
    with pytest.raises(ValueError, match="hidden_size"):
        AnalogRNN(AnalogGRUCell, 3, 0)
    states = digital.get_zero_state(2)
    assert states[0].shape == (2, 4)
    assert digital(torch.ones(1, 2, 3), states)[0].shape == (1, 2, 4)


# -- containers --------------------------------------------------------------------------------


class Net(nn.Module):
    """Two uses of one layer, and another one."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.again = self.first
        self.body = nn.Sequential(nn.Tanh(), nn.Sequential(nn.Linear(4, 3)))

    def forward(self, x):
        return self.body(self.again(self.first(x)))


def test_functions_reach_layers_and_tiles_once():
    model = AnalogSequential(
        AnalogLinear(5, 5), nn.Sequential(AnalogLinear(5, 5, True, split(3, 3))), nn.ReLU()
    )
    layers, tiles = [], []
    assert model.apply_to_analog_layers(layers.append) is model
    model.apply_to_analog_tiles(tiles.append)
    assert len(layers) == 2
    assert len(tiles) == model.analog_tile_count() == 5
    assert [name for name, _ in model.named_analog_layers()] == ["0", "1.0"]
    assert len(list(model.analog_modules())) == 3
    assert {str(device) for device in model.get_analog_tile_devices()} == {"cpu"}
    model.append(AnalogLinear(5, 5))
    assert model.analog_tile_count() == 6


def test_container_weights_round_trip_all_or_nothing():
    model = AnalogSequential(AnalogLinear(5, 4), AnalogLinear(4, 3))
    weights = model.get_weights()
    assert list(weights) == ["0.analog_module", "1.analog_module"]
    twin = AnalogSequential(AnalogLinear(5, 4), AnalogLinear(4, 3))
    twin.set_weights(weights)
    assert torch.equal(twin[1].get_weights()[0], weights["1.analog_module"][0])
    del weights["1.analog_module"]
    before = model[0].get_weights()[0]
    weights["0.analog_module"] = (torch.zeros(4, 5), torch.zeros(4))
    with pytest.raises(ModuleError, match="Cannot find tile weight"):
        model.set_weights(weights)
    assert torch.equal(model[0].get_weights()[0], before)


def test_training_mode_forbids_programming_and_drift():
    model = AnalogSequential(AnalogLinear(5, 4))
    for call in (model.drift_analog_weights, model.program_analog_weights):
        with pytest.raises(ModuleError, match="needs evaluation mode"):
            call()
    model.eval().drift_analog_weights(10.0)


def test_remap_keeps_the_logical_weights():
    layer = AnalogLinear(5, 4, True, EXACT)
    before = layer.get_weights()[0]
    layer.remap_analog_weights(1.0)
    assert torch.allclose(layer.get_weights()[0], before)
    assert float(layer.get_weights(apply_weight_scaling=False)[0].abs().max()) == pytest.approx(1.0)


def test_tiles_trained_in_analog_need_a_process_group_for_data_parallelism(monkeypatch):
    with pytest.raises(ModuleError, match="init_process_group"):
        AnalogLinear(5, 4).prepare_for_ddp()
    custom = AnalogLinear(5, 4, rpu_config=CustomRPUConfig())
    with pytest.raises(ModuleError, match="init_process_group"):
        custom.prepare_for_ddp()
    monkeypatch.setattr(type(custom.analog_module), "supports_ddp", False)
    with pytest.raises(ModuleError, match="DDP is only supported"):
        custom.prepare_for_ddp()
    layer = AnalogLinear(5, 4, True, perfect_torch())
    layer.prepare_for_ddp()
    assert "analog_module.analog_ctx" in layer._ddp_params_and_buffers_to_ignore


def test_parameters_can_be_unregistered():
    layer = AnalogLinear(5, 4)
    layer.extra = nn.Parameter(torch.ones(1))
    layer.unregister_parameter("extra")
    assert layer.extra is None
    with pytest.raises(ModuleError, match="Cannot find parameter 'extra'"):
        layer.unregister_parameter("extra")


def test_representation_names_sizes_and_configuration():
    layer = AnalogLinear(3, 2, True, SingleRPUConfig(device=IdealDevice()))
    text = repr(layer)
    assert "in_features=3, out_features=2, bias=True, SingleRPUConfig" in text
    assert "(analog_module): AnalogTile(RPUPulsed<float>[SimpleRPUDevice](2,3))" in text
    assert "kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), FloatingPointRPUConfig" in repr(
        AnalogConv2d(1, 2, 3, padding=1)
    )


# -- conversion --------------------------------------------------------------------------------


@pytest.mark.parametrize("mapped", [False, True])
def test_converted_model_computes_learns_and_returns_as_the_original(mapped):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        nn.Sequential(nn.Conv2d(4, 6, 3, padding=1)),
        nn.Flatten(),
        nn.Linear(216, 7),
        nn.Linear(7, 2),
    )
    conversion_map = _DEFAULT_MAPPED_CONVERSION_MAP if mapped else None
    analog = convert_to_analog(model, split(20, 3), conversion_map=conversion_map)
    assert isinstance(analog, AnalogSequential)
    assert type(analog[4]) is (AnalogLinearMapped if mapped else AnalogLinear)
    x = torch.randn(3, 1, 8, 8)
    assert torch.allclose(analog(x), model(x), atol=1e-5)
    back = convert_to_digital(analog)
    assert [type(m) for m in back.modules()] == [type(m) for m in model.modules()]
    for mine, its in zip(back.parameters(), model.parameters(), strict=True):
        assert torch.equal(mine, its)
    train_both(analog, back, x)
    assert torch.allclose(analog(x), back(x), atol=1e-5)


def test_shared_layers_stay_shared_and_excluded_ones_digital():
    model = Net()
    analog = convert_to_analog(model, EXACT, exclude_modules=["body"])
    assert analog.first is analog.again
    assert type(analog.body) is nn.Sequential
    assert type(model.first) is nn.Linear
    assert isinstance(analog, AnalogWrapper)
    assert isinstance(analog, Net)
    assert analog.analog_tile_count() == 1
    digital = convert_to_digital(analog)
    assert type(digital) is Net
    assert digital.first is digital.again
    with pytest.raises(ArgumentError, match=r"exclude_modules must name modules.*'bodies'"):
        convert_to_analog(model, EXACT, exclude_modules=["bodies"])


def test_configuration_can_be_chosen_by_name():
    def choose(name, module, config):
        config.mapping.weight_scaling_omega = 0.7 if name == "body.1.0" else 0.0
        return config

    analog = convert_to_analog(Net(), EXACT, specific_rpu_config_fun=choose)
    omegas = [tile.rpu_config.mapping.weight_scaling_omega for tile in analog.analog_tiles()]
    assert omegas == [0.0, 0.7]
    assert EXACT.mapping.weight_scaling_omega == 0.0


def test_conversion_reports_what_it_did(capsys):
    class Special(nn.Linear):
        pass

    model = nn.Sequential(Special(2, 2), nn.Linear(2, 2))
    analog = convert_to_analog(model, EXACT, inplace=True, verbose=True)
    assert type(analog[0]) is Special
    printed = capsys.readouterr().out
    assert "Converted '1' to 'AnalogLinear'." in printed
    assert "Kept '0': Special derives from Linear" in printed
    again = convert_to_analog(analog, EXACT)
    assert type(again[1]) is AnalogLinear


def test_conversion_refuses_bad_arguments():
    with pytest.raises(ArgumentError, match="Conversion map should be a dictionary"):
        convert_to_analog(Net(), EXACT, conversion_map=[nn.Linear])
    with pytest.raises(ArgumentError, match="Conversion set should be a set"):
        convert_to_digital(Net(), conversion_set=[AnalogLinear])
    with pytest.raises(ArgumentError, match="support `to_digital`"):
        convert_to_digital(Net(), conversion_set={nn.ReLU})
    with pytest.raises(ConfigError, match="Only mappable RPUConfigs"):
        AnalogLinearMapped.from_digital(nn.Linear(2, 2), object())


def test_wrapped_models_copy_and_classes_of_one_name_are_kept_apart():
    def other():
        class Net(nn.Module):
            def forward(self, x):
                return -x

        return Net()

    wrapped, different = AnalogWrapper(Net()), AnalogWrapper(other())
    x = torch.ones(2, 4)
    assert torch.equal(different(x), -x)
    for twin in (copy.deepcopy(wrapped), pickle.loads(pickle.dumps(wrapped))):
        assert type(twin) is type(wrapped)
        assert torch.equal(twin(x), wrapped(x))
    assert type(AnalogWrapper.to_digital(wrapped)) is Net


def test_inference_configuration_converts_back_with_the_same_output():
    config = InferenceRPUConfig(
        forward=IOParameters(is_perfect=True), noise_model=None, drift_compensation=None
    )
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).eval()
    analog = convert_to_analog(model, config)
    assert not analog[0].training
    x = torch.randn(5, 4)
    assert torch.allclose(analog(x), model(x), atol=1e-6)
    assert torch.allclose(convert_to_digital(analog)(x), model(x), atol=1e-6)
