"""Running a chain of areas over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from bioplnn.functional.spatial import channels_last, resize
from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea
from bioplnn.models.spatially_embedded.dynamics import AreaDynamics, BankTensors, add_given
from bioplnn.models.spatially_embedded.fusion import FEEDBACK, INPUT

# One state block of this size leaves room for a handful of them in a second-level cache.
_BLOCK_BYTES = 1 << 20

Results = tuple[list[Tensor], list[list[Tensor]], list[Tensor | None]]


@dataclass(frozen=True)
class Rollout:
    """What to run: the network's parts, and how many steps of which batch.

    Args:
        areas: The areas in their order.
        feedback_convs: Paths ``"i->j"`` from later to earlier areas.
        pool_mode: How outputs shrink between areas.
        delayed: Whether the path from area to area takes one step.
        steps: Number of steps T.
        batch: Number of samples.
        last_only: Whether only the last step is wanted.
        reduce: Applied to the last area's output maps of the last step; cell states are then
            not collected.
    """

    areas: Sequence[SpatiallyEmbeddedArea]
    feedback_convs: nn.ModuleDict
    pool_mode: str
    delayed: bool
    steps: int
    batch: int
    last_only: bool
    reduce: Callable[[Tensor], Tensor] | None = None


def roll_out(
    rollout: Rollout,
    x: Tensor,
    outputs0: Sequence[Tensor | None],
    states0: Sequence[Sequence[Tensor | None] | None],
    feedbacks0: Sequence[Tensor | None],
) -> Results:
    """Run all areas over all steps; all results have time first.

    Without feedback an area depends only on earlier areas, so each area runs over all steps
    before the next one starts, and everything that is not recurrent is one convolution over all
    steps.
    """
    device = x.device
    states = [
        _initial_state(area, given, rollout.batch, device)
        for area, given in zip(rollout.areas, states0, strict=True)
    ]
    outputs = [
        area.init_output_state(rollout.batch, device=device)
        if given is None and rollout.delayed
        else given
        for area, given in zip(rollout.areas, outputs0, strict=True)
    ]
    feedbacks = [
        area.init_feedback_state(rollout.batch, device=device) if given is None else given
        for area, given in zip(rollout.areas, feedbacks0, strict=True)
    ]
    dynamics = [area.dynamics() for area in rollout.areas]
    if rollout.feedback_convs:
        return _interleaved(rollout, dynamics, x, outputs, states, feedbacks)
    if not (rollout.last_only and x.ndim == 4 and all(dyn.can_run_fused() for dyn in dynamics)):
        return _area_by_area(rollout, dynamics, x, outputs, states)
    return _block_by_block(rollout, dynamics, x, outputs, states)


def _block_by_block(
    rollout: Rollout,
    dynamics: Sequence[AreaDynamics],
    x: Tensor,
    outputs: Sequence[Tensor | None],
    states: Sequence[BankTensors | None],
) -> Results:
    """Run blocks of samples one after the other.

    Everything that a block needs stays in the cache and in memory that the allocator reuses,
    which on a CPU is several times faster than running the whole batch at once.
    """
    parts = []
    for block in _blocks(rollout, x):
        parts.append(
            _area_by_area(
                replace(rollout, batch=block.stop - block.start),
                dynamics,
                x[block],
                [None if out is None else out[block] for out in outputs],
                [None if s is None else {k: v[block] for k, v in s.items()} for s in states],
            )
        )
    if len(parts) == 1:
        return parts[0]
    outs = [torch.cat(found, 1) for found in zip(*(part[0] for part in parts), strict=True)]
    cells = [
        [torch.cat(found, 1) for found in zip(*of_area, strict=True)]
        for of_area in zip(*(part[1] for part in parts), strict=True)
    ]
    return outs, cells, [None] * len(outs)


def _blocks(rollout: Rollout, x: Tensor) -> list[slice]:
    sizes = (
        sum(bank.channels) * bank.size[0] * bank.size[1]
        for area in rollout.areas
        for bank in area.plan.cells
    )
    size = max(1, _BLOCK_BYTES // (max(sizes) * x.element_size()))
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        size = rollout.batch
    starts = range(0, rollout.batch, size)
    return [slice(start, min(start + size, rollout.batch)) for start in starts]


def _initial_state(
    area: SpatiallyEmbeddedArea,
    given: Sequence[Tensor | None] | None,
    batch: int,
    device: torch.device,
) -> BankTensors | None:
    """Pack the initial state; ``None`` stands for zero, whose products need no computing."""
    if given is None or all(state is None for state in given):
        if area.default_neuron_state_init_fn == "zeros":
            return None
        return area.plan.pack(area.init_neuron_state(batch, device=device))
    defaults = area.init_neuron_state(batch, device=device)
    if len(given) != len(defaults):
        raise ValueError(
            f"neuron_state0 must have one entry per cell type ({len(defaults)}), got {len(given)}"
        )
    filled = [d if g is None else g for g, d in zip(given, defaults, strict=True)]
    return area.plan.pack(area._check_state(filled, batch))


def _area_by_area(
    rollout: Rollout,
    dynamics: Sequence[AreaDynamics],
    x: Tensor,
    outputs: Sequence[Tensor | None],
    states: Sequence[BankTensors | None],
) -> Results:
    steps, batch = rollout.steps, rollout.batch
    constant = x.ndim == 4
    inputs = channels_last(x if constant else x.flatten(0, 1))
    last = len(dynamics) - 1
    all_outs, all_states = [], []
    for i, (area, dyn) in enumerate(zip(rollout.areas, dynamics, strict=True)):
        only_last = rollout.last_only and i == last
        cells = _run_area(dyn, inputs, states[i], steps, batch, only_last)
        kept = 1 if only_last else steps
        sources = dict(cells)
        if dyn.reaches_output(INPUT):
            sources[INPUT] = _inputs_of(inputs, kept, steps, batch)
        outs = dyn.readout(sources)
        if i < last:
            size = rollout.areas[i + 1].in_size
            sent = _delayed(outputs[i], outs) if rollout.delayed else outs
            inputs = channels_last(resize(sent, size, rollout.pool_mode))
        if rollout.last_only and not only_last:
            outs = outs[-batch:]
            cells = {name: state[-batch:] for name, state in cells.items()}
        if rollout.reduce is not None:
            all_outs.append((rollout.reduce(outs) if i == last else outs)[None])
            continue
        all_outs.append(outs.unflatten(0, (-1, batch)))
        timed = {name: state.unflatten(0, (-1, batch)) for name, state in cells.items()}
        all_states.append(area.plan.unpack(timed, 2))
    return all_outs, all_states, [None] * len(all_outs)


def _run_area(
    dyn: AreaDynamics,
    inputs: Tensor,
    state: BankTensors | None,
    steps: int,
    batch: int,
    only_last: bool,
) -> BankTensors:
    """Run one area; ``inputs`` holds one map per sample, or one per step and sample."""
    drives = dyn.external({INPUT: inputs})
    if dyn.can_run_fused():
        (drive,) = drives.values()
        if drive is not None and drive.shape[0] in (batch, batch * steps):
            return dyn.run_fused(state, drive, steps, batch, only_last)
    trajectory: list[BankTensors] = []
    for t in range(steps):
        now = {name: _at_step(drive, t, batch) for name, drive in drives.items()}
        state = dyn.step(state, now, batch)
        trajectory.append(state)
    return _joined(trajectory[-1:] if only_last else trajectory)


def _at_step(drive: Tensor | None, t: int, batch: int) -> Tensor | None:
    """Drive at one step, if it differs from step to step."""
    if drive is None or drive.shape[0] in (1, batch):
        return drive
    return drive[t * batch : (t + 1) * batch]


def _inputs_of(inputs: Tensor, kept: int, steps: int, batch: int) -> Tensor:
    """Inputs of the last ``kept`` steps, step after step along the batch axis."""
    if inputs.shape[0] == batch * steps:
        return inputs[-kept * batch :]
    return inputs.repeat(kept, 1, 1, 1)


def _delayed(initial: Tensor | None, outs: Tensor) -> Tensor:
    assert initial is not None  # filled in wherever there is a delay
    batch = initial.shape[0]
    return torch.cat([initial, outs[:-batch]], 0)


def _joined(trajectory: Sequence[BankTensors]) -> BankTensors:
    if len(trajectory) == 1:
        return trajectory[0]
    return {name: torch.cat([banks[name] for banks in trajectory], 0) for name in trajectory[0]}


def _interleaved(
    rollout: Rollout,
    dynamics: Sequence[AreaDynamics],
    x: Tensor,
    outputs: Sequence[Tensor | None],
    states: Sequence[BankTensors | None],
    feedbacks: Sequence[Tensor | None],
) -> Results:
    outs, cells, fbs = list(outputs), list(states), list(feedbacks)
    keep: list[tuple[Any, Any, Any]] = []
    constant = x.ndim == 4
    first = [channels_last(x)] if constant else [channels_last(step) for step in x]
    drives = [dynamics[0].external({INPUT: step}) for step in first]
    for t in range(rollout.steps):
        now: list[Tensor] = []
        for i, dyn in enumerate(dynamics):
            k = 0 if constant else t
            if i == 0:
                inputs, drive = first[k], drives[k]
            else:
                sent = outs[i - 1] if rollout.delayed else now[i - 1]
                assert sent is not None  # initial outputs are filled in wherever there is a delay
                inputs = channels_last(resize(sent, rollout.areas[i].in_size, rollout.pool_mode))
                drive = dyn.external({INPUT: inputs})
            out, cells[i] = _step_with_feedback(rollout, dyn, inputs, drive, cells[i], fbs[i])
            now.append(out)
        outs = list(now)
        fbs = _feedback(rollout, now)
        if t == rollout.steps - 1 or not rollout.last_only:
            keep.append((now, list(cells), fbs))
    return _collect(rollout, keep)


def _step_with_feedback(
    rollout: Rollout,
    dyn: AreaDynamics,
    inputs: Tensor,
    drive: dict[str, Tensor | None],
    state: BankTensors | None,
    feedback: Tensor | None,
) -> tuple[Tensor, BankTensors]:
    sources = {INPUT: inputs}
    if feedback is not None:
        sources[FEEDBACK] = channels_last(feedback)
        back = dyn.external({FEEDBACK: sources[FEEDBACK]}, with_bias=False)
        drive = {name: add_given(d, back[name]) for name, d in drive.items()}
    new = dyn.step(state, drive, rollout.batch)
    return dyn.readout({**sources, **new}), new


def _feedback(rollout: Rollout, outs: Sequence[Tensor]) -> list[Tensor | None]:
    sums: list[Tensor | None] = [None] * len(outs)
    for key, path in rollout.feedback_convs.items():
        i, j = (int(part) for part in key.split("->"))
        part = path(outs[i])
        total = sums[j]
        sums[j] = part if total is None else total + part
    return sums


def _collect(rollout: Rollout, kept: Sequence[tuple[Any, Any, Any]]) -> Results:
    indices = range(len(rollout.areas))
    if rollout.reduce is not None:
        *earlier, last = kept[-1][0]
        return [out[None] for out in (*earlier, rollout.reduce(last))], [], [None] * len(indices)
    outs = [torch.stack([step[0][i] for step in kept]) for i in indices]
    states = []
    for i, area in enumerate(rollout.areas):
        joined = _joined([step[1][i] for step in kept])
        timed = {name: s.unflatten(0, (-1, rollout.batch)) for name, s in joined.items()}
        states.append(area.plan.unpack(timed, 2))
    fbs = [
        None if kept[0][2][i] is None else torch.stack([step[2][i] for step in kept])
        for i in indices
    ]
    return outs, states, fbs
