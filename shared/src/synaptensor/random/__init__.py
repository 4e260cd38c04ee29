"""Random numbers: streams that are keyed at first use."""

from synaptensor.random.stream import RandomStream

__all__ = ["RandomStream"]
