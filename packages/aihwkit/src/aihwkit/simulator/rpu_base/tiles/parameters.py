"""Parameter classes of what training does to weights between updates."""

from aihwkit.simulator.rpu_base.core_parameter import CoreParameter

__all__ = ["WeightClipParameter", "WeightModifierParameter", "WeightRemapParameter"]


class WeightClipParameter(CoreParameter):
    """How weights are clipped."""

    config = ("parameters.inference", "WeightClipParameter")


class WeightRemapParameter(CoreParameter):
    """How weights are remapped."""

    config = ("parameters.inference", "WeightRemapParameter")


class WeightModifierParameter(CoreParameter):
    """How weights are modified."""

    config = ("parameters.inference", "WeightModifierParameter")
