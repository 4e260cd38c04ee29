"""Parameters of one analog matrix-vector product."""

from dataclasses import dataclass, field
from typing import ClassVar

from aihwkit.exceptions import ConfigError

from .checked import CheckedParameters
from .enums import AnalogMVType, BoundManagementType, NoiseManagementType, WeightNoiseType

__all__ = ["IOParameters", "IOParametersIRDropT"]


@dataclass
class IOParameters(CheckedParameters):
    r"""Converters, noise and non-idealities of one analog matrix-vector product.

    The product sees the scaled input `x / a` and its result is multiplied by `a` again, where `a`
    is the scale of the noise and bound management. A resolution is switched off by a value of 0 or
    less; a value above 1 is a number of steps and is replaced by its inverse. The quantisation
    step is `res * 2 * bound`.

    Steady-state IR drop with `n` inputs:
    $a_i = n / g \sum_j |w_{ij}||x_j|$, $c_i = a_i (a_i (0.05 a_i - 0.2) + 0.5)$,
    $y_i \leftarrow y_i - d\, c_i \sum_j w_{ij} x_j (1 - (1 - j/n)^2)$.
    """

    bindings_class: ClassVar[str] = "AnalogTileInputOutputParameter"
    bindings_module: ClassVar[str] = "devices"

    is_perfect: bool = False
    """Exact product; everything else except `out_scale` is ignored."""

    mv_type: AnalogMVType = AnalogMVType.ONE_PASS
    """How the product is divided into passes."""

    inp_bound: float = 1.0
    """Input converter bound; 0 or less means none. Must be 1 if the noise management is on."""

    inp_noise: float = 0.0
    """Standard deviation of Gaussian noise added to the inputs after the converter."""

    inp_res: float = 1 / (2**7 - 2)
    """Input converter resolution."""

    inp_sto_round: bool = False
    """Stochastic rounding in the input converter."""

    inp_asymmetry: float = 0.0
    """Negative inputs are multiplied by `1 - inp_asymmetry`."""

    out_bound: float = 12.0
    """Output converter bound; 0 or less means none."""

    out_noise: float = 0.06
    """Standard deviation of Gaussian noise added to each output before the converter."""

    out_noise_std: float = 0.0
    """Relative spread of `out_noise` from output to output, drawn once."""

    out_res: float = 1 / (2**9 - 2)
    """Output converter resolution."""

    out_sto_round: bool = False
    """Stochastic rounding in the output converter."""

    out_scale: float = 1.0
    """Digital factor on the output."""

    out_asymmetry: float = 0.0
    """Negative outputs are multiplied by `1 - out_asymmetry`."""

    bound_management: BoundManagementType = BoundManagementType.ITERATIVE
    """What happens when an output hits the bound. The backward product never manages bounds."""

    noise_management: NoiseManagementType = NoiseManagementType.ABS_MAX
    """How the input vector is scaled."""

    w_noise: float = 0.0
    """Scale of the output-referred weight noise."""

    w_noise_type: WeightNoiseType = WeightNoiseType.NONE
    """Kind of the output-referred weight noise."""

    ir_drop: float = 0.0
    """Scale of the steady-state IR drop (0: none)."""

    ir_drop_g_ratio: float = 1.0 / 0.35 / 5e-6
    """Wire conductance over the largest device conductance."""

    out_nonlinearity: float = 0.0
    """S-shape `y / (1 + n_i |y|)`, `n_i = |out_nonlinearity / out_bound (1 + std xi)|`."""

    out_nonlinearity_std: float = 0.0
    """Spread of the S-shape from output to output, drawn once."""

    slope_calibration: float = 0.0
    """Gain correction for the S-shape and the series resistance."""

    v_offset_std: float = 0.0
    """Spread of the voltage offsets, drawn once per output as `max(v_offset_std xi, 0)`."""

    v_offset_w_min: float = -1.0
    """Implicit reference level of voltage offsets and series resistance."""

    r_series: float = 0.0
    """Series resistance relative to the total resistance of an output line."""

    w_read_asymmetry_dtod: float = 0.0
    """Spread of the weights seen by the negative pass of the two-pass types, drawn once."""

    max_bm_factor: int = 1000
    """The iterative bound management stops once its reduction factor exceeds this."""

    max_bm_res: float = 0.25
    """It also stops once the factor exceeds `max_bm_res / (2 inp_bound inp_res)`."""

    bm_test_negative_bound: bool = True
    """Whether an output at the negative bound triggers another iteration."""

    nm_thres: float = 0.0
    """Upper limit of the input scale, or the scale itself for `CONSTANT` (0 or less: 1)."""

    nm_decay: float = field(default=1e-3, kw_only=True)
    """Rate of the running average of `AVERAGE_ABS_MAX`."""

    nm_assumed_wmax: float = field(default=0.6, kw_only=True)
    """Largest weight assumed by the worst-case scale of `ABS_MAX_NP_SUM`."""

    def check_consistency(self) -> None:
        """Check that managed inputs, which are scaled to ±1, meet an input bound of 1."""
        managed = self.noise_management != NoiseManagementType.NONE
        perfect = self.is_perfect or self.mv_type == AnalogMVType.IDEAL
        if managed and not perfect and self.inp_bound != 1.0:
            raise ConfigError(
                f"{type(self).__name__}.inp_bound must be 1.0 with noise management (it scales the "
                f"inputs to that range), got {self.inp_bound!r}; set noise_management to "
                "NoiseManagementType.NONE to use another bound"
            )


@dataclass
class IOParametersIRDropT(IOParameters):
    """Adds the time-resolved IR drop of a crossbar column, active in evaluation mode only."""

    bindings_ignore: ClassVar[list[str]] = [
        "ir_drop_rs",
        "ir_drop_segments",
        "ir_drop_time_step_resolution_scale",
        "ir_drop_v_read",
        "apply_xdep_pcm_read_noise",
        "xdep_pcm_read_noise_scale",
        "adc_quantization",
        "adc_frequency",
        "ir_drop_integration_sum",
        "split_mode_bit_shift",
        "ir_drop_reference_charge",
    ]

    ir_drop: float = 1.0
    """Factor on the physical wire resistance (0: no IR drop)."""

    ir_drop_rs: float = 0.15
    """Wire resistance from cell to cell in Ohm."""

    ir_drop_segments: int = 8
    """Number of segments a column is divided into."""

    ir_drop_time_step_resolution_scale: float = 1.0
    """Factor on the resolution of the time steps."""

    ir_drop_v_read: float = 0.4005
    """Read voltage in Volt."""

    apply_xdep_pcm_read_noise: bool = False
    """Read noise that depends on the input."""

    xdep_pcm_read_noise_scale: float = 1.0
    """Factor on that read noise."""

    adc_quantization: bool = True
    """Whether the output converter quantises."""

    adc_frequency: float = 6.24
    """Frequency of the current-controlled oscillator converter in GHz."""

    ir_drop_integration_sum: bool = False
    """Integrate the current by a sum over time steps instead of analytically."""

    split_mode_bit_shift: int = field(default=3, kw_only=True)
    """Number of lower bits in the split mode."""

    ir_drop_reference_charge: bool = field(default=False, kw_only=True)
    """Keep two errors of the reference: charges grow with the resolution of the time steps, and
    those of `BIT_WISE` are half too large."""
