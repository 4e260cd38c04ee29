"""Parameters of hardware-aware training and of drift."""

from dataclasses import dataclass, field
from typing import ClassVar

from .checked import CheckedParameters, bounded
from .enums import WeightClipType, WeightModifierType, WeightRemapType

__all__ = [
    "DriftParameter",
    "SimpleDriftParameter",
    "WeightClipParameter",
    "WeightModifierParameter",
    "WeightRemapParameter",
]


@dataclass
class WeightModifierParameter(CheckedParameters):
    """Reversible change of the weights during the forward and backward pass of one mini-batch.

    `W` below is the largest absolute weight (`rel_to_actual_wmax`) or `assumed_wmax`; `xi` is
    standard normal per weight. `ADD_NORMAL`: `w + std_dev W xi`.
    """

    bindings_class: ClassVar[str] = "WeightModifierParameter"
    bindings_module: ClassVar[str] = "tiles"

    std_dev: float = 0.0
    """Standard deviation of the noise, relative to `W`."""

    per_batch_sample: bool = False
    """New noise for every sample of a batch."""

    res: float = 0.0
    """Resolution of the discretisation, relative to `W`."""

    sto_round: bool = False
    """Stochastic rounding."""

    dorefa_clip: float = 0.6
    """Clip value of the DoReFa quantisation."""

    pdrop: float = bounded(0.0, 0.0, 1.0)
    """Probability that a weight is set to zero, whatever the type."""

    enable_during_test: bool = False
    """Modify the weights in evaluation mode, too."""

    rel_to_actual_wmax: bool = True
    """Take `W` from the weights instead of from `assumed_wmax`."""

    assumed_wmax: float = 1.0
    """`W` if it is not taken from the weights."""

    copy_last_column: bool = False
    """Leave the last (bias) column as it is."""

    coeffs: list[float] = field(
        default_factory=lambda: [0.0105392, 0.0768, -0.046925],
        metadata={"hide_if": [0.0105392, 0.0768, -0.046925]},
    )
    """Coefficients of the polynomial of `POLY` and `PROG_NOISE`, constant term first."""

    type: WeightModifierType = field(
        default=WeightModifierType.NONE, metadata={"always_show": True}
    )
    """Kind of the modification."""

    g_max: float = 25.0
    """Largest conductance in microsiemens."""

    pcm_zero_thres: float = 0.0
    """Conductances below this multiple of the programming noise become zero (`PCM_NOISE`)."""

    pcm_t_inference: float = 0.0
    """Time of inference in seconds (`PCM_NOISE`)."""

    pcm_prob_at_reset: float = bounded(0.0, 0.0, 1.0)
    """Probability of a device stuck at zero (`PCM_NOISE`)."""

    pcm_prob_at_gmax: float = bounded(0.0, 0.0, 1.0)
    """Probability of a device stuck at the largest conductance (`PCM_NOISE`)."""

    pcm_prob_at_random: float = bounded(0.0, 0.0, 1.0)
    """Probability of a device stuck at a random conductance (`PCM_NOISE`)."""

    pcm_t0: float = 20.0
    """Time of the first read after programming in seconds (`PCM_NOISE`)."""


@dataclass
class WeightClipParameter(CheckedParameters):
    """Clipping of the weights after each update."""

    bindings_class: ClassVar[str] = "WeightClipParameter"
    bindings_module: ClassVar[str] = "tiles"

    fixed_value: float = -1.0
    """Clip value, or upper limit of the clip value for the other types if positive."""

    sigma: float = 2.5
    """Clip value in standard deviations for `LAYER_GAUSSIAN`."""

    type: WeightClipType = field(default=WeightClipType.NONE, metadata={"always_show": True})
    """Kind of the clipping."""


@dataclass
class WeightRemapParameter(CheckedParameters):
    """Remapping of the weights to the conductance range after each update."""

    bindings_class: ClassVar[str] = "WeightRemapParameter"
    bindings_module: ClassVar[str] = "tiles"

    remapped_wmax: float = 1.0
    """Largest absolute weight after the remapping."""

    max_scale_range: float = 0.0
    """Largest ratio of a channel's scale to the smallest one; 0 or less: no limit."""

    max_scale_ref: float = 0.0
    """Lower limit of the smallest scale in that ratio."""

    type: WeightRemapType = field(default=WeightRemapType.NONE, metadata={"always_show": True})
    """Kind of the remapping."""


@dataclass
class SimpleDriftParameter(CheckedParameters):
    """Power-law drift `w(t) = w_0 (t / t_0)^(-nu)`."""

    bindings_class: ClassVar[str] = "DriftParameter"
    bindings_module: ClassVar[str] = "devices"

    nu: float = 0.0
    """Drift exponent; 0: no drift."""

    t_0: float = 1.0
    """Time between write and first read."""

    reset_tol: float = 1e-7
    """A weight that changed by more than this since the last call starts to drift anew."""


@dataclass
class DriftParameter(SimpleDriftParameter):
    """Adds spread, dependence on the conductance and offsets to the power-law drift."""

    nu_dtod: float = 0.0
    """Relative spread of the exponent from device to device."""

    nu_std: float = 0.0
    """Relative variation of the exponent from call to call."""

    wg_ratio: float = 1.0
    """Weight per conductance."""

    g_offset: float = 0.0
    """Offset of the conductance."""

    w_offset: float = 0.0
    """Offset of the weight."""

    nu_k: float = 0.0
    """Dependence of the exponent on the logarithm of the conductance."""

    log_g0: float = 0.0
    """Logarithm of the reference conductance."""

    w_noise_std: float = 0.0
    """Standard deviation of noise added at every call."""
