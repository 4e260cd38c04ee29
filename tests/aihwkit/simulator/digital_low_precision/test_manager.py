"""Quantisation managers, and modules with quantisers in them."""

import pytest
import torch
from torch import nn

from aihwkit.nn.low_precision_modules import quantization_states as states
from aihwkit.nn.low_precision_modules.quantized_base_modules import (
    QuantBatchNorm2d,
    QuantConv2d,
    QuantEmbedding,
    QuantLayerNorm,
    QuantLinear,
)
from aihwkit.simulator.digital_low_precision.base_quantized_classes import QuantizedActivation
from aihwkit.simulator.digital_low_precision.base_quantized_model import QuantizedModel
from aihwkit.simulator.digital_low_precision.quantization_manager import (
    Qstates,
    QuantizationManager,
)
from aihwkit.simulator.digital_low_precision.quantizers import (
    QMethods,
    QuantizerNotInitializedError,
)
from aihwkit.simulator.digital_low_precision.range_estimators import RangeEstimators
from synaptensor.testing import ModuleContract

SYMMETRIC = QMethods.symmetric_uniform


def test_ranges_follow_the_data_in_training_only():
    manager = QuantizationManager(qparams={"n_bits": 4})
    manager(torch.tensor([-1.0, 1.0]))
    assert float(manager.quantizer.scale) == pytest.approx(1 / 7)
    manager.eval()
    manager(torch.tensor([-5.0, 5.0]))
    assert float(manager.quantizer.scale) == pytest.approx(1 / 7)
    manager.estimate_ranges()
    manager(torch.tensor([-5.0, 5.0]))
    assert float(manager.quantizer.scale) == pytest.approx(5 / 7)


def test_states():
    manager = QuantizationManager()
    assert manager.n_bits == 8
    assert manager.state is Qstates.estimate_ranges_train
    with pytest.raises(QuantizerNotInitializedError):
        manager.fix_ranges()
    manager.set_quant_range(-1.0, 1.0)
    manager.fix_ranges()
    manager(torch.tensor([7.0]))
    assert float(manager.quantizer.x_max) == pytest.approx(1.0)
    manager.learn_ranges()
    assert manager.is_learning()
    assert all(parameter.requires_grad for parameter in manager.parameters())
    manager.reset_ranges()
    assert manager.state is Qstates.estimate_ranges
    assert not manager.quantizer.is_initialized


def test_a_range_can_be_given():
    manager = QuantizationManager(x_min=-1.0, x_max=2.0, qmethod=QMethods.asymmetric_uniform)
    assert manager.state is Qstates.fix_ranges
    assert float(manager(torch.tensor([5.0]))) == pytest.approx(2.0, abs=0.01)
    with pytest.raises(ValueError, match="together"):
        QuantizationManager(x_min=-1.0)


def test_an_unknown_range_in_evaluation_is_refused():
    layer = QuantLinear(4, 3).eval()
    layer.quantized()
    with pytest.raises(QuantizerNotInitializedError, match="training mode"):
        layer(torch.ones(2, 4))


def test_bits_limit_the_number_of_different_values():
    torch.manual_seed(0)
    layer = QuantLinear(20, 30, n_bits=2, n_bits_act=3, method=SYMMETRIC)
    exact = nn.Linear(20, 30)
    exact.load_state_dict({"weight": layer.weight, "bias": layer.bias})
    x = torch.randn(40, 20)
    torch.testing.assert_close(layer(x), exact(x))
    layer.quantized()
    assert len(layer(x).unique()) <= 8
    assert len(layer.get_params()[0].unique()) <= 4
    layer.full_precision()
    torch.testing.assert_close(layer(x), exact(x))


def test_zero_bits_leave_values_as_they_are():
    layer = QuantLinear(4, 3, n_bits=0, n_bits_act=0)
    x = torch.randn(5, 4)
    exact = layer(x)
    layer.quantized()
    assert torch.equal(layer(x), exact)


def test_quantised_weights_are_kept_until_they_change():
    layer = QuantLinear(4, 3)
    layer.quantized_weights()
    layer(torch.ones(1, 4))
    layer.eval()
    first = layer.get_params()[0]
    assert layer.get_params()[0] is first
    with torch.no_grad():
        layer.weight.mul_(0.5)
    assert layer.get_params()[0] is not first
    layer.caching = False
    assert layer.cached_params is None
    layer(torch.ones(1, 4))
    assert layer.cached_params is None


def test_convolutions_pad_as_they_are_told():
    torch.manual_seed(0)
    plain = nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular")
    layer = QuantConv2d(2, 3, 3, padding=1, padding_mode="circular")
    layer.load_state_dict({**layer.state_dict(), **plain.state_dict()})
    x = torch.randn(2, 2, 5, 5)
    torch.testing.assert_close(layer(x), plain(x))


def test_normalisation_without_weights_and_embedding():
    norm = QuantLayerNorm(6, elementwise_affine=False, n_bits=4, method=SYMMETRIC)
    norm.quantized()
    assert len(norm(torch.randn(10, 6)).unique()) <= 16
    embedding = QuantEmbedding(10, 4, n_bits=3, method=SYMMETRIC)
    embedding.quantized()
    assert len(embedding(torch.arange(10)).unique()) <= 8
    batch_norm = QuantBatchNorm2d(nn.BatchNorm2d(3), n_bits=4, method=SYMMETRIC)
    batch_norm.quantized()
    assert len(batch_norm(torch.randn(4, 3, 5, 5)).unique()) <= 16


def test_activation_functions_come_before_the_quantiser():
    layer = QuantLinear(4, 30, activation=nn.ReLU(), n_bits=4, method=SYMMETRIC)
    layer.quantized()
    y = layer(torch.randn(20, 4))
    assert y.min().item() == 0.0
    assert not layer.activation_quantizer.quantizer.signed
    with pytest.raises(TypeError, match="activation must be one of ReLU"):
        QuantLinear(4, 3, activation=nn.Softmax(dim=1))


class Model(QuantizedModel):
    def __init__(self):
        super().__init__()
        self.first = QuantLinear(4, 5, n_bits=4)
        self.second = QuantLinear(5, 2, n_bits=4)
        self.out = QuantizedActivation(n_bits=4)

    def forward(self, x):
        return self.out(self.second(self.first(x)))


def test_states_of_a_model():
    model = Model()
    model.quantized_weights()
    assert [model.first._quant_w, model.first._quant_a] == [True, False]
    model.set_quant_state(False, True)
    assert [model.second._quant_w, model.out._quant_a] == [False, True]
    model.quantized()
    model(torch.randn(8, 4))
    model.fix_act_ranges()
    first = model.first
    assert first.activation_quantizer.state is Qstates.fix_ranges
    assert first.weight_quantizer.state is Qstates.estimate_ranges_train
    model.fix_weight_ranges()
    assert first.weight_quantizer.state is Qstates.fix_ranges
    model.learn_ranges()
    assert model.out.activation_quantizer.is_learning()
    model.reset_act_ranges()
    assert not model.out.activation_quantizer.quantizer.is_initialized
    assert first.weight_quantizer.is_learning()
    model.estimate_ranges_train()
    assert first.weight_quantizer.state is Qstates.estimate_ranges_train
    states.enable_quant_states(model)
    assert all(module._quant_w for module in (model.first, model.second))
    assert "weight_quant=True, act_quant=True" in str(model.first)


class TestQuantLinear(ModuleContract):
    bad_inputs = [((torch.ones(2, 3),), RuntimeError, "shape|size")]  # noqa: RUF012
    gradcheck = "the gradient of rounding is that of the identity by definition"
    trainable = "ranges become trainable on request only"
    distributed = "ranges of weights and outputs follow the data of each process"
    batch_change = True
    independent_samples = "in training mode first: the range is that of a batch"
    compile = "estimated ranges are Python state, which compiles into many graphs"
    pure_eval = "quantised weights are kept for the next call"
    modes = True

    def make(self):
        torch.manual_seed(self.seed)
        layer = QuantLinear(5, 3, n_bits=6, act_range_method=RangeEstimators.allminmax)
        layer.quantized()
        layer(torch.randn(50, 5))
        return layer

    def inputs(self, batch):
        return (torch.randn(batch, 5),)

    def expected_shapes(self, batch):
        return (batch, 3)
