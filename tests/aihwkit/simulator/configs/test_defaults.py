"""Every field of every configuration dataclass: its place, its name, its default."""

import math
from dataclasses import MISSING, fields
from enum import Enum

import pytest

from aihwkit.simulator.configs import compounds, devices
from aihwkit.simulator.parameters import inference, io, mapping, pre_post, runtime, training
from aihwkit.simulator.parameters.inference import DriftParameter, SimpleDriftParameter
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters

_PULSED = """
    construction_seed=0 corrupt_devices_prob=0.0 corrupt_devices_range=0.1 diffusion=0.0
    diffusion_dtod=0.0 drift=DriftParameter() dw_min=0.001 dw_min_dtod=0.3
    dw_min_dtod_log_normal=False dw_min_std=0.3 enforce_consistency=True lifetime=0.0
    lifetime_dtod=0.0 perfect_bias=False reset=0.0 reset_dtod=0.0 reset_std=0.01
    up_down=0.0 up_down_dtod=0.01 w_max=0.6 w_max_dtod=0.3 w_min=-0.6 w_min_dtod=0.3
    count_pulses=False
"""
_IO = """
    is_perfect=False mv_type=ONE_PASS inp_bound=1.0 inp_noise=0.0 inp_res=1/(2**7-2)
    inp_sto_round=False inp_asymmetry=0.0 out_bound=12.0 out_noise=0.06
    out_noise_std=0.0 out_res=1/(2**9-2) out_sto_round=False out_scale=1.0
    out_asymmetry=0.0 bound_management=ITERATIVE noise_management=ABS_MAX w_noise=0.0
    w_noise_type=NONE ir_drop=0.0 ir_drop_g_ratio=1/0.35/5e-6 out_nonlinearity=0.0
    out_nonlinearity_std=0.0 slope_calibration=0.0 v_offset_std=0.0 v_offset_w_min=-1.0
    r_series=0.0 w_read_asymmetry_dtod=0.0 max_bm_factor=1000 max_bm_res=0.25
    bm_test_negative_bound=True nm_thres=0.0
"""
_UNIT = "unit_cell_devices=[] construction_seed=0 "
_DRIFT = "nu=0.0 t_0=1.0 reset_tol=1e-7 "
_SOFT = """
    mult_noise=True write_noise_std=0.0 apply_write_noise_on_set=True reverse_up=False
    reverse_down=False reverse_offset=0.01
"""
_ONE_SIDED = """
    refresh_every=0 units_in_mbatch=True refresh_upper_thres=0.75 refresh_lower_thres=0.25
    refresh_forward=IOParameters() refresh_update=UpdateParameters() copy_inverted=False
"""
_TRANSFER = """
    gamma=0.0 gamma_vec=[] transfer_every=1.0 no_self_transfer=True transfer_every_vec=[]
    units_in_mbatch={mbatch} n_reads_per_transfer=1 transfer_columns=True with_reset_prob=0.0
    random_selection=False fast_lr=1.0 transfer_lr=1.0 transfer_lr_vec=[]
    scale_transfer_lr=True scale_fast_lr={scale} transfer_forward=IOParameters()
    transfer_update={update}
"""
_SINGLE = "UpdateParameters(desired_bl=1,update_bl_management=False,update_management=False)"
_CHOPPED = """
    in_chop_prob=0.1 in_chop_random={random} out_chop_prob=0.0 buffer_granularity=1.0
    auto_granularity=0.0 step=1.0 momentum=0.0 forget_buffer=True no_buffer=False
    auto_scale=False auto_momentum=0.99 correct_gradient_magnitudes=False
"""

TABLE = {
    io.IOParameters: _IO,
    io.IOParametersIRDropT: _IO.replace("ir_drop=0.0", "ir_drop=1.0")
    + """
        ir_drop_rs=0.15 ir_drop_segments=8 ir_drop_time_step_resolution_scale=1.0
        ir_drop_v_read=0.4005 apply_xdep_pcm_read_noise=False xdep_pcm_read_noise_scale=1.0
        adc_quantization=True adc_frequency=6.24 ir_drop_integration_sum=False
    """,
    training.UpdateParameters: """
        desired_bl=31 fixed_bl=True pulse_type=STOCHASTIC_COMPRESSED res=0 x_res_implicit=0
        d_res_implicit=0 d_sparsity=False sto_round=False update_bl_management=True
        update_management=True um_grad_scale=1.0
    """,
    mapping.MappingParameter: """
        digital_bias=True weight_scaling_omega=0.0 weight_scaling_columnwise=False
        weight_scaling_lr_compensation=False learn_out_scaling=False
        out_scaling_columnwise=False max_input_size=512 max_output_size=512
    """,
    pre_post.InputRangeParameter: """
        enable=False learn_input_range=True init_value=3.0 init_from_data=100
        init_std_alpha=3.0 decay=0.001 input_min_percentage=0.95
        manage_output_clipping=False output_min_percentage=0.95 gradient_scale=1.0
        gradient_relative=True calibration_info=None
    """,
    pre_post.PeripheryQuantizationParameter: """
        n_bits=0 symmetric=True learn_quant_params=False init_learning_after=100
    """,
    inference.WeightModifierParameter: """
        std_dev=0.0 per_batch_sample=False res=0.0 sto_round=False dorefa_clip=0.6 pdrop=0.0
        enable_during_test=False rel_to_actual_wmax=True assumed_wmax=1.0
        copy_last_column=False coeffs=[0.0105392,0.0768,-0.046925] type=NONE g_max=25.0
        pcm_zero_thres=0.0 pcm_t_inference=0.0 pcm_prob_at_reset=0.0 pcm_prob_at_gmax=0.0
        pcm_prob_at_random=0.0 pcm_t0=20.0
    """,
    inference.WeightClipParameter: "fixed_value=-1.0 sigma=2.5 type=NONE",
    inference.WeightRemapParameter: """
        remapped_wmax=1.0 max_scale_range=0.0 max_scale_ref=0.0 type=NONE
    """,
    inference.SimpleDriftParameter: _DRIFT,
    inference.DriftParameter: _DRIFT
    + """
        nu_dtod=0.0 nu_std=0.0 wg_ratio=1.0 g_offset=0.0 w_offset=0.0 nu_k=0.0 log_g0=0.0
        w_noise_std=0.0
    """,
    runtime.RuntimeParameter: """
        data_type=FLOAT on_the_fly_bindings=False offload_input=False offload_gradient=False
    """,
    devices.FloatingPointDevice: "diffusion=0.0 lifetime=0.0 drift=SimpleDriftParameter()",
    devices.IdealDevice: "construction_seed=0 diffusion=0.0 lifetime=0.0 reset_std=0.01",
    devices.PulsedDevice: _PULSED,
    devices.ConstantStepDevice: _PULSED,
    devices.LinearStepDevice: _PULSED
    + """
        gamma_up=0.0 gamma_down=0.0 gamma_up_dtod=0.05 gamma_down_dtod=0.05
        allow_increasing=False mean_bound_reference=True
    """
    + _SOFT,
    devices.SoftBoundsDevice: _PULSED + _SOFT,
    devices.SoftBoundsPmaxDevice: _PULSED.replace("w_min=-0.6", "w_min=None")
    .replace("w_max=0.6", "w_max=None")
    .replace("dw_min=0.001", "dw_min=None")
    .replace("up_down=0.0", "up_down=None")
    + _SOFT
    + "p_max=1000 alpha=0.0005 range_min=-1.0 range_max=1.0",
    devices.SoftBoundsReferenceDevice: _PULSED
    + """
        mult_noise=False write_noise_std=0.0 apply_write_noise_on_set=True slope_up_dtod=0.0
        slope_down_dtod=0.0 reference_mean=0.0 reference_std=0.0 subtract_symmetry_point=False
    """,
    devices.ExpStepDevice: _PULSED
    + """
        A_up=0.00081 A_down=0.36833 gamma_up=12.44625 gamma_down=12.78785 a=0.244 b=0.2425
        dw_min_std_add=0.0 dw_min_std_slope=0.0 write_noise_std=0.0
        apply_write_noise_on_set=True
    """,
    devices.PowStepDevice: _PULSED
    + """
        pow_gamma=1.0 pow_gamma_dtod=0.1 pow_up_down=0.0 pow_up_down_dtod=0.0
        write_noise_std=0.0 apply_write_noise_on_set=True
    """,
    devices.PowStepReferenceDevice: _PULSED
    + """
        pow_gamma=1.0 pow_gamma_dtod=0.1 pow_up_down=0.0 pow_up_down_dtod=0.0
        subtract_symmetry_point=False n_estimation_steps=-1 reference_mean=0.0
        reference_std=0.0
    """,
    devices.PiecewiseStepDevice: _PULSED
    + """
        piecewise_up=[1] piecewise_down=[1] write_noise_std=0.0 apply_write_noise_on_set=True
    """,
    compounds.UnitCell: _UNIT,
    compounds.VectorUnitCell: _UNIT + "update_policy=ALL first_update_idx=0 gamma_vec=[]",
    compounds.ReferenceUnitCell: _UNIT
    + "update_policy=SINGLE_FIXED first_update_idx=0 gamma_vec=[1.0,-1.0]",
    compounds.OneSidedUnitCell: _UNIT + _ONE_SIDED,
    compounds.TransferCompound: _UNIT
    + _TRANSFER.format(mbatch=True, scale=True, update="UpdateParameters()"),
    compounds.BufferedTransferCompound: _UNIT
    + _TRANSFER.format(mbatch=True, scale=True, update=_SINGLE)
    + "thres_scale=1.0 step=1.0 momentum=0.1 forget_buffer=True",
    compounds.ChoppedTransferCompound: _UNIT
    + _TRANSFER.format(mbatch=False, scale=False, update=_SINGLE)
    + _CHOPPED.format(random=True),
    compounds.DynamicTransferCompound: _UNIT
    + _TRANSFER.format(mbatch=False, scale=False, update=_SINGLE)
    + _CHOPPED.format(random=False)
    + "experimental_correct_accumulation=False buffer_cap=0.0 tail_weightening=5.0",
    compounds.DigitalRankUpdateCell: "device=VectorUnitCell() construction_seed=0",
    compounds.MixedPrecisionCompound: """
        device=VectorUnitCell() construction_seed=0 transfer_every=1 n_rows_per_transfer=-1
        random_row=False granularity=0.0 transfer_lr=1.0 n_x_bins=0 n_d_bins=0
        stoc_round_x=True stoc_round_d=True
    """,
}

_NAMES = {
    "DriftParameter": DriftParameter,
    "SimpleDriftParameter": SimpleDriftParameter,
    "IOParameters": IOParameters,
    "UpdateParameters": UpdateParameters,
    "VectorUnitCell": compounds.VectorUnitCell,
}


def _expected(text):
    """Return field name to value; a word that is no expression stands for an enumeration member."""
    result = {}
    for item in text.split():
        name, _, value = item.partition("=")
        try:
            result[name] = eval(value, _NAMES)
        except NameError:
            result[name] = value
    return result


@pytest.mark.parametrize("cls", TABLE, ids=lambda cls: cls.__name__)
class TestDataclass:
    def test_positional_arguments_are_in_the_documented_order(self, cls):
        names = [item.name for item in fields(cls) if item.init and not item.kw_only]
        assert names == list(_expected(TABLE[cls]))

    def test_defaults_are_the_documented_ones(self, cls):
        instance = cls()
        for name, expected in _expected(TABLE[cls]).items():
            value = getattr(instance, name)
            if isinstance(value, Enum):
                assert value.name == expected, name
            else:
                assert value == expected, name
                assert isinstance(value, bool) == isinstance(expected, bool), name

    def test_float_fields_have_float_defaults(self, cls):
        for item in fields(cls):
            if item.type is float and item.default is not MISSING:
                assert isinstance(item.default, float), item.name
                assert math.isfinite(item.default), item.name

    def test_is_not_hashable(self, cls):
        with pytest.raises(TypeError, match="unhashable"):
            hash(cls())


def test_additional_keyword_only_fields():
    extra = {
        cls.__name__: {item.name: item.default for item in fields(cls) if item.kw_only}
        for cls in TABLE
    }
    assert {name: values for name, values in extra.items() if values} == {
        "IOParameters": {"nm_decay": 1e-3, "nm_assumed_wmax": 0.6},
        "IOParametersIRDropT": {
            "nm_decay": 1e-3,
            "nm_assumed_wmax": 0.6,
            "split_mode_bit_shift": 3,
            "ir_drop_reference_charge": False,
        },
    }
