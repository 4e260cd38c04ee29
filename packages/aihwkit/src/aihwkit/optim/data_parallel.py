r"""Data parallel training of tiles that are trained in analog.

Every process holds the same devices. A step collects the inputs and output gradients of all
processes, and each process makes the same update of the whole batch with the same random numbers,
so the devices stay the same without ever being exchanged. Gradients are averaged over processes,
:math:`W \leftarrow W - \frac{\lambda}{n} \sum_r d_r^T x_r`, as torch's data parallelism does.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Module

from aihwkit.exceptions import ModuleError
from synaptensor.random import RandomStream

if TYPE_CHECKING:
    from aihwkit.optim.context import AnalogContext

__all__ = [
    "average_input_ranges",
    "gather_traces",
    "is_updated_by_tile",
    "replicate",
    "updating",
]

_Shapes = list[list[tuple[tuple[int, ...], tuple[int, ...]]]]


def replicate(tiles: Iterable[Any]) -> None:
    """Give the tiles of all processes the devices of the first one; a collective call.

    From then on the noise of products is drawn from a stream of each process, and everything that
    changes devices from a stream that all processes have in common. Torch tiles whose weights are
    ordinary parameters are left to torch's data parallelism.

    Args:
        tiles: tile modules, in the same order in every process.

    Raises:
        ModuleError: if a tile is trained in analog and there is no process group.
    """
    replicas = [tile for tile in tiles if is_updated_by_tile(tile)]
    if not replicas:
        return
    if not (dist.is_available() and dist.is_initialized()):
        if all(tile.shared_weights is not None for tile in replicas):
            return
        raise ModuleError(
            "data parallel training of analog tiles needs the process group; call "
            "torch.distributed.init_process_group(...) before prepare_for_ddp()"
        )
    rank = dist.get_rank()
    states: list[Any] = [None] * len(replicas)
    if rank == 0:
        states = [(_seed_of(tile), _device_state(tile)) for tile in replicas]
    dist.broadcast_object_list(states, src=0)
    for tile, (seed, state) in zip(replicas, states, strict=True):
        if rank != 0:
            _set_device_state(tile, state)
        tile.update_stream = RandomStream(seed=seed)
        for number, owner in enumerate(_stream_owners(tile)):
            owner.random = tile.update_stream.fork(f"rank {rank}, simulator {number}")


def is_updated_by_tile(tile: Any) -> bool:
    """Tell whether a tile holds its weights itself, rather than in a parameter of a torch module.

    So do native tiles, and torch modules that an analog optimizer trains by `update`.
    """
    return not isinstance(tile.tile, Module) or not tile.analog_ctx.use_torch_update


def _stream_owners(tile: Any) -> list[Any]:
    """Return the simulator tiles of a tile that draw from a stream of their own."""
    simulator = tile.tile
    owners = [simulator, *getattr(simulator, "simulators_inside", ())]
    return [owner for owner in owners if hasattr(owner, "random")]


def _seed_of(tile: Any) -> int:
    owners = _stream_owners(tile)
    stream: RandomStream = owners[0].random if owners else RandomStream()
    return stream.next_seed()


def _device_state(tile: Any) -> dict[str, Any]:
    if isinstance(tile.tile, Module):
        return dict(tile.tile.state_dict())
    state: dict[str, Any] = tile.get_analog_state()
    return state


def _set_device_state(tile: Any, state: dict[str, Any]) -> None:
    if isinstance(tile.tile, Module):
        tile.tile.load_state_dict(state)
    else:
        tile.set_analog_state(state)


def _is_replicated(tile: Any) -> bool:
    return getattr(tile, "update_stream", None) is not None and dist.is_initialized()


@contextmanager
def updating(tile: Any) -> Iterator[None]:
    """Let a replicated tile draw from the common stream while its devices change."""
    if not _is_replicated(tile) or tile.shared_weights is not None:
        yield
        return
    owners = _stream_owners(tile)
    own = [owner.random for owner in owners]
    try:
        for owner in owners:
            owner.random = tile.update_stream
        with _torch_draws(tile):
            yield
    finally:
        for owner, stream in zip(owners, own, strict=True):
            owner.random = stream


@contextmanager
def _torch_draws(tile: Any) -> Iterator[None]:
    """Let updates written in torch draw the same numbers from torch's generators everywhere."""
    if not isinstance(tile.tile, Module):
        yield
        return
    devices = [tile.device] if tile.device.type == "cuda" else []
    seed = tile.update_stream.next_seed()
    with torch.random.fork_rng(devices):
        # Not torch.manual_seed, which would seed accelerators that are not restored, too.
        torch.default_generator.manual_seed(seed)
        for device in devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def gather_traces(contexts: Iterable[AnalogContext]) -> None:
    """Replace the traces of replicated tiles by those of all processes; a collective call.

    Args:
        contexts: contexts of the tiles, in the same order in every process; those of other tiles
            are left alone.
    """
    mine = [c for c in contexts if not c.use_torch_update and _is_replicated(c.analog_tile)]
    if not mine:
        return
    shapes: _Shapes = [
        [
            (tuple(x.shape), tuple(d.shape))
            for x, d in zip(context.analog_input, context.analog_grad_output, strict=True)
        ]
        for context in mine
    ]
    everyone: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(everyone, shapes)
    received = _all_gather(_pack(mine), [_count(theirs) for theirs in everyone])
    for context in mine:
        context.reset()
    for flat, theirs in zip(received, everyone, strict=True):
        _unpack(flat / len(everyone), flat, theirs, mine)


def _pack(contexts: list[AnalogContext]) -> Tensor:
    """Return all traces in one vector, on a device that the process group can send from."""
    dtype = functools.reduce(torch.promote_types, (context.dtype for context in contexts))
    device = contexts[0].analog_tile.device if dist.get_backend() == "nccl" else "cpu"
    parts = [
        tensor.reshape(-1).to(device=device, dtype=dtype)
        for context in contexts
        for pair in zip(context.analog_input, context.analog_grad_output, strict=True)
        for tensor in pair
    ]
    return torch.cat([torch.empty(0, device=device, dtype=dtype), *parts])


def _count(shapes: _Shapes) -> int:
    return sum(torch.Size(shape).numel() for tile in shapes for pair in tile for shape in pair)


def _all_gather(flat: Tensor, counts: list[int]) -> list[Tensor]:
    """Return the vectors of all processes, which have the given lengths."""
    padded = flat.new_zeros(max(counts))
    padded[: len(flat)] = flat
    received = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(received, padded)
    return [vector[:count] for vector, count in zip(received, counts, strict=True)]


def _unpack(averaged: Tensor, flat: Tensor, shapes: _Shapes, contexts: list[AnalogContext]) -> None:
    """Append the traces of one process; gradients come from `averaged`."""
    start = 0
    for context, pairs in zip(contexts, shapes, strict=True):
        place: Any = {"device": context.device, "dtype": context.dtype}
        for x_shape, d_shape in pairs:
            middle = start + torch.Size(x_shape).numel()
            end = middle + torch.Size(d_shape).numel()
            context.analog_input.append(flat[start:middle].view(x_shape).to(**place))
            context.analog_grad_output.append(averaged[middle:end].view(d_shape).to(**place))
            start = end


@torch.no_grad()
def average_input_ranges(tiles: Iterable[Any]) -> None:
    """Average the input ranges of replicated tiles over processes; a collective call.

    Their gradients do not pass through autograd, where torch's data parallelism would reduce them.
    """
    ranges = [
        tile.input_range
        for tile in tiles
        if _is_replicated(tile) and getattr(tile, "input_range", None) is not None
    ]
    if not ranges:
        return
    device = ranges[0].device if dist.get_backend() == "nccl" else "cpu"
    values = torch.cat([value.detach().to(device) for value in ranges])
    dist.all_reduce(values)
    for value, mean in zip(ranges, values / dist.get_world_size(), strict=True):
        value.fill_(mean)
