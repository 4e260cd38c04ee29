"""The contract battery, and assertions for tests of stateful and random code.

Needs pytest; nothing else in `synaptensor` imports it.
"""

from synaptensor.testing.contract import ModuleContract
from synaptensor.testing.distributed import DistributedError, run_distributed
from synaptensor.testing.state import (
    assert_independent,
    assert_same_module,
    assert_state_unchanged,
    capture_state,
)
from synaptensor.testing.statistics import (
    assert_frequency,
    assert_mean,
    assert_same_distribution,
    assert_variance,
)

__all__ = [
    "DistributedError",
    "ModuleContract",
    "assert_frequency",
    "assert_independent",
    "assert_mean",
    "assert_same_distribution",
    "assert_same_module",
    "assert_state_unchanged",
    "assert_variance",
    "capture_state",
    "run_distributed",
]
