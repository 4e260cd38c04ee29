"""Misspelt and impossible settings are reported where they are written."""

import copy
import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from aihwkit.exceptions import AihwkitException, ConfigError
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig, TransferCompound
from aihwkit.simulator.parameters import (
    BoundManagementType,
    IOParameters,
    IOParametersIRDropT,
    MappingParameter,
    NoiseManagementType,
    PrePostProcessingParameter,
    UpdateParameters,
    WeightModifierParameter,
)


class TestConstructor:
    def test_unknown_keyword_names_the_nearest_field(self):
        with pytest.raises(TypeError, match=r"'out_nois'.*did you mean 'out_noise'"):
            IOParameters(out_nois=0.1)

    def test_unknown_keyword_without_a_near_field_lists_all(self):
        with pytest.raises(TypeError, match=r"known are .*max_input_size"):
            MappingParameter(zzzzz=1)

    @pytest.mark.parametrize(
        ("cls", "values"),
        [
            (IOParameters, {"out_bound": True}),
            (IOParameters, {"out_bound": "12"}),
            (IOParameters, {"is_perfect": 1}),
            (IOParameters, {"max_bm_factor": 1000.5}),
            (IOParameters, {"out_noise": float("nan")}),
            (UpdateParameters, {"desired_bl": True}),
            (UpdateParameters, {"desired_bl": 0}),
            (WeightModifierParameter, {"coeffs": 0.1}),
            (WeightModifierParameter, {"coeffs": [0.1, "a"]}),
            (WeightModifierParameter, {"pdrop": 1.5}),
            (ConstantStepDevice, {"w_max": -0.1}),
            (ConstantStepDevice, {"w_min": 0.1}),
            (ConstantStepDevice, {"corrupt_devices_prob": -0.1}),
            (TransferCompound, {"unit_cell_devices": (1, 2)}),
        ],
    )
    def test_wrong_value_names_class_and_field(self, cls, values):
        (name,) = values
        with pytest.raises(ConfigError, match=rf"{cls.__name__}\.{name} must be"):
            cls(**values)

    def test_text_for_an_enumeration_suggests_the_member(self):
        with pytest.raises(ConfigError, match=r"did you mean NoiseManagementType\.ABS_MAX"):
            IOParameters(noise_management="AbsMax")

    def test_member_of_another_enumeration_is_refused(self):
        with pytest.raises(ConfigError, match=r"one of NoiseManagementType\.NONE"):
            IOParameters(noise_management=BoundManagementType.NONE)

    def test_class_instead_of_object_is_explained(self):
        with pytest.raises(ConfigError, match="an object instead of the class"):
            SingleRPUConfig(device=ConstantStepDevice)

    def test_config_error_is_a_runtime_error(self):
        assert issubclass(ConfigError, RuntimeError)
        assert issubclass(ConfigError, AihwkitException)

    def test_user_class_with_its_own_constructor_is_left_alone(self):
        class MyConfig(SingleRPUConfig):
            def __init__(self, noise):
                super().__init__(forward=IOParameters(out_noise=noise))

        assert MyConfig(noise=0.5).forward.out_noise == 0.5

    def test_user_dataclass_may_add_fields(self):
        @dataclass
        class MyDevice(ConstantStepDevice):
            temperature: float = 300.0

        assert MyDevice(temperature=3.0, w_max=0.5).temperature == 3.0


class TestNumbers:
    @pytest.mark.parametrize(
        "value", [2, np.float32(2.0), np.float64(2.0), np.int64(2), torch.tensor(2.0)]
    )
    def test_scalars_of_other_libraries_become_python_numbers(self, value):
        parameters = IOParameters(out_bound=value)
        assert parameters.out_bound == 2
        assert type(parameters.out_bound) in (int, float)

    def test_scalars_are_converted_on_assignment(self):
        parameters = UpdateParameters()
        parameters.desired_bl = np.int32(7)
        assert type(parameters.desired_bl) is int


class TestAssignment:
    def test_unknown_name_is_refused_and_nothing_changes(self):
        parameters = IOParameters()
        with pytest.raises(ConfigError, match="did you mean 'noise_management'"):
            parameters.noise_managment = NoiseManagementType.NONE
        assert parameters == IOParameters()
        assert not hasattr(parameters, "noise_managment")

    def test_wrong_enumeration_member_is_refused_and_nothing_changes(self):
        parameters = IOParameters()
        with pytest.raises(ConfigError, match=r"IOParameters\.bound_management"):
            parameters.bound_management = NoiseManagementType.NONE
        assert parameters.bound_management is BoundManagementType.ITERATIVE

    def test_wrong_nested_object_is_refused(self):
        config = PrePostProcessingParameter()
        with pytest.raises(ConfigError, match=r"PrePostProcessingParameter\.input_range"):
            config.input_range = IOParameters()

    def test_number_of_the_wrong_type_is_reported_when_it_is_used(self):
        parameters = IOParameters()
        parameters.out_bound = True
        with pytest.raises(ConfigError, match=r"IOParameters\.out_bound must be of type float"):
            parameters.validate()

    def test_unknown_name_on_a_whole_configuration_warns(self):
        config = SingleRPUConfig()
        with pytest.warns(UserWarning, match="did you mean 'device'"):
            config.devise = ConstantStepDevice()

    @pytest.mark.parametrize("name", ["diffusion", "lifetime"])
    def test_ignored_names_of_compounds_are_accepted(self, name):
        compound = TransferCompound()
        setattr(compound, name, 1.23)
        assert getattr(compound, name) == 1.23


class TestCopies:
    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
    def test_copies_are_equal_and_independent(self, duplicate):
        original = SingleRPUConfig(device=ConstantStepDevice(w_max=0.3))
        duplicated = duplicate(original)
        assert duplicated == original
        duplicated.device.w_max = 0.4
        duplicated.forward.out_noise = 0.0
        assert original.device.w_max == 0.3
        assert original.forward.out_noise == 0.06

    def test_replace(self):
        assert replace(IOParameters(out_noise=0.1), inp_noise=0.2) == IOParameters(
            out_noise=0.1, inp_noise=0.2
        )

    def test_state_of_an_older_version_gets_new_fields(self):
        state = dict(IOParameters(out_noise=0.3).__dict__)
        del state["nm_decay"]
        restored = IOParameters.__new__(IOParameters)
        restored.__setstate__(state)
        assert restored == IOParameters(out_noise=0.3)

    def test_mode_shift_is_compared(self):
        assert IOParametersIRDropT(split_mode_bit_shift=2) != IOParametersIRDropT()
