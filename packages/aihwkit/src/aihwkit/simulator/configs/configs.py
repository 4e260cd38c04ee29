"""All RPU configurations."""

from .inference_configs import (
    InferenceRPUConfig,
    QuantizedTorchInferenceRPUConfig,
    TorchInferenceRPUConfig,
    TorchInferenceRPUConfigIRDropT,
)
from .training_configs import (
    DigitalRankUpdateRPUConfig,
    FloatingPointRPUConfig,
    IOManagedRPUConfig,
    SingleRPUConfig,
    UnitCellRPUConfig,
)

__all__ = [
    "DigitalRankUpdateRPUConfig",
    "FloatingPointRPUConfig",
    "IOManagedRPUConfig",
    "InferenceRPUConfig",
    "QuantizedTorchInferenceRPUConfig",
    "SingleRPUConfig",
    "TorchInferenceRPUConfig",
    "TorchInferenceRPUConfigIRDropT",
    "UnitCellRPUConfig",
]
