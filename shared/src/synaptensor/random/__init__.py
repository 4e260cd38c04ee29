"""Random numbers: lazily keyed streams, and counter-based numbers that no kernel can change."""

from synaptensor.random.philox import philox, philox_normal, philox_uniform
from synaptensor.random.stream import RandomStream

__all__ = ["RandomStream", "philox", "philox_normal", "philox_uniform"]
