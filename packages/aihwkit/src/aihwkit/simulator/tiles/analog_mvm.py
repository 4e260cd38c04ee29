"""Class interface of the analog matrix-vector product, for simulator tiles written in torch."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from aihwkit.exceptions import ConfigError
from aihwkit.functional import LineParameters, MVMSettings, analog_mvm
from aihwkit.functional.mvm import manage_bounds
from aihwkit.functional.mvm_pass import finalize_output, prepare_input, product
from aihwkit.functional.noise_management import input_scale
from aihwkit.functional.settings import member
from aihwkit.functional.traced_mvm import traced_mvm

__all__ = ["AnalogMVM"]

_LINES = tuple(item.name for item in fields(LineParameters))


class AnalogMVM:
    """The analog product as class methods, so that a tile can take a variant of it.

    The product is that of all tiles, `aihwkit.functional.analog_mvm`, differentiable with respect
    to weights and inputs. A derived class may override one of its stages: `_matmul`,
    `_prepare_input`, `_finalize_output`, `_compute_analog_mv` or `_compute_noise_management`; the
    product is then made of them. They know one pass with converters, bounds and noise of inputs and
    outputs; more needs a `_compute_analog_mv` of one's own.
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
        if not all(_is_own(cls, name) for name in _STAGES):
            return _staged(cls, weight, input_, settings, io_pars, trans, is_test, fwd_pars)
        lines = LineParameters(**{name: fwd_pars.get(name) for name in _LINES})
        if not trans:
            return traced_mvm(weight, input_, settings, lines)
        return analog_mvm(weight, input_, settings, lines, transposed=trans).values

    # -- stages ------------------------------------------------------------------------------

    @classmethod
    def _matmul(cls, weight: Tensor, input_: Tensor, trans: bool = False) -> Tensor:
        """Return `input_ @ weight^T`, or `input_ @ weight` if `trans`."""
        return product(weight, input_, trans)

    @classmethod
    def _compute_noise_management(
        cls, input_: Tensor, nm_type: Any, io_pars: Any, axis: int = -1
    ) -> float | Tensor:
        """Return the scale of every input vector along `axis`; 1.0 without noise management."""
        settings = MVMSettings.from_parameters(io_pars)
        scale = input_scale(input_.movedim(axis, -1), settings, kind=member(nm_type))
        return 1.0 if scale is None else scale.movedim(-1, axis)

    @classmethod
    def _prepare_input(
        cls,
        input_: Tensor,
        scale: float | Tensor,
        scaling: bool,
        with_asymmetry: bool,
        io_pars: Any,
    ) -> Tensor:
        """Return what drives the crossbar: inputs times `scale` (if `scaling`), DAC, noise."""
        settings = MVMSettings.from_parameters(io_pars)
        if not with_asymmetry:
            settings = replace(settings, inp_asymmetry=0.0)
        return prepare_input(input_ * scale if scaling else input_, settings)

    @classmethod
    def _finalize_output(
        cls,
        out_values: Tensor,
        io_pars: Any,
        out_noise_values: Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[bool | Tensor, Tensor]:
        """Return which vectors are within the output bounds, and the digital values."""
        settings = MVMSettings.from_parameters(io_pars)
        lines = LineParameters(out_noise_values=out_noise_values)
        values, high, low = finalize_output(out_values, settings, lines)
        if high is None or low is None:
            return True, values
        failed = high | low if settings.bm_test_negative_bound else high
        return ~failed.any(dim=-1), values

    @classmethod
    def _compute_analog_mv(
        cls,
        weight: Tensor,
        input_: Tensor,
        trans: bool,
        scale: float | Tensor,
        scaling: bool,
        is_test: bool,
        io_pars: Any,
        **fwd_pars: Any,
    ) -> tuple[bool | Tensor, Tensor]:
        """Return which vectors are within the bounds, and the values, not scaled back."""
        prepared = cls._prepare_input(input_, scale, scaling, True, io_pars)
        return cls._finalize_output(cls._matmul(weight, prepared, trans), io_pars, **fwd_pars)

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


_STAGES = {
    name: getattr(AnalogMVM, name).__func__
    for name in (
        "_matmul",
        "_prepare_input",
        "_finalize_output",
        "_compute_analog_mv",
        "_compute_noise_management",
    )
}


class _StagedEvaluation(NamedTuple):
    """One evaluation through the stages of a class."""

    mvm: type[AnalogMVM]
    weight: Tensor
    settings: MVMSettings
    io_pars: Any
    trans: bool
    is_test: bool
    fwd_pars: dict[str, Any]

    def __call__(
        self, x: Tensor, scale: Tensor | None, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        weight = self.weight
        if rows is not None and weight.dim() == 3:
            weight = weight[rows]
        factor = 1.0 if scale is None else 1.0 / scale
        scaling = scale is not None
        passed, values = self.mvm._compute_analog_mv(
            weight, x, self.trans, factor, scaling, self.is_test, self.io_pars, **self.fwd_pars
        )
        failed = ~torch.as_tensor(passed, device=x.device).expand(values.shape[:-1])
        values = values * self.settings.out_scale
        clipped = failed.unsqueeze(-1).expand(values.shape)
        return values if scale is None else values * scale, clipped, failed


def _staged(
    mvm: type[AnalogMVM],
    weight: Tensor,
    x: Tensor,
    settings: MVMSettings,
    io_pars: Any,
    trans: bool,
    is_test: bool,
    fwd_pars: dict[str, Any],
) -> Tensor:
    """Return the product made of the stages of a derived class."""
    if settings.is_perfect:
        return mvm._matmul(weight, x, trans) * settings.out_scale
    _check_stages(mvm, settings)
    run = _StagedEvaluation(mvm, weight, settings, io_pars, trans, is_test, fwd_pars)
    scale = None
    if settings.noise_management != "None":
        found = mvm._compute_noise_management(x.detach(), settings.noise_management, io_pars)
        found = torch.as_tensor(found, dtype=x.dtype, device=x.device)
        scale = torch.where(found > 0, found, 1.0).expand(*x.shape[:-1], 1)
    values, clipped, failed = run(x, scale)
    if settings.bound_management != "None":
        values, _ = manage_bounds(run, x, scale, values, clipped, failed)
    if scale is not None and settings.inp_noise <= 0:
        values = values.masked_fill((x == 0).all(dim=-1, keepdim=True), 0.0)
    return values


def _check_stages(mvm: type[AnalogMVM], settings: MVMSettings) -> None:
    """Refuse settings that no stage acts on.

    Raises:
        ConfigError: if there is one; the message names the field.
    """
    if not _is_own(mvm, "_compute_analog_mv"):
        return
    unknown = {
        "mv_type": settings.mv_type != "OnePass",
        "ir_drop": settings.ir_drop > 0,
        "w_noise": settings.w_noise > 0 and settings.w_noise_type != "None",
        "v_offset_std": settings.v_offset_std > 0,
        "r_series": settings.r_series > 0,
        "out_nonlinearity": settings.out_nonlinearity > 0,
    }
    for name, is_set in unknown.items():
        if is_set:
            raise ConfigError(
                f"{name} must be left at its default for {mvm.__name__}, whose stages do not know "
                f"it, got {getattr(settings, name)!r}"
            )


def _is_own(mvm: type[AnalogMVM], name: str) -> bool:
    """Tell whether a class has the stage of `AnalogMVM`."""
    stage = getattr(mvm, name)
    return getattr(stage, "__func__", stage) is _STAGES[name]
