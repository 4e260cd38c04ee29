"""Enumerations of the core, with members named by the values of the configuration's ones."""

from enum import Enum

__all__ = [
    "AnalogMVType",
    "BoundManagementType",
    "NoiseManagementType",
    "PulseType",
    "VectorUnitCellUpdatePolicy",
    "WeightClipType",
    "WeightModifierType",
    "WeightNoiseType",
    "WeightRemapType",
]


def _members(*names: str, **aliases: str) -> dict[str, str]:
    return {name: name for name in names} | aliases


# `None` cannot be written as a class attribute, hence the functional form.
BoundManagementType = Enum(  # type: ignore[misc]
    "BoundManagementType", _members("None", "Iterative", "IterativeWorstCase"), module=__name__
)
NoiseManagementType = Enum(  # type: ignore[misc]
    "NoiseManagementType",
    _members("None", "AbsMax", "AbsMaxNPSum", "Max", "Constant", "AverageAbsMax"),
    module=__name__,
)
WeightNoiseType = Enum(  # type: ignore[misc]
    "WeightNoiseType", _members("None", "AdditiveConstant", "PCMRead"), module=__name__
)
PulseType = Enum(  # type: ignore[misc]
    "PulseType",
    _members(
        "None",
        "StochasticCompressed",
        "Stochastic",
        "NoneWithDevice",
        "MeanCount",
        "DeterministicImplicit",
    ),
    module=__name__,
)
AnalogMVType = Enum(  # type: ignore[misc]
    "AnalogMVType",
    _members("Ideal", "OnePass", "PosNegSeparate", "PosNegSeparateDigitalSum"),
    module=__name__,
)
VectorUnitCellUpdatePolicy = Enum(  # type: ignore[misc]
    "VectorUnitCellUpdatePolicy",
    _members("All", "SingleFixed", "SingleSequential", "SingleRandom"),
    module=__name__,
)
WeightModifierType = Enum(  # type: ignore[misc]
    "WeightModifierType",
    _members(
        "Copy",
        "Discretize",
        "MultNormal",
        "AddNormal",
        "DiscretizeAddNormal",
        "DoReFa",
        "Poly",
        "PCMNoise",
        "ProgNoise",
        "DropConnect",
        **{"None": "Copy"},
    ),
    module=__name__,
)
WeightRemapType = Enum(  # type: ignore[misc]
    "WeightRemapType",
    _members("None", "LayerwiseSymmetric", "ChannelwiseSymmetric"),
    module=__name__,
)
WeightClipType = Enum(  # type: ignore[misc]
    "WeightClipType",
    _members("None", "FixedValue", "LayerGaussian", "AverageChannelMax"),
    module=__name__,
)
