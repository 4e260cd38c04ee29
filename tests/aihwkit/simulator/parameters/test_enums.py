"""Members and values of the enumerations."""

import pytest
import torch

from aihwkit.simulator.parameters import enums

TABLE = {
    "RPUDataType": "FLOAT=float DOUBLE=double HALF=half BFLOAT16=bfloat16",
    "AnalogContextDataViewMode": "PLACEHOLDER=placeholder DATA_VIEW=data_view BUFFER=buffer",
    "BoundManagementType": "NONE=None ITERATIVE=Iterative ITERATIVE_WORST_CASE=IterativeWorstCase "
    "SHIFT=Shift",
    "NoiseManagementType": "NONE=None ABS_MAX=AbsMax ABS_MAX_NP_SUM=AbsMaxNPSum MAX=Max "
    "CONSTANT=Constant AVERAGE_ABS_MAX=AverageAbsMax",
    "WeightNoiseType": "NONE=None ADDITIVE_CONSTANT=AdditiveConstant PCM_READ=PCMRead",
    "PulseType": "NONE=None STOCHASTIC_COMPRESSED=StochasticCompressed STOCHASTIC=Stochastic "
    "NONE_WITH_DEVICE=NoneWithDevice MEAN_COUNT=MeanCount "
    "DETERMINISTIC_IMPLICIT=DeterministicImplicit",
    "WeightModifierType": "NONE=None DISCRETIZE=Discretize MULT_NORMAL=MultNormal "
    "ADD_NORMAL=AddNormal DISCRETIZE_ADD_NORMAL=DiscretizeAddNormal DOREFA=DoReFa POLY=Poly "
    "PCM_NOISE=PCMNoise PROG_NOISE=ProgNoise DROP_CONNECT=DropConnect COPY=Copy",
    "WeightClipType": "NONE=None FIXED_VALUE=FixedValue LAYER_GAUSSIAN=LayerGaussian "
    "AVERAGE_CHANNEL_MAX=AverageChannelMax",
    "WeightRemapType": "NONE=None LAYERWISE_SYMMETRIC=LayerwiseSymmetric "
    "CHANNELWISE_SYMMETRIC=ChannelwiseSymmetric",
    "VectorUnitCellUpdatePolicy": "ALL=All SINGLE_FIXED=SingleFixed "
    "SINGLE_SEQUENTIAL=SingleSequential SINGLE_RANDOM=SingleRandom",
    "AnalogMVType": "IDEAL=Ideal ONE_PASS=OnePass POS_NEG_SEPARATE=PosNegSeparate "
    "POS_NEG_SEPARATE_DIGITAL_SUM=PosNegSeparateDigitalSum SPLIT_MODE=SplitMode BIT_WISE=BitWise",
    "CountLRFeedbackPolicy": "NONE=None PAST_MOMENTUM=PastMomentum EXTERN=Extern",
}


@pytest.mark.parametrize("name", TABLE)
def test_members(name):
    members = {member.name: member.value for member in getattr(enums, name)}
    assert members == dict(item.split("=") for item in TABLE[name].split())


def test_table_is_complete():
    assert set(TABLE) == set(enums.__all__)


@pytest.mark.parametrize(
    ("member", "dtype"),
    [
        ("FLOAT", torch.float32),
        ("DOUBLE", torch.float64),
        ("HALF", torch.float16),
        ("BFLOAT16", torch.bfloat16),
    ],
)
def test_data_types(member, dtype):
    assert enums.RPUDataType[member].as_torch() is dtype
