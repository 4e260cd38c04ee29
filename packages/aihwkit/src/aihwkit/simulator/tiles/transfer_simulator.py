"""Simulator tile of the tiki-taka family in torch, with one transfer for each mini-batch."""

from __future__ import annotations

from copy import deepcopy
from math import ceil
from typing import Any

import torch
from torch import Tensor

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs.compound_base import UnitCell
from aihwkit.simulator.configs.configs import SingleRPUConfig, UnitCellRPUConfig
from aihwkit.simulator.configs.transfer_compounds import (
    ChoppedTransferCompound,
    DynamicTransferCompound,
)
from aihwkit.simulator.tiles.transfer_pair import TransferTilePair

__all__ = ["TransferSimulatorTile"]


class TransferSimulatorTile(TransferTilePair):
    r"""Two tiles: gradients are written to the first and read back into a buffer for the second.

    At a transfer the next line :math:`k` of the gradient tile is read as :math:`\omega`, and

    .. math::
        h_k \leftarrow h_k + \lambda_h c_k (\omega - r_k), \qquad
        w = \mathrm{trunc}(h_k),

    where the chopper :math:`c_k = \pm 1` also acts on the gradients; the reference :math:`r_k` is
    that of the dynamic compound, otherwise 0. Whole steps :math:`w` are written to the weights.

    Derive from it to try a variant of the algorithm.

    Args:
        x_size: number of columns.
        d_size: number of rows.
        rpu_config: configuration with a `ChoppedTransferCompound` or `DynamicTransferCompound`.
        dtype: data type of buffers.

    Raises:
        ConfigError: if the configuration is not supported.
    """

    def __init__(
        self, x_size: int, d_size: int, rpu_config: Any, dtype: torch.dtype = torch.float32
    ) -> None:
        compound = _checked_compound(rpu_config)
        is_dynamic = isinstance(compound, DynamicTransferCompound)
        configs = _device_configs(rpu_config)
        super().__init__(x_size, d_size, configs, compound, dtype, has_reference=is_dynamic)
        self.rpu_config, self.is_dynamic = rpu_config, is_dynamic
        fast, slow = (tile.rpu_config.device for tile in (self.grad_tile, self.weight_tile))
        kind = rpu_config.runtime.data_type
        self.fast_granularity = fast.as_bindings(kind).calc_weight_granularity()
        self.slow_granularity = slow.as_bindings(kind).calc_weight_granularity()
        self.weight_tile.set_learning_rate(compound.step * self.slow_granularity)

    # -- products ----------------------------------------------------------------------------

    def forward(
        self,
        x_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        is_test: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog product with the weights."""
        result: Tensor = self.weight_tile.tile.forward(x_input, bias, in_trans, out_trans, is_test)
        return result

    def forward_with_mask(self, x_input: Tensor, *flags: bool) -> tuple[Tensor, Tensor | None]:
        """Return what `forward` returns, and which outputs were clipped."""
        result: tuple[Tensor, Tensor | None] = self.weight_tile.tile.forward_with_mask(
            x_input, *flags
        )
        return result

    def backward(
        self,
        d_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog transposed product with the weights."""
        result: Tensor = self.weight_tile.tile.backward(d_input, bias, in_trans, out_trans)
        return result

    # -- update ------------------------------------------------------------------------------

    @torch.no_grad()
    def update(
        self,
        x_input: Tensor,
        d_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        non_blocking: bool = False,
    ) -> None:
        """Write the gradients of a mini-batch and, when it is due, transfer one line.

        Raises:
            ConfigError: for a bias or transposed inputs, or if more than one transfer is due.
        """
        if bias or in_trans or out_trans:
            raise ConfigError(
                "a transfer tile takes neither an analog bias nor transposed inputs or gradients"
            )
        x, d = x_input.reshape(-1, self.x_size), d_input.reshape(-1, self.d_size)
        m_batch = x.shape[0]
        if m_batch == 0 or self.learning_rate == 0:
            return
        due = self._transfer_is_due(m_batch)
        rate = self._gradient_rate(x, d)
        x, d = (x * self.chopper, d) if self.compound.transfer_columns else (x, d * self.chopper)
        self.grad_tile.set_learning_rate(rate)
        self.grad_tile.update(x, d)
        self.update_counter += m_batch
        if due:
            self._transfer(rate, m_batch)

    def _interval(self, m_batch: int) -> int:
        every = self.compound.transfer_every
        return ceil(every * (m_batch if self.compound.units_in_mbatch else 1))

    def _transfer_is_due(self, m_batch: int) -> bool:
        interval = self._interval(m_batch)
        if interval <= 0:
            return False
        passed = self.update_counter % interval + m_batch
        if passed >= 2 * interval:
            raise ConfigError(
                "Multiple transfers within batch not supported: transfer_every must be at least "
                f"the batch size {m_batch} (or units_in_mbatch=True), got an interval of {interval}"
            )
        return passed >= interval

    def _gradient_rate(self, x: Tensor, d: Tensor) -> float:
        """Return the learning rate of the gradient tile."""
        meta = self.compound
        if not meta.auto_scale:
            return meta.fast_lr
        keep = (1 - meta.auto_momentum) / x.shape[0]
        self.m_x = _running(self.m_x, float(x.abs().max()), keep)
        self.m_d = _running(self.m_d, float(d.abs().max()), keep)
        base = meta.fast_lr * self.rpu_config.update.desired_bl * self.fast_granularity
        return base / (self.m_x * self.m_d) if self.m_x > 0 and self.m_d > 0 else base

    def _buffer_rate(self, rate: float, m_batch: int) -> float:
        """Return the factor from what is read to the buffer, in units of a writing."""
        meta = self.compound
        unit = meta.buffer_granularity if meta.buffer_granularity > 0 else 1.0
        unit *= self.fast_granularity
        if meta.auto_granularity > 0:
            unit *= meta.auto_granularity / (self.t_in * self._interval(m_batch))
        if meta.correct_gradient_magnitudes:
            return self.learning_rate / (
                rate * unit * self.slow_granularity / self.fast_granularity
            )
        return self.learning_rate / unit

    def _transfer(self, rate: float, m_batch: int) -> None:
        """Read the next line of the gradient tile and write whole steps of its buffer."""
        meta = self.compound
        k = self.transfer_idx = (self.transfer_idx + 1) % self.t_in
        omega = self._read_line(k)
        gradient = omega - self.reference_weight[k] if self.is_dynamic else omega
        if self.is_dynamic:
            beta = min(meta.tail_weightening / self._period, 1.0)
            self.past_mean_weight[k] = torch.lerp(self.past_mean_weight[k], omega, beta)
        total = (
            self.hidden_weight[k] + self._buffer_rate(rate, m_batch) * self.chopper[k] * gradient
        )
        steps = total.trunc()
        if meta.forget_buffer:
            self.hidden_weight[k] = torch.where(steps != 0, total * meta.momentum, total)
        else:
            self.hidden_weight[k] = total - (1 - meta.momentum) * steps
        if self._switches(k):
            self.chopper[k] *= -1
            if self.is_dynamic:
                self.reference_weight[k] = self.past_mean_weight[k]
        # Asking whether there are steps would make an accelerator wait.
        if steps.is_cuda or bool(steps.any()):
            self._write_line(k, steps)

    def _unit_vector(self, k: int) -> Tensor:
        vector = torch.zeros(1, self.t_in, dtype=self.chopper.dtype, device=self.chopper.device)
        vector[0, k] = 1.0
        return vector

    def _read_line(self, k: int) -> Tensor:
        simulator = self.grad_tile.tile
        read = simulator.forward if self.compound.transfer_columns else simulator.backward
        line: Tensor = read(self._unit_vector(k))[0]
        return line

    def _write_line(self, k: int, steps: Tensor) -> None:
        unit, change = self._unit_vector(k), -steps.unsqueeze(0)
        if self.compound.transfer_columns:
            self.weight_tile.update(unit, change)
        else:
            self.weight_tile.update(change, unit)

    @property
    def _period(self) -> int:
        """Number of sweeps between regular flips of a chopper."""
        probability = self.compound.in_chop_prob
        return max(round(1.0 / probability), 1) if probability > 0 else 1

    def _switches(self, k: int) -> bool:
        """Tell whether the chopper of a line flips now."""
        if self.compound.in_chop_prob <= 0:
            return False
        if self.compound.in_chop_random:
            draw = torch.rand((), generator=self.random.generator("cpu"))
            return bool(draw < self.compound.in_chop_prob)
        if k == 0:
            self.sweep = (self.sweep + 1) % self._period
        return self.sweep == 0

    def post_update_step(self) -> None:
        """Let both tiles diffuse and decay as configured."""
        self.grad_tile.post_update_step()
        self.weight_tile.post_update_step()


def _running(mean: float, value: float, keep: float) -> float:
    """Return the running mean, which starts with the first positive value."""
    if mean <= 0:
        return value
    return (1 - keep) * mean + keep * value if value > 0 else mean


def _checked_compound(rpu_config: Any) -> ChoppedTransferCompound:
    device = getattr(rpu_config, "device", None)
    if not isinstance(rpu_config, UnitCellRPUConfig) or not isinstance(
        device, ChoppedTransferCompound
    ):
        raise ConfigError(
            "a transfer tile needs a UnitCellRPUConfig with a ChoppedTransferCompound or "
            f"DynamicTransferCompound, got {type(rpu_config).__name__} with "
            f"{type(device).__name__}"
        )
    if device.n_reads_per_transfer != 1:
        raise ConfigError(f"n_reads_per_transfer must be 1, got {device.n_reads_per_transfer}")
    if device.transfer_every < 0:
        raise ConfigError(f"transfer_every must not be negative, got {device.transfer_every}")
    if getattr(device, "experimental_correct_accumulation", False):
        raise ConfigError("experimental_correct_accumulation must be False for a transfer tile")
    device.as_bindings(rpu_config.runtime.data_type)
    return device


def _device_configs(rpu_config: Any) -> tuple[Any, Any]:
    """Return the configurations of the gradient tile and of the tile of the weights."""
    compound = rpu_config.device
    read = compound.transfer_forward
    settings: list[dict[str, Any]] = [
        {"forward": read, "backward": read, "update": rpu_config.update},
        {
            "forward": rpu_config.forward,
            "backward": rpu_config.backward,
            "update": compound.transfer_update,
        },
    ]
    configs = []
    for device, options in zip(compound.unit_cell_devices, settings, strict=True):
        cls: Any = UnitCellRPUConfig if isinstance(device, UnitCell) else SingleRPUConfig
        config = cls(device=deepcopy(device), **{k: deepcopy(v) for k, v in options.items()})
        config.runtime = deepcopy(rpu_config.runtime)
        configs.append(config)
    return configs[0], configs[1]
