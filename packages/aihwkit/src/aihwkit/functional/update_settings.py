"""Parameters of the pulsed update, checked and normalised once."""

from dataclasses import dataclass, replace
from typing import Any

from aihwkit.exceptions import ConfigError
from aihwkit.functional.settings import member

__all__ = ["UpdateSettings"]

_PULSE_TYPES = (
    "None",
    "StochasticCompressed",
    "Stochastic",
    "NoneWithDevice",
    "MeanCount",
    "DeterministicImplicit",
)


def _step(resolution: float) -> float:
    if resolution <= 0:
        return 0.0
    return 1.0 / resolution if resolution > 1 else float(resolution)


@dataclass(frozen=True)
class UpdateSettings:
    """How an outer product is turned into pulses, by the fields of `UpdateParameters`.

    Steps are fractions of the full probability range, 0 means no discretisation.
    """

    desired_bl: int = 31
    fixed_bl: bool = True
    pulse_type: str = "StochasticCompressed"
    step: float = 0.0
    x_step_implicit: float = 0.0
    d_step_implicit: float = 0.0
    sto_round: bool = False
    update_bl_management: bool = True
    update_management: bool = True
    um_grad_scale: float = 1.0

    @property
    def is_stochastic(self) -> bool:
        """Whether pulses are coincidences of random trains."""
        return self.pulse_type in ("StochasticCompressed", "Stochastic")

    @property
    def is_managed(self) -> bool:
        """Whether the probabilities depend on the largest entries of the vectors."""
        return self.update_management or self.update_bl_management

    def managed(self) -> "UpdateSettings":
        """Return the same with both managements on."""
        return replace(self, update_bl_management=True, update_management=True)

    @classmethod
    def from_parameters(cls, update: Any) -> "UpdateSettings":
        """Normalise an `UpdateParameters` object (or the core's counterpart of it).

        Raises:
            ConfigError: for an unknown pulse type or a train length below 1.
        """
        pulse_type = member(update.pulse_type)
        if pulse_type not in _PULSE_TYPES:
            raise ConfigError(
                f"pulse_type must be one of {', '.join(_PULSE_TYPES)}, got {update.pulse_type!r}"
            )
        if update.desired_bl < 1:
            raise ConfigError(f"desired_bl must be at least 1, got {update.desired_bl!r}")
        return cls(
            desired_bl=int(update.desired_bl),
            fixed_bl=bool(update.fixed_bl),
            pulse_type=pulse_type,
            step=_step(update.res),
            x_step_implicit=_step(update.x_res_implicit),
            d_step_implicit=_step(update.d_res_implicit),
            sto_round=bool(update.sto_round),
            update_bl_management=bool(update.update_bl_management),
            update_management=bool(update.update_management or update.update_bl_management),
            um_grad_scale=float(update.um_grad_scale),
        )
