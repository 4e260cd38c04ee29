"""Makes cells of several devices."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.build import make_cell, register
from aihwkit.engine.cells.base import Cell
from aihwkit.engine.cells.buffered_transfer import BufferedTransferCell
from aihwkit.engine.cells.chopped_transfer import ChoppedTransferCell
from aihwkit.engine.cells.dynamic_transfer import DynamicTransferCell
from aihwkit.engine.cells.mixed_precision import MixedPrecisionCell
from aihwkit.engine.cells.one_sided import OneSidedCell, mirrored
from aihwkit.engine.cells.pulsed import PulsedCell
from aihwkit.engine.cells.transfer import TransferCell
from aihwkit.engine.cells.vector import VectorCell
from aihwkit.engine.devices import construction_generator
from aihwkit.exceptions import ConfigError
from aihwkit.functional.lines import LineParameters, draw_line_parameters
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings
from synaptensor.random import RandomStream

__all__: list[str] = []

_PAIR = 2
_Builder = Callable[[Any, Tensor, RandomStream, UpdateSettings], Cell]


def _inner_parameters(meta: Any) -> list[Any]:
    """Return the devices' parameters without their seeds; only the outermost seed counts."""
    devices = copy.deepcopy(list(meta.devices))
    for device in devices:
        device.construction_seed = 0
    return devices


def _check_length(meta: Any, name: str, n: int) -> None:
    values = getattr(meta, name)
    if values and len(values) != n:
        raise ConfigError(f"{name} must have one entry for each of {n} devices, got {len(values)}")


def _make_devices(
    devices: list[Any],
    weights: list[Tensor],
    random: RandomStream,
    settings: UpdateSettings,
) -> list[Cell]:
    cells = [make_cell(d, w, random, settings) for d, w in zip(devices, weights, strict=True)]
    return [cell for cell in cells if cell is not None]


def _read_lines(
    settings: MVMSettings, weight: Tensor, columns: bool, generator: torch.Generator
) -> LineParameters:
    d, x = weight.shape
    lines = draw_line_parameters(settings, d if columns else x, (d, x), weight.dtype, generator)
    return lines.map(lambda value: value.to(weight.device))


def _vector(meta: Any, weight: Tensor, random: RandomStream, settings: UpdateSettings) -> Cell:
    devices = _inner_parameters(meta)
    n = len(devices)
    gammas = [float(g) for g in meta.gamma_vec] or [1.0 / n] * n
    weights = [torch.zeros_like(weight) for _ in devices]
    return VectorCell(weight, meta, _make_devices(devices, weights, random, settings), gammas)


def _check_vector(meta: Any) -> None:
    n = len(meta.devices)
    if n == 0:
        raise ConfigError("a unit cell must hold at least one device, got none")
    _check_length(meta, "gamma_vec", n)
    if not 0 <= int(meta.first_update_idx) < n:
        raise ConfigError(
            f"first_update_idx must be the index of one of {n} devices, got {meta.first_update_idx}"
        )


def _one_sided(meta: Any, weight: Tensor, random: RandomStream, settings: UpdateSettings) -> Cell:
    device = _inner_parameters(meta)[0]
    weights = [torch.zeros_like(weight) for _ in range(_PAIR)]
    made = _make_devices([device, copy.deepcopy(device)], weights, random, settings)
    cells = [cell for cell in made if isinstance(cell, PulsedCell)]
    if meta.copy_inverted:
        first = cells[0]
        cells[1] = PulsedCell(
            cells[1].weight, first.meta, first.model, mirrored(first.params), first.granularity
        )
    read = MVMSettings.from_parameters(meta.refresh_forward)
    lines = _read_lines(read, weight, True, random.generator("cpu"))
    return OneSidedCell(weight, meta, cells, lines, device.w_max)


def _check_one_sided(meta: Any) -> None:
    if not 1 <= len(meta.devices) <= _PAIR:
        raise ConfigError(f"a one-sided cell must hold two devices, got {len(meta.devices)}")
    MVMSettings.from_parameters(meta.refresh_forward)
    UpdateSettings.from_parameters(meta.refresh_update)


def _transfer_gammas(meta: Any) -> list[float]:
    n = len(meta.devices)
    if meta.gamma_vec:
        return [float(g) for g in meta.gamma_vec]
    return [float(meta.gamma) ** (n - 1 - k) for k in range(n)]


_TRANSFER_CELLS: dict[str, type[TransferCell]] = {
    "Transfer": TransferCell,
    "BufferedTransfer": BufferedTransferCell,
    "ChoppedTransfer": ChoppedTransferCell,
    "DynamicTransfer": DynamicTransferCell,
}


def _transfer(meta: Any, weight: Tensor, random: RandomStream, settings: UpdateSettings) -> Cell:
    devices = _inner_parameters(meta)
    gammas = _transfer_gammas(meta)
    weights = [torch.zeros_like(weight) for _ in devices]
    if gammas[-1] == 1 and not any(gammas[:-1]):
        weights[-1] = weight
    cells = _make_devices(devices, weights, random, settings)
    read = MVMSettings.from_parameters(meta.transfer_forward, read=True)
    lines = _read_lines(read, weight, bool(meta.transfer_columns), random.generator("cpu"))
    return _TRANSFER_CELLS[meta.kind](weight, meta, cells, gammas, lines)


def _check_transfer(meta: Any) -> None:
    n = len(meta.devices)
    exact = meta.kind in ("ChoppedTransfer", "DynamicTransfer")
    if n < _PAIR or (exact and n != _PAIR):
        expected = "exactly two devices" if exact else "at least two devices"
        raise ConfigError(f"a {meta.kind} compound must hold {expected}, got {n}")
    for name in ("gamma_vec", "transfer_lr_vec", "transfer_every_vec"):
        _check_length(meta, name, n)
    if _transfer_gammas(meta)[-1] == 0:
        raise ConfigError("the last entry of gamma_vec must not be 0: nothing would be visible")
    if meta.with_reset_prob > 0 and not meta.transfer_columns:
        raise ConfigError("with_reset_prob > 0 needs transfer_columns=True, got False")
    if exact and meta.n_reads_per_transfer != 1:
        raise ConfigError(
            f"n_reads_per_transfer must be 1 for a {meta.kind} compound, "
            f"got {meta.n_reads_per_transfer}"
        )
    if exact and (meta.random_selection or meta.with_reset_prob > 0):
        raise ConfigError(f"a {meta.kind} compound reads slices in turn and without reset")
    MVMSettings.from_parameters(meta.transfer_forward, read=True)
    UpdateSettings.from_parameters(meta.transfer_update)


def _mixed(meta: Any, weight: Tensor, random: RandomStream, settings: UpdateSettings) -> Cell:
    device = copy.deepcopy(meta.device)
    if meta.construction_seed != 0:
        device.construction_seed = 0
    cell = make_cell(device, weight, random, settings)
    assert cell is not None
    return MixedPrecisionCell(weight, meta, cell)


def _check_mixed(meta: Any) -> None:
    if not hasattr(meta.device, "kind"):
        raise ConfigError("a mixed-precision compound needs a pulsed device or a unit cell")


def _register(kind: str, build: _Builder, check: Callable[[Any], None]) -> None:
    def builder(
        meta: Any, weight: Tensor | None, random: RandomStream, settings: UpdateSettings
    ) -> Cell | None:
        check(meta)
        inner = meta.devices if hasattr(meta, "devices") else [meta.device]
        for device in inner:
            make_cell(device, None, random, settings)
        if weight is None:
            return None
        draws = RandomStream(generator=construction_generator(meta, random))
        return build(meta, weight, draws, settings)

    register(kind, builder)


_register("Vector", _vector, _check_vector)
_register("OneSided", _one_sided, _check_one_sided)
for _kind in _TRANSFER_CELLS:
    _register(_kind, _transfer, _check_transfer)
_register("MixedPrecision", _mixed, _check_mixed)
