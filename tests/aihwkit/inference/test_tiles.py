"""Programming, drift and compensation on tiles, arrays, convolutions and recurrent layers."""

import copy
import io
import pickle
from itertools import pairwise
from unittest.mock import patch

import pytest
import torch
from torch import nn

from aihwkit.exceptions import ConfigError, ModuleError
from aihwkit.inference import (
    BaseDriftCompensation,
    BaseNoiseModel,
    GlobalDriftCompensation,
    PCMLikeNoiseModel,
    ReRamCMONoiseModel,
    StateIndependentNoiseModel,
    drift_analog_weights,
    program_analog_weights,
)
from aihwkit.inference.compensation.drift import (
    GlobalDriftCompensationWithExactReference,
    PerColumnDriftCompensation,
)
from aihwkit.inference.noise.physics import noise_generator
from aihwkit.inference.utils import restore_analog_weights
from aihwkit.nn import (
    AnalogConv2d,
    AnalogLinear,
    AnalogLSTMCell,
    AnalogRNN,
    AnalogSequential,
)
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType

W = torch.tensor([[0.5, -1.0, 0.25], [0.0, 2.0, -0.1]])
CONFIGS = (InferenceRPUConfig, TorchInferenceRPUConfig)


def fixed(xi):
    return patch("torch.randn_like", lambda like: torch.full_like(like, xi))


def layer(config_class=InferenceRPUConfig, weight=W, **options):
    config = config_class(forward=IOParameters(is_perfect=True), **options)
    result = AnalogLinear(weight.shape[1], weight.shape[0], bias=False, rpu_config=config)
    result.set_weights(weight)
    return result.eval()


@pytest.mark.parametrize("config_class", CONFIGS)
@pytest.mark.parametrize(
    ("compensation", "baseline", "alpha"),
    [
        (GlobalDriftCompensation, (0.641667, 0.671289), (1.296999, 1.277576)),
        (GlobalDriftCompensationWithExactReference, (0.641667, 0.641667), (1.296999, 1.221200)),
        (
            PerColumnDriftCompensation,
            ([0.583333, 0.7], [0.618919, 0.723659]),
            ([1.297317, 1.296734], [1.260686, 1.292385]),
        ),
    ],
)
def test_recorded_end_to_end_values(config_class, compensation, baseline, alpha):
    programmed = (W, torch.tensor([[0.533435, -1.055138, 0.268184], [0, 2.063352, -0.107625]]))
    drifted = (
        torch.tensor([[0.387564, -0.775129, 0.186245], [0, 1.550257, -0.069196]]),
        torch.tensor([[0.428989, -0.835422, 0.208402], [0, 1.598542, -0.081281]]),
    )
    for xi in (0, 1):
        module = layer(config_class, drift_compensation=compensation())
        tile = module.analog_module
        with fixed(float(xi)):
            module.program_analog_weights()
            torch.testing.assert_close(module.get_weights()[0], programmed[xi], rtol=0, atol=1e-6)
            module.drift_analog_weights(3600)
        torch.testing.assert_close(module.get_weights()[0], drifted[xi], rtol=0, atol=1e-6)
        expected = torch.tensor(baseline[xi])
        torch.testing.assert_close(tile.drift_baseline, expected, rtol=0, atol=1e-6)
        expected = torch.tensor(alpha[xi]).reshape(-1)
        torch.testing.assert_close(tile.alpha, expected, rtol=0, atol=2e-6)
        out = module(torch.eye(3))
        torch.testing.assert_close(out, drifted[xi].t() * tile.alpha, rtol=0, atol=1e-5)


def test_matrix_noise_equals_recorded_values():
    with fixed(1.0):
        noisy = PCMLikeNoiseModel().apply_noise(W, 3600)
    expected = torch.tensor([[0.426183, -0.832482, 0.204786], [0, 1.595210, -0.076502]])
    torch.testing.assert_close(noisy, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("config_class", CONFIGS)
def test_default_configurations_drift_and_compensate(config_class):
    torch.manual_seed(0)
    model = AnalogLinear(30, 20, rpu_config=config_class()).eval()
    x = torch.rand(4, 30)
    outputs, alphas = [], []
    for time in (0, 1, 20, 1000, 1e5):
        model.drift_analog_weights(time)
        outputs.append(model(x))
        alphas.append(float(model.analog_module.alpha))
    assert all(not torch.equal(a, b) for a, b in pairwise(outputs))
    assert alphas[-1] > 1.2 * alphas[0]


def test_times_may_come_in_any_order_and_do_not_add_up():
    module = layer()
    with fixed(0.5):
        module.program_analog_weights()
        module.drift_analog_weights(3600.0)
        late = module.get_weights()[0]
        module.drift_analog_weights(1e6)
        module.drift_analog_weights(1.0)
        module.drift_analog_weights(3600.0)
    assert torch.equal(late, module.get_weights()[0])


def test_programming_again_starts_from_the_reference():
    module = layer()
    tile = module.analog_module
    module.program_analog_weights()
    module.drift_analog_weights(1e5)
    with fixed(0.0):
        module.program_analog_weights()
    torch.testing.assert_close(module.get_weights()[0], W)
    assert float(tile.alpha) == 1.0
    module.drift_analog_weights(1e5)
    restore_analog_weights(module)
    assert torch.equal(module.get_weights()[0], W)
    assert tile.programmed_weights is None
    assert float(tile.alpha) == 1.0
    tile.restore_weights()
    assert torch.equal(module.get_weights()[0], W)


def test_new_weights_forget_the_programming():
    module = layer()
    module.drift_analog_weights(1e5)
    module.set_weights(-W)
    with fixed(0.0):
        module.drift_analog_weights(0.0)
    torch.testing.assert_close(module.get_weights()[0], -W)


@pytest.mark.parametrize("config_class", CONFIGS)
def test_training_makes_new_targets(config_class):
    module = layer(config_class, drift_compensation=None)
    module.drift_analog_weights(1e4)
    restore_analog_weights(module)
    optimizer = AnalogSGD(module.parameters(), lr=0.1)
    module.train()
    module(torch.ones(2, 3)).sum().backward()
    module.eval()
    module.program_analog_weights()
    module.train()
    optimizer.step()
    assert module.analog_module.reference_combined_weights is None
    module.eval()
    before = module.get_weights()[0]
    with fixed(0.0):
        module.program_analog_weights()
    torch.testing.assert_close(module.get_weights()[0], before)


def network(config):
    split = copy.deepcopy(config)
    split.mapping = MappingParameter(max_input_size=10, max_output_size=7)
    return AnalogSequential(
        AnalogConv2d(1, 3, 3, rpu_config=config),
        nn.Flatten(),
        AnalogSequential(AnalogLinear(48, 9, rpu_config=split), nn.Tanh()),
        nn.Sequential(nn.Linear(9, 4), AnalogLinear(4, 2, rpu_config=config)),
    )


@pytest.mark.parametrize("config_class", CONFIGS)
@pytest.mark.parametrize("compensation", [GlobalDriftCompensation, PerColumnDriftCompensation])
def test_networks_of_all_kinds(config_class, compensation):
    torch.manual_seed(3)
    model = network(config_class(drift_compensation=compensation())).eval()
    x = torch.randn(2, 1, 6, 6)
    before = model(x)
    model.program_analog_weights()
    model.drift_analog_weights(1e4)
    tiles = list(model.analog_tiles())
    assert len(tiles) == 12
    assert all(tile.alpha.numel() in (1, tile.out_size) for tile in tiles)
    assert float(torch.cat([tile.alpha for tile in tiles]).mean()) > 1.1
    assert model(x).shape == before.shape
    with pytest.raises(ModuleError, match="eval"):
        model.train().drift_analog_weights(1.0)


def test_recurrent_layers_drift():
    torch.manual_seed(3)
    model = AnalogRNN(AnalogLSTMCell, 3, 4, True, InferenceRPUConfig()).eval()
    x = torch.randn(5, 2, 3)
    model.drift_analog_weights(1e5)
    assert all(float(tile.alpha) > 1 for tile in model.analog_tiles())
    assert model(x)[0].shape == (5, 2, 4)


@pytest.mark.parametrize("config_class", CONFIGS)
def test_programmed_state_is_part_of_checkpoints(config_class):
    torch.manual_seed(4)
    config = config_class(drift_compensation=PerColumnDriftCompensation())
    model = network(config).eval()
    model.program_analog_weights()
    model.drift_analog_weights(100.0)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    torch.manual_seed(5)
    fresh = network(config).eval()
    fresh.load_state_dict(torch.load(file, weights_only=True))
    for mine, other in zip(model.analog_tiles(), fresh.analog_tiles(), strict=True):
        assert torch.equal(mine.programmed_weights, other.programmed_weights)
        assert mine.programmed_weights is not other.programmed_weights
        assert torch.equal(mine.drift_baseline, other.drift_baseline)
        assert torch.equal(mine.alpha, other.alpha)
        pairs = zip(mine.drift_noise_parameters, other.drift_noise_parameters, strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    for copied in (fresh, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        weights = []
        for module in (model, copied):
            with noise_generator(torch.Generator().manual_seed(7)):
                module.drift_analog_weights(1e6)
            weights.append([tile.get_weights()[0] for tile in module.analog_tiles()])
        assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types(dtype):
    torch.manual_seed(0)
    model = AnalogLinear(6, 4, rpu_config=TorchInferenceRPUConfig()).to(dtype).eval()
    model.drift_analog_weights(1e5)
    assert model.analog_module.alpha.dtype == dtype
    assert model(torch.rand(2, 6, dtype=dtype)).dtype == dtype
    assert model.analog_module.programmed_weights.dtype == dtype


@pytest.mark.parametrize("in_trans", [True, False])
def test_transposed_tiles(in_trans):
    from aihwkit.simulator.tiles import InferenceTile

    tile = InferenceTile(4, 3, InferenceRPUConfig(), in_trans=in_trans, out_trans=in_trans).eval()
    tile.drift_weights(1e5)
    x = torch.rand(3, 2) if in_trans else torch.rand(2, 3)
    assert tile(x).shape == ((4, 2) if in_trans else (2, 4))


def test_module_functions_visit_each_tile_once():
    model = nn.Sequential(AnalogSequential(layer(), layer(weight=torch.randn(2, 2))))
    model.append(AnalogLinear(2, 2, rpu_config=SingleRPUConfig()))
    with pytest.raises(ModuleError, match="eval"):
        program_analog_weights(model.train())
    with pytest.raises(ModuleError, match="eval"):
        drift_analog_weights(model, 1.0)
    model.eval()
    training_weights = model[1].get_weights()[0]
    counted = StateIndependentNoiseModel()
    calls = []
    inner = counted.apply_programming_noise
    counted.apply_programming_noise = lambda weights: calls.append(1) or inner(weights)
    program_analog_weights(model, counted)
    assert len(calls) == 2
    drift_analog_weights(model, 10.0)
    assert torch.equal(training_weights, model[1].get_weights()[0])


def test_given_noise_model_replaces_that_of_the_tile():
    module = layer()
    module.program_analog_weights(ReRamCMONoiseModel())
    assert isinstance(module.analog_module.rpu_config.noise_model, ReRamCMONoiseModel)
    module.drift_analog_weights(10.0)


class Fails(BaseNoiseModel):
    def apply_programming_noise_to_conductance(self, g_target):
        raise RuntimeError("broken")


def test_refused_input_changes_nothing():
    module = layer()
    tile = module.analog_module
    state = copy.deepcopy(module.state_dict())
    with pytest.raises(ValueError, match="t_inference"):
        module.drift_analog_weights(-1.0)
    with pytest.raises(ConfigError, match="BaseNoiseModel, got str"):
        module.program_analog_weights("pcm")
    with pytest.raises(RuntimeError, match="broken"):
        module.program_analog_weights(Fails())
    assert tile.programmed_weights is None
    assert tile.rpu_config.noise_model == PCMLikeNoiseModel()
    module.program_analog_weights()
    state = copy.deepcopy(module.state_dict())
    tile.rpu_config.noise_model = ReRamCMONoiseModel()
    with pytest.raises(ValueError, match="programmed again"):
        module.drift_analog_weights(1.0)
    tile.rpu_config.noise_model = PCMLikeNoiseModel()
    after = module.state_dict()
    weights = "analog_module.analog_tile_state"
    assert torch.equal(state[weights]["analog_tile_weights"], after[weights]["analog_tile_weights"])
    none = layer(noise_model=None)
    with pytest.raises(ConfigError, match="got None"):
        none.program_analog_weights()


def test_compensation_that_was_switched_on_too_late():
    module = layer(drift_compensation=None)
    module.program_analog_weights()
    module.analog_module.rpu_config.drift_compensation = GlobalDriftCompensation()
    with pytest.raises(ConfigError, match="program_weights"):
        module.drift_analog_weights(1.0)


class TwoReads(BaseDriftCompensation):
    def get_readout_tensor(self, in_size):
        return torch.eye(in_size).repeat(2, 1)

    def readout(self, out_tensor):
        assert out_tensor.shape == (6, 2)
        return out_tensor.abs().mean().clamp(min=1e-4)


def test_own_compensation():
    module = layer(drift_compensation=TwoReads())
    with fixed(0.0):
        module.drift_analog_weights(3600)
    assert float(module.analog_module.alpha) == pytest.approx(1.296999, abs=2e-6)


def test_former_place_of_the_models():
    import importlib

    with pytest.warns(FutureWarning, match=r"aihwkit\.inference"):
        module = importlib.import_module("aihwkit.simulator.noise_models")
    assert module.PCMLikeNoiseModel is PCMLikeNoiseModel


@pytest.mark.parametrize("out_bound", [0.1, 0.2, 10.0])
def test_clipped_outputs_widen_the_input_range_alike(out_bound):
    gradients = []
    for config_class in (InferenceRPUConfig, TorchInferenceRPUConfig):
        parameters = InputRangeParameter(
            enable=True, manage_output_clipping=True, init_from_data=0, init_value=0.3
        )
        rpu_config = config_class(pre_post=PrePostProcessingParameter(input_range=parameters))
        forward = rpu_config.forward
        forward.bound_management = BoundManagementType.NONE
        forward.noise_management = NoiseManagementType.NONE
        forward.out_bound, forward.out_noise = out_bound, 0.0
        layer = AnalogLinear(4, 4, bias=False, rpu_config=rpu_config)
        layer.set_weights(torch.linspace(-0.5, 0.5, 16).view(4, 4))
        x = torch.linspace(0.0, 0.4, 40).view(10, 4)
        layer(x).sum().backward()
        gradients.append(layer.analog_module.input_range.grad)
    torch.testing.assert_close(*gradients)
    layer.analog_module.rpu_config.pre_post.input_range.manage_output_clipping = False
    layer.zero_grad()
    layer(x).sum().backward()
    widening = gradients[1] - layer.analog_module.input_range.grad
    assert (widening < 0) if out_bound < 1 else (widening == 0)
