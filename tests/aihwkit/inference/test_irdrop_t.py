"""Time-resolved IR drop: recorded values, the definition, layers, refusals."""

import copy
import pickle

import pytest
import torch

from aihwkit.exceptions import ConfigError, TorchTileConfigError
from aihwkit.functional.irdrop_t import (
    TimeAxis,
    column_equivalent,
    pulse_lengths,
    thevenin_equivalent,
)
from aihwkit.inference import (
    DualPairConductanceConverter,
    PCMLikeNoiseModel,
    ReRamCMONoiseModel,
)
from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import MappingParameter, TorchInferenceRPUConfigIRDropT
from aihwkit.simulator.parameters.enums import (
    AnalogMVType,
    BoundManagementType,
    NoiseManagementType,
    WeightNoiseType,
)
from aihwkit.simulator.parameters.io import IOParametersIRDropT

W = torch.tensor([[0.5, -0.25, 1, 0.1], [-0.75, 0.3, 0.2, -0.1], [1, 1, 1, 1], [-1, -1, -1, -1]])
X = torch.tensor([[1, 0.5, -0.25, 0.1], [0.2, -0.3, 0.4, 1], [1, 1, 1, 1], [0, 0, 0, 0]])
SPLIT, BITS = AnalogMVType.SPLIT_MODE, AnalogMVType.BIT_WISE


def config(size=16, **options):
    fields = {
        "inp_res": 254,
        "out_noise": 0.0,
        "out_res": -1,
        "out_bound": -1,
        "noise_management": NoiseManagementType.NONE,
        "bound_management": BoundManagementType.NONE,
    }
    forward = IOParametersIRDropT(**(fields | options))
    return TorchInferenceRPUConfigIRDropT(
        forward=forward, mapping=MappingParameter(max_input_size=size)
    )


def layer(weight=W, **options):
    result = AnalogLinear(*weight.shape[::-1], bias=False, rpu_config=config(**options))
    result.set_weights(weight)
    return result.eval()


SILENT = [0.0, 0.0, 0.0, 0.0]
IDEAL = [
    [0.132283, -0.659449, 1.354331, -1.354331],
    [0.674803, -0.257087, 1.299213, -1.299213],
    [1.35, -0.35, 4, -4],
    SILENT,
]
NO_ADC = {"adc_quantization": False}
RECORDED = {
    "no ir drop": ({"ir_drop": 0.0}, IDEAL),
    "default": (
        {},
        [
            [0.100949, -0.656168, 1.337573, -1.362810],
            [0.656168, -0.252372, 1.287099, -1.312336],
            [1.337573, -0.353321, 3.987482, -4.012719],
            SILENT,
        ],
    ),
    "no adc": (
        NO_ADC,
        [
            [0.125055, -0.665779, 1.351962, -1.372141],
            [0.677391, -0.264219, 1.296874, -1.317006],
            [1.350586, -0.354767, 4.005219, -4.025374],
            [-0.004661, -0.003401, -0.010078, -0.010078],
        ],
    ),
    "sum": (
        NO_ADC | {"ir_drop_integration_sum": True},
        [
            [0.127614, -0.662827, 1.344089, -1.364268],
            [0.670108, -0.260479, 1.289001, -1.309133],
            [1.345272, -0.353389, 3.989473, -4.009628],
            [-0.004661, -0.003401, -0.010078, -0.010078],
        ],
    ),
    "v_read": (
        NO_ADC | {"ir_drop_v_read": 0.4},
        [
            [0.129716, -0.662378, 1.362039, -1.362064],
            [0.682053, -0.260817, 1.306951, -1.306928],
            [1.355248, -0.351366, 4.015297, -4.015297],
            SILENT,
        ],
    ),
    "large": (
        NO_ADC | {"size": 512, "ir_drop_rs": 10.0},
        [
            [0.109363, -0.618774, 1.069541, -1.128010],
            [0.612236, -0.245586, 1.065390, -1.043242],
            [1.221737, -0.330310, 3.231035, -3.247294],
            [-0.004205, -0.003159, -0.008130, -0.008130],
        ],
    ),
    "split": (
        {"mv_type": SPLIT},
        [
            [0.025237, -0.630931, 1.312336, -1.312336],
            [0.656168, -0.201898, 1.236624, -1.236624],
            [1.287099, -0.201898, 4.063194, -4.063194],
            SILENT,
        ],
    ),
    "split, no adc": (
        NO_ADC | {"mv_type": SPLIT},
        [
            [0.109213, -0.690007, 1.414317, -1.435757],
            [0.735365, -0.294352, 1.359229, -1.380620],
            [1.392813, -0.366003, 4.130560, -4.151974],
            [-0.004952, -0.003614, -0.010708, -0.010708],
        ],
    ),
    "bit-wise, no adc": (
        NO_ADC | {"mv_type": BITS, "ir_drop_reference_charge": True},
        [
            [0.189163, -0.995888, 2.011251, -2.051285],
            [1.002905, -0.392366, 1.928619, -1.968580],
            [2.015650, -0.531731, 5.979329, -6.019323],
            [-0.009249, -0.006749, -0.019999, -0.019999],
        ],
    ),
    "bit-wise": (
        {"mv_type": BITS, "ir_drop_reference_charge": True},
        [SILENT, [0, 0, 0.429033, -0.429033], [0, 0, 3.205129, -3.205129], SILENT],
    ),
}


@pytest.mark.parametrize(("options", "expected"), RECORDED.values(), ids=list(RECORDED))
def test_recorded_values(options, expected):
    out = layer(**options)(X)
    # The reference sums in single precision; recorded with six digits.
    torch.testing.assert_close(out, torch.tensor(expected), rtol=0, atol=3e-6)


def test_recorded_values_with_a_segment_for_each_cell():
    out = layer(**NO_ADC, size=512, ir_drop_rs=10.0, ir_drop_segments=512)(X)
    expected = [
        [0.111733, -0.613151, 1.076482, -1.093903],
        [0.605850, -0.243311, 1.033905, -1.048715],
        [1.207889, -0.326779, 3.190847, -3.206892],
        [-0.004165, -0.003132, -0.008021, -0.008021],
    ]
    # 512 single precision steps of the reference: relative errors of 1e-5.
    torch.testing.assert_close(out, torch.tensor(expected), rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("scale", [0.5, 2.0, 4.0])
def test_time_steps_change_the_resolution_only(scale):
    options = NO_ADC | {"ir_drop_v_read": 0.4}
    finer = layer(**options, ir_drop_time_step_resolution_scale=scale)(X)
    # Half as many points may shift each of the four inputs by one of 127 steps.
    torch.testing.assert_close(finer, torch.tensor(IDEAL), rtol=0.01, atol=4 / 127)
    old = layer(**options, ir_drop_time_step_resolution_scale=scale, ir_drop_reference_charge=True)(
        X
    )
    torch.testing.assert_close(old, scale * finer)


def test_bits_add_up_to_the_whole():
    out = layer(**NO_ADC, mv_type=BITS, ir_drop_v_read=0.4)(X)
    torch.testing.assert_close(out, torch.tensor(IDEAL), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("segments", [1, 4, 16])
@pytest.mark.parametrize("rows_and_columns", [(16, 3), (32, 5)])
def test_closed_form_equals_the_definition(segments, rows_and_columns):
    torch.manual_seed(0)
    plus, minus = torch.rand(2, *rows_and_columns, dtype=torch.float64) * 25
    steps = torch.randint(-7, 8, (6, rows_and_columns[0])).double()
    axis = TimeAxis(7.0, 8, True)
    # Equality of input and time counts as "off"; exact here because all are integers.
    voltage, resistance = thevenin_equivalent(steps, plus, minus, 8, 7.0, segments, 20.0)
    current = (voltage - 0.41) / resistance
    expected = current.sum(-1) + 0.5 * current[..., 0] - 0.5 * current[..., -1]
    lengths, total = pulse_lengths(steps, axis)
    equivalent = column_equivalent(plus, minus, segments, 20.0)
    torch.testing.assert_close(equivalent.charge(lengths, total, 0.41), expected)
    torch.testing.assert_close(
        equivalent.resistance.expand(6, -1), resistance[..., 0], rtol=1e-9, atol=0
    )


@pytest.mark.parametrize("shape", [(2, 3, 10), (10,), (0, 10), (4, 10)])
def test_any_shape_of_inputs_and_odd_outputs(shape):
    torch.manual_seed(0)
    module = layer(torch.randn(7, 10), **NO_ADC, ir_drop_v_read=0.4, ir_drop_rs=0.0)
    x = torch.rand(shape) * 2 - 1
    out = module(x)
    assert out.shape == (*shape[:-1], 7)
    ideal = x @ module.get_weights()[0].t()
    torch.testing.assert_close(out, ideal, rtol=0.03, atol=0.1)


def test_convolutions():
    torch.manual_seed(0)
    module = AnalogConv2d(2, 3, 3, rpu_config=config(size=32)).eval()
    x = torch.rand(2, 2, 6, 6)
    weight, bias = module.get_weights()
    ideal = torch.nn.functional.conv2d(x, weight.view(3, 2, 3, 3), bias)
    torch.testing.assert_close(module(x), ideal, rtol=0.1, atol=0.1)


def test_training_is_ideal_and_drift_goes_on():
    torch.manual_seed(0)
    module = layer()
    expected = torch.tensor(IDEAL)
    module.train()
    torch.testing.assert_close(module(X), expected, rtol=0, atol=1e-5)
    optimizer = AnalogSGD(module.parameters(), lr=0.1)
    before = module.get_weights()[0]
    module(X).sum().backward()
    optimizer.step()
    assert not torch.equal(before, module.get_weights()[0])
    module.eval()
    module.drift_analog_weights(1e5)
    assert float(module.analog_module.alpha) > 1.2
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(X), module(X))


def test_inputs_have_gradients_in_evaluation():
    x = X[:3].clone().requires_grad_()
    layer(**NO_ADC, ir_drop_v_read=0.4)(x).sum().backward()
    torch.testing.assert_close(x.grad, W.sum(0).expand(3, -1), rtol=0.02, atol=0.02)


def test_several_pairs_and_later_noise_models():
    module = layer(**NO_ADC, ir_drop_v_read=0.4)
    one = module(X)
    tile = module.analog_module
    tile.rpu_config.noise_model = PCMLikeNoiseModel(
        g_converter=DualPairConductanceConverter([1, 3])
    )
    two = module(X)
    assert not torch.equal(one, two)
    torch.testing.assert_close(one, two, rtol=0.02, atol=0.01)
    tile.rpu_config.noise_model = ReRamCMONoiseModel()
    with pytest.raises(ConfigError, match="pairs of devices"):
        module(X)
    tile.rpu_config.noise_model = None
    with pytest.raises(ConfigError, match="noise_model"):
        module(X)


def test_input_dependent_read_noise():
    options = NO_ADC | {"apply_xdep_pcm_read_noise": True, "ir_drop": 0.0}
    module = layer(**options)
    torch.manual_seed(1)
    samples = torch.stack([module(X).detach() for _ in range(400)])
    ideal = torch.tensor(IDEAL)
    assert float((samples.mean(0) - ideal).abs().max()) < 5 * float(samples.std(0).max()) / 20
    assert float(samples.std(0)[:3].min()) > 1e-3
    assert torch.equal(module(torch.zeros(2, 4)), torch.zeros(2, 4))
    module.train()
    assert torch.equal(module(X), module(X))


def test_bounds_are_managed_by_vector():
    options = NO_ADC | {"ir_drop_v_read": 0.4, "out_bound": 1.5}
    limited = layer(**options)(X)
    assert float(limited.detach().abs().max()) == 1.5
    free = layer(**options, bound_management=BoundManagementType.ITERATIVE)(X)
    torch.testing.assert_close(free, torch.tensor(IDEAL), rtol=0.03, atol=0.05)
    scaled = layer(**NO_ADC, noise_management=NoiseManagementType.ABS_MAX)(10 * X)
    torch.testing.assert_close(scaled, 10 * torch.tensor(IDEAL), rtol=0.05, atol=0.3)
    assert not scaled[3].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mv_type": AnalogMVType.POS_NEG_SEPARATE}, "mv_type"),
        ({"noise_management": NoiseManagementType.ABS_MAX_NP_SUM}, "noise_management"),
        ({"w_noise": 0.1}, "w_noise"),
        ({"w_noise_type": WeightNoiseType.PCM_READ}, "w_noise_type"),
        ({"out_nonlinearity": 0.1}, "out_nonlinearity"),
        ({"v_offset_std": 0.1}, "v_offset_std"),
        ({"r_series": 0.1}, "r_series"),
        ({"inp_res": -1}, "inp_res"),
        ({"inp_res": 100, "mv_type": SPLIT}, "inp_res"),
        ({"split_mode_bit_shift": 7, "mv_type": SPLIT}, "split_mode_bit_shift"),
        ({"ir_drop_segments": 5}, "ir_drop_segments must divide the 16 rows"),
    ],
)
def test_unsupported_settings_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        layer(**options)


def test_transposed_products_are_refused():
    with pytest.raises(TorchTileConfigError, match="transposed"):
        layer().analog_module.tile(X, in_trans=True)
