"""Enumerations used by the configuration dataclasses."""

from enum import Enum

import torch

__all__ = [
    "AnalogContextDataViewMode",
    "AnalogMVType",
    "BoundManagementType",
    "CountLRFeedbackPolicy",
    "NoiseManagementType",
    "PulseType",
    "RPUDataType",
    "VectorUnitCellUpdatePolicy",
    "WeightClipType",
    "WeightModifierType",
    "WeightNoiseType",
    "WeightRemapType",
]


class RPUDataType(Enum):
    """Floating-point type in which a tile keeps and computes its weights."""

    FLOAT = "float"
    DOUBLE = "double"
    HALF = "half"
    BFLOAT16 = "bfloat16"

    def as_torch(self) -> torch.dtype:
        """Return the torch data type."""
        dtype: torch.dtype = getattr(torch, self.value)
        return dtype


class AnalogContextDataViewMode(Enum):
    """What the data of an analog context (the parameter the optimizer sees) shows."""

    PLACEHOLDER = "placeholder"
    """Shape and device only; the values mean nothing and no weight is ever read."""

    DATA_VIEW = "data_view"
    """Read-only view of the logical weights."""

    BUFFER = "buffer"
    """Independent digital buffer of the logical shape, not synchronised with the tile."""


class BoundManagementType(Enum):
    """What happens when an output of the matrix-vector product hits the converter's bound."""

    NONE = "None"
    """Clip."""

    ITERATIVE = "Iterative"
    """Repeat with half the input until no output is at the bound."""

    ITERATIVE_WORST_CASE = "IterativeWorstCase"
    """As `ITERATIVE`, but the second pass scales the input for the worst case at once."""

    SHIFT = "Shift"
    """Declared for compatibility; no tile supports it."""


class NoiseManagementType(Enum):
    """How the input vector is scaled before the digital-to-analog conversion."""

    NONE = "None"
    """No scaling."""

    ABS_MAX = "AbsMax"
    """By the largest absolute value of the vector."""

    ABS_MAX_NP_SUM = "AbsMaxNPSum"
    """By the largest absolute value, or by the worst-case output if that is larger."""

    MAX = "Max"
    """By the largest (signed) value."""

    CONSTANT = "Constant"
    """By the constant `nm_thres`."""

    AVERAGE_ABS_MAX = "AverageAbsMax"
    """By a running average of the largest absolute value."""


class WeightNoiseType(Enum):
    """Noise of the weights, referred to the output of the matrix-vector product."""

    NONE = "None"
    """No weight noise."""

    ADDITIVE_CONSTANT = "AdditiveConstant"
    """The same standard deviation at every weight."""

    PCM_READ = "PCMRead"
    """Standard deviation growing with the square root of the weight, as in phase-change memory."""


class PulseType(Enum):
    """How the outer-product update is turned into device pulses."""

    NONE = "None"
    """Floating-point update; the device is replaced by an ideal one."""

    STOCHASTIC_COMPRESSED = "StochasticCompressed"
    """Stochastic pulse trains, both polarities in one slot."""

    STOCHASTIC = "Stochastic"
    """Stochastic pulse trains, positive before negative inputs."""

    NONE_WITH_DEVICE = "NoneWithDevice"
    """Floating-point update, afterwards limited by the device's bounds."""

    MEAN_COUNT = "MeanCount"
    """The rounded expected number of coincidences of quantised trains."""

    DETERMINISTIC_IMPLICIT = "DeterministicImplicit"
    """The rounded expected number of coincidences of discretised vectors."""


class WeightModifierType(Enum):
    """How weights are modified during hardware-aware training."""

    NONE = "None"
    """No modification (the core treats it as `COPY`)."""

    DISCRETIZE = "Discretize"
    """Quantise."""

    MULT_NORMAL = "MultNormal"
    """Multiplicative Gaussian noise."""

    ADD_NORMAL = "AddNormal"
    """Additive Gaussian noise."""

    DISCRETIZE_ADD_NORMAL = "DiscretizeAddNormal"
    """Quantise, then add Gaussian noise."""

    DOREFA = "DoReFa"
    """DoReFa quantisation."""

    POLY = "Poly"
    """Gaussian noise with a standard deviation polynomial in the weight."""

    PCM_NOISE = "PCMNoise"
    """Programming, drift and read noise of phase-change memory."""

    PROG_NOISE = "ProgNoise"
    """As `POLY`, in conductance units and keeping the sign of the weight."""

    DROP_CONNECT = "DropConnect"
    """Only the dropping of weights with probability `pdrop`."""

    COPY = "Copy"
    """No modification, on a separate copy of the weights."""


class WeightClipType(Enum):
    """How weights are clipped after an update in hardware-aware training."""

    NONE = "None"
    """No clipping."""

    FIXED_VALUE = "FixedValue"
    """To a fixed value."""

    LAYER_GAUSSIAN = "LayerGaussian"
    """To a multiple of the standard deviation of the tile's weights."""

    AVERAGE_CHANNEL_MAX = "AverageChannelMax"
    """To the mean over outputs of the largest absolute weight."""


class WeightRemapType(Enum):
    """How weights are remapped to the conductance range during training."""

    NONE = "None"
    """No remapping."""

    LAYERWISE_SYMMETRIC = "LayerwiseSymmetric"
    """One scale per tile."""

    CHANNELWISE_SYMMETRIC = "ChannelwiseSymmetric"
    """One scale per output."""


class VectorUnitCellUpdatePolicy(Enum):
    """Which devices of a vector unit cell receive the pulses of an update."""

    ALL = "All"
    """Every device."""

    SINGLE_FIXED = "SingleFixed"
    """Always the same device (see `set_hidden_update_index`)."""

    SINGLE_SEQUENTIAL = "SingleSequential"
    """One device after the other."""

    SINGLE_RANDOM = "SingleRandom"
    """One randomly chosen device."""


class AnalogMVType(Enum):
    """How one analog matrix-vector product is divided into passes."""

    IDEAL = "Ideal"
    """Exact product, as with `is_perfect`."""

    ONE_PASS = "OnePass"
    """Positive and negative inputs in one pass."""

    POS_NEG_SEPARATE = "PosNegSeparate"
    """Two passes, summed before the output converter."""

    POS_NEG_SEPARATE_DIGITAL_SUM = "PosNegSeparateDigitalSum"
    """Two passes, each converted, summed digitally."""

    SPLIT_MODE = "SplitMode"
    """Upper and lower bits of the input separately (time-resolved IR drop only)."""

    BIT_WISE = "BitWise"
    """One pass per input bit (time-resolved IR drop only)."""


class CountLRFeedbackPolicy(Enum):
    """Unused; kept so that old pickles can be read."""

    NONE = "None"
    PAST_MOMENTUM = "PastMomentum"
    EXTERN = "Extern"
