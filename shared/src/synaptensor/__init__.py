"""The small core under pynsm, bioplnn, inferno and aihwkit.

Tensor utilities, hooks, random streams, kernel choice and argument checks. The contract
battery (`synaptensor.testing`) and the benchmark runner (`synaptensor.benchmark`) are
imported on their own, because users of the four packages do not need them.
"""

from synaptensor import attributes, hooks, kernels, optional, random, tensors, validation
from synaptensor.hooks import HookList, ManagedHook
from synaptensor.kernels import KernelRegistry, capabilities, use_kernel
from synaptensor.random import RandomStream

__version__ = "0.1.0"

__all__ = [
    "HookList",
    "KernelRegistry",
    "ManagedHook",
    "RandomStream",
    "__version__",
    "attributes",
    "capabilities",
    "hooks",
    "kernels",
    "optional",
    "random",
    "tensors",
    "use_kernel",
    "validation",
]
