"""Parameter and device classes of the first release."""

import copy
import pickle
from dataclasses import fields

import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator import parameters
from aihwkit.simulator.configs import ConstantStepDevice, FloatingPointRPUConfig, SingleRPUConfig
from aihwkit.simulator.devices import (
    BaseResistiveDevice,
    ConstantStepResistiveDevice,
    FloatingPointResistiveDevice,
)
from aihwkit.simulator.parameters import (
    AnalogTileBackwardInputOutputParameters,
    AnalogTileInputOutputParameters,
    AnalogTileUpdateParameters,
    BoundManagementType,
    ConstantStepResistiveDeviceParameters,
    FloatingPointTileParameters,
    IOParameters,
    MappingParameter,
    PulsedResistiveDeviceParameters,
    PulseType,
    UpdateParameters,
)

_PULSED = """
    diffusion=0.0 lifetime=0.0 corrupt_devices_prob=0.0 corrupt_devices_range=1000
    diffusion_dtod=0.0 dw_min=0.001 dw_min_dtod=0.3 dw_min_std=0.3 enforce_consistency=True
    lifetime_dtod=0.0 perfect_bias=False reset=0.01 reset_dtod=0.0 reset_std=0.01 up_down=0.0
    up_down_dtod=0.01 w_max=0.6 w_max_dtod=0.3 w_min=-0.6 w_min_dtod=0.3
"""
_IO = """
    bm_test_negative_bound=True bound_management=ITERATIVE inp_bound=1.0 inp_noise=0.0
    inp_res=1/(2**7-2) inp_sto_round=False is_perfect=False max_bm_factor=1000 max_bm_res=0.25
    nm_thres=0.0 noise_management=ABS_MAX out_bound=12.0 out_noise=0.06 out_res=1/(2**9-2)
    out_scale=1.0 out_sto_round=False w_noise=0.0 w_noise_type=NONE
"""
TABLE = {
    "AnalogTileInputOutputParameters": _IO,
    "AnalogTileBackwardInputOutputParameters": _IO.replace("ITERATIVE", "NONE"),
    "AnalogTileUpdateParameters": """
        desired_bl=31 fixed_bl=True pulse_type=STOCHASTIC_COMPRESSED res=0 sto_round=False
        update_bl_management=True update_management=True
    """,
    "FloatingPointTileParameters": "diffusion=0.0 lifetime=0.0",
    "FloatingPointResistiveDeviceParameters": "diffusion=0.0 lifetime=0.0",
    "PulsedResistiveDeviceParameters": _PULSED,
    "ConstantStepResistiveDeviceParameters": _PULSED,
}


@pytest.mark.parametrize("name", TABLE)
def test_positions_and_defaults(name):
    cls = getattr(parameters, name)
    expected = dict(item.split("=") for item in TABLE[name].split())
    assert [item.name for item in fields(cls)] == list(expected)
    instance = cls()
    for field_name, text in expected.items():
        value = getattr(instance, field_name)
        try:
            assert value == eval(text), field_name
        except NameError:
            assert value.name == text, field_name


def test_enumerations_are_the_modern_ones():
    assert parameters.OutputWeightNoiseType is parameters.WeightNoiseType


class TestConstantStepDevice:
    @pytest.mark.parametrize(
        "parameter_class", [PulsedResistiveDeviceParameters, ConstantStepResistiveDeviceParameters]
    )
    def test_accepts_any_pulsed_parameters(self, parameter_class):
        config = ConstantStepResistiveDevice(parameter_class(w_min=-0.4)).as_rpu_config()
        assert isinstance(config, SingleRPUConfig)
        assert isinstance(config.device, ConstantStepDevice)
        assert config.device.w_min == -0.4
        assert config.device.w_max == 0.6

    def test_defaults_of_the_configuration(self):
        config = ConstantStepResistiveDevice().as_rpu_config()
        assert config.forward == IOParameters()
        assert config.backward == IOParameters(bound_management=BoundManagementType.NONE)
        assert config.update == UpdateParameters()
        assert config.mapping == MappingParameter(
            digital_bias=False, max_input_size=0, max_output_size=0
        )
        assert config.device.corrupt_devices_range == 1000

    def test_parameters_are_converted(self):
        device = ConstantStepResistiveDevice(
            PulsedResistiveDeviceParameters(dw_min=0.01),
            AnalogTileInputOutputParameters(inp_noise=0.321),
            AnalogTileBackwardInputOutputParameters(inp_noise=0.456),
            AnalogTileUpdateParameters(desired_bl=78, pulse_type=PulseType.MEAN_COUNT),
        )
        core = device.as_rpu_config().as_bindings()
        assert core.forward_io.inp_noise == pytest.approx(0.321)
        assert core.backward_io.inp_noise == pytest.approx(0.456)
        assert core.update.desired_bl == 78

    def test_reset_does_not_become_the_target_of_the_decay(self):
        device = ConstantStepResistiveDevice(PulsedResistiveDeviceParameters(lifetime=10.0))
        converted = device.as_rpu_config().device
        assert device.params_devices.reset == 0.01
        assert converted.reset == 0.0
        assert converted.lifetime == 10.0

    def test_optimizers_leave_decay_and_diffusion_alone(self):
        values = PulsedResistiveDeviceParameters(lifetime=10.0, diffusion=0.1)
        converted = ConstantStepResistiveDevice(values).as_rpu_config().device
        assert not converted.requires_decay()
        assert not converted.requires_diffusion()

    def test_params_reads_and_writes_device_parameters(self):
        device = ConstantStepResistiveDevice()
        device.params.w_max = 0.5
        assert device.params.w_max == device.params_devices.w_max == 0.5
        assert device.as_rpu_config().device.w_max == 0.5

    def test_params_reads_and_writes_products_and_update(self):
        device = ConstantStepResistiveDevice()
        device.params.forward_io.inp_noise = 0.3
        device.params.update = AnalogTileUpdateParameters(desired_bl=3)
        config = device.as_rpu_config()
        assert config.forward.inp_noise == 0.3
        assert config.update.desired_bl == 3

    def test_params_refuses_unknown_names(self):
        device = ConstantStepResistiveDevice()
        with pytest.raises(ConfigError, match="did you mean 'w_max'"):
            device.params.w_maxx = 0.5

    def test_later_changes_do_not_reach_an_earlier_configuration(self):
        device = ConstantStepResistiveDevice()
        config = device.as_rpu_config()
        device.params.w_max = 0.1
        device.params.forward_io.inp_noise = 0.3
        assert config.device.w_max == 0.6
        assert config.forward.inp_noise == 0.0


def test_floating_point_device():
    device = FloatingPointResistiveDevice(FloatingPointTileParameters(lifetime=10.0))
    config = device.as_rpu_config()
    assert isinstance(config, FloatingPointRPUConfig)
    assert config.device.lifetime == 10.0
    assert not config.device.requires_decay()
    device.params.diffusion = 0.1
    assert device.as_rpu_config().device.diffusion == 0.1


@pytest.mark.parametrize("cls", [ConstantStepResistiveDevice, FloatingPointResistiveDevice])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_copies_are_equal_and_independent(cls, duplicate):
    device = cls()
    duplicated = duplicate(device)
    assert isinstance(duplicated, BaseResistiveDevice)
    assert duplicated == device
    duplicated.params.diffusion = 0.5
    assert device.params.diffusion == 0.0


def test_base_class_is_abstract():
    for method in ("as_rpu_config", "create_tile"):
        with pytest.raises(NotImplementedError):
            getattr(BaseResistiveDevice(), method)(*([] if method == "as_rpu_config" else [1, 2]))
