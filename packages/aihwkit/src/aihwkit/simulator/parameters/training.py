"""Parameters of the pulsed update."""

from dataclasses import dataclass
from typing import ClassVar

from .checked import CheckedParameters, bounded
from .enums import PulseType

__all__ = ["UpdateParameters"]


@dataclass
class UpdateParameters(CheckedParameters):
    """How the outer product of input and gradient is turned into device pulses.

    The resolutions follow the rule of the other resolutions: 0 or less switches the discretisation
    off, a value above 1 is a number of steps and is replaced by its inverse.
    """

    bindings_class: ClassVar[str] = "AnalogTileUpdateParameter"
    bindings_module: ClassVar[str] = "devices"

    desired_bl: int = bounded(31, minimum=1)
    """Length of the pulse train; with `update_bl_management` the maximal length."""

    fixed_bl: bool = True
    """Without `update_bl_management`: whether the length stays, or grows with the learning rate."""

    pulse_type: PulseType = PulseType.STOCHASTIC_COMPRESSED
    """How pulses are generated."""

    res: float = 0.0
    """Resolution of the pulse probabilities of stochastic and mean-count trains."""

    x_res_implicit: float = 0.0
    """Resolution of the inputs for `DETERMINISTIC_IMPLICIT`."""

    d_res_implicit: float = 0.0
    """Resolution of the gradients for `DETERMINISTIC_IMPLICIT`."""

    d_sparsity: bool = False
    """Record the fraction of zero gradients."""

    sto_round: bool = False
    """Stochastic rounding of the probabilities."""

    update_bl_management: bool = True
    """Train length no longer than the update needs; implies `update_management`."""

    update_management: bool = True
    """Balance the probabilities of inputs and gradients."""

    um_grad_scale: float = 1.0
    """Factor on the largest gradient inside the update management."""
