"""Conversion of configurations to parameter objects of the core."""

import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointDevice,
    FloatingPointRPUConfig,
    IdealDevice,
    SingleRPUConfig,
    SoftBoundsDevice,
)
from aihwkit.simulator.parameters import (
    AnalogMVType,
    BoundManagementType,
    IOParameters,
    MappingParameter,
    NoiseManagementType,
    PulseType,
    RPUDataType,
    UpdateParameters,
)
from aihwkit.simulator.parameters.helpers import get_bindings_class, parameters_to_bindings


def test_settings_reach_the_core():
    config = SingleRPUConfig(
        forward=IOParameters(inp_noise=0.321),
        backward=IOParameters(inp_noise=0.456),
        update=UpdateParameters(desired_bl=78),
    )
    core = config.as_bindings()
    assert core.forward_io.inp_noise == pytest.approx(0.321)
    assert core.backward_io.inp_noise == pytest.approx(0.456)
    assert core.update.desired_bl == 78


def test_enumeration_members_become_those_of_the_core():
    core = parameters_to_bindings(UpdateParameters(pulse_type=PulseType.MEAN_COUNT))
    assert core.pulse_type.name == "MeanCount"


@pytest.mark.parametrize("data_type", RPUDataType)
def test_every_data_type_has_core_classes(data_type):
    core_class = get_bindings_class(IOParameters(), data_type)
    assert core_class.__name__ == "AnalogTileInputOutputParameter"


def test_object_without_core_class_is_returned_unchanged():
    mapping = MappingParameter()
    assert parameters_to_bindings(mapping) is mapping
    config = FloatingPointRPUConfig()
    assert config.as_bindings() is config


def test_wrong_type_is_refused():
    config = SingleRPUConfig()
    config.forward.out_bound = True
    with pytest.raises(ConfigError, match="out_bound"):
        config.as_bindings()


def test_attribute_that_bypassed_the_check_is_refused():
    config = SingleRPUConfig()
    config.forward.__dict__["inp_nois"] = 0.1
    with pytest.raises(ConfigError, match=r"inp_nois.*did you mean 'inp_noise'"):
        config.as_bindings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bound_management", BoundManagementType.SHIFT),
        ("mv_type", AnalogMVType.SPLIT_MODE),
        ("mv_type", AnalogMVType.BIT_WISE),
    ],
)
def test_declared_but_unsupported_members_name_the_field(name, value):
    config = SingleRPUConfig(forward=IOParameters(**{name: value}))
    with pytest.raises(ConfigError, match=rf"IOParameters\.{name}"):
        config.as_bindings()


def test_input_bound_must_be_one_with_noise_management():
    config = SingleRPUConfig(forward=IOParameters(inp_bound=2.0))
    with pytest.raises(RuntimeError, match=r"inp_bound must be 1\.0 with noise management"):
        config.as_bindings()
    config.forward.noise_management = NoiseManagementType.NONE
    assert config.as_bindings().forward_io.inp_bound == 2.0


@pytest.mark.parametrize(
    "device",
    [FloatingPointDevice(), IdealDevice(), ConstantStepDevice(), SoftBoundsDevice()],
    ids=lambda device: type(device).__name__,
)
def test_diffusion_and_decay(device):
    assert not device.requires_diffusion()
    assert not device.requires_decay()
    device.diffusion = 1.23
    device.lifetime = 4.56
    assert device.requires_diffusion()
    assert device.requires_decay()
    core = device.as_bindings(RPUDataType.FLOAT)
    assert core.diffusion == pytest.approx(1.23)
    assert core.lifetime == pytest.approx(4.56)


def test_configuration_pickled_without_runtime_gets_one():
    config = SingleRPUConfig()
    del config.__dict__["runtime"]
    assert config.as_bindings() is not None
    assert config.runtime.data_type is RPUDataType.FLOAT
