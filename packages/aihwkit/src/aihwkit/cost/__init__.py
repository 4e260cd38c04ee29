"""Energy, latency and area of analog inference and training, from stated costs of operations."""

from aihwkit.cost.estimate import CostEstimate, LayerCost, cost_estimate
from aihwkit.cost.parameters import COST_PRESETS, CostParameters, cost_preset

__all__ = [
    "COST_PRESETS",
    "CostEstimate",
    "CostParameters",
    "LayerCost",
    "cost_estimate",
    "cost_preset",
]
