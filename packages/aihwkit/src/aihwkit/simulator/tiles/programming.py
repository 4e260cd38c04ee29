"""Reading and writing the weights of a tile as hardware would: through its own products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, as_tensor
from torch.nn import Module

from aihwkit.exceptions import TileError
from synaptensor.validation import check_integer, check_positive

if TYPE_CHECKING:
    from aihwkit.simulator.tiles.periphery import TileWithPeriphery

__all__ = ["program_iteratively", "read_by_regression"]

# Corrections whose mean errors are compared, and how much the mean must at least fall.
_WINDOW = 100
_PROGRESS = 0.98


@torch.no_grad()
def program_iteratively(
    tile: TileWithPeriphery,
    target: Tensor,
    x_values: Tensor | None = None,
    learning_rate: float = 0.1,
    max_iter: int = 10000,
    tolerance: float = 0.01,
    w_init: float | Tensor = 0.01,
) -> int:
    r"""Write a matrix by repeated reading and pulsed correction.

    Starting from small weights, :math:`y = x W^T` is read and the tile updated with the error
    :math:`y - x W_t^T`, until its mean magnitude relative to the largest target is small, or no
    longer falls because the noise of reads and pulses limits it.

    Args:
        tile: tile to program; its learning rate is restored.
        target: matrix `[d_size, x_size]`.
        x_values: inputs `[n, x_size]`; unit vectors if None.
        learning_rate: learning rate of the corrections.
        max_iter: most corrections.
        tolerance: relative mean error at which to stop.
        w_init: initial weights, or half width of the interval to draw them from.

    Returns:
        Number of corrections made.
    """
    check_positive("learning_rate", learning_rate)
    check_integer("max_iter", max_iter, minimum=0)
    simulator: Any = tile.tile
    target = target.to(tile.device)
    x = torch.eye(tile.x_size, dtype=target.dtype, device=target.device)
    if x_values is not None:
        x = as_tensor(x_values).to(target)
    wanted = x @ target.t()
    largest = wanted.abs().amax().clamp(min=torch.finfo(target.dtype).tiny)
    if isinstance(w_init, Tensor):
        simulator.set_weights(w_init.to(target))
    else:
        simulator.set_weights_uniform_random(-abs(w_init), abs(w_init))
    rate = simulator.get_learning_rate()
    simulator.set_learning_rate(learning_rate)
    total, last = 0.0, float("inf")
    try:
        for iteration in range(max_iter):
            error = simulator.forward(x, False, False, False, True) - wanted
            size = float(error.abs().mean() / largest)
            if size < tolerance:
                return iteration
            total += size
            if iteration % _WINDOW == _WINDOW - 1:
                if total > _PROGRESS * last:
                    return iteration
                total, last = 0.0, total
            simulator.update(x, error, False, False, False)
        return max_iter
    finally:
        simulator.set_learning_rate(rate)


@torch.no_grad()
def read_by_regression(
    tile: TileWithPeriphery, x_values: Tensor | None = None, over_sampling: int = 10
) -> tuple[Tensor, Tensor | None]:
    """Estimate the logical weights from outputs of the tile in evaluation mode.

    Args:
        tile: tile module to read.
        x_values: inputs `[n, in_size]`; `in_size * over_sampling` normal vectors if None.
        over_sampling: number of random vectors per input.

    Returns:
        Weight `[out, in]`, and the bias `[out]` if it is on the crossbar, on the CPU.

    Raises:
        TileError: if the tile is no module.
    """
    if not isinstance(tile, Module):
        raise TileError("read_weights needs a tile module, got a bare tile")
    place = {"dtype": tile.get_dtype(), "device": tile.device}  # type: ignore[operator]
    if x_values is None:
        count = tile.in_size * check_integer("over_sampling", over_sampling, minimum=1)
        x = torch.randn(count, tile.in_size, **place)
    else:
        x = as_tensor(x_values).to(**place)
    training = tile.training
    rule = tile.image_unfold
    tile.eval()
    tile.set_image_unfold(None)
    try:
        y = tile(x.t() if tile.in_trans else x)
    finally:
        tile.train(training)
        tile.set_image_unfold(rule)
    y = y.t() if tile.out_trans else y
    if tile.bias is not None:
        y = y - tile.bias
    if tile.analog_bias:
        x = torch.cat([x, x.new_ones(x.shape[0], 1)], dim=1)
    solution = torch.linalg.lstsq(x.double(), y.double()).solution.t().to(place["dtype"]).cpu()
    return tile._separate_weights(solution.contiguous())  # type: ignore[operator]
