"""The simulator tile with analog products and devices."""

import copy
from typing import Any, Self

import torch
from torch import Tensor

from aihwkit.engine.build import make_cell
from aihwkit.engine.cells.base import Cell, UpdateContext
from aihwkit.engine.cells.ideal import IdealCell
from aihwkit.engine.kernels import MVM_KERNEL
from aihwkit.engine.tiles.floating_point import FloatingPointTile
from aihwkit.functional.lines import LineParameters, draw_line_parameters
from aihwkit.functional.mvm import MVMOutput
from aihwkit.functional.noise_management import running_abs_max
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings
from synaptensor.random import RandomStream

__all__ = ["AnalogTile"]


class AnalogTile(FloatingPointTile):
    """Matrix of devices `[d, x]` with analog products in both directions and pulsed updates.

    Args:
        x_size: number of columns.
        d_size: number of rows.
        parameter: object with `forward_io`, `backward_io` and `update`; exact products without one.
        device: parameter object of the devices; ideal devices without one.
        dtype: data type of the weights and of all inputs.
        random: stream of all draws; keyed by torch's generator at first use if not given.

    Raises:
        ConfigError: if the parameters contradict each other or ask for something that is not
            supported.
    """

    def __init__(
        self,
        x_size: int,
        d_size: int,
        parameter: Any = None,
        device: Any = None,
        *,
        dtype: torch.dtype = torch.float32,
        random: RandomStream | None = None,
    ) -> None:
        super().__init__(x_size, d_size, parameter, dtype=dtype, random=random)
        perfect = MVMSettings(is_perfect=True)
        self.forward_settings = self.backward_settings = perfect
        self.update_settings = UpdateSettings(pulse_type="None")
        if parameter is not None:
            if not hasattr(parameter, "forward_io"):
                raise TypeError(f"parameter must have forward_io and more, got {parameter!r}")
            self.forward_settings = MVMSettings.from_parameters(parameter.forward_io)
            self.backward_settings = MVMSettings.from_parameters(
                parameter.backward_io, backward=True
            )
            self.update_settings = UpdateSettings.from_parameters(parameter.update)
        self.device_parameter = copy.deepcopy(device)
        self._build(validate_only=True)
        self._lines: tuple[LineParameters, LineParameters] | None = None

    @property
    def _has_devices(self) -> bool:
        return True

    def _make_cell(self) -> Cell:
        cell = self._build()
        assert cell is not None
        return cell

    def _build(self, validate_only: bool = False) -> Cell | None:
        if self.device_parameter is None or self.update_settings.pulse_type == "None":
            return None if validate_only else IdealCell(self._storage, self.device_parameter)
        if validate_only:
            make_cell(self.device_parameter, None, self.random, self.update_settings)
            return None
        return make_cell(self.device_parameter, self._storage, self.random, self.update_settings)

    # -- products --------------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[LineParameters, LineParameters]:
        """Per-line parameters of the forward and of the backward pass; drawn at first use."""
        if self._lines is None:
            generator = self.random.generator("cpu")
            shape = (self.d_size, self.x_size)
            drawn = [
                draw_line_parameters(settings, n_out, shape, self.dtype, generator)
                for settings, n_out in (
                    (self.forward_settings, self.d_size),
                    (self.backward_settings, self.x_size),
                )
            ]
            self._set_lines(drawn[0], drawn[1])
        assert self._lines is not None
        return self._lines

    def _set_lines(self, forward: LineParameters, backward: LineParameters) -> None:
        def place(value: Tensor) -> Tensor:
            return value.to(self.device, self.dtype)

        self._lines = (forward.map(place), backward.map(place))

    def _product(self, rows: Tensor, backward: bool, is_test: bool) -> MVMOutput:
        settings = self.backward_settings if backward else self.forward_settings
        weight = self._read_weights(is_test)
        product: MVMOutput = MVM_KERNEL.select(rows.device)(
            weight,
            rows,
            settings,
            self.lines[int(backward)],
            transposed=backward,
            generator=None if settings.is_perfect else self._generator,
            running=self._running_scales(rows, settings, backward, is_test),
        )
        return product

    def _running_scales(
        self, rows: Tensor, settings: MVMSettings, backward: bool, is_test: bool
    ) -> Tensor | None:
        if settings.noise_management != "AverageAbsMax" or rows.shape[0] == 0:
            return None
        start = self._running[int(backward)]
        if is_test:
            return None if start < 0 else rows.new_full((rows.shape[0],), start)
        averages = running_abs_max(rows, start, settings.nm_decay)
        self._running[int(backward)] = float(averages[-1])
        return averages

    def _forward_rows(self, rows: Tensor, is_test: bool) -> tuple[Tensor, Tensor | None]:
        return self._product(rows, backward=False, is_test=is_test)

    def _backward_rows(self, rows: Tensor) -> Tensor:
        return self._product(rows, backward=True, is_test=False).values

    # -- update ----------------------------------------------------------------------------------

    def set_learning_rate(self, learning_rate: float) -> None:
        """Set the learning rate of the next updates.

        Raises:
            RuntimeError: for a negative rate with pulsed devices.
        """
        pulsed = self.device_parameter is not None and self.update_settings.pulse_type != "None"
        if learning_rate < 0 and pulsed:
            raise RuntimeError(f"learning_rate must not be negative, got {learning_rate!r}")
        super().set_learning_rate(learning_rate)

    def _update_rows(self, x: Tensor, d: Tensor) -> None:
        self._check_batch(x, d)
        if not self.cell.uses_pulses:
            super()._update_rows(x, d)
        elif self._delta is not None:
            self._delta.copy_(self._trial_update(x, d))
        elif self._learning_rate != 0 and x.shape[0] > 0:
            self._drop_modified()
            self.cell.update(x, d, self._learning_rate, self._context(x))

    def _context(self, x: Tensor) -> UpdateContext:
        return UpdateContext(self.update_settings, self._generator, x.shape[0], self._learning_rate)

    def _trial_update(self, x: Tensor, d: Tensor) -> Tensor:
        """Return the gradient that a pulsed update stands for, without changing the devices."""
        if self._learning_rate == 0 or x.shape[0] == 0:
            return torch.zeros_like(self._storage)
        trial = copy.deepcopy(self.cell)
        trial.update(x, d, self._learning_rate, self._context(x))
        return (self._storage - trial.weight) / self._learning_rate

    # -- moves and description -------------------------------------------------------------------

    @torch.no_grad()
    def to(self, device: torch.device | str) -> Self:
        """Move all state to a device, in place; shared storage is left behind."""
        super().to(device)
        if self._lines is not None:
            self._set_lines(*self._lines)
        return self

    def get_brief_info(self) -> str:
        """Return kind of device and size in one line."""
        kind = "SimpleRPUDevice"
        if self.device_parameter is not None and self.update_settings.pulse_type != "None":
            kind = getattr(
                self.device_parameter, "short_name", type(self.device_parameter).__name__
            )
        simple = super().get_brief_info()
        return simple.replace("RPUSimple", "RPUPulsed").replace(">(", f">[{kind}](")

    def get_info(self) -> str:
        """Return kind, size and parameters."""
        return f"{self.get_brief_info()}{self.parameter}\n{self.device_parameter}"
