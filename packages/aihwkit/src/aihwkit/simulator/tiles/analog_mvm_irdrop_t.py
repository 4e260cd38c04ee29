"""Analog product with pulse-width modulated inputs and wire resistance."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from aihwkit.exceptions import ConfigError
from aihwkit.functional.irdrop_t import (
    V_SWING,
    TimeAxis,
    adc_quantized,
    column_equivalent,
    pcm_read_noise_terms,
    pulse_lengths,
)
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import manage_bounds
from aihwkit.functional.mvm_pass import finalize_output, prepare_input
from aihwkit.functional.noise_management import input_scale
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.traced_mvm import traced_mvm
from aihwkit.simulator.parameters.enums import (
    AnalogMVType,
    BoundManagementType,
    NoiseManagementType,
    WeightNoiseType,
)
from aihwkit.simulator.tiles.analog_mvm import AnalogMVM

__all__ = ["AnalogMVMIRDropT", "Crossbar"]

_MODES = (AnalogMVType.ONE_PASS, AnalogMVType.SPLIT_MODE, AnalogMVType.BIT_WISE)


class Crossbar(NamedTuple):
    """What the product needs to know about the array besides `IOParametersIRDropT`.

    Attributes:
        size: number of rows of the physical array.
        converter: mapping of weights to pairs of conductances.
    """

    size: int
    converter: Any


class _Pass(NamedTuple):
    """One read of the crossbar: inputs in steps, their time axis, factor on the outputs."""

    steps: Tensor
    axis: TimeAxis
    factor: float


class AnalogMVMIRDropT(AnalogMVM):
    """The analog product with time-resolved IR drop, in evaluation mode.

    During training the wires have no resistance and the product is the usual one.
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
            weight: `[d, x]`; in training also `[batch, d, x]`.
            input_: `[..., x]`.
            io_pars: `IOParametersIRDropT`.
            trans: must be False.
            is_test: let the wires have a resistance.
            **fwd_pars: `crossbar`, a `Crossbar`.

        Raises:
            ConfigError: if a setting is not supported.
        """
        if trans:
            raise ConfigError("the product with time-resolved IR drop has no transpose")
        settings = _settings(io_pars)
        if settings.is_perfect or not is_test:
            return traced_mvm(weight, input_, settings)
        if weight.dim() != 2:
            raise ConfigError(
                "per_batch_sample must be False in evaluation mode with time-resolved IR drop"
            )
        run = _Evaluation(weight, settings, io_pars, fwd_pars["crossbar"])
        scale = input_scale(input_, settings)
        reduction = None if scale is None else torch.where(scale > 0, scale, 1.0)
        values, clipped, failed = run(input_, reduction)
        if settings.bound_management != "None":
            values, _ = manage_bounds(run, input_, reduction, values, clipped, failed)
        if scale is not None and settings.inp_noise <= 0:
            values = values.masked_fill(scale <= 0, 0.0)
        return values

    @classmethod
    def check_support(cls, io_pars: Any) -> None:
        """Check that the product supports the settings.

        Raises:
            ConfigError: if not; the message names the field.
        """
        if io_pars.is_perfect:
            return
        mode = io_pars.mv_type
        if mode not in _MODES:
            raise ConfigError(f"mv_type must be ONE_PASS, SPLIT_MODE or BIT_WISE, got {mode!r}")
        if io_pars.bound_management == BoundManagementType.SHIFT:
            raise ConfigError("bound_management must not be SHIFT with time-resolved IR drop")
        managed = io_pars.noise_management
        if managed in (NoiseManagementType.AVERAGE_ABS_MAX, NoiseManagementType.ABS_MAX_NP_SUM):
            raise ConfigError(f"noise_management must not be {managed} with time-resolved IR drop")
        if io_pars.w_noise > 0 or io_pars.w_noise_type != WeightNoiseType.NONE:
            raise ConfigError("w_noise must be 0 and w_noise_type NONE with time-resolved IR drop")
        for name in ("out_nonlinearity", "slope_calibration", "v_offset_std", "v_offset_w_min"):
            value = getattr(io_pars, name)
            if value > 0:
                raise ConfigError(f"{name} must be 0 with time-resolved IR drop, got {value!r}")
        if io_pars.r_series > 0 or io_pars.w_read_asymmetry_dtod > 0:
            raise ConfigError(
                "r_series and w_read_asymmetry_dtod must be 0 with time-resolved IR drop"
            )
        if io_pars.inp_res <= 0:
            raise ConfigError(
                f"inp_res must be positive with time-resolved IR drop, got {io_pars.inp_res!r}"
            )
        _bits(io_pars)
        _settings(io_pars)


def _settings(io_pars: Any) -> MVMSettings:
    return MVMSettings.from_parameters(
        dataclasses.replace(io_pars, mv_type=AnalogMVType.ONE_PASS, ir_drop=0.0)
    )


def _resolution(io_pars: Any) -> float:
    return 1.0 / io_pars.inp_res if io_pars.inp_res > 1 else io_pars.inp_res


def _bits(io_pars: Any) -> int:
    """Return the number of bits of the inputs, sign included.

    Raises:
        ConfigError: if a mode that works bit by bit has no whole number of bits.
    """
    exact = math.log2(1.0 / _resolution(io_pars) + 2.0)
    bits = round(exact)
    if io_pars.mv_type == AnalogMVType.ONE_PASS:
        return bits
    if abs(exact - bits) > 1e-6:
        raise ConfigError(
            f"inp_res must be 2^bits - 2 steps for {io_pars.mv_type}, such as 254, got "
            f"{io_pars.inp_res!r}"
        )
    shift = io_pars.split_mode_bit_shift
    if io_pars.mv_type == AnalogMVType.SPLIT_MODE and not 0 < shift < bits - 1:
        raise ConfigError(
            f"split_mode_bit_shift must be from 1 to {bits - 2} for {bits} bits, got {shift!r}"
        )
    return bits


class _Evaluation:
    """One evaluation of the product at a given input scale."""

    def __init__(self, weight: Tensor, settings: MVMSettings, io: Any, crossbar: Crossbar) -> None:
        self.weight, self.settings, self.io, self.crossbar = weight, settings, io, crossbar

    def __call__(
        self, x: Tensor, scale: Tensor | None, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        scaled = x if scale is None else x * (1.0 / scale)
        prepared = prepare_input(scaled, self.settings)
        steps = prepared / self.settings.inp_step
        weight = self._noisy_weight(steps)
        total = torch.zeros((), dtype=steps.dtype, device=steps.device)
        high: Tensor | None = None
        low: Tensor | None = None
        for read in self._passes(steps):
            value = self._read(weight, read)
            value, part_high, part_low = finalize_output(value, self.settings, LineParameters())
            total = total + read.factor * value
            if part_high is not None and part_low is not None:
                high = part_high if high is None else high | part_high
                low = part_low if low is None else low | part_low
        factor = self.settings.out_scale if scale is None else scale * self.settings.out_scale
        values = total * factor
        if high is None or low is None:
            return values, None, None
        failed = high | low if self.settings.bm_test_negative_bound else high
        return values, high | low, failed.any(dim=-1)

    def _passes(self, steps: Tensor) -> list[_Pass]:
        """Split the inputs, in steps, into the reads of the operating mode."""
        io = self.io
        bits, scale = _bits(io), io.ir_drop_time_step_resolution_scale
        trapezoid = not io.ir_drop_integration_sum
        if io.mv_type == AnalogMVType.ONE_PASS:
            half = 0.5 / _resolution(io)
            axis = TimeAxis(half, max(int((half + 1) * scale), 2), trapezoid)
            return [_Pass(steps, axis, 1.0)]
        sign, magnitude = steps.sign(), steps.abs()
        if io.mv_type == AnalogMVType.SPLIT_MODE:
            base = 2**io.split_mode_bit_shift
            upper = 2 ** (bits - io.split_mode_bit_shift - 1)
            high = torch.floor(magnitude / base + 1e-4)
            reads = ((magnitude - base * high, base, 1.0), (high, upper, float(base)))
            return [
                _Pass(
                    sign * part,
                    TimeAxis(slots - 1.0, max(int(slots * scale), 2), trapezoid),
                    factor,
                )
                for part, slots, factor in reads
            ]
        reads_by_bit = []
        rest = magnitude
        for bit in range(bits - 1):
            half_rest = torch.floor(rest / 2 + 1e-4)
            # A pulse of one slot has the charge of one slot; the trapezoid rule would see 1.5.
            axis = TimeAxis(1.0, 2, trapezoid and io.ir_drop_reference_charge)
            reads_by_bit.append(_Pass(sign * (rest - 2 * half_rest), axis, float(2**bit)))
            rest = half_rest
        return reads_by_bit

    def _read(self, weight: Tensor, read: _Pass) -> Tensor:
        """Return the product of the steps with the weights as one read of the crossbar gives it."""
        io = self.io
        step = self.settings.inp_step
        if io.ir_drop <= 0:
            return (read.steps * step) @ weight.t()
        lengths, total = pulse_lengths(self._padded(read.steps), read.axis)
        slices, params = self._conductances(weight)
        factors = params.get("f_lst", [1.0])
        result = torch.zeros_like(read.steps[..., :1])
        for f, plus, minus in zip(factors, slices[::2], slices[1::2], strict=True):
            result = result + f * self._charge(lengths, total, plus, minus)
        slots = 1.0
        if io.mv_type != AnalogMVType.BIT_WISE and not io.ir_drop_reference_charge:
            slots = io.ir_drop_time_step_resolution_scale
        return result * (step / (V_SWING * slots)) / params["scale_ratio"]

    def _conductances(self, weight: Tensor) -> tuple[list[Tensor], dict[str, Any]]:
        slices, params = self.crossbar.converter.convert_to_conductances(
            self._padded(weight.detach()).t()
        )
        if isinstance(slices, Tensor) or len(slices) % 2:
            raise ConfigError(
                "time-resolved IR drop needs a converter with pairs of devices, got "
                f"{self.crossbar.converter}"
            )
        return slices, params

    def _charge(self, lengths: Tensor, total: float, plus: Tensor, minus: Tensor) -> Tensor:
        """Return the charge of all columns; even ones are read at the end, odd ones at the start.

        Gradients of the weights are not defined, as in the conversion to conductances.
        """
        io = self.io
        n_out = plus.shape[1]
        charge = lengths.new_empty(*lengths.shape[:-1], n_out)
        for first, flipped in ((0, False), (1, True)):
            high, low = plus[:, first::2], minus[:, first::2]
            if high.shape[1] == 0:
                continue
            if flipped:
                high, low = high.flip(0), low.flip(0)
            equivalent = column_equivalent(
                high, low, io.ir_drop_segments, io.ir_drop * io.ir_drop_rs
            )
            pulses = lengths.flip(-1) if flipped else lengths
            part = equivalent.charge(pulses, total, io.ir_drop_v_read)
            charge[..., first::2] = (
                adc_quantized(part, io.adc_frequency) if (io.adc_quantization) else part
            )
        return charge

    def _padded(self, values: Tensor) -> Tensor:
        """Put zeros around the last dimension, up to the size of the physical array."""
        missing = self.crossbar.size - values.shape[-1]
        before = missing // 2
        return torch.nn.functional.pad(values, (before, missing - before))

    def _noisy_weight(self, steps: Tensor) -> Tensor:
        """Add read noise of phase-change memory that depends on the mean pulse length."""
        weight = self.weight
        if not self.io.apply_xdep_pcm_read_noise:
            return weight
        mean = float(steps.detach().abs().mean())
        if mean == 0.0:
            return weight
        slope, offset = pcm_read_noise_terms(mean)
        (plus, minus, *_), params = self.crossbar.converter.convert_to_conductances(weight.detach())
        g = (plus - minus).abs()
        width = self.io.xdep_pcm_read_noise_scale * (slope * g + offset)
        return (g + width * torch.randn_like(g)) * weight.sign() / params["scale_ratio"]
