"""Conversion of models to quantised ones."""

import pytest
import torch
from torch import nn

from aihwkit.exceptions import ArgumentError
from aihwkit.nn import AnalogLinear
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.nn.low_precision_conversion import convert_to_quantized
from aihwkit.nn.low_precision_modules.conversion_utils import (
    append_default_conversions,
    get_module_args,
)
from aihwkit.nn.low_precision_modules.quantized_base_modules import (
    QuantBatchNorm2d,
    QuantConv2d,
    QuantEmbedding,
    QuantLayerNorm,
    QuantLinear,
)
from aihwkit.nn.low_precision_modules.quantized_input_module import QuantizedInputModule
from aihwkit.simulator.configs import InferenceRPUConfig, TorchInferenceRPUConfig
from aihwkit.simulator.parameters.quantization import (
    ActivationQuantConfig,
    QuantizationConfig,
    QuantizationMap,
    QuantizedModuleConfig,
    WeightQuantConfig,
)


def config(acts=8, weights=8):
    return QuantizationConfig(ActivationQuantConfig(acts), WeightQuantConfig(weights))


def distinct(model, size=1024):
    model(torch.randn(4, size))
    return len(model(torch.ones(1, size)).unique())


@pytest.mark.parametrize("weights", [0, 4, 8])
@pytest.mark.parametrize("acts", [4, 8])
def test_outputs_have_as_many_values_as_bits_allow(acts, weights):
    torch.manual_seed(0)
    quantization = append_default_conversions(QuantizationMap(config(acts, weights)))
    model = convert_to_quantized(nn.Linear(64, 1024), quantization)
    assert isinstance(model, QuantLinear)
    assert distinct(model, 64) <= 2**acts


def test_no_bits_change_nothing():
    layer = nn.Linear(8, 8)
    quantization = append_default_conversions(QuantizationMap(config(0, 0)))
    assert type(convert_to_quantized(layer, quantization)) is nn.Linear


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 10),
        nn.LayerNorm(10),
    )


def test_layers_are_replaced_and_keep_their_weights():
    quantization = append_default_conversions(QuantizationMap(config()))
    quantization.module_qconfig_map[nn.BatchNorm2d] = QuantizedModuleConfig(
        QuantBatchNorm2d, config()
    )
    model = network()
    quantized = convert_to_quantized(model, quantization)
    kinds = [type(module) for module in quantized]
    assert kinds == [
        QuantConv2d,
        QuantBatchNorm2d,
        nn.ReLU,
        nn.Flatten,
        QuantLinear,
        QuantLayerNorm,
    ]
    assert torch.equal(quantized[4].weight, model[4].weight)
    assert quantized[4].weight is not model[4].weight
    x = torch.randn(16, 1, 8, 8)
    error = (quantized(x) - model(x)).abs().mean()
    assert 0 < error < 0.1
    quantized(x).sum().backward()
    assert quantized[0].weight.grad is not None


def test_instances_go_before_types_and_exclusions_before_both():
    quantization = append_default_conversions(QuantizationMap(config(4, 4)))
    quantization.instance_qconfig_map["1"] = QuantizedModuleConfig(QuantLinear, config(2, 2))
    quantization.excluded_modules.append("2")
    model = nn.Sequential(*(nn.Linear(16, 16) for _ in range(3)))
    quantized = convert_to_quantized(model, quantization)
    assert [getattr(module, "n_bits_act", None) for module in quantized] == [4, 2, None]
    assert len(quantized(torch.randn(100, 16)).unique()) > 256
    quantization.excluded_modules.append("")
    assert type(convert_to_quantized(model, quantization)[0]) is nn.Linear


def test_inputs_are_quantised_on_request():
    quantization = QuantizationMap(config())
    quantization.input_activation_qconfig_map["0"] = ActivationQuantConfig(2)
    model = nn.Sequential(nn.Linear(8, 8))
    quantized = convert_to_quantized(model, quantization)
    assert isinstance(quantized[0], QuantizedInputModule)
    x = torch.randn(20, 8)
    assert len(quantized[0].input_quantizer(x).unique()) <= 4
    assert not torch.allclose(quantized(x), model(x))


def test_a_shared_layer_stays_shared():
    shared = nn.Linear(8, 8)
    model = nn.Sequential(shared, nn.ReLU(), shared)
    quantized = convert_to_quantized(model, append_default_conversions(QuantizationMap(config())))
    assert quantized[0] is quantized[2]


def test_analog_layers_become_digital_first():
    model = convert_to_analog(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)), InferenceRPUConfig())
    quantization = QuantizationMap(config())
    quantization.module_qconfig_map[AnalogLinear] = QuantizedModuleConfig(QuantLinear, config())
    quantized = convert_to_quantized(model, quantization)
    assert [type(module) for module in quantized] == [QuantLinear, QuantLinear]
    torch.testing.assert_close(quantized[0].weight.detach(), model[0].get_weights()[0])
    mixed = convert_to_analog(
        nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)),
        TorchInferenceRPUConfig(),
        exclude_modules=["1"],
    )
    mixed = convert_to_quantized(mixed, append_default_conversions(QuantizationMap(config())))
    assert [type(module) for module in mixed] == [AnalogLinear, QuantLinear]
    mixed(torch.randn(3, 6)).sum().backward()
    assert mixed[0].analog_module.tile.weight.grad is not None


def test_embeddings_and_arguments_of_layers():
    embedding = nn.Embedding(10, 4, padding_idx=0)
    quantization = append_default_conversions(QuantizationMap(config()))
    quantized = convert_to_quantized(embedding, quantization)
    assert isinstance(quantized, QuantEmbedding)
    assert quantized.padding_idx == 0
    assert get_module_args(nn.Linear(3, 2, bias=False)) == {
        "in_features": 3,
        "out_features": 2,
        "bias": False,
        "activation": None,
    }
    with pytest.raises(ArgumentError, match="module must be one of Linear"):
        get_module_args(nn.ReLU())


def test_a_quantised_model_goes_through_a_state_dict():
    quantization = append_default_conversions(QuantizationMap(config()))
    model = convert_to_quantized(network(), quantization)
    model(torch.randn(16, 1, 8, 8))
    fresh = convert_to_quantized(network(), quantization)
    fresh.load_state_dict(model.state_dict())
    x = torch.randn(4, 1, 8, 8)
    torch.testing.assert_close(fresh.eval()(x), model.eval()(x))
