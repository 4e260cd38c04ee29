"""Class interface of the analog matrix-vector product, for simulator tiles written in torch."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from torch import Tensor

from aihwkit.exceptions import ConfigError
from aihwkit.functional import LineParameters, MVMSettings, analog_mvm
from aihwkit.functional.traced_mvm import traced_mvm

__all__ = ["AnalogMVM"]

_LINES = tuple(item.name for item in fields(LineParameters))


class AnalogMVM:
    """The analog product as class methods, so that a tile can take a variant of it.

    The product is that of all tiles, `aihwkit.functional.analog_mvm`, differentiable with respect
    to weights and inputs.
    """

    @classmethod
    def matmul(
        cls,
        weight: Tensor,
        input_: Tensor,
        io_pars: Any,
        trans: bool = False,
        is_test: bool = False,
        **fwd_pars: Any,
    ) -> Tensor:
        """Return the analog product.

        Args:
            weight: `[d, x]`, or `[batch, d, x]` for one matrix per sample.
            input_: `[..., x]`; `[..., d]` if `trans`.
            io_pars: object with the fields of `IOParameters`.
            trans: multiply with the transposed matrix; there is no bound management then.
            is_test: accepted for variants of the product that differ in evaluation.
            **fwd_pars: per-line parameters, see `LineParameters`.

        Raises:
            ConfigError: if a setting is not supported.
        """
        settings = MVMSettings.from_parameters(io_pars, backward=trans)
        lines = LineParameters(**{name: fwd_pars.get(name) for name in _LINES})
        if not trans:
            return traced_mvm(weight, input_, settings, lines)
        return analog_mvm(weight, input_, settings, lines, transposed=trans).values

    @classmethod
    def check_support(cls, io_pars: Any) -> None:
        """Check that the product supports the settings.

        Raises:
            ConfigError: if not; the message names the field.
        """
        settings = MVMSettings.from_parameters(io_pars)
        if settings.noise_management == "AverageAbsMax":
            raise ConfigError(
                "noise_management must not be AVERAGE_ABS_MAX for a torch tile, which keeps no "
                "running average"
            )
