"""Input ranges from data."""

import pytest
import torch
from torch import nn

from aihwkit.exceptions import ArgumentError, ConfigError
from aihwkit.inference.calibration import (
    InputRangeCalibrationType,
    calibrate_input_ranges,
    calibrate_quantization_ranges,
)
from aihwkit.inference.calibration.observers import quantile_of
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    InputRangeParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType

Kind = InputRangeCalibrationType
KINDS = [kind for kind in Kind if kind is not Kind.NONE]
CONFIGS = (InferenceRPUConfig, TorchInferenceRPUConfig)


def config(config_class, enable=True, **options):
    pre_post = PrePostProcessingParameter(input_range=InputRangeParameter(enable=enable, **options))
    result = config_class(pre_post=pre_post)
    result.forward.noise_management = NoiseManagementType.NONE
    return result


def network(rpu_config):
    torch.manual_seed(0)
    return AnalogSequential(
        AnalogConv2d(1, 4, 3, rpu_config=rpu_config),
        nn.Tanh(),
        nn.Flatten(),
        AnalogLinear(144, 20, rpu_config=rpu_config),
        nn.ReLU(),
        AnalogLinear(20, 5, rpu_config=rpu_config),
    )


def batches(count=4, scale=5.0):
    generator = torch.Generator().manual_seed(1)
    return [((scale * torch.randn(6, 1, 8, 8, generator=generator),), {}) for _ in range(count)]


def conv_weights(module):
    weight, bias = module.get_weights()
    return weight.view(4, 1, 3, 3), bias


def ranges(model):
    return [tile.input_range.item() for tile in model.analog_tiles()]


@pytest.mark.parametrize("config_class", CONFIGS)
@pytest.mark.parametrize("kind", KINDS)
def test_calibration_is_reproducible_and_leaves_the_rest_alone(config_class, kind):
    results = []
    for _ in range(2):
        model = network(config(config_class))
        torch.manual_seed(3)
        calibrate_input_ranges(model, kind, batches(), quantile=0.99)
        results.append(ranges(model))
    assert results[0] == results[1]
    assert model.training
    for tile, value in zip(model.analog_tiles(), results[0], strict=True):
        parameters = tile.rpu_config.pre_post.input_range
        assert value != 3.0
        assert parameters.init_value == pytest.approx(value)
        assert parameters.calibration_info == kind.value
        assert parameters.init_from_data == 0
        assert not tile.rpu_config.forward.is_perfect
        assert isinstance(tile.input_range, nn.Parameter)
        assert not tile._forward_pre_hooks
    torch.manual_seed(3)
    calibrate_input_ranges(model, kind, batches(), quantile=0.99)
    assert ranges(model) == results[0]


@pytest.mark.parametrize("config_class", CONFIGS)
def test_ranges_are_those_of_exact_activations(config_class):
    model = network(config(config_class))
    data = batches()
    calibrate_input_ranges(model, Kind.MAX, data)
    x = torch.cat([args[0] for args, _ in data])
    layers = list(model)
    expected = [float(x.abs().amax())]
    for first, last in ((0, 3), (3, 5)):
        for module in layers[first:last]:
            if isinstance(module, AnalogConv2d):
                x = nn.functional.conv2d(x, *conv_weights(module))
            elif isinstance(module, AnalogLinear):
                x = nn.functional.linear(x, *module.get_weights())
            else:
                x = module(x)
        expected.append(float(x.abs().amax()))
    assert ranges(model) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("config_class", CONFIGS)
@pytest.mark.parametrize("kind", KINDS)
def test_ranges_keep_outputs_within_their_converter(config_class, kind):
    rpu_config = config(config_class)
    rpu_config.forward.bound_management = BoundManagementType.NONE
    rpu_config.forward.out_bound = 0.2
    rpu_config.forward.out_noise = 0.0
    model = network(rpu_config)
    with torch.no_grad():
        calibrate_input_ranges(model, kind, batches(), output_quantile=1.0)
        inputs = batches()[0][0][0]
        for tile in model.analog_tiles():
            tile.rpu_config.forward.is_perfect = True
            tile.replace_with(tile.rpu_config)
    layers = [layer for layer in model.analog_layers() if layer is not model]
    for layer, values in zip(layers, activations(model, inputs), strict=True):
        tile = next(layer.analog_tiles())
        weight, _ = tile.get_weights(apply_weight_scaling=False)
        outputs = (values @ weight.view(weight.shape[0], -1).T).abs() / tile.input_range.item()
        assert outputs.max() <= 0.2 * (1 + 1e-4)
    assert outputs.max() > 0.1


def activations(model, inputs):
    """Return what comes in at the three layers, convolutions as rows."""
    first = nn.functional.unfold(inputs, 3).movedim(1, 2).reshape(-1, 9)
    hidden = torch.tanh(model[0](inputs)).flatten(1)
    return first, hidden, torch.relu(model[3](hidden))


def test_outputs_do_not_matter_where_bounds_are_managed():
    data = batches()
    ranges_of = []
    for output_quantile in (None, 1.0):
        rpu_config = config(TorchInferenceRPUConfig)
        rpu_config.forward.out_bound = 0.2
        model = network(rpu_config)
        calibrate_input_ranges(model, Kind.MAX, data, output_quantile=output_quantile)
        ranges_of.append([tile.input_range.item() for tile in model.analog_tiles()])
    assert ranges_of[0] == ranges_of[1]


def test_quantiles_are_of_magnitudes():
    model = AnalogSequential(AnalogLinear(3, 2, rpu_config=config(InferenceRPUConfig)))
    x = torch.tensor([[-1.0, -2.0, -3.0], [0.0, 0.0, 0.0], [1.0, 0.5, -4.0]])
    for kind in (Kind.CACHE_QUANTILE, Kind.MOVING_QUANTILE):
        calibrate_input_ranges(model, kind, [((x,), {})], quantile=0.5)
        assert ranges(model) == [pytest.approx(1.5)]
    calibrate_input_ranges(model, Kind.MOVING_STD, [((x,), {})] * 3, std_alpha=2.0)
    assert ranges(model) == [pytest.approx(2 * float(x[[0, 2]].std()))]
    values = torch.randn(1000)
    assert quantile_of(values, 0.37) == pytest.approx(float(values.quantile(0.37)), rel=1e-5)


@pytest.mark.parametrize("config_class", CONFIGS)
def test_tiles_without_range_get_a_fixed_one(config_class):
    rpu_config = config(config_class, enable=False)
    rpu_config.forward.noise_management = NoiseManagementType.ABS_MAX
    model = network(rpu_config)
    parameters = [id(p) for p in model.parameters() if p.requires_grad]
    calibrate_input_ranges(model, Kind.MAX, batches())
    for tile in model.analog_tiles():
        assert not isinstance(tile.input_range, nn.Parameter)
        assert tile.rpu_config.forward.noise_management == NoiseManagementType.NONE
    assert parameters == [id(p) for p in model.parameters() if p.requires_grad]
    assert model(batches(1)[0][0][0]).shape == (6, 5)
    assert all(value > 1 for value in ranges(model)[:1])


def test_only_enabled_tiles_on_request():
    model = network(config(InferenceRPUConfig))
    last = model[-1].analog_module
    last.rpu_config.pre_post.input_range.enable = False
    last.input_range = None
    calibrate_input_ranges(model, Kind.CACHE_QUANTILE, batches(), force_all_layers=False)
    assert last.input_range is None
    assert model[0].analog_module.rpu_config.pre_post.input_range.calibration_info


def test_refused_calls_change_nothing():
    rpu_config = config(InferenceRPUConfig)
    model = network(rpu_config)
    managed = model[3].analog_module.rpu_config.forward
    managed.noise_management = NoiseManagementType.ABS_MAX
    with pytest.raises(ConfigError, match=r"'3\.analog_module' must be NONE"):
        calibrate_input_ranges(model, Kind.MAX, batches(), force_all_layers=False)
    managed.noise_management = NoiseManagementType.NONE
    with pytest.raises(ArgumentError, match="at least one"):
        calibrate_input_ranges(model, Kind.MAX, [])
    with pytest.raises(ArgumentError, match="AnalogWrapper"):
        calibrate_input_ranges(nn.Linear(2, 2), Kind.MAX, batches())
    with pytest.raises(ValueError, match="quantile"):
        calibrate_input_ranges(model, Kind.MAX, batches(), quantile=1.5)
    with pytest.raises(ValueError, match="x_input"):
        calibrate_input_ranges(model, Kind.MAX, [((torch.ones(1, 9),), {})])
    assert ranges(model) == [3.0] * 3
    assert model.training
    assert not model[0].analog_module.rpu_config.forward.is_perfect
    calibrate_input_ranges(model, Kind.NONE, [])


def test_quantiser_calibration_refuses_plain_models():
    with pytest.raises(ArgumentError, match="quantised"):
        calibrate_quantization_ranges(nn.Linear(2, 2), [torch.ones(1, 2)])
