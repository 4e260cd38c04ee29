"""Weights, scales, input range, products, programming and reading of tiles."""

import numpy as np
import pytest
import torch
from torch.nn.functional import linear

from aihwkit.exceptions import (
    AnalogBiasConfigError,
    ArgumentError,
    ConfigError,
    CudaError,
    TileError,
    TileModuleError,
    TorchTileConfigError,
)
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointDevice,
    FloatingPointRPUConfig,
    IdealDevice,
    InferenceRPUConfig,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
    WeightClipParameter,
    WeightModifierParameter,
    WeightRemapParameter,
)
from aihwkit.simulator.parameters import (
    AnalogMVType,
    BoundManagementType,
    InputRangeParameter,
    NoiseManagementType,
    PrePostProcessingParameter,
    WeightClipType,
    WeightModifierType,
    WeightRemapType,
)
from aihwkit.simulator.presets import AGADReRamSBPreset, PCMPreset, TikiTakaReRamSBPreset
from aihwkit.simulator.tiles import (
    AnalogTile,
    FloatingPointTile,
    InferenceTile,
    TileModuleArray,
    TorchInferenceTile,
)
from aihwkit.simulator.tiles.analog import AnalogTileWithoutPeriphery
from aihwkit.simulator.tiles.array import get_split_sizes

W = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
B = torch.tensor([-0.1, 0.2])
PERFECT = IOParameters(is_perfect=True)


def exact(**mapping):
    return FloatingPointRPUConfig(mapping=MappingParameter(**mapping))


def constant_step(**options):
    options.setdefault("forward", PERFECT)
    options.setdefault("backward", PERFECT)
    device = ConstantStepDevice(w_max_dtod=0, w_min_dtod=0, w_max=1.0, w_min=-1.0)
    return SingleRPUConfig(device=options.pop("device", device), **options)


def inference(cls=InferenceRPUConfig, **options):
    options.setdefault("forward", PERFECT)
    return cls(noise_model=None, drift_compensation=None, **options)


TILES = {
    "exact": lambda **m: FloatingPointTile(2, 3, exact(**m), bias=True),
    "constant step": lambda **m: AnalogTile(
        2, 3, constant_step(mapping=MappingParameter(**m)), bias=True
    ),
    "ideal": lambda **m: AnalogTile(
        2, 3, constant_step(device=IdealDevice(), mapping=MappingParameter(**m)), bias=True
    ),
    "inference": lambda **m: InferenceTile(
        2, 3, inference(mapping=MappingParameter(**m)), bias=True
    ),
    "torch": lambda **m: TorchInferenceTile(
        2, 3, inference(TorchInferenceRPUConfig, mapping=MappingParameter(**m)), bias=True
    ),
}


# -- weights ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TILES)
@pytest.mark.parametrize("digital", [True, False])
def test_weights_and_bias_read_back(kind, digital):
    if kind == "torch" and not digital:
        with pytest.raises(AnalogBiasConfigError):
            TILES[kind](digital_bias=False)
        return
    tile = TILES[kind](digital_bias=digital)
    for weight, bias in ((W, B), (W.numpy(), B.numpy()), (W.tolist(), B.tolist())):
        tile.set_weights(weight, bias)
        got = tile.get_weights()
        assert torch.equal(got[0], W)
        assert torch.equal(got[1], B)
    got[0].zero_()
    assert torch.equal(tile.get_weights()[0], W)
    x = torch.randn(4, 3)
    assert torch.allclose(tile(x), linear(x, W, B), atol=1e-6)


@pytest.mark.parametrize("kind", TILES)
@pytest.mark.parametrize(
    ("weight", "bias", "message"),
    [
        (torch.ones(2, 4), B, "weight must have 6 elements"),
        (torch.full((2, 3), float("nan")), B, "weight must be finite"),
        (W, torch.ones(3), "bias must have 2 elements"),
        (W, torch.tensor([1.0, float("inf")]), "bias must be finite"),
    ],
)
def test_bad_weights_are_refused_and_nothing_is_written(kind, weight, bias, message):
    tile = TILES[kind]()
    tile.set_weights(W, B)
    with pytest.raises(ValueError, match=message):
        tile.set_weights(weight, bias)
    assert torch.equal(tile.get_weights()[0], W)
    assert torch.equal(tile.get_weights()[1], B)


def test_analog_bias_must_be_given():
    with pytest.raises(ValueError, match="bias must be a tensor of 2 elements"):
        TILES["exact"](digital_bias=False).set_weights(W)


@pytest.mark.parametrize("sizes", [(0, 3), (2, -1), (2.5, 3)])
def test_bad_sizes_are_refused(sizes):
    with pytest.raises((ValueError, TypeError), match=r"(out|in)_size"):
        FloatingPointTile(*sizes)


def test_arguments_that_are_no_configuration_are_refused():
    with pytest.raises(TypeError, match="rpu_config must be"):
        FloatingPointTile(2, 3, 0.1)
    with pytest.raises(ArgumentError, match="both"):
        FloatingPointTile(2, 3, exact(), resistive_device=exact())


def test_building_a_tile_takes_no_random_numbers():
    state = torch.get_rng_state()
    for make in TILES.values():
        make()
    assert torch.equal(torch.get_rng_state(), state)


def test_hidden_parameters_round_trip():
    tile = TILES["constant step"]()
    hidden = tile.get_hidden_parameters()
    assert torch.equal(hidden["max_bound"], torch.ones(2, 3))
    hidden["max_bound"][0, 1] = 0.8
    tile.set_hidden_parameters(hidden)
    assert tile.get_hidden_parameters()["max_bound"][0, 1] == pytest.approx(0.8)
    tile.set_hidden_parameters({})
    with pytest.raises(TileError, match="hidden parameters must be named"):
        tile.set_hidden_parameters({"max_bound": torch.ones(2, 3)})
    assert not TILES["exact"]().get_hidden_parameters()


@pytest.mark.parametrize("kind", ["exact", "constant step", "inference"])
def test_learning_rate_reads_back(kind):
    tile = TILES[kind]()
    tile.set_learning_rate(0.123)
    tile.set_learning_rate(None)
    assert tile.get_learning_rate() == pytest.approx(0.123)


def test_cuda_needs_a_device():
    if torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(CudaError):
        TILES["exact"]().cuda()


# -- scales ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TILES)
@pytest.mark.parametrize("columnwise", [True, False])
def test_weight_scaling_uses_the_range_and_keeps_the_logical_weights(kind, columnwise):
    tile = TILES[kind](weight_scaling_omega=0.5, weight_scaling_columnwise=columnwise)
    assert tile.get_scales().numel() == (2 if columnwise else 1)
    tile.set_weights(W, B)
    physical = tile.get_weights(apply_weight_scaling=False)[0]
    assert float(physical.abs().max()) == pytest.approx(0.5)
    if columnwise:
        assert torch.allclose(physical.amax(1), torch.tensor([0.5, 0.5]))
    assert torch.allclose(tile.get_weights()[0], W)
    x = torch.randn(4, 3)
    assert torch.allclose(tile(x), linear(x, W, B), atol=1e-6)
    tile.remap_weights(1.0)
    assert float(tile.get_weights(False)[0].abs().max()) == pytest.approx(1.0)
    assert torch.allclose(tile.get_weights()[0], W)


def test_scales_can_be_set_as_number_or_tensor():
    tile = TILES["exact"](learn_out_scaling=True)
    tile.set_weights(W, B)
    tile.set_mapping_scales(2.0)
    tile.set_mapping_scales(3.0)
    assert tile.get_mapping_scales().tolist() == [3.0]
    tile.set_learned_out_scales(2.0)
    assert torch.allclose(tile.get_weights()[0], 6 * W)
    tile.set_scales(torch.tensor([1.0, 2.0]))
    assert tile.get_learned_out_scales().tolist() == [1.0]
    assert tile.get_scales().tolist() == [1.0, 2.0]
    tile.set_mapping_scales(None)
    assert tile.get_mapping_scales() is None
    with pytest.raises(ValueError, match="must have 1 or 2 elements"):
        tile.set_scales(torch.ones(3))
    with pytest.raises(ValueError, match="must have 1 element"):
        tile.set_learned_out_scales(torch.ones(2))


@pytest.mark.parametrize("kind", ["exact", "ideal", "inference", "torch"])
@pytest.mark.parametrize("columnwise", [True, False])
def test_scales_do_not_change_how_the_logical_weights_learn(kind, columnwise):
    from aihwkit.optim import AnalogSGD

    x, y = torch.randn(5, 3), torch.randn(5, 2)
    weight, bias = W.clone().requires_grad_(), B.clone().requires_grad_()
    (linear(x, weight, bias) - y).square().sum().backward()
    tile = TILES[kind](weight_scaling_omega=0.3, weight_scaling_columnwise=columnwise)
    tile.set_weights(W, B)
    optimizer = AnalogSGD(tile.parameters(), lr=0.01)
    (tile(x) - y).square().sum().backward()
    optimizer.step()
    got = tile.get_weights()
    assert torch.allclose(got[0], W - 0.01 * weight.grad, atol=1e-6)
    assert torch.allclose(got[1], B - 0.01 * bias.grad, atol=1e-6)


def test_gradients_with_learned_scales_are_exact():
    tile = FloatingPointTile(2, 3, exact(learn_out_scaling=True, out_scaling_columnwise=True))
    weight = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    a = torch.tensor([0.5, 2.0])
    tile.set_weights(weight)
    tile.set_learned_out_scales(a)
    x = torch.tensor([[1.0, 0, -1], [2, 1, 0]], requires_grad=True)
    t = torch.tensor([[0.5, -1.0], [1.0, 2.0]])
    y = tile(x)
    assert torch.allclose(y, a * (x @ weight.t()))
    (0.5 * (y - t).square().sum()).backward()
    d = (y - t).detach()
    assert torch.equal(tile.analog_ctx.analog_input[0], x)
    assert torch.allclose(tile.analog_ctx.analog_grad_output[0], d * a)
    assert torch.allclose(x.grad, (d * a) @ weight)
    assert torch.allclose(tile.out_scaling_alpha.grad, (d * (x.detach() @ weight.t())).sum(0))


# -- products --------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 5, 3), (2, 3, 4, 3), (0, 3)])
def test_inputs_have_any_number_of_dimensions(shape):
    tile = TILES["exact"]()
    tile.set_weights(W, B)
    x = torch.randn(shape)
    assert torch.allclose(tile(x), linear(x, W, B), atol=1e-6)


def test_transposed_inputs_and_outputs():
    tile = FloatingPointTile(2, 3, exact(), in_trans=True, out_trans=True)
    tile.set_weights(W)
    x = torch.randn(3, 5, requires_grad=True)
    y = tile(x)
    assert torch.allclose(y, W @ x)
    y.sum().backward()
    assert torch.allclose(x.grad, W.t() @ torch.ones(2, 5))
    tile.set_learning_rate(0.1)
    tile.update(x.detach(), torch.ones(2, 5))
    assert torch.allclose(tile.get_weights()[0], W - 0.1 * torch.ones(2, 5) @ x.detach().t())


def test_legacy_call_computes_without_autograd():
    tile = TILES["exact"](digital_bias=False)
    tile.set_weights(W, B)
    x = torch.randn(4, 3, requires_grad=True)
    for y in (tile.forward(x, True), tile.forward(x, is_test=False)):
        assert torch.allclose(y, linear(x, W, B), atol=1e-6)
        assert not y.requires_grad


def test_clipped_outputs_pass_no_gradient_and_others_do():
    io = IOParameters(
        out_noise=0.0,
        inp_res=-1,
        out_res=-1,
        out_bound=1.0,
        noise_management=NoiseManagementType.NONE,
        bound_management=BoundManagementType.NONE,
        inp_bound=0,
    )
    tile = AnalogTile(2, 3, constant_step(forward=io, device=IdealDevice()))
    tile.set_weights(torch.tensor([[1.0, 1.0, 1.0], [0.1, 0.0, 0.0]]))
    x = torch.ones(1, 3, requires_grad=True)
    y = tile(x)
    assert torch.allclose(y, torch.tensor([[1.0, 0.1]]))
    y.sum().backward()
    assert torch.allclose(x.grad, torch.tensor([[0.1, 0.0, 0.0]]))
    io.out_bound = 4.0
    tile = AnalogTile(2, 3, constant_step(forward=io, device=IdealDevice()))
    tile.set_weights(torch.tensor([[1.0, 1.0, 1.0], [0.1, 0.0, 0.0]]))
    tile(x).sum().backward()
    assert torch.allclose(x.grad, torch.tensor([[0.1 + 1.1, 1.0, 1.0]]))


def test_backward_product_is_skipped_where_nobody_needs_it(monkeypatch):
    tile = TILES["exact"]()
    monkeypatch.setattr(tile.tile, "backward", None)
    tile(torch.ones(2, 3)).sum().backward()
    assert tile.analog_ctx.has_gradient()


def test_tile_without_periphery():
    tile = AnalogTileWithoutPeriphery(2, 3, constant_step(device=IdealDevice()))
    tile.tile.set_weights(W)
    x = torch.randn(4, 3)
    assert torch.allclose(tile(x), x @ W.t(), atol=1e-6)


# -- input range -----------------------------------------------------------------------------


def with_range(cls=SingleRPUConfig, **options):
    options.setdefault("init_from_data", 0)
    pre_post = PrePostProcessingParameter(input_range=InputRangeParameter(enable=True, **options))
    if cls is SingleRPUConfig:
        return constant_step(device=IdealDevice(), pre_post=pre_post)
    return inference(cls, pre_post=pre_post)


def test_input_range_clips_exactly():
    tile = AnalogTile(2, 3, with_range())
    for sign in (1, -1):
        values = tile.pre_forward(torch.full((1, 3), 5.0 * sign), 1, True)
        assert torch.equal(tile.post_forward(values, 1, True), torch.full((1, 3), 3.0 * sign))


def test_input_range_averages_over_the_first_batches():
    tile = AnalogTile(2, 3, with_range(init_from_data=2))
    batches = [torch.randn(50, 3) * scale for scale in (1.0, 3.0, 9.0)]
    for x in batches:
        tile(x)
    expected = (3 * batches[0].std() + 3 * batches[1].std()) / 2
    assert float(tile.input_range.detach()) == pytest.approx(float(expected), rel=1e-5)
    tile.eval()(batches[2])
    tile.set_input_range(-2.0)
    assert tile.input_range.tolist() == [2.0]
    with pytest.raises(ConfigError, match="Input range is not enabled"):
        TILES["exact"]().set_input_range(1.0)


def test_all_tiles_agree_on_outputs_and_gradients_with_an_input_range():
    results = []
    for cls, make in (
        (InferenceRPUConfig, InferenceTile),
        (TorchInferenceRPUConfig, TorchInferenceTile),
    ):
        tile = make(2, 3, with_range(cls, init_value=0.5), bias=True)
        tile.set_weights(W, B)
        torch.manual_seed(0)
        x = torch.randn(20, 3, requires_grad=True)
        y = tile(x)
        y.square().sum().backward()
        gradient = tile.shared_weights.grad if make is InferenceTile else tile.tile.weight.grad
        results.append((y.detach(), x.grad, tile.input_range.grad, gradient))
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_range_gradient_is_the_documented_sum():
    tile = AnalogTile(2, 3, with_range(init_value=0.5, decay=0.0))
    tile.set_weights(W)
    x = torch.tensor([[1.0, 0.1, -1.0], [0.2, -0.5, 0.5]], requires_grad=True)
    d = torch.tensor([[-1.0, 2.0], [1.0, 0.5]])
    tile(x).backward(d)
    back = d @ W
    upper = (back.clamp(max=0) * (x >= 0.5)).sum()
    lower = (back.clamp(min=0) * (x <= -0.5)).sum()
    assert float(tile.input_range.grad) == pytest.approx(float((upper - lower) * 0.5), rel=1e-5)
    assert torch.allclose(x.grad, back)


def test_clipping_can_only_be_managed_where_outputs_clip():
    with pytest.raises(ConfigError, match="manage_output_clipping"):
        AnalogTile(2, 3, with_range(manage_output_clipping=True))


# -- programming and reading -----------------------------------------------------------------


def test_programming_approaches_the_target():
    torch.manual_seed(0)
    tile = AnalogTile(20, 30, constant_step())
    target = torch.empty(20, 30).uniform_(-0.5, 0.5)
    tile.set_weights(target, realistic=True)
    got = tile.get_weights()[0]
    assert not torch.equal(got, target)
    assert float((got - target).abs().mean() / 0.5) < 0.05
    tile.program_weights()
    tile.program_weights(from_reference=False, x_values=torch.eye(30), max_iter=5)
    with pytest.raises(TileError, match="noise_model must be None"):
        tile.program_weights(noise_model=object())


@pytest.mark.parametrize("digital", [True, False])
@pytest.mark.parametrize("scaled", [True, False])
def test_reading_estimates_the_weights(digital, scaled):
    torch.manual_seed(0)
    io = IOParameters(out_noise=0.01)
    mapping = MappingParameter(digital_bias=digital, weight_scaling_omega=0.5)
    tile = AnalogTile(2, 3, constant_step(forward=io, mapping=mapping), bias=True)
    tile.set_weights(W, B)
    weight, bias = tile.get_weights(apply_weight_scaling=scaled, realistic=True)
    exact_weight, exact_bias = tile.get_weights(apply_weight_scaling=scaled)
    assert not torch.equal(weight, exact_weight)
    assert torch.allclose(weight, exact_weight, atol=0.05)
    assert torch.allclose(bias, exact_bias, atol=0.05)


def test_decay_and_diffusion_leave_a_digital_bias_alone():
    config = FloatingPointRPUConfig(device=FloatingPointDevice(lifetime=10.0, diffusion=0.3))
    tile = FloatingPointTile(2, 3, config, bias=True)
    tile.set_weights(W, B)
    tile.post_update_step()
    assert not torch.allclose(tile.get_weights()[0], W)
    assert torch.equal(tile.get_weights()[1], B)


def test_line_parameters_can_be_read_and_set():
    io = IOParameters(out_noise=0.1, out_noise_std=1.0)
    tiles = (
        AnalogTile(2, 3, constant_step(forward=io)),
        TorchInferenceTile(2, 3, inference(TorchInferenceRPUConfig, forward=io)),
    )
    for tile in tiles:
        assert tile.get_forward_parameters()["out_noise_values"].numel() == 2
        tile.set_forward_parameters(out_noise_values=torch.tensor([0.123, 0.0]))
        x = torch.ones(40, 3)
        std = tile(x).detach().std(0)
        assert float(std[1]) == pytest.approx(0.0, abs=1e-6)
        assert float(std[0]) > 0.03
        for bad in ({"noise": torch.ones(2)}, {"out_noise_values": torch.ones(3)}):
            with pytest.raises(ArgumentError):
                tile.set_forward_parameters(bad)


# -- inference -------------------------------------------------------------------------------


class Noise:
    """Programming adds a constant, drift multiplies."""

    def apply_programming_noise(self, weights):
        return weights + 0.01, [torch.full_like(weights, 0.5)]

    def apply_drift_noise(self, weights, parameters, t_inference):
        return weights * (1 + t_inference) ** -float(parameters[0].mean())


class Compensation:
    """Mean output of the unit vectors."""

    def init_baseline(self, tile):
        return self.readout(tile._forward_drift_readout_tensor(True))

    def get_readout_tensor(self, in_size):
        return torch.eye(in_size)

    def readout(self, outputs):
        return outputs.abs().mean()

    def apply(self, outputs, baseline):
        return baseline / self.readout(outputs)


@pytest.mark.parametrize("cls", [InferenceRPUConfig, TorchInferenceRPUConfig])
def test_drift_is_compensated_in_evaluation(cls):
    config = cls(noise_model=Noise(), drift_compensation=Compensation(), forward=PERFECT)
    tile = config.tile_class(2, 3, config, bias=True).eval()
    tile.set_weights(W, B)
    x = torch.randn(4, 3)
    tile.program_weights()
    assert torch.allclose(tile.get_weights()[0], W + 0.01)
    programmed = tile(x)
    tile.drift_weights(99.0)
    assert torch.allclose(tile.get_weights()[0], (W + 0.01) / 10)
    assert tile.alpha.tolist() == pytest.approx([10.0])
    assert torch.allclose(tile(x), programmed, atol=1e-6)
    tile.drift_weights(3.0)
    assert torch.allclose(tile.get_weights()[0], (W + 0.01) / 2)
    assert torch.allclose(tile.train()(x), linear(x, (W + 0.01) / 2, B), atol=1e-6)
    tile.set_weights(W, B)
    tile.drift_weights(0.0)
    assert torch.allclose(tile.get_weights()[0], W + 0.01)


def test_inference_without_a_noise_model_says_so():
    with pytest.raises(ConfigError, match="noise_model"):
        InferenceTile(2, 3, inference()).program_weights()
    with pytest.raises(ConfigError, match="must be a BaseNoiseModel, got int"):
        InferenceTile(2, 3, inference()).program_weights(noise_model=3)


@pytest.mark.parametrize("cls", [InferenceRPUConfig, TorchInferenceRPUConfig])
def test_post_update_clips_and_remaps(cls):
    config = inference(
        cls,
        clip=WeightClipParameter(type=WeightClipType.FIXED_VALUE, fixed_value=0.45),
        remap=WeightRemapParameter(type=WeightRemapType.CHANNELWISE_SYMMETRIC),
    )
    tile = config.tile_class(2, 3, config)
    tile.set_weights(W)
    tile.post_update_step()
    assert torch.allclose(tile.get_weights()[0], W.clamp(max=0.45))
    assert torch.allclose(tile.get_weights(False)[0].amax(1), torch.ones(2))
    assert torch.allclose(tile.get_scales(), torch.tensor([0.3, 0.45]))


@pytest.mark.parametrize("cls", [InferenceRPUConfig, TorchInferenceRPUConfig])
def test_modifier_acts_in_training_only(cls):
    torch.manual_seed(0)
    modifier = WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=0.5)
    config = inference(cls, modifier=modifier)
    tile = config.tile_class(2, 3, config)
    tile.set_weights(W)
    x = torch.ones(1, 3)
    outputs = []
    for _ in range(3):
        tile.post_update_step()
        outputs.append(tile(x).detach())
    assert not torch.allclose(outputs[0], outputs[1])
    tile.eval()
    assert torch.allclose(tile(x), linear(x, W), atol=1e-6)


def test_torch_tile_refuses_what_it_cannot_do():
    with pytest.raises(TorchTileConfigError):
        TorchInferenceTile(2, 3, inference(TorchInferenceRPUConfig), in_trans=True)
    with pytest.raises(TorchTileConfigError, match="no update"):
        TILES["torch"]().update(torch.ones(1, 3), torch.ones(1, 2))
    io = IOParameters(noise_management=NoiseManagementType.AVERAGE_ABS_MAX)
    with pytest.raises(ConfigError, match="AVERAGE_ABS_MAX"):
        TorchInferenceTile(2, 3, inference(TorchInferenceRPUConfig, forward=io))


# -- arrays ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "limit", "parts"), [(13, 5, [5, 4, 4]), (5, 0, [5]), (5, 5, [5]), (6, 5, [3, 3])]
)
def test_sizes_are_split_evenly(size, limit, parts):
    assert get_split_sizes(size, limit) == parts


def test_array_equals_one_matrix():
    array = TileModuleArray(5, 7, exact(max_input_size=3, max_output_size=2), bias=True)
    assert array.analog_tile_count == 9
    weight, bias = torch.randn(5, 7), torch.randn(5)
    array.set_weights(weight, bias)
    assert torch.equal(array.get_weights()[0], weight)
    x = torch.randn(2, 4, 7)
    assert torch.allclose(array(x), linear(x, weight, bias), atol=1e-5)
    assert np.shape(array._apply_to_tiles("get_learning_rate")) == (3, 3)
    with pytest.raises(TileModuleError, match="no method 'fly'"):
        array._apply_to_tiles("fly")
    with pytest.raises(ValueError, match="weight must have 35 elements"):
        array.set_weights(torch.ones(4, 7))


@pytest.mark.parametrize(
    "config", [SingleRPUConfig(), AGADReRamSBPreset(), TikiTakaReRamSBPreset(), PCMPreset()]
)
def test_gradients_that_are_not_finite_do_not_reach_pulsed_devices(config):
    torch.manual_seed(0)
    tile = AnalogTile(3, 5, config)
    tile.set_learning_rate(0.1)
    gradient = torch.ones(2, 3)
    gradient[0, 0] = float("nan")
    tile.update(torch.ones(2, 5), gradient)
    assert bool(torch.isfinite(tile.get_weights()[0]).all())
    assert all(bool(torch.isfinite(v).all()) for v in tile.get_hidden_parameters().values())


def test_zero_inputs_of_a_product_in_two_passes_have_a_gradient():
    config = TorchInferenceRPUConfig(
        forward=IOParameters(
            mv_type=AnalogMVType.POS_NEG_SEPARATE,
            inp_res=-1,
            out_res=-1,
            out_noise=0.0,
            noise_management=NoiseManagementType.NONE,
            bound_management=BoundManagementType.NONE,
        )
    )
    tile = TorchInferenceTile(3, 4, config)
    weight = torch.randn(3, 4)
    tile.set_weights(weight)
    x = torch.tensor([[0.0, 0.5, -0.5, 0.0]], requires_grad=True)
    tile(x).sum().backward()
    torch.testing.assert_close(x.grad[0], weight.sum(0))
